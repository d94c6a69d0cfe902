"""The run in the present folder under one digest."""

from memgen.jobs.stage import command
from memgen.provenance.sealing import sealed


@command
def seal() -> None:
    """Seal the run in the present folder: write results/provenance/seal.json and print its root digest.

    `make study` does so at its end. The targets and jobs are those of the seal that is there; without one,
    all jobs.
    """
    print(sealed())
