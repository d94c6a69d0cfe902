"""Training in the span of the samples against torch's own layers, optimizers and automatic gradients."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from memgen.irrelevant.classifiers import Model, Training, as_tensor, initial_model, train
from memgen.irrelevant.configuration import Noisy
from memgen.irrelevant.experiment import defended, epsilon_spent
from memgen.jobs.seeding import generator

CLASSES, SAMPLES, DIMENSION, HIDDEN, SEED = 7, 12, 20, 9, 3
NOISY = Noisy(rate=2.0, momentum=0.9, steps=10, clip=1.0, delta=1e-5)


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = generator("test", "training")
    x = (2 * rng.integers(0, 2, (SAMPLES, DIMENSION)) - 1).astype(np.int8)
    y = rng.integers(0, CLASSES, SAMPLES)
    return x, y, 1.0 + rng.integers(0, 2, SAMPLES)


def start(hidden: int) -> Model:
    return initial_model(DIMENSION, hidden, CLASSES, torch.Generator().manual_seed(SEED))


def trained(training: Training) -> Model:
    *_, (_, model) = train(*sample(), CLASSES, training, [training.steps], SEED)
    return model


def logits(parts: list[torch.nn.Parameter], x: torch.Tensor) -> torch.Tensor:
    product = x @ parts[0] + parts[1]
    return product if len(parts) == 2 else torch.sigmoid(product) @ parts[2] + parts[3]


def by_torch(training: Training) -> list[torch.Tensor]:
    """The same from the same start, where samples that count twice are there twice."""
    x, y, weight = sample()
    parts = [torch.nn.Parameter(part.clone().double()) for part in start(training.hidden).parts]
    rows = np.repeat(np.arange(SAMPLES), weight.astype(int))
    options = {"lr": training.learning_rate, "weight_decay": training.weight_decay}
    if training.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(parts, **options)
    else:
        momentum = training.momentum
        optimizer = torch.optim.SGD(parts, momentum=momentum, nesterov=momentum > 0, **options)
    for step in range(training.steps):
        optimizer.param_groups[0]["lr"] = training.rate_at(step)
        optimizer.zero_grad()
        answers = logits(parts, as_tensor(x[rows]).double())
        torch.nn.functional.cross_entropy(answers, torch.from_numpy(y[rows])).backward()
        optimizer.step()
    return [part.detach() for part in parts]


@pytest.mark.parametrize(
    "training",
    [
        Training(25, 0.5, 0.9),
        Training(25, 0.5, 0.9, weight_decay=0.05),
        Training(25, 0.5),
        Training(40, 0.3, 0.95, HIDDEN, slower_from=10),
        Training(25, 0.01, 0.0, HIDDEN, "adam"),
        Training(25, 0.01, 0.0, 0, "adam", weight_decay=0.01),
    ],
    ids=str,
)
def test_same_weights_as_torchs_optimizers(training: Training) -> None:
    for ours, theirs in zip(trained(training).parts, by_torch(training), strict=True):
        assert torch.allclose(ours.double(), theirs, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("hidden", [0, HIDDEN])
def test_each_sample_adds_at_most_its_clipped_gradient(hidden: int) -> None:
    """One step without noise against gradients taken sample by sample."""
    x, y, weight = sample()
    clip = 0.5
    parts = [torch.nn.Parameter(part.clone()) for part in start(hidden).parts]
    total = [torch.zeros_like(part) for part in parts]
    for row in range(SAMPLES):
        answers = logits(parts, as_tensor(x[row : row + 1]))
        loss = torch.nn.functional.cross_entropy(answers, torch.tensor(y[row : row + 1]))
        gradients = torch.autograd.grad(loss, parts)
        length = float(torch.sqrt(sum((part**2).sum() for part in gradients)))
        for one, gradient in zip(total, gradients, strict=True):
            one += weight[row] * gradient * min(1.0, clip / length)
    found = trained(Training(1, 1.0, 0.9, hidden, clip=clip)).parts
    for ours, before, change in zip(found, parts, total, strict=True):
        assert torch.allclose(ours, before - change / weight.sum(), atol=1e-6)


def test_noise_has_its_size() -> None:
    _, _, weight = sample()
    quiet = trained(Training(1, 1.0, 0.9, clip=1.0))
    loud = trained(Training(1, 1.0, 0.9, clip=1.0, noise=50.0))
    spread = float((loud.first - quiet.first).std())
    assert spread == pytest.approx(50 / weight.sum(), rel=4 / np.sqrt(2 * quiet.first.numel()))


def test_epsilon_counts_samples_that_count_twice() -> None:
    noisy = Training(10, 1.0, 0.9, clip=1.0, noise=2.0)
    once, twice = (epsilon_spent(noisy, times, 1e-5) for times in (1.0, 2.0))
    assert once is not None and twice is not None and once < twice
    assert twice == epsilon_spent(Training(10, 1.0, 0.9, clip=1.0, noise=1.0), 1.0, 1e-5)
    assert epsilon_spent(Training(10, 1.0, clip=1.0), 1.0, 1e-5) == np.inf
    assert epsilon_spent(Training(10, 1.0), 1.0, 1e-5) is None


def test_steps_are_recorded_on_one_path() -> None:
    path = dict(train(*sample(), CLASSES, Training(8, 0.5, 0.9), [8, 0, 3], SEED))
    assert list(path) == [0, 3, 8]
    assert torch.equal(path[0].first, start(0).first)
    assert torch.equal(path[3].first, trained(Training(3, 0.5, 0.9)).first)


@pytest.mark.parametrize(
    ("kind", "strength", "changes"),
    [
        ("early_stopping", 5, {"steps": 5}), ("early_stopping", 500, {}),
        ("no_momentum", 2.0, {"momentum": 0.0, "learning_rate": 2.0, "optimizer": "sgd"}),
        ("noise", 0.3, {"noise": 0.3, "clip": 1.0, "steps": 10, "learning_rate": 2.0, "optimizer": "sgd"}),
    ],
)  # fmt: skip
def test_defences_change_what_they_say(kind: str, strength: float, changes: dict[str, Any]) -> None:
    training = Training(50, 0.1, 0.9, 20, "adam")
    assert defended(training, kind, strength, NOISY) == dataclasses.replace(training, **changes)
