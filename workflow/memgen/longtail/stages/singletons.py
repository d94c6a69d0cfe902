"""What examples seen once are worth to a trained classifier: their labels noisy, or its weights pruned."""

from typing import Annotated, Any

import numpy as np
import polars as pl

from memgen.configuration.options import About, flat
from memgen.errors import BadInput
from memgen.jobs.arguments import AsManyAs
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator
from memgen.jobs.stage import Output, progress, stage
from memgen.longtail import configuration as options
from memgen.longtail.bounds import noisy_singleton_excess
from memgen.longtail.classifiers import ridge_scores, ridge_weights
from memgen.longtail.clusters import Sample, drawn_sample
from memgen.longtail.learners import Risk
from memgen.longtail.priors import Floats, frequencies, joined
from memgen.longtail.specs import Structure, check_settings
from memgen.longtail.tables import COMPRESSION, MANY, MISLABELLED
from memgen.tables.statistics import mean_with_error, means_with_errors

Structures = Annotated[list[Structure], About("kinds of cluster")]
Spreads = Annotated[list[options.Spread], AsManyAs("structures"), About("spread of each kind of cluster")]


@stage
@flat
def mislabel(
    *,
    structures: Structures,
    spreads: Spreads,
    noise: options.Mislabelled,
    data: options.Data,
    labels: options.Labels = options.Longtail.labels,
    tests: options.Tests = options.Clusters.tests,
    out: Annotated[Output, About("mislabelled table")],
) -> None:
    """Train ridge classifiers on noisy labels, with and without the examples of clusters seen once."""
    check_settings("ridge", noise.ridges)
    size = 8.0 * len(noise.ridges) * labels * (data.samples + data.domain * tests)
    refuse_beyond_memory(size, f"scores of {labels} labels")
    drawn = frequencies(data.prior, data.domain)
    risk = Risk(drawn, data.samples, labels)
    rows: list[dict[str, Any]] = []
    for structure, spread in zip(structures, spreads, strict=True):
        found = []
        for seed in progress(range(noise.seeds), f"noisy labels on {structure}", total=noise.seeds):
            sample = drawn_sample(structure, spread, drawn, data, labels, tests, seed)
            rng = generator("longtail", "mislabel", structure, data.samples, labels, seed)
            found.append(_with_and_without(sample, noise, labels, rng))
        # Shape (seeds, noise levels, ridges, quantities).
        values = np.stack(found)
        for place, setting in np.ndindex(values.shape[1:3]):
            of_one = values[:, place, setting]
            named = {}
            for name, column in zip(("error", "cost", "fitted", "fitted_wrong"), of_one.T, strict=True):
                named[name], named[f"{name}_standard_error"] = mean_with_error(column[np.isfinite(column)])
            rows.append(
                {
                    "structure": structure,
                    "setting": noise.ridges[setting],
                    "label_keep": noise.label_keep[place],
                    "seeds": noise.seeds,
                    "prior": data.prior,
                    "domain": data.domain,
                    "samples": data.samples,
                    "labels": labels,
                    "cost_closed": noisy_singleton_excess(risk, noise.label_keep[place]),
                    **named,
                }
            )
    best = pl.col("error") == pl.col("error").min().over("structure", "label_keep")
    table = pl.DataFrame(rows, {name: kind for name, kind in MISLABELLED.schema.items() if name != "best"})
    MISLABELLED.write(table.with_columns(best=best).select(list(MISLABELLED.columns)), out)


def _with_and_without(
    sample: Sample, noise: options.Mislabelled, labels: int, rng: np.random.Generator
) -> Floats:
    """Excess error, cost of leaving singletons out, shares of all and of wrong single labels that are given.

    Shape (noise levels, ridges, 4). Errors are against the true labels; nan where no single label is wrong.
    """
    x, once = sample.x, sample.multiplicity == 1
    ridges, uniform, other = np.array(noise.ridges), rng.random(len(x)), rng.integers(0, labels, len(x))
    unseen = sample.test_weight[sample.test_multiplicity == 0].sum()
    found = []
    for keep in noise.label_keep:
        y = np.where(uniform < keep, sample.y, other)
        answers = ridge_scores(x, y, labels, ridges, np.concatenate([sample.test_x, x])).argmax(axis=2)
        # With nothing left to train on, all scores are 0 and the first label is answered.
        without = np.zeros((len(ridges), len(sample.test_y)), dtype=np.int64)
        if not once.all():
            without = ridge_scores(x[~once], y[~once], labels, ridges, sample.test_x).argmax(axis=2)
        error, error_without = (
            (part[:, : len(sample.test_y)] != sample.test_y) @ sample.test_weight
            for part in (answers, without)
        )
        given = answers[:, len(sample.test_y) :] == y
        wrong = once & (y != sample.y)
        of_wrong = given[:, wrong].mean(axis=1) if wrong.any() else np.full(len(ridges), np.nan)
        excess = error - (1 - 1 / labels) * unseen
        found.append(np.stack([excess, error_without - error, given.mean(axis=1), of_wrong], axis=1))
    return np.stack(found)


