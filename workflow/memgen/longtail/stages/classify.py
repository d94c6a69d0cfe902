"""Real classifiers on clustered data: test error against the share of singletons fitted."""

from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import By, flat
from memgen.jobs.arguments import NonNegative
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import integer_seed
from memgen.jobs.stage import Output, progress, stage
from memgen.longtail.classifiers import neighbour_scores, ridge_scores
from memgen.longtail.clusters import Sample, drawn_sample
from memgen.longtail.configuration import (
    TRAINED_BY,
    Clusters,
    Data,
    Labels,
    Longtail,
    PrivateNetwork,
    Seeds,
    Tests,
)
from memgen.longtail.priors import Floats, Frequencies, Integers, frequencies
from memgen.longtail.rows import CLASSIFIERS
from memgen.longtail.specs import check_settings
from memgen.longtail.spectrum import spectrum


@stage
@flat
def classify(
    *,
    structure: str,
    spread: NonNegative,
    learner: str,
    training: Annotated[PrivateNetwork, By("learner", TRAINED_BY)],
    data: Data,
    labels: Labels = Longtail.labels,
    tests: Tests = Clusters.tests,
    seeds: Seeds = Clusters.seeds,
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
    out
        Classifiers table.
    """
    settings = list(training.settings)
    check_settings(learner, settings)
    refuse_beyond_memory(
        8.0 * len(settings) * labels * (data.samples + data.domain * tests), f"scores of {labels} labels"
    )
    drawn = frequencies(data.prior, data.domain)
    rows = []
    for seed in progress(range(seeds), f"{learner} on {structure}", total=seeds):
        sample = drawn_sample(structure, drawn, data.samples, labels, data.dimensions, spread, tests, seed)
        asked = np.concatenate([sample.test_x, sample.x])
        scores, spent = trained_scores(learner, settings, sample.x, sample.y, labels, asked, training, seed)
        answers = scores.argmax(axis=2)
        test_wrong = answers[:, : len(sample.test_y)] != sample.test_y
        wrong = answers[:, len(sample.test_y) :] != sample.y
        once = sample.multiplicity == 1
        unseen = float(sample.test_weight[sample.test_multiplicity == 0].sum())
        optimum = (1 - 1 / labels) * unseen
        prices = _prices(drawn, sample, data.samples)
        for index, setting in enumerate(settings):
            rows.append(
                {
                    "structure": structure,
                    "learner": learner,
                    "setting": setting,
                    "epsilon": spent[index],
                    "delta": None if spent[index] is None else training.delta,
                    "seed": seed,
                    "prior": data.prior,
                    "domain": data.domain,
                    "samples": data.samples,
                    "labels": labels,
                    "dimensions": data.dimensions,
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


def trained_scores(
    learner: str,
    settings: list[float],
    x: Floats,
    y: Integers,
    labels: int,
    test_x: Floats,
    training: PrivateNetwork,
    seed: int,
) -> tuple[Floats, list[float | None]]:
    """Train a learner at every setting and score test examples.

    Parameters
    ----------
    learner : str
        A key of `memgen.longtail.specs.TRAINED`.
    settings : list of float
        Ridges, numbers of neighbours, weight decays or noise multipliers.
    x : numpy.ndarray, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    labels : int
    test_x : numpy.ndarray, shape (t, d)
    training : PrivateNetwork
    seed : int
        Seed of the networks' weights and noise.

    Returns
    -------
    scores : numpy.ndarray, shape (settings, t, m)
        The largest score is the answer.
    epsilon : list of float or None
        Privacy spent at each setting, None where there is none.

    Raises
    ------
    BadInput
        If the learner or a setting is not allowed.
    """
    check_settings(learner, settings)
    values = np.array(settings)
    none: list[float | None] = [None] * len(settings)
    if learner == "ridge":
        return ridge_scores(x, y, labels, values, test_x), none
    if learner == "neighbours":
        return neighbour_scores(x, y, labels, values.astype(np.int64), test_x), none
    if learner == "network":
        from memgen.longtail.networks import network_scores

        scores = network_scores(
            x,
            y,
            labels,
            np.ones((len(values), len(x))),
            values,
            test_x,
            hidden=training.hidden,
            steps=training.steps,
            learning_rate=training.learning_rate,
            seed=integer_seed("longtail", "network", seed),
        )
        return scores, none
    from memgen.longtail.private_networks import private_network_scores

    parts = [
        private_network_scores(
            x,
            y,
            labels,
            value,
            test_x,
            hidden=training.hidden,
            steps=training.steps,
            learning_rate=training.learning_rate,
            clip=training.clip,
            delta=training.delta,
            seed=seed,
        )
        for value in settings
    ]
    return np.stack([scores for scores, _ in parts]), [
        spent if np.isfinite(spent) else None for _, spent in parts
    ]


def _prices(drawn: Frequencies, sample: Sample, samples: int) -> Floats:
    """What misfitting each training example costs by the theorem: tau_l / l, l its multiplicity."""
    counts = np.unique(sample.multiplicity)
    tau = spectrum(drawn, samples, counts).tau
    return np.asarray((tau / counts)[np.searchsorted(counts, sample.multiplicity)])
