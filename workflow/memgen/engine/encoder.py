"""An encoder with a two-way head on the mean of its states, for models that have no language head.

It offers what training and answering ask of a causal model: states of prompts, and a head that gives logits
from them. Its two logits stand for Yes and No. A head belongs to one run and begins at random, so there are
no answers before training.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from memgen.engine.prompts import Prompts, padded
from memgen.jobs.seeding import integer_seed

ANSWERS = (0, 1)
"""Rows of the head that stand for Yes and No."""
TARGETS = ("query", "key", "value", "dense")
"""Layers that get adapters, by their names in BERT."""


class Heads(nn.Module):
    """One linear head per run, from the key of its random stream, in a dtype and on a device (`like`)."""

    def __init__(self, keys: Sequence[Sequence[str | int]], width: int, like: dict[str, Any]) -> None:
        super().__init__()
        drawn = []
        for key in keys:
            random = torch.Generator().manual_seed(integer_seed(*key, "head"))
            uniform = torch.rand(len(ANSWERS), width, generator=random, dtype=torch.float64)
            drawn.append((2 * uniform - 1) / math.sqrt(width))
        self.weight = nn.Parameter(torch.stack(drawn).to(**like))
        self.bias = nn.Parameter(torch.zeros(len(keys), 1, len(ANSWERS), **like))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Logits of shape (s, prompts, 2) of states of shape (s, prompts, width)."""
        return torch.baddbmm(self.bias, states, self.weight.transpose(1, 2))


class Classifier(nn.Module):
    """An encoder, and a head for each of some runs, by the keys of their random streams."""

    def __init__(self, encoder: Any, keys: Sequence[Sequence[str | int]]) -> None:
        super().__init__()
        first = next(encoder.parameters())
        self.encoder = encoder
        width = int(encoder.config.hidden_size)
        self.heads = Heads(keys, width, {"dtype": first.dtype, "device": first.device})

    def get_output_embeddings(self) -> Heads:
        """The heads; named as in a causal model."""
        return self.heads

    def read(self, runs: Sequence[Prompts]) -> torch.Tensor:
        """Mean state of every prompt of every run, shape (s, prompts, width)."""
        rows = [query for run in runs for query in run.whole().queries]
        ids, lengths = padded(rows, self.heads.weight.device)
        mask = torch.arange(ids.shape[1], device=ids.device)[None, :] < lengths[:, None]
        hidden = self.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        mean = torch.where(mask[:, :, None], hidden, 0).sum(1) / lengths[:, None]
        return mean.view(len(runs), -1, mean.shape[-1])
