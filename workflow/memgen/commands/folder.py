"""Where the results of a study are."""

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
