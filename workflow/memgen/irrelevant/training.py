"""How the classifiers are trained: full-batch gradient descent, with and without defences.

Each step sees all samples. The gradient of the first layer is X^T G, G the loss's gradient with respect to
the layer's product, so the layer never leaves W_0 + span(X). Gradient descent therefore runs on the n x n
products of the samples with one another: one matrix product a step for the first layer instead of two with d
rows, and the layer itself is put together where a step is recorded. Adam and noisy gradients leave that span,
and update the layer itself. Matrix products are numpy's, whose library is the faster one on many processors.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from memgen.irrelevant.models import Model, as_tensor
from memgen.irrelevant.tasks import Floats, Integers, Signs
from memgen.jobs.stage import progress

ADAM = (0.9, 0.999, 1e-8)


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Parameters
    ----------
    steps : int
        Steps, each on all samples.
    rate : float
        Learning rate.
    momentum : float
        Of gradient descent.
    hidden : int
        Sigmoid units; 0 for multinomial logistic regression.
    optimizer : {"sgd", "adam"}
        Gradient descent with Nesterov's momentum, or Adam.
    slower_from : int
        Step from which the rate is 0.3 of itself; 0 for never.
    weight_decay : float
        Added times the weights to their gradient.
    clip : float
        Largest norm of one sample's gradient; 0 for no limit. Momentum is then the plain one.
    noise : float
        Standard deviation of the noise on the sum of clipped gradients, in units of `clip`. A sample that
        counts twice adds two of them.
    """

    steps: int
    rate: float
    momentum: float = 0.0
    hidden: int = 0
    optimizer: Literal["sgd", "adam"] = "sgd"
    slower_from: int = 0
    weight_decay: float = 0.0
    clip: float = 0.0
    noise: float = 0.0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        return self.rate * (0.3 if self.slower_from and step >= self.slower_from else 1.0)


def initial_model(dimension: int, hidden: int, classes: int, rng: torch.Generator) -> Model:
    """Weights and offsets uniform in +-1/sqrt(inputs), as torch draws those of a linear layer."""

    def uniform(inputs: int, *shape: int) -> torch.Tensor:
        return (2 * torch.rand(*shape, generator=rng) - 1) / math.sqrt(inputs)

    if hidden == 0:
        return Model(uniform(dimension, dimension, classes), uniform(dimension, classes))
    return Model(
        uniform(dimension, dimension, hidden),
        uniform(dimension, hidden),
        uniform(hidden, hidden, classes),
        uniform(hidden, classes),
    )


def train(
    x: Signs,
    y: Integers,
    weight: Floats,
    classes: int,
    recipe: Recipe,
    record: Sequence[int],
    seed: int,
) -> Iterator[tuple[int, Model]]:
    """Train a classifier, and give it as it is after some of its steps.

    Parameters
    ----------
    x : numpy.ndarray of int8, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    weight : numpy.ndarray, shape (n,)
        Times that each sample counts.
    classes : int
        Number of classes N.
    recipe : Recipe
    record : sequence of int
        Numbers of steps done, from 0 to `recipe.steps`, after which the model is given.
    seed : int
        Seed of the initial weights and of the noise.

    Yields
    ------
    step : int
    model : Model
    """
    rng = torch.Generator().manual_seed(seed)
    model = initial_model(x.shape[1], recipe.hidden, classes, rng)
    inputs, answers = as_tensor(x), torch.from_numpy(y)
    shares = torch.from_numpy(weight / weight.sum()).float()
    total = float(weight.sum())
    direct = recipe.optimizer == "adam" or recipe.clip > 0
    path: Iterator[Callable[[], Model]]
    if direct:
        path = _direct(inputs, answers, shares, total, model, recipe, rng)
    else:
        path = _in_span(inputs, answers, shares, model, recipe)
    wanted = sorted(set(record))
    with torch.inference_mode():
        for step, current in enumerate(progress(path, "training", recipe.steps + 1)):
            if step in wanted:
                yield step, current()
            if step >= max(wanted, default=0):
                return


