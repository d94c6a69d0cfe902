"""From what a person types to an output of the run."""

import re
from pathlib import Path

from memgen.errors import BadInput
from memgen.provenance.embedded import FIGURES, recipe_ids
from memgen.provenance.names import label
from memgen.provenance.run import Run


def output_named(run: Run, name: str) -> str:
    """The output that a path, the bare name of a figure, or a figure from elsewhere stands for.

    Parameters
    ----------
    run : Run
    name : str
        Such as ``figures/task.pdf``, ``task``, ``results/claims.csv``, the id at a figure's foot, or any PNG,
        PDF or SVG file that carries the id of a recipe of this run.

    Returns
    -------
    str
        An output that a record of the run names.

    Raises
    ------
    BadInput
        If it stands for none.
    """
    path = Path(name)
    guesses = [label(path), path.as_posix(), *(f"figures/{name}{suffix}" for suffix in sorted(FIGURES))]
    for guess in guesses:
        if guess in run.makers:
            return guess
    # The id at a figure's foot, or the whole line.
    if not path.exists() and (beginning := re.fullmatch(r"(?:.* )?([0-9a-f]{8,64})", name.strip().lower())):
        for output, record in run.makers.items():
            if run.records[record]["recipe_id"].startswith(beginning[1]):
                return output
        raise BadInput(f"{name}: is the beginning of no recipe's id of this run")
    if not path.exists():
        allowed = f"{_some(run)}, or the first 8 digits of a recipe's id"
        raise BadInput(f"{name}: is no output of this run and no file; allowed: {allowed}")
    ids = recipe_ids(path)
    if not ids:
        raise BadInput(f"{name}: no record names it, and it carries no recipe's id")
    for output, record in run.makers.items():
        if run.records[record]["recipe_id"] in ids and Path(output).suffix == path.suffix.lower():
            return output
    for output, record in run.makers.items():
        if run.records[record]["recipe_id"] in ids:
            return output
    raise BadInput(f"{name}: was made by the recipe {', '.join(sorted(ids))}, which is none of this run")


def _some(run: Run) -> str:
    figures = sorted(name for name in run.makers if name.startswith("figures/") and name.endswith(".pdf"))
    return ", ".join([*figures[:3], "…"]) if figures else "an output of the study"
