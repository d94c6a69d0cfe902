"""Train runs on their prompts: one loop for all weights, adapters and heads, of one run or of many together.

The loss is cross-entropy over the whole vocabulary at the last token of a prompt. Losses of runs trained
together are added, never averaged, so that each run's gradients are those that it has alone.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from memgen.engine.causal import last_hidden
from memgen.engine.checkpoints import Keeper, Position
from memgen.engine.methods import TrainingOptions
from memgen.engine.prompts import Prompts
from memgen.errors import BadInput
from memgen.jobs.seeding import generator

log = logging.getLogger(__name__)

_ROWS = 4096
"""Rows of a vocabulary whose pull is computed at once, since the table of a real model fills memory."""
Step = Callable[[Sequence[Sequence[int]], int], torch.Tensor]


def optimizer_of(options: TrainingOptions, parameters: Sequence[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Optimizer of some options; it acts number by number, so that runs trained together do not mix."""
    # In half precision a fused step rounds less often than the protocol's, whose precision is part of it.
    fused = all(part.dtype in (torch.float32, torch.float64) for part in parameters)
    common: dict[str, Any] = {"lr": options.rate, "weight_decay": options.weight_decay, "fused": fused}
    if options.optimizer == "sgd":
        return torch.optim.SGD(list(parameters), momentum=options.momentum, **common)
    return torch.optim.AdamW(list(parameters), **common)


@dataclass(frozen=True)
class Run:
    """One run's training set: prompts in the order of sequential training, and the token that answers each.

    The key names the run's random streams.
    """

    key: tuple[str | int, ...]
    prompts: Prompts
    answers: tuple[int, ...]


def _order(run: Run, options: TrainingOptions, epoch: int) -> list[int]:
    """Order in which a run's prompts come in an epoch; depends on the run's key and the epoch alone."""
    count = len(run.answers)
    if options.order == "hierarchy":
        return list(range(count))
    return [int(row) for row in generator(*run.key, "order", epoch).permutation(count)]


def _cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Loss of every prompt, in float32 or better."""
    wide = torch.promote_types(logits.dtype, torch.float32)
    return torch.nn.functional.cross_entropy(logits.to(wide), targets, reduction="none")


def run_losses(network: Any, prompts: Sequence[Prompts], answers: Sequence[Sequence[int]]) -> torch.Tensor:
    """Sum over its prompts of each run's cross-entropy; tensor of shape (s,)."""
    logits = network.get_output_embeddings()(last_hidden(network, prompts))
    targets = torch.tensor([list(row) for row in answers], device=logits.device)
    return _cross_entropy(logits.flatten(0, 1), targets.flatten()).view(targets.shape).sum(1)


def _step(network: Any, runs: Sequence[Run], rows: Sequence[Sequence[int]], micro: int) -> torch.Tensor:
    """Add the gradients of one batch of every run; returns each run's mean loss."""
    count = len(rows[0])
    total: Any = 0
    for start in range(0, count, micro):
        chosen = [part[start : start + micro] for part in rows]
        losses = run_losses(
            network,
            [run.prompts.select(part) for run, part in zip(runs, chosen, strict=True)],
            [[run.answers[row] for row in part] for run, part in zip(runs, chosen, strict=True)],
        )
        (losses / count).sum().backward()
        total = total + losses.detach() / count
    mean: torch.Tensor = total
    return mean


def train(
    network: Any,
    runs: Sequence[Run],
    options: TrainingOptions,
    parameters: Sequence[torch.nn.Parameter],
    pull: Callable[[], None] | None = None,
    keeper: Keeper | None = None,
) -> np.ndarray:
    """Train parameters of a network in place on the prompts of some runs.

    Parameters
    ----------
    network : transformers causal language model
        With as many adapters or copies as there are runs, or none and a single run.
    runs : sequence of Run, length s
        Equally many prompts each.
    pull : callable, optional
        Adds the gradient of a penalty to that of the loss, once a step.
    keeper : Keeper, optional
        Saves the state of the training, and knows where an earlier one stopped; the end is the same.

    Returns
    -------
    ndarray, shape (s,)
        Mean loss of each run over its last epoch, without the penalty; NaN where a run diverged.

    Raises
    ------
    BadInput
        If even one prompt per run does not fit into a GPU's memory.
    """
    return _descend(partial(_step, network, runs), runs, len(runs), options, parameters, pull, keeper)