def _product(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Matrix product of two tensors."""
    return torch.from_numpy(one.numpy() @ other.numpy())


def _gradients(
    product: torch.Tensor, model_rest: list[torch.Tensor], answers: torch.Tensor, shares: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Gradient with respect to the product (n, h) and the logits (n, N), and the units (n, h)."""
    if not model_rest:
        error = _error(product, answers, shares)
        return error, error, None
    second, bias = model_rest
    units = torch.sigmoid(product)
    error = _error(_product(units, second).add_(bias), answers, shares)
    back = _product(error, second.T)
    # sigmoid' = s (1 - s)
    return torch.addcmul(units, units, units, value=-1).mul_(back), error, units


def _error(logits: torch.Tensor, answers: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    error = torch.softmax(logits, dim=1)
    error[torch.arange(len(answers)), answers] -= 1
    return error.mul_(shares[:, None])


class _Span:
    """First layer as scale W_0 + X^T part, the rest as it is."""

    def __init__(self, start: Model, x: torch.Tensor) -> None:
        self.start, self.x = start, x
        self.scale = 1.0
        self.part = torch.zeros(len(x), start.first.shape[1])
        self.offset = start.offset.clone()
        self.rest = [part.clone() for part in (start.second, start.bias) if part is not None]

    def model(self) -> Model:
        """The model as it is now."""
        first = torch.addmm(self.start.first, self.x.T, self.part, beta=self.scale)
        return Model(first, self.offset.clone(), *(part.clone() for part in self.rest))


def _in_span(
    x: torch.Tensor, answers: torch.Tensor, shares: torch.Tensor, start: Model, recipe: Recipe
) -> Iterator[Callable[[], Model]]:
    """Gradient descent with Nesterov's momentum, in the span of the samples."""
    state = _Span(start, x)
    between = x @ x.T
    initial = x @ start.first
    # Parameters that move, beside the first layer's coordinates: gradients and velocities in this order.
    scale_velocity, velocity = 0.0, torch.zeros_like(state.part)
    moving = [state.offset, *state.rest]
    velocities = [torch.zeros_like(part) for part in moving]
    momentum, decay = recipe.momentum, recipe.weight_decay
    for step in range(recipe.steps + 1):
        yield state.model
        rate = recipe.rate_at(step)
        product = _product(between, state.part).add_(initial, alpha=state.scale).add_(state.offset)
        back, error, units = _gradients(product, state.rest, answers, shares)
        gradients = [back.sum(dim=0)]
        if units is not None:
            gradients += [_product(units.T, error), error.sum(dim=0)]
        if decay:
            back = back.add(state.part, alpha=decay)
            gradients = [one.add_(part, alpha=decay) for one, part in zip(gradients, moving, strict=True)]
        scale_gradient = decay * state.scale
        scale_velocity = momentum * scale_velocity + scale_gradient
        state.scale -= rate * (scale_gradient + momentum * scale_velocity)
        for part, speed, gradient in zip(
            [state.part, *moving], [velocity, *velocities], [back, *gradients], strict=True
        ):
            speed.mul_(momentum).add_(gradient)
            part.sub_(gradient, alpha=rate).sub_(speed, alpha=rate * momentum)


class _Whole:
    """Every weight as it is."""

    def __init__(self, start: Model) -> None:
        parts = [start.first, start.offset, start.second, start.bias]
        self.parts = [part.clone() for part in parts if part is not None]

    def model(self) -> Model:
        """The model as it is now."""
        return Model(*(part.clone() for part in self.parts))


def _direct(
    x: torch.Tensor,
    answers: torch.Tensor,
    shares: torch.Tensor,
    total: float,
    start: Model,
    recipe: Recipe,
    rng: torch.Generator,
) -> Iterator[Callable[[], Model]]:
    """Adam, or clipped and noisy gradient descent with plain momentum, on the weights themselves."""
    state = _Whole(start)
    means = [torch.zeros_like(part) for part in state.parts]
    squares = [torch.zeros_like(part) for part in state.parts]
    square_length = (x * x).sum(dim=1) + 1  # an offset is the weight of an input that is 1
    for step in range(recipe.steps + 1):
        yield state.model
        rate = recipe.rate_at(step)
        first, offset, *rest = state.parts
        back, error, units = _gradients(_product(x, first).add_(offset), rest, answers, shares)
        if recipe.clip > 0:
            squared = square_length * (back * back).sum(dim=1)
            if units is not None:
                squared += ((units * units).sum(dim=1) + 1) * (error * error).sum(dim=1)
            # The errors hold the samples' shares already; the norm of a sample's own gradient does not.
            length = squared.sqrt() / shares
            factor = torch.clamp(recipe.clip / length, max=1.0)[:, None]
            back, error = back * factor, error * factor
        gradients = [_product(x.T, back), back.sum(dim=0)]
        if units is not None:
            gradients += [_product(units.T, error), error.sum(dim=0)]
        spread = recipe.noise * recipe.clip / total
        for index, (part, gradient) in enumerate(zip(state.parts, gradients, strict=True)):
            if spread > 0:
                gradient.add_(torch.randn(part.shape, generator=rng), alpha=spread)
            if recipe.weight_decay:
                gradient.add_(part, alpha=recipe.weight_decay)
            if recipe.optimizer == "adam":
                one, two, epsilon = ADAM
                means[index].mul_(one).add_(gradient, alpha=1 - one)
                squares[index].mul_(two).addcmul_(gradient, gradient, value=1 - two)
                unbiased = (squares[index] / (1 - two ** (step + 1))).sqrt_().add_(epsilon)
                part.addcdiv_(means[index], unbiased, value=-rate / (1 - one ** (step + 1)))
            else:
                means[index].mul_(recipe.momentum).add_(gradient)
                part.sub_(means[index], alpha=rate)
