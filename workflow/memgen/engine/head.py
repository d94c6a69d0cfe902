"""The protocol's probe: only the language head is trained, by cross-entropy with a pull to where it began.

The pull is strength times the sum of squared differences to the initial head. Hidden states do not change, so
they are computed once for all strengths, and all strengths and runs are trained in one batch of products.
"""

from collections.abc import Sequence

import numpy as np
import torch

from memgen.engine.recipe import Recipe
from memgen.engine.training import Run, optimizer_of, order

AT_ONCE = 4096
"""Rows of the vocabulary whose pull is computed at once, since a head of a real model fills memory."""


def train_heads(
    hidden: torch.Tensor,
    runs: Sequence[Run],
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    strengths: Sequence[float],
    recipe: Recipe,
) -> tuple[torch.Tensor, np.ndarray]:
    """Train one head per run and strength.

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
        Of the pull to the initial head.
    recipe : Recipe

    Returns
    -------
    heads : tensor, shape (s, p, vocabulary, width)
    losses : ndarray, shape (s, p)
        Mean cross-entropy over the last epoch, the pull not counted; NaN where a run diverged.
    """
    s, p, (vocabulary, width) = len(runs), len(strengths), weight.shape
    start = weight.detach()
    heads = torch.nn.Parameter(start.expand(s, p, vocabulary, width).clone())
    pull = torch.tensor(list(strengths), dtype=torch.float64, device=weight.device).to(weight.dtype)
    answers = torch.tensor([run.answers for run in runs], device=weight.device)
    optimizer = optimizer_of(recipe, [heads])
    count = answers.shape[1]
    wide = torch.promote_types(weight.dtype, torch.float32)
    last = np.zeros((s, p))
    diverged = np.zeros((s, p), dtype=bool)
    for epoch in range(recipe.epochs):
        orders = torch.tensor([order(run, recipe, epoch) for run in runs], device=weight.device)
        last[:] = 0
        for first in range(0, count, recipe.batch):
            rows = orders[:, first : first + recipe.batch]
            states = torch.take_along_dim(hidden, rows[:, :, None], 1)
            # Heads first: neither they nor their gradient are copied into another order then.
            logits = torch.bmm(heads.view(s, p * vocabulary, width), states.transpose(1, 2))
            logits = logits.view(s * p, vocabulary, -1)
            if bias is not None:
                logits = logits + bias[:, None]
            targets = torch.take_along_dim(answers, rows, 1)[:, None].expand(s, p, -1)
            losses = torch.nn.functional.cross_entropy(
                logits.to(wide), targets.reshape(s * p, -1), reduction="none"
            )
            mean = losses.view(s, p, -1).mean(2)
            optimizer.zero_grad(set_to_none=True)
            mean.sum().backward()
            with torch.no_grad():
                # The pull's gradient, written out: a backward pass through it would take longer.
                gradient = heads.grad
                assert gradient is not None
                for place in range(0, vocabulary, AT_ONCE):
                    part = slice(place, place + AT_ONCE)
                    moved = heads[:, :, part] - start[part]
                    gradient[:, :, part].add_(moved.mul_(2 * pull[:, None, None]))
            optimizer.step()
            found = mean.detach().double().cpu().numpy()
            diverged |= ~np.isfinite(found)
            last += found * rows.shape[1] / count
    return heads.detach(), np.where(diverged, np.nan, last)
