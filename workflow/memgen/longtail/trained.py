"""Trained classifiers by name: which strength of regularization each has, and how it is set.

Knows the four learners and hands each its own module; torch is imported only where a network is trained.
"""

from dataclasses import dataclass

import numpy as np

from memgen.longtail.classifiers import neighbour_scores, ridge_scores
from memgen.longtail.priors import Floats, Integers
from memgen.longtail.specs import check_settings
from memgen.seeding import integer_seed


@dataclass(frozen=True)
class Training:
    """How networks are trained; the closed-form learners need none of it.

    Parameters
    ----------
    hidden : int
        Hidden units.
    steps : int
        Steps, each on all examples.
    learning_rate : float
        Of Adam for plain networks, of gradient descent with momentum 0.9 for private ones.
    clip : float
        Largest norm of one example's gradient, for private ones.
    delta : float
        Delta of the differential privacy, for private ones.
    """

    hidden: int = 64
    steps: int = 150
    learning_rate: float = 0.005
    clip: float = 1.0
    delta: float = 1e-5


def trained_scores(
    learner: str,
    settings: list[float],
    x: Floats,
    y: Integers,
    labels: int,
    test_x: Floats,
    training: Training,
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
    training : Training
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
        from memgen.longtail.network import network_scores

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
    from memgen.longtail.private import private_network_scores

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
