"""How the run was made, in a language that others read."""

import json
from pathlib import Path
from typing import Literal

from memgen.errors import BadInput
from memgen.provenance.exports.deposit_files import crate_of
from memgen.provenance.exports.statements import prov_json, slsa
from memgen.provenance.sealed_run import sealed_run
from memgen.stage import command
from memgen.whole_file import whole_file


@command
def export(*, format: Literal["wrroc", "prov", "slsa"], out: Path | None = None) -> None:
    """Write the provenance of the run as a research object, as W3C PROV, or as supply chain provenance.

    Parameters
    ----------
    format
        wrroc: metadata file of a Provenance Run Crate 0.5 in the present folder; prov: PROV-JSON; slsa: an
        in-toto statement with an SLSA v1 predicate.
    out
        New file; printed by default.
    """
    if out is not None and out.exists():
        raise BadInput(f"{out}: is there; allowed for --out: a new file")
    run, records, seal = sealed_run("exported")
    if format == "wrroc":
        text = crate_of(run, records, seal).decode()
    else:
        content = prov_json(run, records) if format == "prov" else slsa(run, records, seal)
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
    else:
        with whole_file(out) as beside:
            beside.write_text(text, encoding="utf-8")
