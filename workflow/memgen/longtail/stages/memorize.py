"""Memorization scores of real classifiers on clustered data, and their means by multiplicity."""

from typing import Annotated, Literal

import numpy as np
import polars as pl

from memgen.configuration.options import About, flat
from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, progress, stage
from memgen.longtail import configuration as options
from memgen.longtail.clusters import drawn_sample
from memgen.longtail.memorization import Gains, expected_gain, leave_one_out, subsampled, subsamples
from memgen.longtail.priors import Integers, frequencies
from memgen.longtail.specs import Structure, check_settings
from memgen.longtail.tables import MANY, MEMORIZATION, SCORES
from memgen.tables.statistics import standard_error


@stage
@flat
def memorize(
    *,
    structure: Annotated[Structure, About("kind of cluster")],
    spread: options.Spread,
    learner: Annotated[Literal["ridge", "neighbours", "network"], About("classifier")],
    training: Annotated[options.ScoredNetwork, options.OF_MEMORIZE],
    data: options.Data,
    labels: options.Labels = options.Longtail.labels,
    seeds: options.Seeds = options.Memorization.seeds,
    subsample_share: options.SubsampleShare = options.Memorization.subsample_share,
    scores: Annotated[Output, About("scores table: every training example")],
    out: Annotated[Output, About("memorization table: averages by multiplicity")],
) -> None:
    """Score how much a classifier memorizes each training example."""
    check_settings(learner, training.settings)
    settings, samples = np.array(training.settings), data.samples
    size = round(subsample_share * samples)
    if not 0 < size < samples:
        raise BadInput(f"subsample share: {subsample_share:g} is not allowed; allowed: between 0 and 1")
    drawn = frequencies(data.prior, data.domain)
    parts = []
    for seed in progress(range(seeds), f"memorization by {learner} on {structure}", total=seeds):
        sample = drawn_sample(structure, spread, drawn, data, labels, 1, seed)
        x, y, counts = sample.x, sample.y, sample.multiplicity
        rng = generator("longtail", "subsamples", samples, size, training.subsamples, seed)
        used = subsamples(samples, size, training.subsamples, rng)
        found = {"subsampling": (size, subsampled(learner, settings, x, y, labels, used, training, seed))}
        if learner != "network":
            found["leave_one_out"] = (samples - 1, leave_one_out(learner, settings, x, y, labels))
        parts += [
            _rows(gains, counts, training.settings, seed).with_columns(
                method=pl.lit(method),
                expected=pl.Series(np.tile(expected_gain(counts, samples, held, labels), len(settings))),
            )
            for method, (held, gains) in found.items()
        ]
    table = pl.concat(parts).with_columns(structure=pl.lit(structure), learner=pl.lit(learner))
    SCORES.write(table.select(list(SCORES.columns)), scores)
    MEMORIZATION.write(_averages(table), out)


def _rows(gains: Gains, multiplicity: Integers, settings: tuple[float, ...], seed: int) -> pl.DataFrame:
    """Scores of one seed, every setting and example."""
    count, examples = gains.with_it.shape
    margin = [None] * (count * examples) if gains.margin_gain is None else gains.margin_gain.ravel()
    return pl.DataFrame(
        {
            "setting": np.repeat(np.array(settings, dtype=np.float64), examples),
            "seed": np.full(count * examples, seed, dtype=np.int64),
            "example": np.tile(np.arange(examples), count),
            "multiplicity": np.tile(multiplicity.astype(np.int64), count),
            "with_it": gains.with_it.ravel(),
            "without_it": gains.without_it.ravel(),
            "score": (gains.with_it - gains.without_it).ravel(),
            "margin_score": pl.Series(margin, dtype=pl.Float64),
        }
    )


def _averages(table: pl.DataFrame) -> pl.DataFrame:
    """Means by multiplicity, seeds weighted equally, with standard errors clustered by seed."""
    keys = ["structure", "learner", "setting", "method", "multiplicity"]
    values = ["score", "margin_score", "expected"]
    by_seed = (
        table.with_columns(pl.col("multiplicity").clip(upper_bound=MANY))
        .group_by([*keys, "seed"], maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("examples"), *(pl.col(name).mean() for name in values))
    )
    return (
        by_seed.group_by(keys, maintain_order=True)
        .agg(
            pl.col("examples").sum(),
            seeds=pl.len().cast(pl.Int64),
            standard_error=standard_error("score").fill_null(float("nan")),
            margin_standard_error=standard_error("margin_score"),
            **{name: pl.col(name).mean() for name in values},
        )
        .sort(keys)
        .select(list(MEMORIZATION.columns))
    )
