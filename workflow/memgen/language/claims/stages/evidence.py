"""What the runs of some models say of every claim, on the command line."""

import json as json_format
from pathlib import Path
from typing import Annotated

import cyclopts
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import Input, command
from memgen.language.claims import held_out
from memgen.language.claims.evidence import (
    STATISTICS,
    after_training,
    against_geometry,
    leaning,
    over_units,
    runs_of,
)
from memgen.language.claims.held_out import beyond
from memgen.language.fits.tables import BASELINES
from memgen.language.responses.tables import GEOMETRY

RESPONSE_FILE = Path("results/language/responses.parquet")


@command
def evidence(
    *,
    method: str,
    models: Annotated[list[str] | None, cyclopts.Parameter(name="--model")] = None,
    items: list[str] | None = None,
    networks: bool = False,
    control: str | None = None,
    leanings: bool = False,
    responses: Input | None = None,
    baselines: Input | None = None,
    geometry: Input | None = None,
    json: bool = False,
) -> None:
    """Print the statistics that claims rest on, each with its standard error and number of units.

    Of several models and kinds of item the mean is taken seed by seed. With a geometry table: how the
    accuracy that the exception costs depends on conjunctivity, over all networks of the method.

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
    control
        Untrained model that is subtracted, seed by seed.
    leanings
        Print how far answers before training foretell those after it, and no more.
    responses
        Response table; the study's own by default.
    baselines
        Table of baselines of the study: print how much better than they the theory predicts.
    geometry
        Geometry table of the study.
    json
        Print JSON, with every digit.
    """
    answers = responses or RESPONSE_FILE
    if geometry is not None:
        measured = GEOMETRY.read(geometry)
        row = against_geometry(after_training(answers), measured, method, str(answers))
        found = {"accuracy_over_conjunctivity": row}
    elif not models or not items:
        raise BadInput("--model, --items: both are needed without --geometry; allowed: one or more each")
    elif baselines is not None:
        predicted = BASELINES.read(baselines)
        found = {
            name: beyond(predicted, name, method, models, items, networks) for name in held_out.BASELINES
        }
    elif leanings:
        found = {"leaning": leaning(answers, method, models, items, networks)}
    else:
        table, where = after_training(answers), str(answers)
        runs = {
            (model, kind): runs_of(table, model, kind, method, where) for model in models for kind in items
        }
        beside = None
        if control is not None:
            beside = pl.concat([runs_of(table, control, kind, method, where) for kind in items])
        found = {name: over_units(runs, name, networks, beside) for name in STATISTICS}
    if json:
        print(json_format.dumps(found))
        return
    for name, row in found.items():
        value, error = row["value"], row["standard_error"]
        shown = ["-" if number is None else f"{number:.4f}" for number in (value, error)]
        print(f"{name:<32}{shown[0]} ± {shown[1]} over {row['n_units']}")
