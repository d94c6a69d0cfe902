"""Why two runs are not the same."""

from pathlib import Path

from memgen.jobs.stage import command
from memgen.provenance.difference import causes, first_numbers, from_lock, run_in


@command
def diff(before: Path, after: Path = Path(), /) -> None:
    """Print what differs between two runs, causes before consequences; exit 0 only if nothing does.

    A line names a cause (recipe, code, environment, leaf: a file that was given to the study, or outputs that
    differ for no such reason) and the jobs that have it. Jobs that differ only in what they read are counted.

    Parameters
    ----------
    before
        Folder of a study that ran, or a lock such as provenance.lock.json.
    after
        Folder of another; the present one by default.
    """
    run = run_in(after)
    if before.is_file():
        found, consequences = from_lock(before, run)
        numbers = []
    else:
        earlier = run_in(before)
        found, consequences = causes(earlier, run)
        numbers = list(first_numbers(earlier, before, after)) if found else []
    print(*found, *numbers, sep="\n", end="\n" if found else "")
    if consequences:
        print(f"and in consequence the outputs of {consequences} more jobs")
    if found:
        raise SystemExit(1)
    print(f"no difference: {len(run.records)} jobs")
