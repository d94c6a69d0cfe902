"""Learners run on drawn samples, as random mechanisms on the label counts of each point.

No closed form is used here, so that the two can be compared.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import progress
from memgen.longtail.priors import Floats, Frequencies, Integers
from memgen.longtail.sampling import Sampler, learn_clean, learn_noisy, split
from memgen.longtail.specs import Spec, parse_learner


@dataclass(frozen=True)
class Simulation:
    """What happened to each learner in each repeat."""

    errors: Floats  # probability of the points that it gets wrong, shape (repeats, learners, groups)
    misfits: Integers  # singletons whose label it does not give, shape (repeats, learners)
    singletons: Integers  # points seen once, shape (repeats,)

    @property
    def error(self) -> Floats:
        """Error of each learner in each repeat, shape (repeats, learners)."""
        return np.asarray(self.errors.sum(axis=2))

    @property
    def fitted_singletons(self) -> Floats:
        """Share of singletons that each learner fits in each repeat; 1 where a sample has none."""
        return np.asarray(1 - self.misfits / np.maximum(self.singletons, 1)[:, None])


def simulate(
    frequencies: Frequencies,
    samples: int,
    labels: int,
    learners: Sequence[str],
    repeats: int,
    rng: np.random.Generator,
    groups: Sequence[slice] | None = None,
) -> Simulation:
    """Draw samples of n points, `repeats` times, and run every learner on each.

    The truth of every point is uniform. All learners, named as for `memgen.longtail.learners.profile`, share
    the points of each sample, and the majority learners the uniform numbers from which noisy labels are made.
    Subgroups are slices that cover the domain, `groups`; by default there is one.
    """
    size = 40 * frequencies.domain + 8 * samples + 16 * repeats * (1 + len(learners))
    refuse_beyond_memory(size, f"{repeats} samples of {samples} from {frequencies.domain} points")
    specs = [parse_learner(name, labels) for name in learners]
    frequency = frequencies.expanded()
    parts = [slice(0, len(frequency))] if groups is None else groups
    sampler = Sampler(frequency, samples)
    errors = np.zeros((repeats, len(specs), len(parts)))
    misfits = np.zeros((repeats, len(specs)), np.int64)
    singletons = np.zeros(repeats, np.int64)
    batches = _batches(specs, labels)
    noisy = any(batch.label_keep is not None for batch in batches)
    for repeat in progress(range(repeats), "samples", total=repeats):
        counts = sampler.counts(rng)
        uniform = rng.random(len(frequency))
        noise = rng.random(samples if noisy else 0)
        for index, part in enumerate(parts):
            sample = (counts[part], uniform[part], frequency[part], labels)
            seen, unseen, once = split(*sample)
            errors[repeat, :, index] += unseen
            singletons[repeat] += once
            for batch in batches:
                written = (errors[repeat, batch.place, index], misfits[repeat, batch.place])
                if batch.label_keep is None:
                    learn_clean(seen, *sample, batch.keep, batch.offset, *written)
                else:
                    learn_noisy(seen, noise, *sample, batch.label_keep, batch.ignore, *written)
            noise = noise[int(sample[0].sum()) :]
    order = np.argsort(np.concatenate([batch.members for batch in batches]))
    return Simulation(errors[:, order], misfits[:, order], singletons)


@dataclass(frozen=True)
class _Batch:
    """Learners that share the labels of a sample, where their results are, and what they do."""

    label_keep: float | None
    members: list[int]
    place: slice
    keep: Floats
    offset: Integers
    ignore: Integers


def _batches(specs: Sequence[Spec], labels: int) -> list[_Batch]:
    """Learners by the noise of their labels: None for clean ones, else label_keep."""
    found: dict[float | None, list[int]] = {}
    for index, spec in enumerate(specs):
        found.setdefault(spec.value if spec.kind.startswith("majority") else None, []).append(index)
    batches, start = [], 0
    for label_keep, members in found.items():
        chosen = [specs[index] for index in members]
        ignore = np.array([spec.kind == "majority_ignore" for spec in chosen], np.int64)
        place = slice(start, start + len(members))
        batches.append(_Batch(label_keep, members, place, *mechanisms(chosen, labels), ignore))
        start += len(members)
    return batches


def mechanisms(specs: Sequence[Spec], labels: int) -> tuple[Floats, Integers]:
    """What learners of clean labels do with a point seen l times; both of shape (learners, L).

    First, the chance that they keep its label. Otherwise they draw one uniformly: second, 0 for a draw from
    all m labels, 1 for one from the m - 1 wrong ones. Multiplicities from L on are like the last.

    ``limited`` remembers a singleton with probability limit m / (m - 1) and else guesses, so that it fits
    with probability 1/m + limit. ``exponential`` draws a label in proportion to exp(eps count / 2): the
    truth has weight exp(eps l / 2), every other label 1. Source: memorization, part A.
    """
    length = 1 + max(_longest(spec, labels) for spec in specs)
    keep = np.ones((len(specs), length))
    offset = np.zeros((len(specs), length), np.int64)
    multiplicity = np.arange(length)
    for j, spec in enumerate(specs):
        value = spec.value
        if spec.kind == "ignore":
            keep[j] = multiplicity > value
        elif spec.kind == "flip":
            keep[j], offset[j] = 1 - value, 1
        elif spec.kind == "limited":
            keep[j, 1] = min(1.0, value * labels / (labels - 1))
        elif spec.kind == "exponential":
            keep[j], offset[j] = 1 / (1 + (labels - 1) * np.exp(-value / 2 * multiplicity)), 1
        elif spec.kind == "randomized_response":
            keep[j, 1], offset[j, 1] = 1 / (1 + (labels - 1) * math.exp(-value)), 1
    return keep, offset


def _longest(spec: Spec, labels: int) -> int:
    """Multiplicity from which the mechanism no longer changes."""
    if spec.kind == "ignore":
        return int(spec.value) + 1
    if spec.kind == "exponential" and spec.value > 0:
        return max(2, math.ceil(2 / spec.value * math.log(labels * 1e17)))
    return 2
