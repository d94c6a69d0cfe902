"""Where the results of a study are, and which of them are not part of the run."""

from pathlib import Path

from memgen.configuration.own_folder import folder_of
from memgen.errors import BadInput
from memgen.jobs.kernels import Kernels
from memgen.jobs.stage import command


@command
def folder(*, config: list[Path] | None = None, kernels: Kernels = "ordinary") -> None:
    """Print the folder of a study's results and figures: studies/<name> with overlays, else the repository.

    Parameters
    ----------
    config
        Overlays on config.yaml, as the study ran with.
    kernels
        Kernels of the study.
    """
    found = folder_of(config or [], kernels)
    if not found.is_dir():
        raise BadInput(f"{found}: no such folder; make study with the same CONFIG and KERNELS makes it")
    print(found)


@command
def tidy() -> None:
    """Move results of jobs that are not part of the sealed run to .damaged.

    Such as those of an earlier configuration; `memgen provenance verify` names their records.
    """
    from memgen.recovery.damage import ASIDE, set_left_over_aside

    print(f"{set_left_over_aside()} jobs are not part of the run; their results are in {ASIDE} now")
