"""Small networks, many at once: one hidden layer of rectified units, trained on all examples each step.

A batch of networks differs in weight decay and in which examples each may see; they are trained together by
batched matrix products, which is what makes retraining on many subsamples affordable.
"""

import math

import numpy as np
import torch

from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import progress
from memgen.longtail.priors import Floats, Integers


def initial_weights(
    dimensions: int, hidden: int, labels: int, rng: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights and offsets of one network, drawn as He and others (2015) do, last layer zero.

    Returns
    -------
    tuple of torch.Tensor
        Shapes (d, h), (h,), (h, m), (m,).
    """
    first = torch.randn(dimensions, hidden, generator=rng) * math.sqrt(2 / dimensions)
    return first, torch.zeros(hidden), torch.zeros(hidden, labels), torch.zeros(labels)


def network_scores(
    x: Floats,
    y: Integers,
    labels: int,
    used: Floats,
    weight_decay: Floats,
    test_x: Floats,
    *,
    hidden: int,
    steps: int,
    learning_rate: float,
    seed: int,
) -> Floats:
    """Scores of a batch of networks that start from the same weights.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    labels : int
        Number of labels m.
    used : numpy.ndarray, shape (B, n)
        1 where a network sees an example, else 0.
    weight_decay : numpy.ndarray, shape (B,)
        Strength of the penalty weight_decay / 2 times the squared norm of all weights, added to the mean
        cross-entropy.
    test_x : numpy.ndarray, shape (t, d)
    hidden : int
        Hidden units.
    steps : int
        Steps of Adam on all examples.
    learning_rate : float
    seed : int
        Seed of the initial weights.

    Returns
    -------
    numpy.ndarray, shape (B, t, m)
        Logits.
    """
    count = len(used)
    refuse_beyond_memory(
        count * (16.0 * hidden * (x.shape[1] + labels) + 4.0 * len(x) * (hidden + labels)),
        f"{count} networks of {hidden} hidden units",
    )
    rng = torch.Generator().manual_seed(seed)
    first, first_offset, second, second_offset = initial_weights(x.shape[1], hidden, labels, rng)
    # The first layers stand side by side in one matrix, so that one product serves all networks.
    weights = [
        first.repeat(1, count).requires_grad_(),
        first_offset.repeat(count).requires_grad_(),
        second.expand(count, hidden, labels).clone().requires_grad_(),
        second_offset.expand(count, 1, labels).clone().requires_grad_(),
    ]
    inputs, answers = torch.from_numpy(x).float(), torch.from_numpy(y).repeat(count)
    share = torch.from_numpy(used / used.sum(axis=1, keepdims=True)).float().flatten()
    decay = torch.from_numpy(weight_decay).float()
    per_unit = decay.repeat_interleave(hidden)
    decays = [per_unit, per_unit, decay[:, None, None], decay[:, None, None]]
    optimizer = torch.optim.Adam(weights, lr=learning_rate, fused=True)
    for _ in progress(range(steps), "training networks", total=steps):
        optimizer.zero_grad()
        logits = _forward(inputs, weights)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), answers, reduction="none")
        (loss @ share).backward()
        with torch.no_grad():
            for part, strength in zip(weights, decays, strict=True):
                assert part.grad is not None
                part.grad.addcmul_(part, strength)
        optimizer.step()
    with torch.no_grad():
        return np.asarray(_forward(torch.from_numpy(test_x).float(), weights).double().numpy())


def _forward(x: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    """Logits, shape (B, n, m)."""
    first, first_offset, second, second_offset = weights
    hidden = torch.relu(torch.addmm(first_offset, x, first))
    return torch.baddbmm(second_offset, hidden.view(len(x), len(second), -1).transpose(0, 1), second)
