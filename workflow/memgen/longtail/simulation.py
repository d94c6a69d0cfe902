"""Learners run on drawn samples, with standard errors.

Knows how to draw samples from any list of frequencies and to average what the compiled loops of `sampling`
return; knows no closed form, so that the two can be held against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memgen.errors import BadInput
from memgen.longtail.priors import Floats, Frequencies, Integers
from memgen.longtail.sampling import CODES, alias_table, run_clean, run_noisy
from memgen.longtail.spectrum import check_samples
from memgen.longtail.specs import Spec, parse_learner


@dataclass(frozen=True)
class Simulation:
    """What happened to each learner in each repeat.

    Parameters
    ----------
    errors : numpy.ndarray, shape (repeats, learners, groups)
        Probability of the points of each subgroup that the learner gets wrong.
    misfits : numpy.ndarray of int, shape (repeats, learners, track + 1)
        Number of points seen l times that it misfits.
    points : numpy.ndarray of int, shape (repeats, learners, track + 1)
        Number of points seen l times.
    """

    errors: Floats
    misfits: Integers
    points: Integers

    @property
    def error(self) -> Floats:
        """Error of each learner in each repeat, shape (repeats, learners)."""
        return np.asarray(self.errors.sum(axis=2))

    @property
    def fitted_singletons(self) -> Floats:
        """Share of singletons that each learner fits in each repeat; 1 where a sample has none."""
        singletons = self.points[:, :, 1]
        return np.asarray(1 - self.misfits[:, :, 1] / np.maximum(singletons, 1))


def mean_and_error(values: Floats) -> tuple[Floats, Floats]:
    """Mean over the first axis, and its standard error, the repeats being independent.

    Parameters
    ----------
    values : numpy.ndarray, shape (repeats, …)
        At least two repeats.

    Returns
    -------
    mean, standard_error : numpy.ndarray, shape (…)
    """
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def simulate(
    frequencies: Frequencies,
    samples: int,
    labels: int,
    learners: Sequence[str],
    repeats: int,
    rng: np.random.Generator,
    group: Integers | None = None,
    track: int = 1,
) -> Simulation:
    """Draw samples and run every learner on each.

    Parameters
    ----------
    frequencies : Frequencies
        The domain of N points.
    samples : int
        Sample size n.
    labels : int
        Number of labels m; the truth of every point is uniform.
    learners : sequence of str
        Names of learners, see `memgen.longtail.specs.parse_learner`. Learners of clean labels share their
        samples; so do the majority learners of one label_keep.
    repeats : int
        Number of samples, at least 2.
    rng : numpy.random.Generator
    group : numpy.ndarray of int, shape (N,), optional
        Subgroup of each point; one group by default.
    track : int, default=1
        Largest multiplicity whose misfits are counted; majority learners count up to 1.

    Returns
    -------
    Simulation

    Raises
    ------
    BadInput
        If a learner, the sample size or the number of repeats is not allowed.
    """
    check_samples(samples)
    if repeats < 2:
        raise BadInput(f"repeats: {repeats} is not allowed; allowed: >= 2, so that there is a standard error")
    specs = [parse_learner(name, labels) for name in learners]
    frequency = frequencies.expanded()
    threshold, alias = alias_table(frequency)
    group = np.zeros(len(frequency), np.int64) if group is None else group.astype(np.int64)
    groups = int(group.max()) + 1
    errors = np.zeros((repeats, len(specs), groups))
    misfits = np.zeros((repeats, len(specs), track + 1), np.int64)
    points = np.zeros((repeats, len(specs), track + 1), np.int64)
    for label_keep, members in _batches(specs).items():
        codes = np.array([CODES[specs[index].kind] for index in members])
        shared = (rng, threshold, alias, frequency, group, groups, samples, labels, codes)
        if label_keep is None:
            values = np.array([specs[index].parameter or 0.0 for index in members])
            part = run_clean(*shared, values, repeats, track)
        else:
            part = run_noisy(*shared, label_keep, repeats)
        kept = min(track + 1, part[1].shape[2])
        errors[:, members] = part[0]
        misfits[:, members, :kept] = part[1][:, :, :kept]
        points[:, members, :kept] = part[2][:, None, :kept]
    return Simulation(errors, misfits, points)


def _batches(specs: list[Spec]) -> dict[float | None, list[int]]:
    """Learners that can share samples: None for clean labels, else the label_keep."""
    found: dict[float | None, list[int]] = {}
    for index, spec in enumerate(specs):
        noisy = spec.kind in ("majority", "majority_ignore")
        found.setdefault((spec.parameter or 0.0) if noisy else None, []).append(index)
    return found
