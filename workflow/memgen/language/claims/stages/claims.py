"""What is claimed of language models beside what these models do, as tables and on the command line."""

import json as json_format
from pathlib import Path
from typing import Annotated

import cyclopts
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import Input, Inputs, Output, command, stage
from memgen.language.claims.evidence import (
    STATISTICS,
    against_untrained,
    behaviours,
    held_out_rows,
    over_units,
)
from memgen.language.claims.geometry import geometry_claims
from memgen.language.claims.statements import Study, claims_by_method
from memgen.language.responses.tables import GEOMETRY
from memgen.language.tables import HELD_OUT
from memgen.tables.claims import write_claims

FOLDER = Path("results/language")
TABLES = ("responses.parquet", "initializations.parquet")


@stage
def claims(
    *,
    responses: Inputs,
    geometry: Input,
    out: Output,
    held_out: Output,
    representations: Input | None = None,
    controls: Annotated[list[str] | None, cyclopts.Parameter(name="--control")] = None,
    networks: Annotated[list[str] | None, cyclopts.Parameter(name="--network")] = None,
    ridge: list[str] | None = None,
) -> None:
    """Test the claims on every method, pooled, and show them for every model and kind of item.

    Parameters
    ----------
    responses
        Response tables of the study.
    geometry
        Geometry table of the study.
    out
        Claims table.
    held_out
        Margins predicted from other pairs, or from the measured representation, beside those found.
    representations
        Table of representations, where they were compared.
    controls
        Untrained models, each as "like/name": the model whose architecture it has, and its own name.
    networks
        Models that were pretrained here by one recipe and differ by pretraining seed.
    ridge
        Methods that train no network: their seeds are those of the probes.
    """
    study = Study("language", *responses, geometry=GEOMETRY.read(geometry), ridge=ridge or [])
    populations: dict[str, list[str]] = {}
    for control in controls or []:
        like, _, name = control.partition("/")
        populations.setdefault(like, []).append(name)
    found = claims_by_method(study, populations, networks or [])
    write_claims([*found, *(geometry_claims(representations) if representations else [])], out)
    further = {name for names in populations.values() for name in names[1:]}
    shown = [runs for (_, model, _), runs in study.runs.items() if model not in further]
    rows = [row for runs in shown for row in held_out_rows(runs)]
    HELD_OUT.write(pl.DataFrame(rows, schema=HELD_OUT.schema), held_out)


@command
def evidence(
    *,
    method: str,
    models: Annotated[list[str], cyclopts.Parameter(name="--model")],
    items: list[str],
    networks: bool = False,
    without: list[int] | None = None,
    untrained: list[str] | None = None,
    responses: Inputs | None = None,
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
        The models are draws of one recipe, or of an architecture's weights: they are the units.
    without
        Seeds that are left out.
    untrained
        Untrained networks, two at least: the mean over them is subtracted from one model's value, on one kind
        of item. The error is that of predicting one more of them.
    responses
        Response tables; the study's own by default.
    geometry
        Geometry table; by default the one beside the first response table, where there is one.
    json
        Print JSON, with every digit.
    """
    own = [path for path in (FOLDER / name for name in TABLES) if path.is_file()]
    answers = responses or own or [FOLDER / TABLES[0]]
    measured = geometry or answers[0].with_name("geometry.csv")
    known = behaviours(answers, GEOMETRY.read(measured) if measured.is_file() else None)
    others = untrained or []
    if others and (len(models) > 1 or len(items) > 1 or len(others) < 2 or networks or without):
        raise BadInput("--untrained: allowed with one model, one kind of item and at least two networks")
    wanted = [(method, model, kind) for model in [*models, *others] for kind in items]
    if missing := [key for key in wanted if key not in known]:
        allowed = "; ".join(" ".join(key) for key in known) or "none"
        lacking = f"holds no {' '.join(missing[0])} with and without the exception"
        raise BadInput(f"{answers[0]}: {lacking}; allowed: {allowed}")
    runs = [(key[1], known[key]) for key in wanted]
    if others:
        (_, first), *rest = runs
        found = {name: against_untrained(first, [one for _, one in rest], name) for name in STATISTICS}
    else:
        found = {name: over_units(runs, name, networks, without or []) for name in STATISTICS}
    if json:
        print(json_format.dumps(found))
        return
    for name, row in found.items():
        value, error = row["value"], row["standard_error"]
        shown = ["-" if number is None else f"{number:.4f}" for number in (value, error)]
        print(f"{name:<32}{shown[0]} ± {shown[1]} over {row['n_units']}")
