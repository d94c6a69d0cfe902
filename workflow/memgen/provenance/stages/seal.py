"""The run in the present folder under one digest."""

from memgen.provenance.sealing import sealed
from memgen.recovery.damage import set_left_over_aside
from memgen.stage import command


@command
def seal(*, set_aside: bool = False) -> None:
    """Seal the run in the present folder: write results/provenance/seal.json and print its root digest.

    `make study` does so at its end. The targets and jobs are those of the seal that is there; without one,
    all jobs.

    Parameters
    ----------
    set_aside
        First move results of jobs that are not part of the run, such as those of an earlier configuration,
        to .damaged.
    """
    if set_aside:
        set_left_over_aside()
    print(sealed())
