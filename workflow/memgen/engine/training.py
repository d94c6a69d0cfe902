"""Train runs on their pairs: full finetuning of one run, or low-rank adapters of many runs together.

The loss is cross-entropy over the whole vocabulary at the last token of a prompt. Losses of runs trained
together are added, never averaged, so that each run's gradients are those that it has alone.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from memgen.engine.causal import Prompts, last_hidden
from memgen.engine.checkpoints import Keeper, Position
from memgen.engine.recipe import Recipe
from memgen.errors import BadInput
from memgen.jobs.seeding import generator

if TYPE_CHECKING:
    import torch


log = logging.getLogger(__name__)


def optimizer_of(recipe: Recipe, parameters: "Sequence[torch.nn.Parameter]") -> "torch.optim.Optimizer":
    """Optimizer of a recipe; runs trained together keep apart in it, for it acts number by number."""
    import torch

    # In half precision a fused step rounds less often than the protocol's, whose precision is part of it.
    fused = all(part.dtype in (torch.float32, torch.float64) for part in parameters)
    common: dict[str, Any] = {"lr": recipe.rate, "weight_decay": recipe.weight_decay, "fused": fused}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(list(parameters), momentum=recipe.momentum, **common)
    return torch.optim.AdamW(list(parameters), **common)


@dataclass(frozen=True)
class Run:
    """One run's training set.

    Parameters
    ----------
    key : tuple of str or int
        Names the run's random streams.
    prompts : Prompts
        In the order of the hierarchy.
    answers : tuple of int
        Token of the right answer to each.
    """

    key: tuple[str | int, ...]
    prompts: Prompts
    answers: tuple[int, ...]


def order(run: Run, recipe: Recipe, epoch: int) -> list[int]:
    """Order in which a run's prompts come in an epoch; depends on the run's key and the epoch alone."""
    count = len(run.answers)
    if recipe.order == "hierarchy":
        return list(range(count))
    return [int(row) for row in generator(*run.key, "order", epoch).permutation(count)]


def run_losses(network: Any, prompts: Sequence[Prompts], answers: Sequence[Sequence[int]]) -> "torch.Tensor":
    """Sum over its prompts of each run's cross-entropy, in float32 or better; tensor of shape (s,)."""
    import torch

    hidden = last_hidden(network, prompts)
    logits = network.get_output_embeddings()(hidden)
    wide = torch.promote_types(logits.dtype, torch.float32)
    targets = torch.tensor([list(row) for row in answers], device=logits.device)
    losses = torch.nn.functional.cross_entropy(
        logits.to(wide).flatten(0, 1), targets.flatten(), reduction="none"
    )
    return losses.view(targets.shape).sum(1)


def _step(network: Any, runs: Sequence[Run], rows: Sequence[Sequence[int]], micro: int) -> "torch.Tensor":
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
    recipe: Recipe,
    parameters: "Sequence[torch.nn.Parameter]",
    pull: Callable[[], None] | None = None,
    keeper: Keeper | None = None,
) -> np.ndarray:
    """Train parameters of a network in place on the pairs of some runs.

    Parameters
    ----------
    network : transformers causal language model
        With as many adapters as there are runs, or none and a single run.
    runs : sequence of Run, length s
        Equally many prompts each.
    recipe : Recipe
    parameters : sequence of parameters
        What is trained.
    pull : callable, optional
        Adds the gradient of a penalty to that of the loss, once a step.
    keeper : Keeper, optional
        Keeps where the training stands, and knows where an earlier one stopped; the end is the same.

    Returns
    -------
    ndarray, shape (s,)
        Mean loss of each run over its last epoch, without the penalty; not finite where a run diverged.

    Raises
    ------
    BadInput
        If even one prompt per run does not fit into a GPU's memory.
    """
    import torch

    optimizer = optimizer_of(recipe, parameters)
    count = len(runs[0].answers)
    micro = min(recipe.micro_batch or recipe.batch, recipe.batch)
    at = Position(0, 0, micro, [0.0] * len(runs), [False] * len(runs))
    if keeper is not None:
        at = keeper.resume(at, parameters, optimizer)
    while at.epoch < recipe.epochs:
        orders = [order(run, recipe, at.epoch) for run in runs]
        if at.start == 0:
            at.last = [0.0] * len(runs)
        while at.start < count:
            rows = [part[at.start : at.start + recipe.batch] for part in orders]
            while True:
                optimizer.zero_grad(set_to_none=True)
                try:
                    losses = _step(network, runs, rows, at.micro)
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
            found = losses.double().cpu().numpy()
            at.diverged = (np.array(at.diverged) | ~np.isfinite(found)).tolist()
            at.last = (np.array(at.last) + found * len(rows[0]) / count).tolist()
            at.start += recipe.batch
            if keeper is not None:
                keeper.offer(at, parameters, optimizer)
        if all(at.diverged):
            break
        at.epoch, at.start = at.epoch + 1, 0
    return np.where(at.diverged, np.nan, at.last)
