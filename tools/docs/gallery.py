"""Galleries: the figures of a study with their captions; pictures only where a run has made them."""

import csv
import json
import shutil
from pathlib import Path

from memgen.configuration.layers import load
from memgen.figures.table import LEADING, Entry, entries

GALLERIES = ("leading", "relational", "language", "published", "longtail", "irrelevant")
#: Pages of studies that share one, or have another name.
PAGES = {"longtail": "memorization", "irrelevant": "memorization", "published": "language"}
ROOT = Path(__file__).resolve().parents[2]
ABSENT = "*There is no finished run beside this page: after `make study`, `make docs` shows the pictures.*"


def gallery(study: str, pictures: Path) -> str:
    """Figures of a study, or those that lead, with captions; a folder gets a copy of every picture shown."""
    every = entries(load([ROOT / "config.yaml"]))
    if study == "leading":
        shown = [entry for entry in every if entry.function in LEADING]
    else:
        shown = [entry for entry in every if entry.study == study]
    claims = _claims()
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
                picture = f"/_generated/figures/{path.name}"
                lines += [f".. image:: {picture}", f"   :alt: {stem}"]
                page = PAGES.get(entry.study, entry.study)
                lines += (
                    ["   :width: 48%", f"   :target: studies/{page}.html", ""] if study == "leading" else [""]
                )
            lines += [*caption(entry, stem).splitlines(), "```", ""]
            said = ", ".join(f"[{name}](/claims.md#{name})" for name in claims.get(stem, []))
            lines += [
                f"Drawn by `{entry.source}` from {', '.join(f'`{path}`' for path in entry.files)}; record in "
                f"`results/provenance/jobs/{entry.rule}/`.{f' Claims: {said}.' if said else ''}",
                "",
            ]
    return "\n".join([*([] if found else [ABSENT, ""]), *lines]) + "\n"


def _claims() -> dict[str, list[str]]:
    """Names of the claims that a finished run tests, by the figure that shows them."""
    path, found = ROOT / "results/claims.csv", {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["leads"] == "true":
                    found.setdefault(row["figure"], []).append(row["id"])
    return found


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
