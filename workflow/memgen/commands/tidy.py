"""Results that are not part of the run."""

from memgen.jobs.stage import command
from memgen.recovery.damage import ASIDE, set_left_over_aside


@command
def tidy() -> None:
    """Move results of jobs that are not part of the sealed run to .damaged.

    Such as those of an earlier configuration; `memgen provenance verify` names their records.
    """
    print(f"{set_left_over_aside()} jobs are not part of the run; their results are in {ASIDE} now")
