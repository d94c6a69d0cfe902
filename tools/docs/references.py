"""Pages of the documentation that are generated: configuration, commands, API, and galleries of figures.

Each says what the program itself says; by hand are only the introductions.
"""

import shutil
from pathlib import Path

from api_page import api
from commands_page import commands
from configuration_page import configuration
from gallery import gallery

GALLERIES = ("relational", "language", "published", "longtail", "irrelevant")


def write(docs: Path) -> None:
    """Write every generated page below the folder of the documentation.

    Parameters
    ----------
    docs : pathlib.Path
        Gets `reference/` and `_generated/`, both ignored by git.
    """
    (docs / "reference").mkdir(exist_ok=True)
    pages = {"configuration": configuration(), "commands": commands(), "api": api()}
    for name, text in pages.items():
        (docs / "reference" / f"{name}.md").write_text(text, encoding="utf-8")
    pictures = docs / "_generated" / "figures"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    for study in GALLERIES:
        text = gallery(study, pictures)
        (docs / "_generated" / f"figures-{study}.md").write_text(text, encoding="utf-8")
