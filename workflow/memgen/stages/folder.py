"""Where the results of a study are."""

from pathlib import Path

from memgen.errors import BadInput
from memgen.own_folder import folder_of
from memgen.stage import command


@command
def folder(*, config: list[Path] | None = None) -> None:
    """Print the folder of a study's results and figures: studies/<name> with overlays, else the repository.

    Parameters
    ----------
    config
        Overlays on config.yaml, as the study ran with.
    """
    found = folder_of(config or [])
    if not found.is_dir():
        raise BadInput(
            f"{found}: no such folder; this study has not run here (make study with the same CONFIG)"
        )
    print(found)
