"""The few numbers that say whether a table bears out the paper and its theory."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.irrelevant.bounds import chance_exposure, exposure, null_deviation
from memgen.irrelevant.tables import AVERAGES, EXTRACTIONS, LEAKAGE, MATCHED, SIMULATION
from memgen.tables.statistics import line_slope, mean_with_error
from memgen.tables.summaries import Kinds, Numbers, summarize

_SIZES = ("samples", "dimension", "hidden", "seeds")


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
    ordered = table.sort(_SIZES, maintain_order=True)
    row = ordered.row(-1, named=True) if ordered.height else {}
    for column in columns:
        numbers[f"{name}_{column}"] = row.get(column)
        numbers[f"{name}_{column}_se"] = row.get(f"{column}_se")
    for size in _SIZES:
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
        for size in _SIZES:
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


def with_exposure(table: pl.DataFrame) -> pl.DataFrame:
    """Extraction runs with the exposure of every number, and whether it is first."""
    return table.with_columns(
        pl.Series("exposure", exposure(table["rank"].to_numpy(), table["candidates"].to_numpy())),
        first=(pl.col("rank") == 1).cast(pl.Float64),
    )


def _extraction(table: pl.DataFrame) -> Numbers:
    """What a language model gives away of numbers, seed by seed; all weights and the adapters compared."""
    table = with_exposure(table)
    seeds = float(table["seed"].n_unique())
    plain = table.filter(pl.col("noise").is_null())
    full = plain.filter(pl.col("training") == "full")
    lora = plain.filter(pl.col("training") == "lora")
    numbers: Numbers = {"seeds": seeds}

    def by_seed(rows: pl.DataFrame, name: str = "exposure") -> pl.Series:
        return rows.group_by("seed").agg(pl.col(name).mean()).sort("seed")[name]

    def add(name: str, values: pl.Series) -> None:
        numbers[name], numbers[f"{name}_se"] = mean_with_error(values)

    seen = pl.col("multiplicity") > 0
    times = table.filter(seen)["multiplicity"]
    most, least = full.filter(multiplicity=times.max()), full.filter(multiplicity=times.min())
    add("rise", by_seed(most) - by_seed(least))
    widest = lora.filter(pl.col("lora_rank") == pl.col("lora_rank").max())
    compared = (widest, full) if full.height and widest.height else (table.clear(), table.clear())
    one, other = (by_seed(rows.filter(seen)) for rows in compared)
    add("lora_less_full", one - other)
    one, other = (by_seed(rows, "loss_words") for rows in compared)
    add("loss_gap", one - other)
    noisy = table.filter(pl.col("noise") == pl.col("noise").max())
    chance = chance_exposure(int(table["candidates"].max()))  # type: ignore[arg-type]
    add("noisy_excess", by_seed(noisy.filter(seen)) - chance)
    unseen = table.filter(~seen)
    groups = unseen.group_by("training", "lora_rank", "noise", maintain_order=True)
    numbers["unseen_deviation"] = max(null_deviation(rows["exposure"].to_numpy()) for _, rows in groups)
    return numbers


KINDS: Kinds = (
    (SIMULATION, _simulation),
    (AVERAGES, _averages),
    (LEAKAGE, _leakage),
    (MATCHED, _matched),
    (EXTRACTIONS, _extraction),
)


def numbers(path: Path) -> Numbers:
    """The numbers that say whether a table bears out the paper.

    Parameters
    ----------
    path : pathlib.Path
        A simulation, averages, leakage, matched or extraction runs table.

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
