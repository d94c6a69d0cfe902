"""Finite networks trained on the task: where the kernel theory holds, and where it stops.

One network: a hidden layer of ReLU units on one-hot pairs, both layers trained by full-batch gradient descent
on squared loss without regularization, its initial function subtracted. At infinite width and scale 1 it is
kernel regression with the tangent kernel of depth 2 (`kernels.network_similarities`), so the theory applies
at ridge 0: the lazy regime. With a scale that falls as 1 / sqrt(width) the units move by as much as they
weigh at any width, and the kernel is learned: the rich regime, where the theory has no reason to hold. All
seeds are trained together in one tensor.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memgen.errors import BadInput
from memgen.relational.arguments import Floats
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable, network_similarities

DEPTH = 2
"""Layers of the network, as `kernels` counts them."""

STEP = 0.5
"""Step size as a fraction of the inverse of the largest eigenvalue of the infinite network's kernel."""


@dataclass(frozen=True)
class Trained:
    """Networks after training."""

    margins: Floats
    """Array (seeds, n, n): (f(i, j) - f(j, i)) / 2, NaN on the diagonal."""
    training_error: Floats
    """Array (seeds,): root mean square residual on the training set."""
    kernel_change: Floats
    """Array (seeds,): relative Frobenius change of the tangent kernel on the training set."""


def train(hierarchy: Hierarchy, width: int, scale: float, steps: int, seeds: list[int]) -> Trained:
    """Train networks of one width, a seed each, on one hierarchy by `steps` of gradient descent.

    `scale` is a factor on the output; 1 is the parametrization of the tangent kernel's limit. Raises
    `BadInput` if training diverges, as it does far below the scale 1 / sqrt(width).
    """
    pairs = list(hierarchy.training_pairs())
    every = np.array(list(hierarchy.ordered_pairs()))
    train_pairs = np.array([*pairs, *[pair[::-1] for pair in pairs]])
    inputs, others = _one_hot(train_pairs, hierarchy.n), _one_hot(every, hierarchy.n)
    targets = torch.tensor(np.repeat([1.0, -1.0], len(pairs)), dtype=torch.float32)
    similarities = network_similarities("ntk", DEPTH)
    kernel = Exchangeable.from_overlap(float(similarities[0]), float(similarities[1]))
    # a pair's similarity with itself is 2 scale^2: one part from each layer
    largest = 2 * scale**2 * float(np.linalg.eigvalsh(kernel.matrix(train_pairs, train_pairs))[-1])
    rate, factor = STEP / largest, scale * math.sqrt(2 / width)

    hidden, readout = _initial_weights(width, 2 * hierarchy.n, seeds)
    first_kernel = _tangent_kernel(hidden, readout, inputs, factor)
    at_start = _outputs(hidden, readout, inputs, factor)
    elsewhere_at_start = _outputs(hidden, readout, others, factor)
    for _ in range(steps):
        preactivations = hidden @ inputs.T  # (seeds, width, training)
        units = torch.relu(preactivations)
        residual = factor * torch.bmm(readout[:, None], units)[:, 0] - at_start - targets
        pull = torch.where(preactivations > 0, factor * residual[:, None], 0.0)
        change = readout[..., None] * (pull @ inputs)
        readout = readout - rate * factor * torch.bmm(units, residual[..., None])[..., 0]
        hidden = hidden - rate * change

    residual = _outputs(hidden, readout, inputs, factor) - at_start - targets
    if not bool(torch.isfinite(residual).all()):
        raise BadInput(
            f"networks of width {width}: training diverges at scale {scale:g}; allowed: a larger scale"
        )
    last_kernel = _tangent_kernel(hidden, readout, inputs, factor)
    change = torch.linalg.norm(last_kernel - first_kernel, dim=(1, 2))
    answers = np.full((len(seeds), hierarchy.n, hierarchy.n), np.nan)
    found = _outputs(hidden, readout, others, factor) - elsewhere_at_start
    answers[:, every[:, 0], every[:, 1]] = found.double().numpy()
    return Trained(
        (answers - answers.transpose(0, 2, 1)) / 2,
        residual.double().square().mean(dim=1).sqrt().numpy(),
        (change / torch.linalg.norm(first_kernel, dim=(1, 2))).double().numpy(),
    )


def _one_hot(pairs: np.ndarray, n: int) -> Tensor:
    """Inputs (pairs, 2 n) of unit length: one item in each position."""
    inputs = torch.zeros(len(pairs), 2 * n)
    inputs.scatter_(1, torch.from_numpy(pairs + np.array([0, n])), math.sqrt(0.5))
    return inputs


def _initial_weights(width: int, inputs: int, seeds: list[int]) -> tuple[Tensor, Tensor]:
    """Standard normal weights: hidden (seeds, width, inputs) and readout (seeds, width)."""
    hidden, readout = [], []
    for seed in seeds:
        stream = torch.Generator().manual_seed(seed)
        hidden.append(torch.randn(width, inputs, generator=stream))
        readout.append(torch.randn(width, generator=stream))
    return torch.stack(hidden), torch.stack(readout)


def _outputs(hidden: Tensor, readout: Tensor, inputs: Tensor, factor: float) -> Tensor:
    """Outputs (seeds, inputs) of the networks."""
    return factor * torch.bmm(readout[:, None], torch.relu(hidden @ inputs.T))[:, 0]


def _tangent_kernel(hidden: Tensor, readout: Tensor, inputs: Tensor, factor: float) -> Tensor:
    """Inner products (seeds, inputs, inputs) of the outputs' gradients in all weights."""
    preactivations = hidden @ inputs.T
    units = torch.relu(preactivations)
    gates = torch.where(preactivations > 0, readout[..., None], 0.0)
    turned = units.transpose(1, 2) @ units + (gates.transpose(1, 2) @ gates) * (inputs @ inputs.T)
    return factor**2 * turned
