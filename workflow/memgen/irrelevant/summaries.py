"""The few numbers that say whether a table bears out the paper and its theory."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.irrelevant.tables import AVERAGES, EXTRACTION, LEAKAGE, MATCHED, SIMULATION
from memgen.tables.statistics import line_slope
from memgen.tables.summaries import Kinds, Numbers, summarize

#: Accuracy on clusters seen once from which a learner counts as accurate.
ACCURATE = 0.9


def _simulation(table: pl.DataFrame) -> Numbers:
    """Largest deviation of each task's simulations from their closed forms, in standard errors."""
    numbers: Numbers = {}
    for task in ("clusters", "next_symbol"):
        part = table.filter((pl.col("task") == task) & pl.col("error_closed").is_not_null())
        gaps = (part["error_simulated"] - part["error_closed"]).abs()
        scores = [
            0.0 if gap < 1e-12 else gap / unit if unit > 0 else math.inf
            for gap, unit in zip(gaps, part["standard_error"], strict=True)
        ]
        largest = max(scores, default=None)
        numbers[f"{task}_deviation"] = largest if largest is not None and math.isfinite(largest) else None
    return numbers


def _measured(numbers: Numbers, name: str, table: pl.DataFrame, *columns: str) -> dict[str, Any]:
    """Add measured columns of the largest sample's row, with their errors; returns the row, or nothing."""
    ordered = table.sort("samples", "dimension", "seeds", maintain_order=True)
    row = ordered.row(-1, named=True) if ordered.height else {}
    for column in columns:
        numbers[f"{name}_{column}"] = row.get(column)
        numbers[f"{name}_{column}_se"] = row.get(f"{column}_se")
    for size in ("samples", "dimension", "seeds"):
        numbers[f"{name}_{size}"] = float(row[size]) if row else None
    return row


def _averages(table: pl.DataFrame) -> Numbers:
    """What is recovered of samples never seen, and from a transformer, after the last step."""
    last = table.filter(pl.col("last") & pl.col("main") & (pl.col("defence") == "none"))
    once, never = pl.col("multiplicity") == 1, pl.col("multiplicity") == 0
    numbers: Numbers = {}
    for learner in ("logistic", "network"):
        part = last.filter(never & (pl.col("rho") > 0) & (pl.col("learner") == learner))
        _measured(numbers, f"{learner}_unseen", part, "free_recovered")
    symbols = last.filter(pl.col("task") == "next_symbol")
    _measured(numbers, "transformer", symbols.filter(once), "bits_recovered", "free_recovered")
    _measured(numbers, "transformer_unseen", symbols.filter(never), "free_recovered")
    return numbers


def _leakage(table: pl.DataFrame) -> Numbers:
    """What the best attack recovers, where nothing can be learned too, and what halving it costs."""
    best = table.filter(pl.col("best") & (pl.col("task") == "clusters"))
    plain, learnable = best.filter(pl.col("defence") == "none"), pl.col("rho") > 0
    numbers: Numbers = {}
    for learner in ("logistic", "network"):
        part = plain.filter(pl.col("learner") == learner)
        for name, singles in (
            ("", pl.col("singleton_weight") > 1),
            ("_once", pl.col("singleton_weight") == 1),
        ):
            rows = part.filter(learnable & singles)
            _measured(numbers, f"{learner}{name}", rows, "bits_recovered", "accuracy_singleton")
        _measured(numbers, f"{learner}_useless", part.filter(~learnable), "bits_recovered")
        _halved(numbers, learner, best.filter(pl.col("learner") == learner))
    return numbers


def _halved(numbers: Numbers, learner: str, best: pl.DataFrame) -> None:
    """Add the change of accuracy by the defence that costs least of those that halve the bits recovered.

    Of the largest sample that is defended; and of any other, as ``_elsewhere``.
    """
    keys = ["run", "clusters", "samples", "dimension", "rho"]
    plain = best.filter(pl.col("defence") == "none").select(
        *keys, full="bits", before="accuracy_singleton", before_se="accuracy_singleton_se"
    )
    defended = best.filter(pl.col("defence") != "none").sort("samples", "dimension", maintain_order=True)
    last = defended.row(-1, named=True) if defended.height else dict.fromkeys(keys)
    cost = (
        defended.join(plain, on=keys)
        .filter(pl.col("bits") < pl.col("full") / 2)
        .with_columns(
            cost=pl.col("accuracy_singleton") - pl.col("before"),
            cost_se=(pl.col("accuracy_singleton_se") ** 2 + pl.col("before_se") ** 2).sqrt(),
            largest=pl.all_horizontal(pl.col(name) == last[name] for name in keys),
        )
        .sort("cost")
    )
    for name, largest in ((f"{learner}_cost", True), (f"{learner}_cost_elsewhere", False)):
        rows = cost.filter(pl.col("largest") == largest)
        row = rows.row(-1, named=True) if rows.height else {}
        numbers[name], numbers[f"{name}_se"] = row.get("cost"), row.get("cost_se")
        for size in ("samples", "dimension", "seeds"):
            numbers[f"{name}_{size}"] = float(row[size]) if row else None


