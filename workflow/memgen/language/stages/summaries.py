"""Tables of all runs: what every job wrote, put together in one order, and averaged.

The effects of a cell are what its answers show beyond their averages. Proportions carry Wilson intervals,
which count answers as independent, and beside them standard errors clustered by seed, which do not. The
exception's effect compares a hierarchy with the plain one of the same size, seed by seed, whose items are the
same; of poker only where the exception's circle has three hands.
"""

import json

import numpy as np
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import Input, InputDirectories, Inputs, Output, stage
from memgen.language.fits.tables import FIT
from memgen.language.responses.averages import (
    CELL,
    SAME,
    TRAINED,
    accuracies,
    by_part,
    over_seeds,
    pair_margins,
    rows_of,
    seed_mean,
)
from memgen.language.responses.tables import (
    ACCURACY,
    DISTANCE,
    EFFECTS,
    GEOMETRY,
    GEOMETRY_RUNS,
    KEY,
    MARGINS,
    RESPONSES,
    RUNS,
    VALUES,
)
from memgen.language.tables import PRETRAINING
from memgen.tables.statistics import mean_with_error, wilson

HELD_OUT = ("test", "boundary", "cross", "within")
_WHOLE_CELL = ["source", "model", "items", "method", "hyperparameter", "phase", "hierarchy"]


@stage
def pretraining(*, models: InputDirectories, out: Output) -> None:
    """Gather the losses of all pretrained models.

    Parameters
    ----------
    models
        Folders that `pretrain` wrote, named after their models.
    out
        Mean loss at the answers along the steps of each.

    Raises
    ------
    BadInput
        If a folder holds no losses.
    """
    rows = []
    for folder in models:
        path = folder / "pretraining.json"
        if not path.is_file():
            raise BadInput(f"{path}: no such file; allowed: folders of models that were pretrained here")
        try:
            history = json.loads(path.read_text(encoding="utf-8"))
            pairs = zip(history["step"], history["answer_loss"], strict=True)
            rows += [(folder.name, int(step), float(loss)) for step, loss in pairs]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(f"{path}: not the losses of a model that was pretrained here") from None
    PRETRAINING.write(pl.DataFrame(rows, schema=PRETRAINING.schema, orient="row"), out)


@stage
def runs(*, blocks: Inputs, out: Output) -> None:
    """Put the finetuned runs of all jobs into one table: how well each fits, and which diverged.

    Parameters
    ----------
    blocks
        Tables of runs.
    out
        One table, sorted.
    """
    frame = pl.concat([RUNS.read(path) for path in blocks])
    RUNS.write(frame.sort(*KEY, "seed", "reverse"), out)


@stage
def responses(*, blocks: Inputs, out: Output) -> None:
    """Put the responses of all jobs into one table, in an order that does not depend on the jobs.

    Parameters
    ----------
    blocks
        Response tables.
    out
        One response table, sorted.
    """
    frame = pl.concat([RESPONSES.read(path) for path in blocks])
    RESPONSES.write(frame.sort(*KEY, "seed", "reverse", "phase", "first", "second"), out)


@stage
def accuracy(*, responses: Input, out: Output) -> None:
    """Average accuracy, paired accuracy and margin by pair class, in bounded memory.

    Parameters
    ----------
    responses
        Response table, of any length.
    out
        Accuracy table.
    """
    ACCURACY.write(accuracies(responses), out)


@stage
def distance(*, responses: Input, out: Output) -> None:
    """Average accuracies and margin by the distance of two ranks: the symbolic distance effect.

    Trained and untrained pairs have separate rows; loop pairs, which have no truth, are left out.

    Parameters
    ----------
    responses
        Response table, of any length.
    out
        Table of distances.
    """
    rows = by_part(responses, _distances)
    DISTANCE.write(rows.sort(*CELL, "distance", "trained").select(list(DISTANCE.columns)), out)


def _distances(responses: pl.DataFrame) -> pl.DataFrame:
    """Averages by distance and whether the pair was trained."""
    pairs = pair_margins(responses.filter(pl.col("pair_class") != "loop")).with_columns(
        (pl.col("lower") - pl.col("higher")).alias("distance"),
        pl.col("pair_class").is_in(TRAINED).alias("trained"),
    )
    return over_seeds(pairs, [*CELL, "distance", "trained"], VALUES)


@stage
def margins(*, responses: Input, out: Output) -> None:
    """Average the margin of every pair over runs, with standard errors by seed.

    M(h, k) = (mean d(h, k) - mean d(k, h)) / 2 (theory: Fitting behaviour), for either phase.

    Parameters
    ----------
    responses
        Response table.
    out
        Margin table.
    """
    rows = pair_margins(RESPONSES.read(responses))
    table = over_seeds(rows, [*CELL, "higher", "lower", "pair_class"], ["margin"])
    MARGINS.write(
        table.rename({"margin_standard_error": "standard_error"}).drop("n_pairs", "margin_half_width"), out
    )


