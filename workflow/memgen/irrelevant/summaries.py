"""The few numbers that say whether a table bears out the paper and its theory."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.irrelevant.bounds import chance_exposure, exposure, null_deviation
from memgen.irrelevant.tables import AVERAGES, EXTRACTIONS, LEAKAGE, SIMULATION
from memgen.tables.statistics import line_slope, mean_with_error
from memgen.tables.summaries import Kinds, Numbers, summarize

#: Accuracy on clusters seen once from which a learner counts as accurate.
ACCURATE = 0.9


def _simulation(table: pl.DataFrame) -> Numbers:
    """Largest deviation of each task's simulations from their closed forms, in standard errors."""
    numbers: Numbers = {}
    for task in ("clusters", "next_symbol"):
        part = table.filter(pl.col("task") == task)
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
    """What is recovered after the last step without a defence, of the largest sample of each kind."""
    last = table.filter(pl.col("last") & (pl.col("defence") == "none"))
    clusters = last.filter(pl.col("task") == "clusters")
    learnable = pl.col("rho") > 0
    once, never = pl.col("multiplicity") == 1, pl.col("multiplicity") == 0
    numbers: Numbers = {}
    for learner in ("logistic", "network"):
        part = clusters.filter(pl.col("main") & (pl.col("learner") == learner))
        _measured(numbers, learner, part.filter(once & learnable), "bits_recovered", "accuracy_singleton")
        _measured(numbers, f"{learner}_unseen", part.filter(never & learnable), "free_recovered")
        _measured(numbers, f"{learner}_useless", part.filter(once & ~learnable), "bits_recovered")
    twice = clusters.filter((pl.col("attack") == "gradient_inversion") & (pl.col("multiplicity") == 2))
    row = _measured(numbers, "twice", twice, "bits_recovered")
    numbers["twice_expected"] = row.get("expected")
    symbols = last.filter(pl.col("task") == "next_symbol")
    _measured(numbers, "transformer", symbols.filter(once), "bits_recovered", "free_recovered")
    _measured(numbers, "transformer_unseen", symbols.filter(never), "free_recovered")
    return numbers


def _leakage(table: pl.DataFrame) -> Numbers:
    """How leaked bits grow with the free bits, and what accuracy a defence keeps that halves them."""
    plain = table.filter((pl.col("defence") == "none") & (pl.col("rho") > 0) & (pl.col("task") == "clusters"))
    logistic = plain.filter((pl.col("learner") == "logistic") & (pl.col("accuracy_singleton") >= ACCURATE))
    free = logistic["storage_bits"] * (1 - logistic["rho"])
    numbers: Numbers = {"slope": None, "slope_se": None, "slope_sizes": float(len(free))}
    if free.n_unique() >= 3:
        numbers["slope"], numbers["slope_se"] = line_slope(
            np.log(free.to_numpy()), np.log(logistic["leaked_bits"].to_numpy())
        )
    keys = ["run", "task", "clusters", "samples", "dimension", "rho"]
    joined = table.filter(pl.col("defence") != "none").join(
        plain.select(*keys, full="leaked_bits", best="accuracy_singleton"), on=keys
    )
    for learner in ("logistic", "network"):
        half = (
            joined.filter((pl.col("learner") == learner) & (pl.col("leaked_bits") < pl.col("full") / 2))
            .with_columns(
                kept=pl.col("accuracy_singleton") / pl.col("best"),
                kept_se=pl.col("accuracy_singleton_se") / pl.col("best"),
            )
            .sort("kept")
        )
        row = half.row(-1, named=True) if half.height else {}
        numbers[f"{learner}_kept"], numbers[f"{learner}_kept_se"] = row.get("kept"), row.get("kept_se")
        numbers[f"{learner}_kept_seeds"] = float(row["seeds"]) if row else None
    return numbers


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

    def by_seed(rows: pl.DataFrame) -> pl.Series:
        return rows.group_by("seed").agg(pl.col("exposure").mean()).sort("seed")["exposure"]

    def add(name: str, values: pl.Series) -> None:
        numbers[name], numbers[f"{name}_se"] = mean_with_error(values)

    seen = pl.col("multiplicity") > 0
    most, least = (pl.col("multiplicity") == times for times in _ends(table.filter(seen)))
    empty = pl.Series("exposure", [], dtype=pl.Float64)
    add("rise", by_seed(full.filter(most)) - by_seed(full.filter(least)))
    widest = lora.filter(pl.col("adapter_rank") == pl.col("adapter_rank").max())
    both = full.height > 0 and widest.height > 0
    add("lora_less_full", by_seed(widest.filter(seen)) - by_seed(full.filter(seen)) if both else empty)
    add("loss_gap", _by_seed_loss(widest) - _by_seed_loss(full) if both else empty)
    noisy = table.filter(pl.col("noise") == pl.col("noise").max())
    chance = chance_exposure(int(table["candidates"].max()))  # type: ignore[arg-type]
    add("noisy_excess", by_seed(noisy.filter(seen)) - chance)
    unseen = table.filter(~seen)
    groups = unseen.group_by("training", "adapter_rank", "noise", maintain_order=True)
    numbers["unseen_deviation"] = max(null_deviation(rows["exposure"].to_numpy()) for _, rows in groups)
    return numbers


def _by_seed_loss(rows: pl.DataFrame) -> pl.Series:
    return rows.group_by("seed").agg(pl.col("loss_words").mean()).sort("seed")["loss_words"]


def _ends(seen: pl.DataFrame) -> tuple[int, int]:
    """Largest and smallest number of sentences that carry a number."""
    times = sorted(set(seen["multiplicity"]))
    return times[-1], times[0]


KINDS: Kinds = (
    (SIMULATION, _simulation),
    (AVERAGES, _averages),
    (LEAKAGE, _leakage),
    (EXTRACTIONS, _extraction),
)


def numbers(path: Path) -> Numbers:
    """The numbers that say whether a table bears out the paper.

    Parameters
    ----------
    path : pathlib.Path
        A simulation, averages, leakage or extraction runs table.

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
