"""Training in the span of the samples against torch's own layers, optimizers and automatic gradients."""

import numpy as np
import pytest
import torch

from memgen.errors import BadInput
from memgen.irrelevant.defences import Defence, Noisy, epsilon_spent
from memgen.irrelevant.models import Model, accuracy_by_class, as_tensor
from memgen.irrelevant.training import Recipe, initial_model, train
from memgen.jobs.seeding import generator

CLASSES, SAMPLES, DIMENSION, HIDDEN, SEED = 7, 12, 20, 9, 3
NOISY = Noisy(rate=2.0, momentum=0.9, steps=10, clip=1.0, delta=1e-5)


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = generator("test", "training")
    x = (2 * rng.integers(0, 2, (SAMPLES, DIMENSION)) - 1).astype(np.int8)
    y = rng.integers(0, CLASSES, SAMPLES)
    return x, y, 1.0 + rng.integers(0, 2, SAMPLES)


def trained(recipe: Recipe) -> Model:
    x, y, weight = sample()
    *_, (_, model) = train(x, y, weight, CLASSES, recipe, [recipe.steps], SEED)
    return model


def by_torch(recipe: Recipe) -> list[torch.Tensor]:
    """The same from the same start: samples that count twice stand there twice."""
    x, y, weight = sample()
    start = initial_model(DIMENSION, recipe.hidden, CLASSES, torch.Generator().manual_seed(SEED))
    parts = [
        torch.nn.Parameter(part.clone().double())
        for part in (start.first, start.offset, start.second, start.bias)
        if part is not None
    ]
    rows = np.repeat(np.arange(SAMPLES), weight.astype(int))
    inputs, answers = as_tensor(x[rows]).double(), torch.from_numpy(y[rows])
    options = {"lr": recipe.rate, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(parts, **options)
    else:
        optimizer = torch.optim.SGD(parts, momentum=recipe.momentum, nesterov=recipe.momentum > 0, **options)
    for step in range(recipe.steps):
        optimizer.param_groups[0]["lr"] = recipe.rate_at(step)
        optimizer.zero_grad()
        logits = inputs @ parts[0] + parts[1]
        if len(parts) == 4:
            logits = torch.sigmoid(logits) @ parts[2] + parts[3]
        torch.nn.functional.cross_entropy(logits, answers).backward()
        optimizer.step()
    return [part.detach() for part in parts]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(25, 0.5, 0.9),
        Recipe(25, 0.5, 0.9, weight_decay=0.05),
        Recipe(25, 0.5),
        Recipe(40, 0.3, 0.95, HIDDEN, slower_from=10),
        Recipe(40, 0.3, 0.95, HIDDEN, weight_decay=0.02),
        Recipe(25, 0.01, 0.0, HIDDEN, "adam"),
        Recipe(25, 0.01, 0.0, 0, "adam", weight_decay=0.01),
    ],
    ids=str,
)
def test_same_weights_as_torchs_optimizers(recipe: Recipe) -> None:
    model = trained(recipe)
    found = [part for part in (model.first, model.offset, model.second, model.bias) if part is not None]
    for ours, theirs in zip(found, by_torch(recipe), strict=True):
        assert torch.allclose(ours.double(), theirs, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("hidden", [0, HIDDEN])
def test_each_sample_adds_at_most_its_clipped_gradient(hidden: int) -> None:
    """One step without noise against gradients taken sample by sample."""
    x, y, weight = sample()
    clip = 0.5
    recipe = Recipe(1, 1.0, 0.9, hidden, clip=clip)
    start = initial_model(DIMENSION, hidden, CLASSES, torch.Generator().manual_seed(SEED))
    parts = [
        torch.nn.Parameter(part.clone())
        for part in (start.first, start.offset, start.second, start.bias)
        if part is not None
    ]
    total = [torch.zeros_like(part) for part in parts]
    for row in range(SAMPLES):
        logits = as_tensor(x[row : row + 1]) @ parts[0] + parts[1]
        if hidden:
            logits = torch.sigmoid(logits) @ parts[2] + parts[3]
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(y[row : row + 1]))
        gradients = torch.autograd.grad(loss, parts)
        length = float(torch.sqrt(sum((part**2).sum() for part in gradients)))
        for one, gradient in zip(total, gradients, strict=True):
            one += weight[row] * gradient * min(1.0, clip / length)
    model = trained(recipe)
    found = [part for part in (model.first, model.offset, model.second, model.bias) if part is not None]
    for ours, before, change in zip(found, parts, total, strict=True):
        assert torch.allclose(ours, before - change / weight.sum(), atol=1e-6)


