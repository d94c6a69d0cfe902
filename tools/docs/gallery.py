"""Galleries: the figures of a study with their captions; pictures only where a run has made them."""

import json
import shutil
from pathlib import Path

from memgen.configuration.layers import load
from memgen.figures.table import Entry, entries

GALLERIES = ("relational", "language", "published", "longtail", "irrelevant")
ROOT = Path(__file__).resolve().parents[2]
ABSENT = "*There is no finished run beside this page: after `make study`, `make docs` shows the pictures.*"


def gallery(study: str, pictures: Path) -> str:
    """Figures of a study with their captions; a folder gets a copy of every picture that is shown."""
    shown = [entry for entry in entries(load([ROOT / "config.yaml"])) if entry.study == study]
    lines, found = [], False
    for entry in shown:
        pattern = entry.name.format(**dict.fromkeys(entry.wildcards, "*"))
        paths = sorted((ROOT / "figures").glob(f"{pattern}.png"))
        found |= bool(paths)
        for path in paths or [None]:
            stem = path.stem if path else entry.function
            lines += ["```{eval-rst}", f".. rubric:: {stem}", ""]
            if path is not None:
                shutil.copyfile(path, pictures / path.name)
                lines += [f".. image:: /_generated/figures/{path.name}", f"   :alt: {stem}", ""]
            lines += [*caption(entry, stem).splitlines(), "```", ""]
    return "\n".join([*([] if found else [ABSENT, ""]), *lines]) + "\n"


def caption(entry: Entry, stem: str) -> str:
    """Caption of the picture of a file, or of a figure with the settings of the default study."""
    values = stem.removeprefix(entry.function).strip("_").split("_")
    wildcards = {name: f"every {name}" for name in entry.wildcards}
    if stem != entry.function:
        wildcards |= dict(zip(entry.wildcards, values, strict=True))
    told = entry.told(wildcards)
    record = ROOT / f"results/provenance/jobs/{entry.rule}/{entry.job.format(**wildcards)}.json"
    if record.is_file():
        arguments = json.loads(record.read_text(encoding="utf-8"))["arguments"]
        told |= {key: part["value"] for key, part in arguments.items()}
    return entry.caption(told)
