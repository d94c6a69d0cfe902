"""Real classifiers on clustered data: test error against the share of singletons fitted.

Knows how runs and their averages are tabulated; data come from `clusters`, learners from `trained`.
"""

import numpy as np
import polars as pl

from memgen.longtail.clusters import Sample, draw, make_clusters
from memgen.longtail.learners import Risk
from memgen.longtail.priors import Floats, Frequencies, frequencies
from memgen.longtail.specs import check_labels, check_settings
from memgen.longtail.spectrum import spectrum
from memgen.longtail.tables import CLASSIFIERS, CURVES
from memgen.longtail.trained import Training, trained_scores
from memgen.seeding import generator
from memgen.stage import Inputs, Output, progress, stage


def drawn_sample(
    structure: str,
    drawn: Frequencies,
    samples: int,
    labels: int,
    dimensions: int,
    spread: float,
    tests: int,
    seed: int,
) -> Sample:
    """The sample of one seed, the same for every learner."""
    rng = generator("longtail", "clusters", structure, drawn.name, drawn.domain, samples, dimensions, seed)
    clusters = make_clusters(structure, drawn.expanded(), labels, dimensions, spread, rng)
    return draw(clusters, samples, tests, rng)


@stage
def classify(
    *,
    structure: str,
    spread: float,
    learner: str,
    settings: list[float],
    prior: str,
    domain: int,
    samples: int,
    labels: int,
    dimensions: int,
    tests: int,
    seeds: int,
    hidden: int = 64,
    steps: int = 150,
    learning_rate: float = 0.005,
    clip: float = 1.0,
    delta: float = 1e-5,
    out: Output,
) -> None:
    """Train one classifier over a path of regularization on clustered data.

    Parameters
    ----------
    structure
        gaussian or hypercube.
    spread
        gaussian: noise about a centre, in units of the centres'; hypercube: share of random positions.
    learner
        ridge, neighbours, network or private_network.
    settings
        Ridges, numbers of neighbours, weight decays or noise multipliers.
    prior
        Prior of the clusters' frequencies.
    domain, samples
        Number of clusters and sample size.
    labels
        Number of labels; every cluster's is uniform.
    dimensions
        Dimension of the examples.
    tests
        Test examples per cluster.
    seeds
        Number of seeds; seed 0, 1, … draws clusters, sample and training anew.
    hidden, steps, learning_rate
        Hidden units, steps and learning rate of networks.
    clip, delta
        Largest norm of one example's gradient, and delta, of private networks.
    out
        Classifiers table.
    """
    check_labels(labels)
    check_settings(learner, settings)
    drawn = frequencies(prior, domain)
    training = Training(hidden, steps, learning_rate, clip, delta)
    rows = []
    for seed in progress(range(seeds), f"{learner} on {structure}", total=seeds):
        sample = drawn_sample(structure, drawn, samples, labels, dimensions, spread, tests, seed)
        together = np.concatenate([sample.test_x, sample.x])
        scores, spent = trained_scores(
            learner, settings, sample.x, sample.y, labels, together, training, seed
        )
        answers = scores.argmax(axis=2)
        test_wrong = answers[:, : len(sample.test_y)] != sample.test_y
        wrong = answers[:, len(sample.test_y) :] != sample.y
        once = sample.multiplicity == 1
        unseen = float(sample.test_weight[sample.test_multiplicity == 0].sum())
        optimum = (1 - 1 / labels) * unseen
        prices = _prices(drawn, sample, samples)
        for index, setting in enumerate(settings):
            rows.append(
                {
                    "structure": structure,
                    "learner": learner,
                    "setting": setting,
                    "epsilon": spent[index],
                    "delta": None if spent[index] is None else delta,
                    "seed": seed,
                    "prior": prior,
                    "domain": domain,
                    "samples": samples,
                    "labels": labels,
                    "dimensions": dimensions,
                    "spread": spread,
                    "singletons": int(once.sum()),
                    "fitted_singletons": float(1 - wrong[index][once].mean()) if once.any() else 1.0,
                    "train_error": float(wrong[index].mean()),
                    "test_error": float(test_wrong[index] @ sample.test_weight),
                    "optimum": optimum,
                    "lower_bound": optimum + float(wrong[index] @ prices),
                }
            )
    CLASSIFIERS.write(pl.DataFrame(rows, schema=CLASSIFIERS.schema), out)


def _prices(drawn: Frequencies, sample: Sample, samples: int) -> Floats:
    """What misfitting each training example costs by the theorem: tau_l / l, l its multiplicity."""
    counts = np.unique(sample.multiplicity)
    tau = spectrum(drawn, samples, counts).tau
    return np.asarray((tau / counts)[np.searchsorted(counts, sample.multiplicity)])


@stage
def curves(*, runs: Inputs, out: Output) -> None:
    """Average the runs of every classifier and setting over seeds.

    Parameters
    ----------
    runs
        Classifiers tables.
    out
        Curves table.
    """
    table = pl.concat([CLASSIFIERS.read(path) for path in runs]).with_columns(
        excess=pl.col("test_error") - pl.col("optimum"),
        bound_excess=pl.col("lower_bound") - pl.col("optimum"),
    )
    masses = {
        key: Risk(frequencies(str(key[0]), int(key[1])), int(key[2]), int(key[3])).mass(1)
        for key in table.select("prior", "domain", "samples", "labels").unique().iter_rows()
    }
    keys = ["structure", "learner", "setting", "prior", "domain", "samples", "labels"]

    def error(column: str | pl.Expr) -> pl.Expr:
        value = pl.col(column) if isinstance(column, str) else column
        return (value.std() / pl.len().cast(pl.Float64).sqrt()).fill_null(float("nan"))

    grouped = table.group_by(keys, maintain_order=True).agg(
        pl.col("epsilon").first(),
        pl.col("delta").first(),
        seeds=pl.len().cast(pl.Int64),
        fitted_standard_error=error("fitted_singletons"),
        fitted_singletons=pl.col("fitted_singletons").mean(),
        test_standard_error=error("test_error"),
        test_error=pl.col("test_error").mean(),
        excess_standard_error=error("excess"),
        slack_standard_error=error(pl.col("excess") - pl.col("bound_excess")),
        excess=pl.col("excess").mean(),
        bound_excess=pl.col("bound_excess").mean(),
    )
    slope = [masses[row] for row in grouped.select("prior", "domain", "samples", "labels").iter_rows()]
    CURVES.write(
        grouped.with_columns(singleton_mass=pl.Series(slope, dtype=pl.Float64)).select(list(CURVES.columns)),
        out,
    )
