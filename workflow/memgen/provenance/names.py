"""What files, jobs and stages are called in a record."""

import os
from pathlib import Path

from memgen.jobs.closure import PACKAGE, ROOT

#: Stands for the folder of a file outside the study.
EXTERNAL = "external"


def label(path: Path) -> str:
    """Name of a file in a record: relative to the study, or only its own name if it lies outside.

    Two runs in different folders, or on different machines, then write the same recipe. Where a link inside
    the study leads out of it, such as `results` on another disk, the file is called by its path there. A file
    of this package, installed outside the study, has its path within the package.
    """
    here = Path.cwd().resolve()
    for absolute in (path.resolve(), Path(os.path.normpath(here / path))):
        if absolute.is_relative_to(here):
            return absolute.relative_to(here).as_posix()
    package = path.is_relative_to(ROOT / PACKAGE)
    return f"{EXTERNAL}/{path.relative_to(ROOT).as_posix() if package else path.name}"


def rule_and_wildcards(record: Path) -> tuple[str, dict[str, str]]:
    """Rule and wildcards of a job, from the path ``…/<rule>/<key>=<value>,….json`` of its record.

    A job without wildcards is called ``job.json``.
    """
    pairs = [part.split("=", 1) for part in record.stem.split(",") if "=" in part]
    return record.parent.name, dict(sorted((key, value) for key, value in pairs))


def stage_name(module: str, function: str) -> str:
    """Name of a stage as one types it after ``memgen``, such as ``relational sweep``."""
    top, *rest = module.split(".")
    room = top if top != PACKAGE else rest[0] if len(rest) > 1 else "commands"
    return " ".join([*([room] if room != "commands" else []), function.replace("_", "-")])