def _descend(
    step: Step,
    runs: Sequence[Run],
    losses: int,
    options: TrainingOptions,
    parameters: Sequence[torch.nn.Parameter],
    pull: Callable[[], None] | None = None,
    keeper: Keeper | None = None,
) -> np.ndarray:
    """The loop: `step` adds the gradients of some rows of every run, and gives so many mean losses."""
    optimizer = optimizer_of(options, parameters)
    count = len(runs[0].answers)
    micro = min(options.micro_batch or options.batch, options.batch)
    at = Position(0, 0, micro, [0.0] * losses, [False] * losses)
    if keeper is not None:
        at = keeper.resume(at, parameters, optimizer)
    while at.epoch < options.epochs:
        orders = [_order(run, options, at.epoch) for run in runs]
        if at.start == 0:
            at.last = [0.0] * losses
        while at.start < count:
            rows = [part[at.start : at.start + options.batch] for part in orders]
            while True:
                optimizer.zero_grad(set_to_none=True)
                try:
                    means = step(rows, at.micro)
                    break
                except torch.cuda.OutOfMemoryError:
                    if at.micro == 1:
                        raise BadInput(
                            f"out of GPU memory with one prompt of {len(runs)} runs; allowed: a smaller block"
                        ) from None
                at.micro = max(1, min(at.micro, len(rows[0])) // 2)
                optimizer.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()
                log.warning("out of GPU memory: micro-batch halved to %d prompts of each run", at.micro)
            if pull is not None:
                pull()
            optimizer.step()
            found = means.double().cpu().numpy()
            at.diverged = (np.array(at.diverged) | ~np.isfinite(found)).tolist()
            at.last = (np.array(at.last) + found * len(rows[0]) / count).tolist()
            at.start += options.batch
            if keeper is not None:
                keeper.save_if_due(at, parameters, optimizer)
        if all(at.diverged):
            break
        at.epoch, at.start = at.epoch + 1, 0
    return np.where(at.diverged, np.nan, at.last)


def pull_back(strength: float, weights: Sequence[torch.nn.Parameter], begun: Sequence[torch.Tensor]) -> None:
    """Add the gradient of strength times the sum of squared differences to where the weights began."""
    with torch.no_grad():
        for weight, start in zip(weights, begun, strict=True):
            assert weight.grad is not None
            parts = (part.split(_ROWS) for part in (weight.grad, weight, start))
            for gradient, now, then in zip(*parts, strict=True):
                gradient.add_(now - then, alpha=2 * strength)


def train_heads(
    hidden: torch.Tensor,
    runs: Sequence[Run],
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    strengths: Sequence[float],
    options: TrainingOptions,
) -> tuple[torch.Tensor, np.ndarray]:
    """Train one language head per run and strength of a pull to where it began: the protocol's probe.

    The pull is strength times the sum of squared differences to the initial head. Hidden states do not
    change, so they are given, and all strengths and runs are trained in one batch of products.

    Parameters
    ----------
    hidden : tensor, shape (s, t, width)
        Of the training prompts of each run.
    runs : sequence of Run, length s
    weight : tensor, shape (vocabulary, width)
        Initial head.
    bias : tensor, shape (vocabulary,), optional
        Not trained.
    strengths : sequence of float, length p
    options : TrainingOptions

    Returns
    -------
    heads : tensor, shape (s, p, vocabulary, width)
    losses : ndarray, shape (s, p)
        Mean cross-entropy over the last epoch, the pull not counted; NaN where a run diverged.
    """
    s, p, (vocabulary, width) = len(runs), len(strengths), weight.shape
    start = weight.detach()
    heads = torch.nn.Parameter(start.expand(s, p, vocabulary, width).clone())
    twice = 2 * torch.tensor(list(strengths), dtype=torch.float64, device=weight.device).to(weight.dtype)
    answers = torch.tensor([run.answers for run in runs], device=weight.device)

    def step(rows: Sequence[Sequence[int]], micro: int) -> torch.Tensor:
        chosen = torch.tensor(rows, device=weight.device)
        states = torch.take_along_dim(hidden, chosen[:, :, None], 1)
        # Heads first: neither they nor their gradient are copied into another order then.
        logits = torch.bmm(heads.view(s, p * vocabulary, width), states.transpose(1, 2))
        logits = logits.view(s * p, vocabulary, -1)
        if bias is not None:
            logits = logits + bias[:, None]
        targets = torch.take_along_dim(answers, chosen, 1)[:, None].expand(s, p, -1)
        mean = _cross_entropy(logits, targets.reshape(s * p, -1)).mean(1)
        mean.sum().backward()
        return mean.detach()

    def pull() -> None:
        # The pull's gradient, written out: a backward pass through it would take longer.
        assert heads.grad is not None
        with torch.no_grad():
            for place in range(0, vocabulary, _ROWS):
                part = slice(place, place + _ROWS)
                moved = heads[:, :, part] - start[part]
                heads.grad[:, :, part].add_(moved.mul_(twice[:, None, None]))

    losses = _descend(step, runs, s * p, options, [heads], pull)
    return heads.detach(), losses.reshape(s, p)