@stage
@flat
def compress(
    *,
    structures: Structures,
    spreads: Spreads,
    pruning: options.Pruning,
    data: options.Data,
    labels: options.Labels = options.Longtail.labels,
    tests: options.Tests = options.Clusters.tests,
    out: Annotated[Output, About("compression table")],
) -> None:
    """Prune ridge classifiers, and say what clusters seen once and rare subgroups lose more than others.

    Half of the clusters are a common subgroup, half a rare one, with the same prior within each.
    """
    check_settings("ridge", [pruning.ridge])
    half = frequencies(data.prior, data.domain // 2)
    drawn, (_, rare) = joined(f"{data.prior} twice", [half, half], [pruning.common_weight, 1.0])
    parts = []
    for structure, spread in zip(structures, spreads, strict=True):
        accuracy = np.empty((pruning.seeds, len(pruning.kept), len(_GROUPS)))
        for seed in progress(range(pruning.seeds), f"pruning on {structure}", total=pruning.seeds):
            sample = drawn_sample(structure, spread, drawn, data, labels, tests, seed)
            weights = ridge_weights(sample.x, sample.y, labels, np.array([pruning.ridge]))[0]
            is_rare = np.zeros(drawn.domain, dtype=bool)
            is_rare[rare] = True
            groups = _groups(sample, np.repeat(is_rare, tests))
            for place, share in enumerate(pruning.kept):
                right = (sample.test_x @ pruned(weights, share)).argmax(axis=1) == sample.test_y
                accuracy[seed, place] = [
                    np.average(right[part], weights=sample.test_weight[part]) for part in groups
                ]
        parts.append(_compression(accuracy, pruning).with_columns(structure=pl.lit(structure)))
    COMPRESSION.write(pl.concat(parts).select(list(COMPRESSION.columns)), out)


#: Groups of test examples, each before the one that it is compared with.
_GROUPS = ("once", "often", "rare", "common")


def _groups(sample: Sample, rare: np.ndarray) -> list[np.ndarray]:
    """Test examples of each of `_GROUPS`, as masks; a sample that has none of one is refused."""
    groups = [sample.test_multiplicity == 1, sample.test_multiplicity >= MANY, rare, ~rare]
    if not all(part.any() for part in groups):
        raise BadInput(
            f"samples: {len(sample.y)} examples hold no cluster once, or none {MANY} times; allowed: another "
            "number of samples or clusters"
        )
    return groups


def pruned(weights: Floats, share: float) -> Floats:
    """Weights of which only a share, those of largest size, are kept; the others are 0."""
    size = np.abs(weights)
    kept = max(1, round(share * size.size))
    return np.where(size >= np.partition(size.ravel(), -kept)[-kept], weights, 0.0)


def _compression(accuracy: Floats, pruning: options.Pruning) -> pl.DataFrame:
    """Means over seeds of accuracies, shape (seeds, shares, groups), and of what pruning takes from them."""
    whole = int(np.argmax(pruning.kept))
    loss = accuracy[:, [whole]] - accuracy
    more = loss[:, :, ::2] - loss[:, :, 1::2]
    columns: dict[str, Floats] = {}
    for name, values in (("accuracy", accuracy), ("loss", loss), ("extra_loss", np.repeat(more, 2, axis=2))):
        means, errors = means_with_errors(values)
        columns |= {name: means.ravel(), f"{name}_standard_error": errors.ravel()}
    compared = pl.col("group").is_in(_GROUPS[::2])
    return pl.DataFrame(
        {
            "setting": pruning.ridge,
            "kept": np.repeat(pruning.kept, len(_GROUPS)),
            "group": _GROUPS * len(pruning.kept),
            "seeds": pl.Series([pruning.seeds] * means.size, dtype=pl.Int64),
            **columns,
        }
    ).with_columns(
        pl.when(compared).then(f"extra_loss{end}").alias(f"extra_loss{end}")
        for end in ("", "_standard_error")
    )
