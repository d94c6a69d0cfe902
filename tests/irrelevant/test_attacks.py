"""Attacks against slow ones that ask one question at a time, and against what they must and cannot find."""

import functools

import numpy as np
import pytest
import torch

from memgen.irrelevant.attacks import Guess, coordinate_ascent, label_attack, read_signs, sign_attack
from memgen.irrelevant.bounds import leaked_bits, recovered_share
from memgen.irrelevant.classifiers import Model, Training, as_tensor, released_gradient
from memgen.irrelevant.configuration import Attacked, Size
from memgen.irrelevant.experiment import Trained, bits_recovered, draw, guessed, recoveries
from memgen.irrelevant.tasks import draw_clusters, draw_sample
from memgen.jobs.seeding import generator

SIZE = Size(clusters=60, samples=60, dimension=150, rho=0.4)
LOGISTIC = Training(50, 0.1, 0.99)
NETWORK = Training(300, 2e-3, 0.0, 60, "adam")


@functools.cache
def learned(training: Training) -> tuple:
    """What was trained, clusters, sample, model, clusters seen once, and their samples."""
    clusters, sample = draw(SIZE, 0)
    weight = np.where(sample.multiplicity == 1, 2.0, 1.0)
    trained = Trained(sample.x, sample.y, weight, SIZE.clusters, training, 0)
    ((_, model),) = trained.path([training.steps])
    once = np.flatnonzero(sample.count == 1)
    own = np.stack([sample.x[sample.y == target][0] for target in once])
    return trained, clusters, sample, model, once, own


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
    *_, model, once, _ = learned(training)
    chosen = once[:4]
    found = coordinate_ascent(model, chosen, generator("test", "ascent"), passes=3)
    rng = generator("test", "ascent")
    starts = (2 * rng.integers(0, 2, (len(chosen), SIZE.dimension), dtype=np.int8) - 1).astype(np.int8)
    for bits, target, start in zip(found.bits, chosen, starts, strict=True):
        # Flips that change the answer by less than 32 bits can tell may differ.
        assert (bits != one_by_one(model, int(target), start, 3)).mean() <= 0.02
    assert (found.queries <= 1 + 3 * SIZE.dimension).all() and (found.queries > SIZE.dimension).all()


def test_sign_attack_is_that_of_one_bit_at_a_time() -> None:
    *_, model, once, _ = learned(LOGISTIC)
    found = sign_attack(model, once[:3], generator("test", "sign"), repeats=1)
    up = (2 * generator("test", "sign").integers(0, 2, (150, 150), dtype=np.int8) - 1).astype(np.int8)
    down = up.copy()
    np.fill_diagonal(up, 1)
    np.fill_diagonal(down, -1)
    for bits, target in zip(found.bits, once[:3].tolist(), strict=True):
        raised, lowered = ([log_probability(model, x, target) for x in rows] for rows in (up, down))
        assert (bits == np.sign(np.subtract(raised, lowered))).mean() >= 0.99
    assert (found.queries == 300).all()


@pytest.mark.parametrize("training", [LOGISTIC, NETWORK], ids=["logistic", "network"])
@pytest.mark.parametrize("attack", ["labels", "weights", "initialization", "gradient", "informed"])
def test_singletons_come_back_whatever_the_other_targets(training: Training, attack: str) -> None:
    trained, *_, model, once, own = learned(training)

    def guess(targets: np.ndarray) -> Guess:
        return guessed(attack, trained, model, training.steps, targets, generator("test", attack))

    found, alone = guess(once[:3]), guess(once[:1])
    assert (alone.bits[0] == found.bits[0]).mean() > 0.99 and alone.queries[0] == found.queries[0]
    if attack != "gradient":
        assert (found.bits == own[:3]).mean() > 0.75


def test_one_noisy_gradient_gives_nothing_back() -> None:
    trained, _, _, _, once, own = learned(LOGISTIC)
    zero, private = Model(torch.zeros(150, 60), torch.zeros(60)), Training(1, 0.1, clip=1.0, noise=3.0)
    gradient = released_gradient(zero, trained.x, trained.y, trained.weight, private, 1)
    right = read_signs(zero, -gradient, once, generator("test")).bits == own
    assert 0.45 <= right.mean() <= 0.6


@pytest.mark.parametrize("flip", [0.1, 0.3])
def test_bits_recovered_of_a_noisy_store_are_those_stored(flip: float) -> None:
    """Weights that are the sample with flips hold (1 - h2(flip)) of a bit, and no attack finds more."""
    rng = generator("test", "store", round(10 * flip))
    clusters = draw_clusters(60, 400, 0.3, 0.0, rng)
    sample = draw_sample(clusters, 60, rng)
    once = np.flatnonzero(sample.count == 1)
    own = np.stack([sample.x[sample.y == target][0] for target in once])
    weights = torch.zeros(400, 60)
    weights[:, once] = as_tensor(np.where(rng.random(own.shape) < flip, -own, own)).T
    model = Model(weights, torch.zeros(60))
    free = clusters.pattern[once] == 0
    stored = float(leaked_bits(flip, 1, 400, 0.3))
    # Of the bound's slope, log2((1 - p) / p), and the error of a share of bits.
    spread = 280 * np.log2((1 - flip) / flip) * np.sqrt(flip * (1 - flip) / free.sum())
    found = {
        "weights": read_signs(model, model.first, once, rng),
        "sign": sign_attack(model, once, rng),
        "labels": label_attack(model, once, rng),
        "ascent": coordinate_ascent(model, once, rng),
    }
    for name, guess in found.items():
        bits = float(leaked_bits((guess.bits != own)[free].mean(), 1, 400, 0.3))
        assert bits <= stored + 4 * spread, name
    right = (found["weights"].bits == own)[free].mean()
    assert abs(float(leaked_bits(1 - right, 1, 400, 0.3)) - stored) <= 4 * spread


def test_inverted_gradients_follow_the_formula_of_multiplicity() -> None:
    shares: dict[int, list[float]] = {}
    for seed in range(6):
        clusters, sample = draw(Size(clusters=40, samples=80, dimension=400, rho=0.3), seed)
        targets = np.flatnonzero(sample.count)
        zero = Model(torch.zeros(400, 40), torch.zeros(40))
        gradient = released_gradient(zero, sample.x, sample.y, np.ones(80), LOGISTIC, 0)
        guess = read_signs(zero, -gradient, targets, generator("test", "multiplicity", seed))
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
    rows = [row for seed in range(4) for row in recoveries(size, learner, LOGISTIC, [50], seed)]
    unseen, seen = ([row for row in rows if row["multiplicity"] == times] for times in (0, 1))
    targets = [row["targets"] for row in unseen]
    free = np.average([row["free_recovered"] for row in unseen], weights=targets)
    assert abs(free - 0.5) < 4 * 0.5 / np.sqrt(sum(targets) * 150 * (1 - rho))
    assert min(row["free_recovered"] for row in seen) > 0.9
    if rho:
        assert min(row["fixed_recovered"] for row in unseen) > 0.9
    else:
        assert np.mean([row["accuracy_represented"] for row in rows]) < 0.1
