"""Real classifiers on clustered data: test error against the share of singletons fitted."""

from dataclasses import asdict
from typing import Annotated, Literal

import numpy as np
import polars as pl

from memgen.configuration.options import About, By, flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, progress, stage
from memgen.longtail import configuration as options
from memgen.longtail.classifiers import CLOSED_FORMS
from memgen.longtail.clusters import Sample, drawn_sample
from memgen.longtail.priors import Floats, Frequencies, frequencies
from memgen.longtail.specs import Structure, check_settings
from memgen.longtail.spectrum import spectrum
from memgen.longtail.tables import CLASSIFIERS


@stage
@flat
def classify(
    *,
    structure: Annotated[Structure, About("kind of cluster")],
    spread: options.Spread,
    learner: Annotated[Literal["ridge", "neighbours", "network", "private_network"], About("classifier")],
    training: Annotated[options.PrivateNetwork, By("learner", options.TRAINED_BY)],
    data: options.Data,
    labels: options.Labels = options.Longtail.labels,
    tests: options.Tests = options.Clusters.tests,
    seeds: options.Seeds = options.Clusters.seeds,
    out: Annotated[Output, About("classifiers table")],
) -> None:
    """Train one classifier over a path of regularization on clustered data."""
    check_settings(learner, training.settings)
    size = 8.0 * len(training.settings) * labels * (data.samples + data.domain * tests)
    refuse_beyond_memory(size, f"scores of {labels} labels")
    drawn = frequencies(data.prior, data.domain)
    rows = []
    for seed in progress(range(seeds), f"{learner} on {structure}", total=seeds):
        sample = drawn_sample(structure, spread, drawn, data, labels, tests, seed)
        scores, spent = _trained_scores(learner, training, sample, labels, seed)
        answers = scores.argmax(axis=2)
        test_wrong = answers[:, : len(sample.test_y)] != sample.test_y
        wrong = answers[:, len(sample.test_y) :] != sample.y
        once = sample.multiplicity == 1
        unseen = float(sample.test_weight[sample.test_multiplicity == 0].sum())
        optimum = (1 - 1 / labels) * unseen
        prices = _prices(drawn, sample)
        rows += [
            {
                "structure": structure,
                "learner": learner,
                "setting": setting,
                "epsilon": spent[index],
                "delta": None if spent[index] is None else training.delta,
                "seed": seed,
                "labels": labels,
                "spread": spread,
                **asdict(data),
                "singletons": int(once.sum()),
                "fitted_singletons": float(1 - wrong[index][once].mean()) if once.any() else 1.0,
                "train_error": float(wrong[index].mean()),
                "test_error": float(test_wrong[index] @ sample.test_weight),
                "optimum": optimum,
                "lower_bound": optimum + float(wrong[index] @ prices),
            }
            for index, setting in enumerate(training.settings)
        ]
    CLASSIFIERS.write(pl.DataFrame(rows, schema=CLASSIFIERS.schema), out)


def _trained_scores(
    learner: str, training: options.PrivateNetwork, sample: Sample, labels: int, seed: int
) -> tuple[Floats, list[float | None]]:
    """Scores at every setting of the test examples, then the training examples, and the epsilons spent.

    Shape (settings, t + n, m); an epsilon is None where training is not private.
    """
    x, y = sample.x, sample.y
    asked = np.concatenate([sample.test_x, x])
    settings = np.array(training.settings)
    none: list[float | None] = [None] * len(settings)
    if learner in CLOSED_FORMS:
        return CLOSED_FORMS[learner](x, y, labels, settings, asked), none
    from memgen.longtail.networks import network_scores, private_network_scores

    if learner == "network":
        used = np.ones((len(settings), len(x)))
        return network_scores(x, y, labels, used, settings, asked, training, seed), none
    parts = [
        private_network_scores(x, y, labels, noise, asked, training, seed) for noise in training.settings
    ]
    spent = [epsilon if np.isfinite(epsilon) else None for _, epsilon in parts]
    return np.stack([scores for scores, _ in parts]), spent


def _prices(drawn: Frequencies, sample: Sample) -> Floats:
    """What misfitting each training example costs by the theorem: tau_l / l, l its multiplicity."""
    counts = np.unique(sample.multiplicity)
    tau = spectrum(drawn, len(sample.y), counts).tau
    return np.asarray((tau / counts)[np.searchsorted(counts, sample.multiplicity)])
