"""What the runs of some models say of every claim, on the command line."""

import json as json_format
from pathlib import Path
from typing import Annotated

import cyclopts

from memgen.errors import BadInput
from memgen.jobs.stage import Input, command
from memgen.language.claims.evidence import STATISTICS, behaviours, over_units
from memgen.language.responses.tables import GEOMETRY

FOLDER = Path("results/language")


@command
def evidence(
    *,
    method: str,
    models: Annotated[list[str], cyclopts.Parameter(name="--model")],
    items: list[str],
    networks: bool = False,
    without: list[int] | None = None,
    responses: Input | None = None,
    geometry: Input | None = None,
    json: bool = False,
) -> None:
    """Print the statistics that claims rest on, each with its standard error and number of units.

    Of several models and kinds of item the mean is taken seed by seed.

    Parameters
    ----------
    method
        Method of training.
    models
        Models, as in the response table.
    items
        Kinds of item: real, fake or poker.
    networks
        The models are draws of one recipe of pretraining, and the units.
    without
        Seeds that are left out.
    responses
        Response table; the study's own by default.
    geometry
        Geometry table; by default the one beside the response table, where there is one.
    json
        Print JSON, with every digit.
    """
    answers = responses or FOLDER / "responses.parquet"
    measured = geometry or answers.with_name("geometry.csv")
    known = behaviours(answers, GEOMETRY.read(measured) if measured.is_file() else None)
    wanted = [(method, model, kind) for model in models for kind in items]
    if missing := [key for key in wanted if key not in known]:
        allowed = "; ".join(" ".join(key) for key in known) or "none"
        raise BadInput(
            f"{answers}: holds no {' '.join(missing[0])} with and without the exception; allowed: {allowed}"
        )
    runs = [(key[1], known[key]) for key in wanted]
    found = {name: over_units(runs, name, networks, without or []) for name in STATISTICS}
    if json:
        print(json_format.dumps(found))
        return
    for name, row in found.items():
        value, error = row["value"], row["standard_error"]
        shown = ["-" if number is None else f"{number:.4f}" for number in (value, error)]
        print(f"{name:<32}{shown[0]} ± {shown[1]} over {row['n_units']}")