@stage
def geometry(*, blocks: Inputs, fits: Input, out: Output) -> None:
    """Average the measured conjunctivity of every model over runs, beside the gamma fitted to its behaviour.

    Parameters
    ----------
    blocks
        Measures of every run.
    fits
        Table of fits of the same runs.
    out
        One row per cell and phase.
    """
    rows = pl.concat([GEOMETRY_RUNS.read(path) for path in blocks]).drop_nulls("alpha")
    rows = rows.with_columns(pl.lit(0).alias("higher"), pl.lit(1).alias("lower"))
    # A frozen representation is the same in both runs of a seed: their prompts are.
    forward = pl.col("alpha").filter(~pl.col("reverse")).first().over(*KEY, "phase", "seed")
    same = ((pl.col("alpha") - forward).abs() <= SAME * forward.abs()).fill_null(False)
    rows = rows.with_columns((~(pl.col("reverse") & same)).alias("distinct"))
    values = ["kappa_o", "kappa_d", "alpha", "distance", "ridge_correlation"]
    means = over_seeds(rows, [*KEY, "phase"], values).drop("n_pairs")
    behaviour = FIT.read(fits).select(*KEY, "gamma", "gamma_at_edge", "gamma_low", "gamma_high")
    table = means.join(behaviour, on=list(KEY), how="left", nulls_equal=True)
    GEOMETRY.write(table.sort(*KEY, "phase").select(list(GEOMETRY.columns)), out)


@stage
def effects(*, responses: Input, out: Output) -> None:
    """Tabulate accuracy, symbolic distance, response bias and the exception's effect, for every cell.

    Parameters
    ----------
    responses
        Response table.
    out
        One row per cell and phase.
    """
    answers = RESPONSES.read(responses)
    finite = pl.col("logit_difference").is_finite().all().over(*_WHOLE_CELL, "seed", "reverse")
    answers = answers.filter(finite)
    pairs = pair_margins(answers)
    sizes = answers.group_by("hierarchy").agg(
        (pl.max_horizontal("first", "second").max() + 1).alias("n"),
        (pl.col("pair_class") == "exception").any().alias("exceptional"),
    )
    plain = {n: name for name, n, exceptional in sizes.sort("hierarchy").iter_rows() if not exceptional}
    of_size = {name: plain.get(n) for name, n, exceptional in sizes.iter_rows() if exceptional}
    others = sorted(set(answers.columns) - set(_WHOLE_CELL))
    table = []
    for key, rows in answers.sort([*_WHOLE_CELL, *others]).group_by(_WHOLE_CELL, maintain_order=True):
        cell = dict(zip(_WHOLE_CELL, key, strict=True))
        other = of_size.get(str(cell["hierarchy"]))
        own = rows_of(pairs, cell)
        without = rows_of(pairs, {**cell, "hierarchy": other}) if other else pairs.clear()
        effect = {**_effect(own, without, "margin"), **_effect(own, without, "accuracy")}
        table.append({**cell, **_summary(rows, own), "compared_with": other, **effect})
    frame = pl.DataFrame(table, schema_overrides=EFFECTS.schema, infer_schema_length=None)
    EFFECTS.write(frame.select(list(EFFECTS.columns)), out)


def _summary(rows: pl.DataFrame, pairs: pl.DataFrame) -> dict[str, float | int | None]:
    """What a cell's own answers, and its pairs, give: columns of `EFFECTS`, and some more intervals."""
    right = pl.col("correct").cast(pl.Float64).mean()
    held = rows.filter(pl.col("pair_class").is_in(HELD_OUT))
    trained = rows.filter(pl.col("pair_class").is_in(TRAINED))
    distinct = pairs.filter("distinct").select("seed", "reverse").unique()
    trials = held.join(distinct, on=["seed", "reverse"], how="semi")["correct"].count()
    share = float(held["correct"].cast(pl.Float64).mean() or 0)  # type: ignore[arg-type]
    low, high = (float(end) for end in wilson(trials * share, trials)) if trials else (None, None)
    # Slope of the margin over the distance in ranks, of untrained pairs with a truth.
    apart = (
        pairs.filter(pl.col("pair_class").is_in(HELD_OUT))
        .with_columns((pl.col("lower") - pl.col("higher")).cast(pl.Float64).alias("gap"))
        .drop("distinct", strict=False)
    )
    slopes = _by_seed(apart, pl.cov("gap", "margin") / pl.col("gap").var())
    yes = (pl.col("logit_difference") > 0).cast(pl.Float64).mean()
    return {
        "train_accuracy": mean_with_error(_by_seed(trained, right))[0],
        **seed_mean("accuracy", _by_seed(held, right)),
        "accuracy_low": low,
        "accuracy_high": high,
        "n_answers": trials,
        **seed_mean("distance_slope", slopes[np.isfinite(slopes)]),
        **seed_mean("bias", _by_seed(rows, pl.col("logit_difference").mean())),
        **seed_mean("yes_share", _by_seed(rows, yes)),
        "n_seeds": rows["seed"].n_unique(),
    }


def _by_seed(rows: pl.DataFrame, value: pl.Expr) -> np.ndarray:
    """An average within each seed, both runs and all rows weighted equally; sorted by seed."""
    # Sums depend on the order of rows in the last digit: fix it.
    rows = rows.sort(sorted(set(rows.columns)))
    means = rows.group_by("seed", maintain_order=True).agg(value.alias("value")).drop_nulls().sort("seed")
    return means["value"].to_numpy()


def _effect(rows: pl.DataFrame, plain: pl.DataFrame, column: str) -> dict[str, float | None]:
    """Change of a column of the cross pairs from the plain hierarchy, paired by seed and pair.

    Its columns of `EFFECTS`: the mean over seeds, its standard error and the 95% t interval.
    """
    cross = rows.filter(pl.col("pair_class") == "cross")
    key = ["seed", "reverse", "higher", "lower"]
    both = cross.join(plain.select(*key, pl.col(column).alias("plain")), on=key)
    name = f"exception_{column}_effect"
    row = seed_mean(name, _by_seed(both, (pl.col(column) - pl.col("plain")).mean()))
    mean, half = row[name], row.pop(f"{name}_half_width")
    row[f"{name}_low"] = None if half is None or mean is None else mean - half
    row[f"{name}_high"] = None if half is None or mean is None else mean + half
    return row
