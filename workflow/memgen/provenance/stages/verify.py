"""Whether the run in the present folder is as its jobs left it."""

import json as json_format
import time
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.stage import command
from memgen.provenance.findings import LEVELS, Level, within
from memgen.provenance.naming import output_named
from memgen.provenance.run import JOBS, read_run
from memgen.provenance.verification import Verification, as_json, summary


@command
def verify(*figures: str, level: Level = "lock", json: bool = False) -> None:
    """Hash the run again and hold it against its records and its seal; exit 0 only if nothing is found.

    Prints one line per finding: its name, the file, and what is wrong with it; and one for what could not be
    looked at, such as the commit of the lock where there is no repository. Exit status 1: something was
    found; 2: bad input.

    Parameters
    ----------
    *figures
        Figures or other results; only they and what they stand on are looked at. By default everything.
    level
        integrity: outputs against their records; chain: inputs and sources too; lock: the seal and the
        committed lock too; fresh: also whether configuration and requirements.lock are still the same.
    json
        Print findings as JSON.
    """
    if level not in LEVELS:
        raise BadInput(f"--level: {level!r} is not allowed; allowed: {', '.join(LEVELS)}")
    if not Path(JOBS).is_dir():
        raise BadInput(f"{JOBS}: no such folder; nothing has run here")
    start = time.perf_counter()
    run = read_run()
    chosen = run.chain(run.makers[output_named(run, name)] for name in figures) if figures else None
    found = Verification(run, chosen)
    findings = within(found.findings, level)
    line = summary(found, len(findings), time.perf_counter() - start)
    if json:
        content = {"findings": as_json(findings), "notes": found.notes, "summary": line}
        print(json_format.dumps(content, indent=1))
    else:
        print(*findings, *found.notes, line, sep="\n")
    if findings:
        raise SystemExit(1)
