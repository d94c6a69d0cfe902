"""Learners run on drawn samples.

No closed form is used here, so that the two can be held against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memgen.errors import BadInput
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import progress
from memgen.longtail.mechanisms import mechanisms
from memgen.longtail.priors import Floats, Frequencies, Integers
from memgen.longtail.sampling import Sampler, learn_clean, learn_noisy, split
from memgen.longtail.specs import Spec, parse_learner
from memgen.longtail.spectrum import check_samples


@dataclass(frozen=True)
class Simulation:
    """What happened to each learner in each repeat.

    Parameters
    ----------
    errors : numpy.ndarray, shape (repeats, learners, groups)
        Probability of the points of each subgroup that the learner gets wrong.
    misfits : numpy.ndarray of int, shape (repeats, learners, track + 1)
        Number of points seen l times that it misfits.
    points : numpy.ndarray of int, shape (repeats, track + 1)
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
        singletons = self.points[:, 1, None]
        return np.asarray(1 - self.misfits[:, :, 1] / np.maximum(singletons, 1))


def simulate(
    frequencies: Frequencies,
    samples: int,
    labels: int,
    learners: Sequence[str],
    repeats: int,
    rng: np.random.Generator,
    groups: Sequence[slice] | None = None,
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
        Names of learners, see `memgen.longtail.specs.parse_learner`. All share the points of each sample,
        and the majority learners the uniform numbers from which noisy labels are made.
    repeats : int
        Number of samples, at least 2.
    rng : numpy.random.Generator
    groups : sequence of slice, optional
        Subgroups: slices that cover the domain; one group by default.
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
    size = 40 * frequencies.domain + 8 * samples + 8 * repeats * (1 + track) * (1 + len(learners))
    refuse_beyond_memory(size, f"{repeats} samples of {samples} from {frequencies.domain} points")
    specs = [parse_learner(name, labels) for name in learners]
    frequency = frequencies.expanded()
    parts = [slice(0, len(frequency))] if groups is None else groups
    sampler = Sampler(frequency, samples)
    errors = np.zeros((repeats, len(specs), len(parts)))
    misfits = np.zeros((repeats, len(specs), track + 1), np.int64)
    points = np.zeros((repeats, track + 1), np.int64)
    batches = _batches(specs, labels, track)
    noisy = any(batch.label_keep is not None for batch in batches)
    for repeat in progress(range(repeats), "samples", total=repeats):
        counts = sampler.counts(rng)
        uniform = rng.random(len(frequency))
        noise = rng.random(samples if noisy else 0)
        for index, part in enumerate(parts):
            sample = (counts[part], uniform[part], frequency[part], labels)
            seen, unseen, wrong = split(*sample, points[repeat])
            errors[repeat, :, index] += unseen
            misfits[repeat, :, 0] += wrong
            for batch in batches:
                written = (errors[repeat, batch.place, index], misfits[repeat, batch.place])
                if batch.label_keep is None:
                    learn_clean(seen, *sample, batch.keep, batch.offset, *written)
                else:
                    given = (noise, *sample[1:], batch.label_keep, batch.ignore)
                    learn_noisy(seen, sample[0], *given, *written)
            noise = noise[int(sample[0].sum()) :]
    order = np.argsort(np.concatenate([batch.members for batch in batches]))
    return Simulation(errors[:, order], misfits[:, order], points)


@dataclass(frozen=True)
class _Batch:
    """Learners that share the labels of a sample, where their results stand, and what they do."""

    label_keep: float | None
    members: Integers
    place: slice
    keep: Floats
    offset: Integers
    ignore: Integers


def _batches(specs: list[Spec], labels: int, track: int) -> list[_Batch]:
    """Learners by the noise of their labels: None for clean ones, else label_keep."""
    found: dict[float | None, list[int]] = {}
    for index, spec in enumerate(specs):
        noisy = spec.kind in ("majority", "majority_ignore")
        found.setdefault((spec.parameter or 0.0) if noisy else None, []).append(index)
    batches, start = [], 0
    for label_keep, members in found.items():
        chosen = [specs[index] for index in members]
        place = slice(start, start + len(members))
        ignore = np.array([spec.kind == "majority_ignore" for spec in chosen], np.int64)
        batches.append(
            _Batch(label_keep, np.array(members), place, *mechanisms(chosen, labels, track), ignore)
        )
        start += len(members)
    return batches
