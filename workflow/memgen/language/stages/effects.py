"""What a cell's answers show beyond their averages: distance, bias, and what the exception does.

Proportions carry Wilson intervals, which count answers as independent, and beside them standard errors
clustered by seed, which do not. The exception's effect compares a hierarchy with the plain one of the same
size, seed by seed, whose items are the same; of poker only where the exception's circle has three hands.
"""

import numpy as np
import polars as pl

from memgen.jobs.stage import Input, Output, stage
from memgen.language.responses.averages import pair_margins
from memgen.language.responses.tables import EFFECTS, RESPONSES
from memgen.tables.statistics import half_width, mean_with_error, wilson

RUN = ["source", "model", "items", "method", "hyperparameter", "phase"]


CELL = [*RUN, "hierarchy"]


HELD_OUT = ("test", "boundary", "cross", "within")


def by_seed(rows: pl.DataFrame, value: pl.Expr) -> dict[int, float]:
    """An average within each seed, both runs and all rows weighted equally."""
    # Sums depend on the order of rows in the last digit: fix it.
    rows = rows.sort(sorted(set(rows.columns)))
    means = rows.group_by("seed", maintain_order=True).agg(value.alias("value")).drop_nulls().sort("seed")
    return dict(means.iter_rows())


def slope(rows: pl.DataFrame) -> dict[int, float]:
    """Slope of the margin over the distance in ranks, seed by seed, untrained pairs with a truth."""
    held = (
        rows.filter(pl.col("pair_class").is_in(HELD_OUT))
        .with_columns((pl.col("lower") - pl.col("higher")).cast(pl.Float64).alias("gap"))
        .drop("distinct", strict=False)
    )
    value = pl.cov("gap", "margin") / pl.col("gap").var()
    return {seed: found for seed, found in by_seed(held, value).items() if np.isfinite(found)}


def effect(rows: pl.DataFrame, plain: pl.DataFrame, column: str) -> dict[str, float | None]:
    """Change of a column of the cross pairs from the plain hierarchy, paired by seed and pair.

    Parameters
    ----------
    rows, plain : polars.DataFrame
        From `responses.pair_margins`, one hierarchy each.
    column : str

    Returns
    -------
    dict
        Columns of `EFFECTS`: the mean over seeds, its standard error and the 95% t interval.
    """
    cross = rows.filter(pl.col("pair_class") == "cross")
    key = ["seed", "reverse", "higher", "lower"]
    both = cross.join(plain.select(*key, pl.col(column).alias("plain")), on=key)
    changes = np.array(list(by_seed(both, (pl.col(column) - pl.col("plain")).mean()).values()))
    mean, error = mean_with_error(changes)
    half = half_width(error, len(changes))
    name = f"exception_{column}"
    return {
        f"{name}_effect": mean,
        f"{name}_effect_standard_error": error,
        f"{name}_effect_low": None if half is None or mean is None else mean - half,
        f"{name}_effect_high": None if half is None or mean is None else mean + half,
    }


@stage
def effects(*, responses: Input, out: Output) -> None:
    """Accuracy with intervals, symbolic distance, response bias and the exception's effect of every cell.

    Parameters
    ----------
    responses
        Response table.
    out
        One row per cell and phase.
    """
    answers = RESPONSES.read(responses)
    answers = answers.filter(pl.col("logit_difference").is_finite().all().over(*CELL, "seed", "reverse"))
    pairs = pair_margins(answers)
    sizes = answers.group_by("hierarchy").agg(
        (pl.max_horizontal("first", "second").max() + 1).alias("n"),
        (pl.col("pair_class") == "exception").any().alias("exceptional"),
    )
    plain = {n: name for name, n, exceptional in sizes.sort("hierarchy").iter_rows() if not exceptional}
    of_size = {name: plain.get(n) for name, n, exceptional in sizes.iter_rows() if exceptional}
    table = []
    for key, rows in answers.sort([*CELL, *sorted(set(answers.columns) - set(CELL))]).group_by(
        CELL, maintain_order=True
    ):
        cell = dict(zip(CELL, key, strict=True))
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.lit(value)) for name, value in cell.items())
        own = pairs.filter(same)
        held = rows.filter(pl.col("pair_class").is_in(HELD_OUT))
        runs = own.filter("distinct").select("seed", "reverse").unique()
        trials = held.join(runs, on=["seed", "reverse"], how="semi")["correct"].count()
        right = trials * float(held["correct"].cast(pl.Float64).mean() or 0)  # type: ignore[arg-type]
        low, high = (float(end) for end in wilson(right, trials)) if trials else (None, None)
        accuracy, error = mean_with_error(
            np.array(list(by_seed(held, pl.col("correct").cast(pl.Float64).mean()).values()))
        )
        train = by_seed(
            rows.filter(pl.col("pair_class").is_in(["train", "exception"])),
            pl.col("correct").cast(pl.Float64).mean(),
        )
        distance = mean_with_error(np.array(list(slope(own).values())))
        bias = mean_with_error(np.array(list(by_seed(rows, pl.col("logit_difference").mean()).values())))
        yes = (pl.col("logit_difference") > 0).cast(pl.Float64).mean()
        said = mean_with_error(np.array(list(by_seed(rows, yes).values())))
        seeds = rows["seed"].n_unique()
        other = of_size.get(str(cell["hierarchy"]))
        beside = {name: value for name, value in cell.items() if name != "hierarchy"} | {"hierarchy": other}
        match = pl.all_horizontal(pl.col(name).eq_missing(pl.lit(value)) for name, value in beside.items())
        without = pairs.filter(match) if other else pairs.clear()
        table.append(
            {
                **cell,
                "train_accuracy": mean_with_error(np.array(list(train.values())))[0],
                "accuracy": accuracy,
                "accuracy_standard_error": error,
                "accuracy_low": low,
                "accuracy_high": high,
                "n_answers": trials,
                "distance_slope": distance[0],
                "distance_slope_standard_error": distance[1],
                "bias": bias[0],
                "bias_standard_error": bias[1],
                "bias_half_width": half_width(bias[1], seeds),
                "yes_share": said[0],
                "yes_share_standard_error": said[1],
                "yes_share_half_width": half_width(said[1], seeds),
                "compared_with": other,
                **effect(own, without, "margin"),
                **effect(own, without, "accuracy"),
                "n_seeds": seeds,
            }
        )
    frame = pl.DataFrame(table, schema_overrides=EFFECTS.schema, infer_schema_length=None)
    EFFECTS.write(frame.select(list(EFFECTS.columns)), out)
