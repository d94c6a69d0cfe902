"""Classifiers of the hypercube, and their training by full-batch gradient descent.

Multinomial logistic regression is one layer; a network has sigmoid units and a second layer. An attack that
flips bits changes one row of the first layer's product at a time, so the product is apart from what follows.

Each step sees all samples. The gradient of the first layer is X^T G, G the loss's gradient with respect to
the layer's product, so the layer never leaves W_0 + span(X). Gradient descent therefore runs on the n x n
products of the samples with one another: one matrix product a step for the first layer instead of two with d
rows; the layer itself is computed where a step is recorded. Adam and noisy gradients leave that span, and
update the layer itself. Matrix products are numpy's, whose library is the faster one on many processors.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from memgen.irrelevant.tasks import Floats, Integers, Signs
from memgen.jobs.stage import progress

ADAM = (0.9, 0.999, 1e-8)


@dataclass(frozen=True)
class Model:
    """A trained classifier.

    Parameters
    ----------
    first : torch.Tensor, shape (d, h)
        First layer; h is the number of classes N where there is no second.
    offset : torch.Tensor, shape (h,)
    second : torch.Tensor of shape (h, N), or None
    bias : torch.Tensor of shape (N,), or None
    """

    first: torch.Tensor
    offset: torch.Tensor
    second: torch.Tensor | None = None
    bias: torch.Tensor | None = None

    @property
    def parts(self) -> list[torch.Tensor]:
        """The weights and offsets that it has."""
        return [part for part in (self.first, self.offset, self.second, self.bias) if part is not None]

    def product(self, x: torch.Tensor) -> torch.Tensor:
        """First layer's product with inputs of shape (…, d), offsets added; shape (…, h)."""
        return x @ self.first + self.offset

    def logits(self, product: torch.Tensor) -> torch.Tensor:
        """Logits of what `product` gave, shape (…, N)."""
        if self.second is None or self.bias is None:
            return product
        return torch.addmm(self.bias, torch.sigmoid(product), self.second)

    def all_log_odds(self, product: torch.Tensor) -> torch.Tensor:
        """Log-odds of every class, shape (rows, N); see `log_odds`."""
        logits = self.logits(product)
        log_probability = torch.log_softmax(logits, dim=1)
        odds = log_probability - torch.log1p(-log_probability.exp())
        # Only the likeliest class can be so near 1 that one minus it has no digits left.
        own, top = logits.max(dim=1, keepdim=True)
        others = logits.scatter(1, top, -torch.inf).logsumexp(dim=1, keepdim=True)
        return odds.scatter_(1, top, own - others)

    def log_odds(self, product: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Log-odds of one class a row, shape (rows,).

        They rise with its log-probability, and still do where 32 bits of a probability end near 1.
        """
        logits = self.logits(product)
        own = logits.gather(1, target[:, None])
        others = logits.scatter(1, target[:, None], -torch.inf)
        return own[:, 0] - others.logsumexp(dim=1)


def as_tensor(x: Signs | Floats) -> torch.Tensor:
    """Inputs as a tensor of 32-bit numbers."""
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))


@torch.inference_mode()
def accuracy_by_class(model: Model, x: Signs, y: Integers, classes: int) -> Floats:
    """Share of test examples (t, d) of each class that a model labels rightly; shape (classes,).

    Every class occurs in `y`.
    """
    answers = model.logits(model.product(as_tensor(x))).argmax(dim=1).numpy()
    right = np.bincount(y, weights=answers == y, minlength=classes)
    return np.asarray(right / np.bincount(y, minlength=classes))


@dataclass(frozen=True)
class Training:
    """How a classifier is trained: the keys of `configuration.Attacked`, and what defences add.

    Parameters
    ----------
    weight_decay : float
        Added times the weights to their gradient.
    clip : float
        Largest norm of one sample's gradient; 0 for no limit. Momentum is then the plain one.
    noise : float
        Standard deviation of the noise on the sum of clipped gradients, in units of `clip`. A sample that
        counts twice adds two of them.
    """

    steps: int
    learning_rate: float
    momentum: float = 0.0
    hidden: int = 0
    optimizer: Literal["sgd", "adam"] = "sgd"
    slower_from: int = 0
    weight_decay: float = 0.0
    clip: float = 0.0
    noise: float = 0.0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        return self.learning_rate * (0.3 if self.slower_from and step >= self.slower_from else 1.0)


def initial_model(dimension: int, hidden: int, classes: int, rng: torch.Generator) -> Model:
    """Weights and offsets uniform in +-1/sqrt(inputs), as torch draws those of a linear layer."""

    def uniform(inputs: int, *shape: int) -> torch.Tensor:
        return (2 * torch.rand(*shape, generator=rng) - 1) / math.sqrt(inputs)

    parts = []
    widths = (dimension, hidden, classes) if hidden else (dimension, classes)
    for inputs, outputs in itertools.pairwise(widths):
        parts += [uniform(inputs, inputs, outputs), uniform(inputs, outputs)]
    return Model(*parts)


def train(
    x: Signs, y: Integers, weight: Floats, classes: int, training: Training, record: Sequence[int], seed: int
) -> Iterator[tuple[int, Model]]:
    """Train a classifier, and yield it as it is after some of its steps.

    Parameters
    ----------
    x : numpy.ndarray of int8, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    weight : numpy.ndarray, shape (n,)
        Times that each sample counts.
    classes : int
    training : Training
    record : sequence of int
        Numbers of steps done, from 0 to `training.steps`, after which the model is yielded.
    seed : int
        Of the initial weights and of the noise.
    """
    rng = torch.Generator().manual_seed(seed)
    start = initial_model(x.shape[1], training.hidden, classes, rng)
    inputs, answers = as_tensor(x), torch.from_numpy(y)
    shares = torch.from_numpy(weight / weight.sum()).float()
    path: Iterator[Callable[[], Model]]
    if training.optimizer == "adam" or training.clip > 0:
        path = _direct(inputs, answers, shares, float(weight.sum()), start, training, rng)
    else:
        path = _in_span(inputs, answers, shares, start, training)
    wanted = sorted(set(record))
    with torch.inference_mode():
        for step, current in enumerate(progress(path, "training", training.steps + 1)):
            if step in wanted:
                yield step, current()
            if step >= max(wanted, default=0):
                return


def _product(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(one.numpy() @ other.numpy())


def _gradients(
    product: torch.Tensor, rest: list[torch.Tensor], answers: torch.Tensor, shares: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Gradient with respect to the product (n, h) and the logits (n, N), and the units (n, h)."""
    units = torch.sigmoid(product) if rest else None
    logits = product if units is None else _product(units, rest[0]).add_(rest[1])
    error = torch.softmax(logits, dim=1)
    error[torch.arange(len(answers)), answers] -= 1
    error.mul_(shares[:, None])
    if units is None:
        return error, error, None
    # sigmoid' = s (1 - s)
    back = torch.addcmul(units, units, units, value=-1).mul_(_product(error, rest[0].T))
    return back, error, units


def _clipped(
    square_length: torch.Tensor,
    back: torch.Tensor,
    error: torch.Tensor,
    units: torch.Tensor | None,
    shares: torch.Tensor,
    clip: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """What `_gradients` gives, the norm of every sample's gradient limited."""
    squared = square_length * (back * back).sum(dim=1)
    if units is not None:
        squared = squared + ((units * units).sum(dim=1) + 1) * (error * error).sum(dim=1)
    # The errors hold the samples' shares already; the norm of a sample's own gradient does not.
    length = squared.sqrt() / shares
    factor = torch.clamp(clip / length, max=1.0)[:, None]
    return back * factor, error * factor


@torch.inference_mode()
def released_gradient(
    model: Model, x: Signs, y: Integers, weight: Floats, training: Training, seed: int
) -> torch.Tensor:
    """Gradient of the first layer that one more step sends: clipped and noisy where the training is.

    Arguments as in `train`; the seed is that of the noise. Shape (d, h). In 64 bits: of a sample that is
    learned, the error is less than 32 bits tell from 1.
    """
    model = Model(*(part.double() for part in model.parts))
    inputs, answers = as_tensor(x).double(), torch.from_numpy(y)
    shares = torch.from_numpy(weight / weight.sum())
    back, error, units = _gradients(model.product(inputs), model.parts[2:], answers, shares)
    if training.clip > 0:
        back, _ = _clipped((inputs * inputs).sum(dim=1) + 1, back, error, units, shares, training.clip)
    gradient = _product(inputs.T, back)
    rng = torch.Generator().manual_seed(seed)
    spread = training.noise * training.clip / float(weight.sum())
    return gradient.add_(torch.randn(gradient.shape, generator=rng), alpha=spread).float()


def _in_span(
    x: torch.Tensor, answers: torch.Tensor, shares: torch.Tensor, start: Model, training: Training
) -> Iterator[Callable[[], Model]]:
    """Gradient descent with Nesterov's momentum; the first layer is scale W_0 + X^T part."""
    scale, scale_velocity = 1.0, 0.0
    part = torch.zeros(len(x), start.first.shape[1])
    between, initial = x @ x.T, x @ start.first
    # Parameters that move, beside the first layer's coordinates: gradients and velocities in this order.
    moving = [one.clone() for one in start.parts[1:]]
    velocities = [torch.zeros_like(one) for one in (part, *moving)]
    momentum, decay = training.momentum, training.weight_decay

    def model() -> Model:
        first = torch.addmm(start.first, x.T, part, beta=scale)
        return Model(first, *(one.clone() for one in moving))

    for step in range(training.steps + 1):
        yield model
        rate = training.rate_at(step)
        product = _product(between, part).add_(initial, alpha=scale).add_(moving[0])
        back, error, units = _gradients(product, moving[1:], answers, shares)
        gradients = [back.sum(dim=0)]
        if units is not None:
            gradients += [_product(units.T, error), error.sum(dim=0)]
        if decay:
            back = back.add(part, alpha=decay)
            gradients = [
                one.add_(weights, alpha=decay) for one, weights in zip(gradients, moving, strict=True)
            ]
        scale_gradient = decay * scale
        scale_velocity = momentum * scale_velocity + scale_gradient
        scale -= rate * (scale_gradient + momentum * scale_velocity)
        for weights, velocity, gradient in zip([part, *moving], velocities, [back, *gradients], strict=True):
            velocity.mul_(momentum).add_(gradient)
            weights.sub_(gradient, alpha=rate).sub_(velocity, alpha=rate * momentum)


def _direct(
    x: torch.Tensor,
    answers: torch.Tensor,
    shares: torch.Tensor,
    total: float,
    start: Model,
    training: Training,
    rng: torch.Generator,
) -> Iterator[Callable[[], Model]]:
    """Adam, or clipped and noisy gradient descent with plain momentum, on the weights themselves."""
    parts = [part.clone() for part in start.parts]
    means = [torch.zeros_like(part) for part in parts]
    squares = [torch.zeros_like(part) for part in parts]
    square_length = (x * x).sum(dim=1) + 1  # an offset is the weight of an input that is 1
    for step in range(training.steps + 1):
        yield lambda: Model(*(part.clone() for part in parts))
        rate = training.rate_at(step)
        first, offset, *rest = parts
        back, error, units = _gradients(_product(x, first).add_(offset), rest, answers, shares)
        if training.clip > 0:
            back, error = _clipped(square_length, back, error, units, shares, training.clip)
        gradients = [_product(x.T, back), back.sum(dim=0)]
        if units is not None:
            gradients += [_product(units.T, error), error.sum(dim=0)]
        spread = training.noise * training.clip / total
        for part, gradient, mean, square in zip(parts, gradients, means, squares, strict=True):
            if spread > 0:
                gradient.add_(torch.randn(part.shape, generator=rng), alpha=spread)
            if training.weight_decay:
                gradient.add_(part, alpha=training.weight_decay)
            if training.optimizer == "adam":
                one, two, epsilon = ADAM
                mean.mul_(one).add_(gradient, alpha=1 - one)
                square.mul_(two).addcmul_(gradient, gradient, value=1 - two)
                unbiased = (square / (1 - two ** (step + 1))).sqrt_().add_(epsilon)
                part.addcdiv_(mean, unbiased, value=-rate / (1 - one ** (step + 1)))
            else:
                mean.mul_(training.momentum).add_(gradient)
                part.sub_(mean, alpha=rate)
