"""What the runs of some models say of a claim: one value per independent unit.

Knows the response table, the two hierarchies that the claims compare, and what was drawn independently; knows
no claim. A seed draws the same names in both hierarchies, so that changes are taken within a seed. Of models
that were pretrained here by one recipe the pretraining seed is the unit: the runs of each network are
averaged first. Elsewhere the weights are given, and the seeds of the runs are the units.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.language.responses.averages import pair_margins
from memgen.language.responses.scanning import NEEDED, scan
from memgen.tables.statistics import line_slope, mean_with_error

BASELINE, EXCEPTION = "ti_n9", "exc_mid_n9"

HIGHER, LOWER = 2, 6
"""Ranks of the cross pair next to the exception 5:3, counted from 0."""

FIRST_WRONG = ((2, 5), (3, 6))
"""Pairs of an item next to the loop and the loop's far end: the theory answers them wrong from gamma .303 on
(conjunctivity .131), before any other; 2 v 6 from gamma 1 on (conjunctivity 1/3)."""

TEAMS = ("fake", "real")
"""Items without a strength of their own, of which alone claims are pooled; poker hands have one."""

NO_TRUTH = ("train", "exception", "loop")
"""Pair classes that say nothing of generalization."""

Values = pl.DataFrame
"""One value per seed: columns seed and value."""

Found = dict[str, Any]
"""value, standard_error and n_units of a statistic."""


def _pair(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("higher") == HIGHER, pl.col("lower") == LOWER)


def _seeds(rows: pl.DataFrame, hierarchy: str, column: str) -> Values:
    chosen = rows.filter(pl.col("hierarchy") == hierarchy).sort("seed", "reverse", "higher", "lower")
    return chosen.group_by("seed", maintain_order=True).agg(value=pl.col(column).mean()).drop_nulls()


def _less(one: Values, other: Values) -> Values:
    """One value less another, of the seeds that have both."""
    both = one.join(other, on="seed", suffix="_other").sort("seed")
    return both.select("seed", pl.col("value") - pl.col("value_other"))


def _change(rows: pl.DataFrame, column: str) -> Values:
    return _less(_seeds(rows, EXCEPTION, column), _seeds(rows, BASELINE, column))


def _generalizes(rows: pl.DataFrame) -> Values:
    untrained = rows.filter(~pl.col("pair_class").is_in(NO_TRUTH))
    return _seeds(untrained, BASELINE, "paired_accuracy").with_columns(pl.col("value") - 0.5)


def _generalizes_still(rows: pl.DataFrame) -> Values:
    untrained = rows.filter(~pl.col("pair_class").is_in(NO_TRUTH))
    return _seeds(untrained, EXCEPTION, "paired_accuracy").with_columns(pl.col("value") - 0.5)


def _remembered(rows: pl.DataFrame) -> Values:
    exception = rows.filter(pl.col("pair_class") == "exception")
    return _seeds(exception, EXCEPTION, "accuracy").with_columns(pl.col("value") - 0.5)


def _specific(rows: pl.DataFrame) -> Values:
    within = rows.filter(pl.col("hierarchy") == EXCEPTION, pl.col("pair_class") == "within")
    same = rows.join(within.select("higher", "lower").unique(), on=["higher", "lower"], how="semi")
    return _less(_change(_pair(rows), "margin"), _change(same, "margin"))


def _wrong_here(rows: pl.DataFrame) -> Values:
    cross = rows.filter(pl.col("pair_class") == "cross").with_columns(wrong=1 - pl.col("paired_accuracy"))
    others = cross.filter(~((pl.col("higher") == HIGHER) & (pl.col("lower") == LOWER)))
    return _less(_seeds(_pair(cross), EXCEPTION, "wrong"), _seeds(others, EXCEPTION, "wrong"))


def _wrong_more_often(rows: pl.DataFrame) -> Values:
    return _change(_pair(rows).with_columns(wrong=1 - pl.col("paired_accuracy")), "wrong")


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    pairs = pl.DataFrame(FIRST_WRONG, schema={"higher": pl.Int64, "lower": pl.Int64}, orient="row")
    return rows.join(pairs, on=["higher", "lower"], how="semi")


def _first_wrong_more_often(rows: pl.DataFrame) -> Values:
    return _change(_first(rows).with_columns(wrong=1 - pl.col("paired_accuracy")), "wrong")


def _first_wrong_here(rows: pl.DataFrame) -> Values:
    untrained = rows.filter(~pl.col("pair_class").is_in(NO_TRUTH))
    untrained = untrained.with_columns(wrong=1 - pl.col("paired_accuracy"))
    first = _first(untrained)
    others = untrained.join(first, on=["higher", "lower"], how="anti")
    return _less(_seeds(first, EXCEPTION, "wrong"), _seeds(others, EXCEPTION, "wrong"))


def _distance(rows: pl.DataFrame) -> Values:
    held = rows.filter(pl.col("hierarchy") == BASELINE, ~pl.col("pair_class").is_in(NO_TRUTH))
    held = held.sort("seed", "reverse", "higher", "lower")
    gap = (pl.col("lower") - pl.col("higher")).cast(pl.Float64)
    slopes = held.group_by("seed", maintain_order=True).agg(value=pl.cov(gap, "margin") / gap.var())
    return slopes.filter(pl.col("value").is_finite())


STATISTICS: Mapping[str, Callable[[pl.DataFrame], Values]] = {
    "generalization": _generalizes,
    "distance_slope": _distance,
    "exception_remembered": _remembered,
    "generalization_with_exception": _generalizes_still,
    "margin_change": lambda rows: _change(_pair(rows), "margin"),
    "accuracy_change": lambda rows: _change(_pair(rows), "accuracy"),
    "margin_change_beyond_within": _specific,
    "first_wrong_change": _first_wrong_more_often,
    "first_wrong_beyond_others": _first_wrong_here,
    "first_margin": lambda rows: _seeds(_first(rows), EXCEPTION, "margin"),
    "margin_with_exception": lambda rows: _seeds(_pair(rows), EXCEPTION, "margin"),
    "wrong_runs_change": _wrong_more_often,
    "wrong_runs_beyond_cross": _wrong_here,
}
"""What claims are made of, each a function from pairs of runs (`pair_margins`) to one value per seed."""

POSSIBLE: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("generalization", "exception_remembered", "generalization_with_exception"), (-0.5, 0.5)),
    **dict.fromkeys(("accuracy_change", "first_wrong_change", "wrong_runs_change"), (-1.0, 1.0)),
    **dict.fromkeys(("first_wrong_beyond_others", "wrong_runs_beyond_cross"), (-1.0, 1.0)),
}
"""Least and greatest value of the statistics that are shares or differences of shares."""


def after_training(path: Path) -> pl.DataFrame:
    """Answers after training on the two hierarchies that are compared, of a table of any length.

    Parameters
    ----------
    path : pathlib.Path
        Of `RESPONSES`.

    Raises
    ------
    BadInput
        If it is missing or no such table.
    """
    answers = scan(path, (*NEEDED, "paired_correct"))
    chosen = answers.filter(pl.col("phase") == "post", pl.col("hierarchy").is_in([BASELINE, EXCEPTION]))
    # Of several hyperparameters the smallest: the others need not be read.
    group = ["source", "model", "items", "method"]
    smallest = chosen.group_by(group).agg(pl.col("hyperparameter").min())
    return chosen.join(
        smallest, on=[*group, "hyperparameter"], how="semi", nulls_equal=True, maintain_order="left"
    ).collect(engine="streaming")


def runs_of(answers: pl.DataFrame, model: str, items: str, method: str, where: str) -> pl.DataFrame:
    """Pairs of every run of a model after training.

    Parameters
    ----------
    answers : polars.DataFrame
        From `after_training`.
    model, items, method : str
    where : str
        Name of the file, for the message.

    Raises
    ------
    BadInput
        If there are no such answers.
    """
    chosen = answers.filter(model=model, items=items, method=method)
    if chosen.is_empty():
        cells = answers.select("model", "items", "method").unique().sort("model", "items", "method").rows()
        allowed = "; ".join(" ".join(cell) for cell in cells) or "none"
        raise BadInput(f"{where}: holds no {model} {items} {method}; allowed: {allowed}")
    return pair_margins(chosen)


def leaning(
    path: Path, method: str, models: Sequence[str], items: Sequence[str], networks: bool = False
) -> Found:
    """How far answers before training foretell those after it, on untrained pairs without the exception.

    Parameters
    ----------
    path : pathlib.Path
        Of `RESPONSES`.
    method : str
    models, items : sequence of str
    networks : bool, default=False
        Whether each model is one draw; then its runs are averaged.

    Returns
    -------
    dict
        value: correlation of a run's margins before and after training over pairs, mean over runs;
        standard_error and n_units. value None without answers before training.
    """
    wanted = (
        (pl.col("method") == method)
        & (pl.col("hierarchy") == BASELINE)
        & pl.col("model").is_in(models)
        & pl.col("items").is_in(items)
    )
    answers = scan(path, (*NEEDED, "paired_correct")).filter(wanted).collect(engine="streaming")
    pairs = pair_margins(answers).filter(~pl.col("pair_class").is_in(NO_TRUTH))
    run = ["model", "items", "hyperparameter", "seed", "reverse"]
    chosen = {
        phase: pairs.filter(phase=phase).select(*run, "higher", "lower", pl.col("margin").alias(phase))
        for phase in ("pre", "post")
    }
    both = chosen["pre"].join(chosen["post"], on=[*run, "higher", "lower"], nulls_equal=True)
    both = both.sort(*run, "higher", "lower")
    of_run = both.group_by(run, maintain_order=True).agg(value=pl.corr("pre", "post"))
    unit = "model" if networks else "seed"
    means = of_run.filter(pl.col("value").is_finite()).group_by(unit, maintain_order=True)
    values = means.agg(pl.col("value").mean())["value"]
    mean, error = mean_with_error(values)
    return {"value": mean, "standard_error": error, "n_units": len(values)}


def pooled(cells: Sequence[Values]) -> Values:
    """Mean over cells, seed by seed, of the seeds that all of them have."""
    stacked = pl.concat([cell.with_columns(cell=pl.lit(place)) for place, cell in enumerate(cells)])
    means = stacked.sort("seed", "cell").group_by("seed", maintain_order=True)
    return (
        means.agg(pl.col("value").mean(), pl.len().alias("cells"))
        .filter(pl.col("cells") == len(cells))
        .select("seed", "value")
    )


def over_units(
    runs: Mapping[tuple[str, str], pl.DataFrame],
    statistic: str,
    networks: bool = False,
    control: pl.DataFrame | None = None,
) -> Found:
    """A statistic of some models, over what was drawn independently.

    Parameters
    ----------
    runs : mapping of (str, str) to polars.DataFrame
        Pairs of runs of each model and kind of item, from `runs_of`.
    statistic : str
        One of `STATISTICS`.
    networks : bool, default=False
        Whether each model is one draw, pretrained by the recipe of the others; then its seeds are averaged.
    control : polars.DataFrame, optional
        Runs of an untrained control, to be subtracted: seed by seed, or its mean from each network's.

    Returns
    -------
    dict
        value, standard_error (None of one unit), n_units and the values of the units; value None where the
        runs cannot tell.
    """
    found = STATISTICS[statistic]
    beside = None if control is None else found(control)
    if networks:
        models = list(dict.fromkeys(model for model, _ in runs))
        means = [
            pooled([found(rows) for (model, _), rows in runs.items() if model == name])["value"].mean()
            for name in models
        ]
        values = pl.Series([mean for mean in means if mean is not None], dtype=pl.Float64)
        if beside is not None:
            values = values - beside["value"].mean() if len(beside) else values.clear()
    else:
        seeds = pooled([found(rows) for rows in runs.values()])
        values = (seeds if beside is None else _less(seeds, beside))["value"]
    mean, error = mean_with_error(values)
    return {"value": mean, "standard_error": error, "n_units": len(values), "values": values.to_list()}


def against_geometry(answers: pl.DataFrame, geometry: pl.DataFrame, method: str, where: str) -> Found:
    """How fast the accuracy that the exception costs falls with conjunctivity, over networks.

    Of each network: its conjunctivity on the hierarchy with the exception, after training where it was
    trained, and its paired accuracy on untrained pairs with the exception minus without; means over teams'
    kinds of item.

    Parameters
    ----------
    answers : polars.DataFrame
        From `after_training`.
    geometry : polars.DataFrame
        Of `GEOMETRY`.
    method : str
    where : str
        Name of the response table, for the message.

    Returns
    -------
    dict
        value: slope of the accuracy over conjunctivity; standard_error on n_units - 2 degrees of freedom.
    """
    measured = geometry.filter(
        pl.col("method") == method,
        pl.col("hierarchy") == EXCEPTION,
        pl.col("items").is_in(TEAMS),
        pl.col("alpha").is_not_null(),
    )
    last = measured.sort("phase").group_by("model", "items", maintain_order=True).first()
    x, y = [], []
    for (model,), group in last.sort("model", "items").group_by("model", maintain_order=True):
        falls = []
        for items in group["items"]:
            rows = runs_of(answers, str(model), items, method, where)
            lost = _less(_generalizes_still(rows), _generalizes(rows))["value"].mean()
            if lost is not None:
                falls.append(float(lost))  # type: ignore[arg-type]
        if len(falls) == group.height:
            x.append(float(group["alpha"].mean()))  # type: ignore[arg-type]
            y.append(float(np.mean(falls)))
    if len(set(x)) < 3:
        return {"value": None, "standard_error": None, "n_units": len(x)}
    slope, error = line_slope(np.array(x), np.array(y))
    return {"value": slope, "standard_error": error, "n_units": len(x)}
