"""Weights of many runs on one architecture, in one forward pass: full finetuning of a block of runs.

As with `lora`, the rows of a batch stand run by run, equally many each, and what one run computes, and
its gradients, do not depend on the others. A small network spends its time on starting operations, so twenty
runs at once take far less than twenty runs; a large one has no memory for that, and is trained run by run.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from memgen.engine.layers import stands_in, weights_in
from memgen.errors import BadInput

NORMS = ("LlamaRMSNorm", "Qwen2RMSNorm", "Qwen3RMSNorm", "MistralRMSNorm")
"""Norms that multiply by their weight last."""


class OwnLinear(nn.Module):
    """A linear layer with weights of its own for each run, shape (runs, outputs, inputs)."""

    def __init__(self, weight: nn.Parameter, bias: nn.Parameter | None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Outputs of shape (rows, tokens, outputs) for rows of shape (rows, tokens, inputs)."""
        runs, outputs, inputs = self.weight.shape
        by_run = rows.reshape(runs, -1, inputs)
        found = torch.bmm(by_run, self.weight.transpose(1, 2))
        if self.bias is not None:
            found = found + self.bias[:, None]
        return found.view(*rows.shape[:-1], outputs)


class OwnEmbedding(nn.Module):
    """An embedding with a table of its own for each run, shape (runs, entries, width)."""

    def __init__(self, weight: nn.Parameter, padding: int | None) -> None:
        super().__init__()
        self.weight, self.padding = weight, padding

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Vectors of shape (rows, tokens, width) for ids of shape (rows, tokens)."""
        runs, entries, _ = self.weight.shape
        first = torch.arange(runs, device=ids.device).repeat_interleave(len(ids) // runs) * entries
        found = torch.nn.functional.embedding(ids + first[:, None], self.weight.flatten(0, 1))
        if self.padding is None:
            return found
        return torch.where((ids == self.padding)[..., None], found.detach(), found)


class OwnNorm(nn.Module):
    """A root-mean-square norm with weights of its own for each run, shape (runs, width)."""

    def __init__(self, base: nn.Module, weight: nn.Parameter) -> None:
        super().__init__()
        self._base, self.weight = [base], weight

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Normed rows, of the shape that they had."""
        (base,) = self._base  # in a list, so that its weight is not among the parameters
        ones = torch.ones(rows.shape[-1], dtype=self.weight.dtype, device=rows.device)
        plain = torch.func.functional_call(base, {"weight": ones}, (rows,))
        runs = self.weight.shape[0]
        by_run: torch.Tensor = plain.reshape(runs, -1, rows.shape[-1]) * self.weight[:, None]
        return by_run.view(rows.shape)


def _own(module: nn.Module, copies: dict[int, nn.Parameter]) -> nn.Module | None:
    """A module like another with weights for each run; None if there is none of that kind."""
    found = {name: copies[id(part)] for name, part in module.named_parameters(recurse=False)}
    if isinstance(module, nn.Linear):
        return OwnLinear(found["weight"], found.get("bias"))
    if isinstance(module, nn.Embedding):
        return OwnEmbedding(found["weight"], module.padding_idx)
    if type(module).__name__ in NORMS:
        return OwnNorm(module, found["weight"])
    return None


@contextmanager
def own_weights(network: Any, runs: int, within: Sequence[str] = ("",)) -> Iterator[list[nn.Parameter]]:
    """Give each of some runs its own copy of every weight of a network, and put the network back at the end.

    Parameters
    ----------
    network : torch.nn.Module
    runs : int
    within : sequence of str
        Names of the modules whose weights are copied; the empty one, the default, is the network.

    Yields
    ------
    list of parameters, each of shape (runs, ...)
        Weights that the network shares between layers are shared in the copies.

    Raises
    ------
    BadInput
        If a layer is neither linear nor an embedding nor a known norm.
    """
    copies = {
        id(part): nn.Parameter(part.detach().expand(runs, *part.shape).clone())
        for part in weights_in(network, within)
    }
    holders = [
        (name, module)
        for name, module in network.named_modules()
        if module._parameters and stands_in(name, within)
    ]
    replaced = []
    for name, module in holders:
        own = _own(module, copies)
        if own is None:
            raise BadInput(
                f"full, runs_per_pass: {name} is a {type(module).__name__}; allowed with several runs: "
                f"Linear, Embedding, {', '.join(NORMS)} (or runs_per_pass: 1)"
            )
        replaced.append((name, module, own))
    for name, _, own in replaced:
        _place(network, name, own)
    try:
        yield list(copies.values())
    finally:
        for name, module, _ in replaced:
            _place(network, name, module)


def _place(network: Any, name: str, module: nn.Module) -> None:
    """Put a module where another of that name stands."""
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)
