"""How the run was made, in a language that others read."""

from pathlib import Path
from typing import Literal

from memgen.errors import BadInput
from memgen.jobs.stage import command
from memgen.jobs.whole_file import whole_file
from memgen.provenance.exports.deposit_files import crate_of
from memgen.provenance.sealed_run import sealed_run


@command
def export(*, format: Literal["wrroc"] = "wrroc", out: Path | None = None) -> None:
    """Write the provenance of the run as a Workflow Run RO-Crate.

    Parameters
    ----------
    format
        wrroc: metadata file of a Provenance Run Crate 0.5 in the present folder.
    out
        New file; printed by default.
    """
    if out is not None and out.exists():
        raise BadInput(f"{out}: is there; allowed for --out: a new file")
    text = crate_of(*sealed_run("exported")).decode()
    if out is None:
        print(text, end="")
    else:
        with whole_file(out) as beside:
            beside.write_text(text, encoding="utf-8")
