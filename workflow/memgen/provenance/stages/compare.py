"""Whether the run in the present folder gave what the committed lock says."""

import json as json_format
from collections import Counter
from pathlib import Path

from memgen.configuration.own_folder import layers, lock_path
from memgen.jobs.stage import command
from memgen.provenance.cells import FAMILYWISE, VERDICTS
from memgen.provenance.comparison import FAILURES, Comparison
from memgen.provenance.lock_file import read_lock


@command
def compare(*, lock: Path | None = None, json: bool = False) -> None:
    """Compare the run with a lock, one line per figure, claim and other output.

    identical: the same bytes. equivalent: the same numbers within the tolerance of the table. consistent: of
    trained models, means that chance alone may have moved so far; the limit is set for all means together,
    so that an honest run fails once in a hundred. at the edge: a claim with a consistent value, decided in
    one run and undecided in the other. not compared: weights and features; what is computed from them is.
    Exit status 0: none is different or missing; 1: some are; 2: bad input.

    Parameters
    ----------
    lock
        The lock of another run; by default the committed one of this study.
    json
        Print JSON instead.
    """
    if lock is None and layers() and not lock_path().exists():
        print(f"{lock_path()}: no such file: this configuration has no lock, so only the files were checked")
        return
    comparison = Comparison(read_lock(lock or lock_path()))
    judged = comparison.judged()
    counts = Counter(one.verdict for one in judged)
    if json:
        print(json_format.dumps([vars(one) for one in judged], indent=1))
    else:
        print(*judged, sep="\n")
        print(f"{comparison.limits.count} means compared at a familywise error of {FAMILYWISE:.0%}")
        print(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    if any(counts[verdict] for verdict in FAILURES):
        raise SystemExit(1)
