"""Attacks against slow ones that ask one question at a time, and against what they must and cannot find."""

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
from memgen.irrelevant.experiment import Size, counted, recoveries, times_counted
from memgen.irrelevant.models import Model, as_tensor
from memgen.irrelevant.tasks import ClusterSample
from memgen.irrelevant.training import Recipe, train
from memgen.jobs.seeding import generator

SIZE = Size(60, 60, 150, 0.4)
LOGISTIC = Recipe(50, 0.1, 0.99)
NETWORK = Recipe(300, 2e-3, 0.0, 60, "adam")


def learned(recipe: Recipe, size: Size = SIZE, seed: int = 0) -> tuple:
    clusters, sample = size.draw(seed)
    weight = times_counted(sample, 2.0)
    *_, (_, model) = train(sample.x, sample.y, weight, size.clusters, recipe, [recipe.steps], seed)
    return clusters, sample, model, np.flatnonzero(sample.count == 1)


def log_probability(model: Model, x: np.ndarray, target: int) -> float:
    """One answer of a model in 64 bits, log(1 / (1 + exp(-odds))) so that it does not end at 0."""
    double = Model(*(part.double() for part in (model.first, model.offset)))
    if model.second is not None and model.bias is not None:
        double = Model(double.first, double.offset, model.second.double(), model.bias.double())
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


@pytest.mark.parametrize("recipe", [LOGISTIC, NETWORK], ids=["logistic", "network"])
def test_coordinate_ascent_is_that_of_one_target_at_a_time(recipe: Recipe) -> None:
    _, _, model, once = learned(recipe)
    chosen = once[:4]
    found = coordinate_ascent(model, chosen, generator("test", "ascent"), passes=3)
    rng = generator("test", "ascent")
    starts = (2 * rng.integers(0, 2, (len(chosen), SIZE.dimension), dtype=np.int8) - 1).astype(np.int8)
    for bits, target, start in zip(found.bits, chosen, starts, strict=True):
        # Flips that change the answer by less than 32 bits can tell may differ.
        assert (bits != one_by_one(model, int(target), start, 3)).mean() <= 0.02
    assert (found.queries <= 1 + 3 * SIZE.dimension).all() and (found.queries > SIZE.dimension).all()


def test_sign_attack_is_that_of_one_bit_at_a_time() -> None:
    _, _, model, once = learned(LOGISTIC)
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
    clusters, sample, model, once = learned(LOGISTIC)
    found = informed_sign_attack(model, once, clusters.pattern, generator("test", "informed"))
    fixed = clusters.pattern[once] != 0
    assert (found.bits[fixed] == clusters.pattern[once][fixed]).all()
    assert (found.queries == 10 * (~fixed).sum(axis=1)).all()
    own = np.stack([sample.x[sample.y == target][0] for target in once])
    assert (found.bits == own)[~fixed].mean() > 0.9


def test_read_weights_and_gradients_give_singletons_back() -> None:
    _, sample, model, once = learned(LOGISTIC)
    own = np.stack([sample.x[sample.y == target][0] for target in once])
    assert (weight_signs(model, once, generator("test")).bits == own).mean() > 0.999
    inverted = gradient_inversion(
        sample.x, sample.y, np.ones(len(sample.y)), SIZE.clusters, once, generator("test")
    )
    assert (inverted.bits == own).all() and (inverted.queries == 0).all()


def test_inverted_gradients_follow_the_formula_of_multiplicity() -> None:
    shares: dict[int, list[float]] = {}
    for seed in range(6):
        clusters, sample = Size(40, 80, 400, 0.3).draw(seed)
        targets = np.flatnonzero(sample.count)
        rng = generator("test", "multiplicity", seed)
        guess = gradient_inversion(sample.x, sample.y, np.ones(80), 40, targets, rng)
        for multiplicity in (1, 2, 3, 4):
            found = counted(guess, targets, clusters, sample, sample, multiplicity)
            if found is not None:
                shares.setdefault(multiplicity, []).append(found[1])
    for multiplicity, values in shares.items():
        assert np.mean(values) == pytest.approx(float(recovered_share(multiplicity, 0.3)), abs=0.03)


@pytest.mark.parametrize("rho", [0.0, 0.4])
def test_controls(rho: float) -> None:
    """A sample never seen gives what its cluster gives away; at rho = 0 samples leak all the same."""
    size = Size(60, 60, 150, rho)
    rows = [row for seed in range(4) for row in recoveries(
        size, LOGISTIC, 2.0, ["sign"], [50], 1, 2, seed, "logistic")]  # fmt: skip
    unseen = [row for row in rows if row.multiplicity == 0]
    seen = [row for row in rows if row.multiplicity == 1]
    free_bits = sum(row.targets for row in unseen) * 150 * (1 - rho)
    free = np.average([row.free_recovered for row in unseen], weights=[row.targets for row in unseen])
    assert abs(free - 0.5) < 4 * 0.5 / np.sqrt(free_bits)
    assert min(row.free_recovered for row in seen) > 0.9
    if rho == 0:
        assert all(row.fixed_recovered is None for row in rows)
        assert np.mean([row.accuracy_represented for row in rows]) < 0.1
    else:
        assert min(row.fixed_recovered or 0 for row in unseen) > 0.9


def test_counted_leaves_out_what_is_not_there() -> None:
    clusters, sample, model, once = learned(LOGISTIC)
    guess = weight_signs(model, once, generator("test"))
    twins = ClusterSample(clusters.examples(once, generator("twins")), once, sample.count)
    assert counted(guess, once, clusters, sample, twins, 40) is None
    found = counted(guess, once, clusters, sample, twins, 0)
    assert found is not None and found[0] == len(once)
