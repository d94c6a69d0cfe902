"""Attacks against slow ones that ask one question at a time, and against what they must and cannot find."""

import functools

import numpy as np
import pytest
import torch

from memgen.irrelevant.attacks import (
    coordinate_ascent,
    gradient_inversion,
    informed_sign_attack,
    sign_attack,
    weight_signs,
)
from memgen.irrelevant.bounds import recovered_share
from memgen.irrelevant.classifiers import Model, Training, as_tensor, train
from memgen.irrelevant.configuration import Attacked, Size
from memgen.irrelevant.experiment import bits_recovered, draw, recoveries
from memgen.irrelevant.tasks import ClusterSample
from memgen.jobs.seeding import generator

SIZE = Size(clusters=60, samples=60, dimension=150, rho=0.4)
LOGISTIC = Training(50, 0.1, 0.99)
NETWORK = Training(300, 2e-3, 0.0, 60, "adam")


@functools.cache
def learned(training: Training) -> tuple:
    """Clusters, sample, model, clusters seen once, and their samples."""
    clusters, sample = draw(SIZE, 0)
    weight = np.where(sample.multiplicity == 1, 2.0, 1.0)
    *_, (_, model) = train(sample.x, sample.y, weight, SIZE.clusters, training, [training.steps], 0)
    once = np.flatnonzero(sample.count == 1)
    return clusters, sample, model, once, np.stack([sample.x[sample.y == target][0] for target in once])


def log_probability(model: Model, x: np.ndarray, target: int) -> float:
    """One answer of a model in 64 bits, log(1 / (1 + exp(-odds))) so that it does not end at 0."""
    double = Model(*(part.double() for part in model.parts))
    logits = double.logits(double.product(as_tensor(x[None]).double()))[0]
    others = torch.cat([logits[:target], logits[target + 1 :]])
    return -float(torch.log1p(torch.exp(torch.logsumexp(others, 0) - logits[target])))


def one_by_one(model: Model, target: int, start: np.ndarray, passes: int) -> np.ndarray:
    """Coordinate ascent as one would write it first."""
    x, value = start.copy(), log_probability(model, start, target)
    for _ in range(passes):
        before = x.copy()
        for bit in range(len(x)):
            x[bit] *= -1
            found = log_probability(model, x, target)
            if found > value:
                value = found
            else:
                x[bit] *= -1
        if (x == before).all():
            break
    return x


@pytest.mark.parametrize("training", [LOGISTIC, NETWORK], ids=["logistic", "network"])
def test_coordinate_ascent_is_that_of_one_target_at_a_time(training: Training) -> None:
    _, _, model, once, _ = learned(training)
    chosen = once[:4]
    found = coordinate_ascent(model, chosen, generator("test", "ascent"), passes=3)
    rng = generator("test", "ascent")
    starts = (2 * rng.integers(0, 2, (len(chosen), SIZE.dimension), dtype=np.int8) - 1).astype(np.int8)
    for bits, target, start in zip(found.bits, chosen, starts, strict=True):
        # Flips that change the answer by less than 32 bits can tell may differ.
        assert (bits != one_by_one(model, int(target), start, 3)).mean() <= 0.02
    assert (found.queries <= 1 + 3 * SIZE.dimension).all() and (found.queries > SIZE.dimension).all()


def test_sign_attack_is_that_of_one_bit_at_a_time() -> None:
    _, _, model, once, _ = learned(LOGISTIC)
    found = sign_attack(model, once[:3], generator("test", "sign"), repeats=1)
    x = (2 * generator("test", "sign").integers(0, 2, (150, 150), dtype=np.int8) - 1).astype(np.int8)
    for bits, target in zip(found.bits, once[:3], strict=True):
        expected = []
        for bit in range(150):
            up, down = x[bit].copy(), x[bit].copy()
            up[bit], down[bit] = 1, -1
            gain = log_probability(model, up, int(target)) - log_probability(model, down, int(target))
            expected.append(np.sign(gain))
        assert (bits == expected).mean() >= 0.99
    assert (found.queries == 300).all()


def test_informed_sign_attack_asks_about_free_bits_only() -> None:
    clusters, _, model, once, own = learned(LOGISTIC)
    found = informed_sign_attack(model, once, clusters.pattern, generator("test", "informed"))
    fixed = clusters.pattern[once] != 0
    assert (found.bits[fixed] == clusters.pattern[once][fixed]).all()
    assert (found.queries == 10 * (~fixed).sum(axis=1)).all()
    assert (found.bits == own)[~fixed].mean() > 0.9


def test_read_weights_and_gradients_give_singletons_back() -> None:
    _, sample, model, once, own = learned(LOGISTIC)
    assert (weight_signs(model, once, generator("test")).bits == own).mean() > 0.999
    inverted = gradient_inversion(
        sample.x, sample.y, np.ones(len(sample.y)), SIZE.clusters, once, generator("test")
    )
    assert (inverted.bits == own).all() and (inverted.queries == 0).all()


def test_inverted_gradients_follow_the_formula_of_multiplicity() -> None:
    shares: dict[int, list[float]] = {}
    for seed in range(6):
        clusters, sample = draw(Size(clusters=40, samples=80, dimension=400, rho=0.3), seed)
        targets = np.flatnonzero(sample.count)
        rng = generator("test", "multiplicity", seed)
        guess = gradient_inversion(sample.x, sample.y, np.ones(80), 40, targets, rng)
        for multiplicity in (1, 2, 3, 4):
            found = bits_recovered(guess, targets, clusters, sample, sample, multiplicity)
            if found is not None:
                shares.setdefault(multiplicity, []).append(found["bits_recovered"])
    for multiplicity, values in shares.items():
        assert np.mean(values) == pytest.approx(float(recovered_share(multiplicity, 0.3)), abs=0.03)


@pytest.mark.parametrize("rho", [0.0, 0.4])
def test_controls(rho: float) -> None:
    """A sample never seen gives what its cluster gives away; at rho = 0 samples leak all the same."""
    size = Size(clusters=60, samples=60, dimension=150, rho=rho)
    learner = Attacked(learner="logistic", tests=2)
    rows = [row for seed in range(4) for row in recoveries(size, learner, LOGISTIC, ["sign"], [50], seed)]
    unseen = [row for row in rows if row["multiplicity"] == 0]
    seen = [row for row in rows if row["multiplicity"] == 1]
    targets = [row["targets"] for row in unseen]
    free = np.average([row["free_recovered"] for row in unseen], weights=targets)
    assert abs(free - 0.5) < 4 * 0.5 / np.sqrt(sum(targets) * 150 * (1 - rho))
    assert min(row["free_recovered"] for row in seen) > 0.9
    if rho == 0:
        assert all(row["fixed_recovered"] is None for row in rows)
        assert np.mean([row["accuracy_represented"] for row in rows]) < 0.1
    else:
        assert min(row["fixed_recovered"] for row in unseen) > 0.9


def test_multiplicities_that_no_cluster_has_are_left_out() -> None:
    clusters, sample, model, once, _ = learned(LOGISTIC)
    guess = weight_signs(model, once, generator("test"))
    twins = ClusterSample(clusters.examples(once, generator("twins")), once, sample.count)
    assert bits_recovered(guess, once, clusters, sample, twins, 40) is None
    found = bits_recovered(guess, once, clusters, sample, twins, 0)
    assert found is not None and found["targets"] == len(once)