def test_noise_has_its_size() -> None:
    _, _, weight = sample()
    quiet = trained(Recipe(1, 1.0, 0.9, clip=1.0))
    loud = trained(Recipe(1, 1.0, 0.9, clip=1.0, noise=50.0))
    spread = float((loud.first - quiet.first).std())
    assert spread == pytest.approx(50 / weight.sum(), rel=4 / np.sqrt(2 * quiet.first.numel()))


def test_epsilon_counts_samples_that_count_twice() -> None:
    recipe = Recipe(10, 1.0, 0.9, clip=1.0, noise=2.0)
    once, twice = (epsilon_spent(recipe, times, 1e-5) for times in (1.0, 2.0))
    assert once is not None and twice is not None and once < twice
    assert twice == epsilon_spent(Recipe(10, 1.0, 0.9, clip=1.0, noise=1.0), 1.0, 1e-5)
    assert epsilon_spent(Recipe(10, 1.0, clip=1.0), 1.0, 1e-5) == np.inf
    assert epsilon_spent(Recipe(10, 1.0), 1.0, 1e-5) is None


def test_steps_are_recorded_on_one_path() -> None:
    x, y, weight = sample()
    recipe = Recipe(8, 0.5, 0.9)
    path = dict(train(x, y, weight, CLASSES, recipe, [8, 0, 3], SEED))
    assert list(path) == [0, 3, 8]
    start = initial_model(DIMENSION, 0, CLASSES, torch.Generator().manual_seed(SEED))
    assert torch.equal(path[0].first, start.first)
    assert torch.equal(path[3].first, trained(Recipe(3, 0.5, 0.9)).first)


def test_accuracy_by_class() -> None:
    model = Model(torch.eye(3), torch.zeros(3))
    x = np.array([[1, -1, -1], [-1, 1, -1], [1, -1, -1]], dtype=np.int8)
    assert accuracy_by_class(model, x, np.array([0, 1, 2]), 3).tolist() == [1, 1, 0]


def test_defences_change_what_they_say() -> None:
    recipe = Recipe(50, 0.1, 0.9, 20, "adam")
    assert Defence().applied(recipe, NOISY) == recipe
    assert Defence("a", "weight_decay", 0.1).applied(recipe, NOISY).weight_decay == 0.1
    assert Defence("a", "early_stopping", 5).applied(recipe, NOISY).steps == 5
    assert Defence("a", "early_stopping", 500).applied(recipe, NOISY).steps == 50
    assert Defence("a", "fewer_parameters", 5).applied(recipe, NOISY).hidden == 5
    bare = Defence("a", "no_momentum", 2.0).applied(recipe, NOISY)
    assert (bare.momentum, bare.rate, bare.optimizer) == (0.0, 2.0, "sgd")
    noisy = Defence("a", "noise", 0.3).applied(recipe, NOISY)
    assert (noisy.noise, noisy.clip, noisy.steps, noisy.rate) == (0.3, 1.0, 10, 2.0)


@pytest.mark.parametrize(
    ("learner", "kind", "strength"),
    [
        ("transformer", "noise", 0.1), ("logistic", "fewer_parameters", 5), ("logistic", "armour", 1),
        ("network", "fewer_parameters", 0), ("network", "fewer_parameters", 1.5), ("logistic", "noise", -1),
        ("logistic", "noise", float("nan")), ("logistic", "no_momentum", 0),
    ],
)  # fmt: skip
def test_bad_defences_are_refused(learner: str, kind: str, strength: float) -> None:
    with pytest.raises(BadInput, match="allowed"):
        Defence("mine", kind, strength).check(learner)
