"""Whether the run in the present folder gave what the committed lock says."""

import json as json_format
from collections import Counter
from pathlib import Path

from memgen.own_folder import layers, lock_path
from memgen.provenance.cells import VERDICTS
from memgen.provenance.comparison import Comparison
from memgen.provenance.lock_file import read_lock
from memgen.stage import command


@command
def compare(*, lock: Path | None = None, tables: bool = False, json: bool = False) -> None:
    """Hold the run against a lock, one line per figure and claim; exit 0 unless one is different or missing.

    identical: the same bytes. equivalent: the same numbers within the tolerance of the table. consistent: of
    trained models, whose last digits no two machines share, means within four standard errors of the
    difference over seeds, and the same verdict on every claim.

    Parameters
    ----------
    lock
        The lock of another run; by default the committed one of this study.
    tables
        Print a line for every table too.
    json
        Print JSON instead.
    """
    if lock is None and layers() and not lock_path().exists():
        print(f"{lock_path()}: no such file: this configuration has no lock, so only the files were checked")
        return
    comparison = Comparison(read_lock(lock or lock_path()))
    judged = comparison.judged()
    counts = Counter(one.verdict for one in judged)
    shown = [*(comparison.tables() if tables else []), *judged]
    if json:
        print(json_format.dumps([vars(one) for one in shown], indent=1))
    else:
        print(*shown, sep="\n")
        print(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    if counts["different"] or counts["missing"]:
        raise SystemExit(1)