def _matched(table: pl.DataFrame) -> Numbers:
    """How bits at equal accuracy grow with the dimension, where rho falls with it and where it stays.

    Slopes of logarithms; also on the bits that the accuracy needs, over all sizes.
    """
    known = table.filter(pl.col("needed").is_not_null() & (pl.col("bits") > 0))
    slopes: dict[str, list[tuple[float, float, float]]] = {"thin": [], "fixed": []}
    for _, rows in known.group_by("run", maintain_order=True):
        if rows["dimension"].n_unique() == rows.height > 2 and rows["samples"].n_unique() == 1:
            name = "fixed" if rows["rho"].n_unique() == 1 else "thin"
            slopes[name].append((*_slope(rows, "dimension"), float(rows["seeds"].min())))  # type: ignore[arg-type]
    numbers: Numbers = dict.fromkeys(("growth", "growth_se", "growth_seeds"))
    for name, found in slopes.items():
        value = found[0] if found else (None, None, None)
        numbers[f"{name}_slope"], numbers[f"{name}_slope_se"], _ = value
    if slopes["thin"] and slopes["fixed"]:
        (thin, thin_se, seeds), (fixed, fixed_se, others) = slopes["thin"][0], slopes["fixed"][0]
        numbers["growth"], numbers["growth_se"] = thin - fixed, math.hypot(thin_se, fixed_se)
        numbers["growth_seeds"] = min(seeds, others)
    # Runs may share a size.
    sizes = known.unique(["learner", "samples", "dimension", "rho"], keep="first", maintain_order=True)
    numbers["needed_slope"] = numbers["needed_slope_se"] = None
    if sizes["needed"].n_unique() >= 3:
        logarithms = [np.log(sizes[name].to_numpy()) for name in ("needed", "bits")]
        numbers["needed_slope"], numbers["needed_slope_se"] = line_slope(*logarithms)
    numbers["needed_seeds"] = float(sizes.height)
    return numbers


def _slope(rows: pl.DataFrame, name: str) -> tuple[float, float]:
    """Slope of the logarithm of bits, and its standard error from those of the sizes."""
    x = np.log(rows[name].to_numpy())
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    relative = (rows["bits_se"] / rows["bits"]).fill_null(math.nan).to_numpy()
    return float(weights @ np.log(rows["bits"].to_numpy())), float(np.sqrt(((weights * relative) ** 2).sum()))


def _pooled(rows: pl.DataFrame) -> tuple[float | None, float | None]:
    """Mean exposure less chance over some rows, and its standard error, the rows taken as independent."""
    if not rows.height:
        return None, None
    excess = float((rows["exposure"] - rows["exposure_chance"]).mean())  # type: ignore[arg-type]
    if rows["exposure_se"].null_count():
        return excess, None
    return excess, float((rows["exposure_se"] ** 2).sum()) ** 0.5 / rows.height


def _extraction(table: pl.DataFrame) -> Numbers:
    """What a language model gives away of numbers seen often, once and never, and what it is worth."""
    seen = pl.col("multiplicity") > 0
    sentence = table.filter(pl.col("loss") == "sentence").sort("multiplicity")
    known = sentence.filter(seen)
    numbers: Numbers = {}
    for name, rows in (
        ("before", table.filter((pl.col("loss") == "none") & seen)),
        ("answers", table.filter((pl.col("loss") == "answer") & seen)),
        ("unseen", sentence.filter(~seen)),
        ("least", known.head(1)),
        ("most", known.tail(1)),
    ):
        numbers[f"{name}_excess"], numbers[f"{name}_excess_se"] = _pooled(rows)
    numbers["rise"] = numbers["rise_se"] = None
    if known.height > 1:
        first, last = known.row(0, named=True), known.row(-1, named=True)
        numbers["rise"] = last["exposure"] - first["exposure"]
        if first["exposure_se"] is not None and last["exposure_se"] is not None:
            numbers["rise_se"] = math.hypot(first["exposure_se"], last["exposure_se"])
    row = known.row(-1, named=True) if known.height else {}
    for column in ("extracted", "digits_recovered", "accuracy_fresh"):
        numbers[f"most_{column}"], numbers[f"most_{column}_se"] = row.get(column), row.get(f"{column}_se")
    for column in ("multiplicity", "seeds", "digits", "drawn"):
        numbers[f"most_{column}"] = float(row[column]) if row else None
    return numbers


KINDS: Kinds = (
    (SIMULATION, _simulation),
    (AVERAGES, _averages),
    (LEAKAGE, _leakage),
    (MATCHED, _matched),
    (EXTRACTION, _extraction),
)


def numbers(path: Path) -> Numbers:
    """The numbers that say whether a table bears out the paper.

    Parameters
    ----------
    path : pathlib.Path
        A simulation, averages, leakage, matched or extraction table.

    Returns
    -------
    dict of str to float or None
        None where the table cannot tell; a name with ``_se`` is the standard error of the one before.

    Raises
    ------
    BadInput
        If there is no such file or it is none of these tables.
    """
    return summarize(path, KINDS, "results/irrelevant")
