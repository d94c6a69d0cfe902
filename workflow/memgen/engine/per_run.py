"""Weights of many runs on one network, in one forward pass: low-rank adapters, or copies of all weights.

The rows of a batch stand run by run, equally many each, and every run passes through weights of its own. What
one run computes, and its gradients, do not depend on the others. A small network spends its time on starting
operations, so twenty runs at once take far less than twenty runs; where a large one has no memory for copies,
it is trained run by run, or by adapters (LoRA, Hu et al. 2022).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from memgen.engine.layers import stands_in, weights_in
from memgen.engine.loading import RMS_NORMS
from memgen.errors import BadInput
from memgen.jobs.seeding import integer_seed

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj")
"""The protocol's layers for adapters, by their names in Llama and Qwen."""


@contextmanager
def _replaced(network: Any, modules: Mapping[str, nn.Module]) -> Iterator[None]:
    """Put modules in the places of others, by name, and those back at the end."""
    before = {name: network.get_submodule(name) for name in modules}

    def place(chosen: Mapping[str, nn.Module]) -> None:
        for name, module in chosen.items():
            parent, _, last = name.rpartition(".")
            setattr(network.get_submodule(parent), last, module)

    place(modules)
    try:
        yield
    finally:
        place(before)


class ManyAdapters(nn.Module):
    """A frozen linear layer with one low-rank adapter per run, whose product is multiplied by `scale`.

    `down` has shape (runs, rank, inputs), `up` (runs, outputs, rank).
    """

    def __init__(self, base: nn.Linear, down: torch.Tensor, up: torch.Tensor, scale: float) -> None:
        super().__init__()
        self.base, self.scale = base, scale
        self.down, self.up = nn.Parameter(down), nn.Parameter(up)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Outputs of shape (rows, tokens, outputs) for rows of shape (rows, tokens, inputs)."""
        by_run = rows.reshape(self.down.shape[0], -1, rows.shape[-1])
        low = torch.bmm(by_run, self.down.transpose(1, 2))
        plain: torch.Tensor = self.base(rows)
        of_run = plain.reshape(*by_run.shape[:2], -1)
        # One operation for the second product, its scale and the sum.
        return torch.baddbmm(of_run, low, self.up.transpose(1, 2), alpha=self.scale).view(plain.shape)


def _initial(shape: tuple[int, int], key: Sequence[str | int]) -> torch.Tensor:
    """First matrix of one run's adapter, uniform as in LoRA's own code; double, so that no dtype matters."""
    random = torch.Generator().manual_seed(integer_seed(*key))
    bound = 1 / math.sqrt(shape[1])
    return (2 * torch.rand(shape, generator=random, dtype=torch.float64) - 1) * bound


@contextmanager
def adapted(
    network: nn.Module,
    keys: Sequence[Sequence[str | int]],
    rank: int,
    scaling: float,
    targets: Sequence[str] = TARGETS,
    within: Sequence[str] = ("",),
) -> Iterator[list[ManyAdapters]]:
    """Put an adapter per run beside every target layer of a network, and take them away at the end.

    Parameters
    ----------
    network : torch.nn.Module
        Its own parameters are frozen meanwhile.
    keys : sequence of keys, length s
        Random stream of each run's first matrices; the second ones begin at 0.
    rank : int
    scaling : float
        The products are multiplied by it: LoRA's alpha / rank.
    targets : sequence of str
        Last part of the names of the layers.
    within : sequence of str
        Names of the modules that they stand in; the empty one, the default, is the network.

    Raises
    ------
    BadInput
        If the network has none of the layers.
    """
    linear = {name: module for name, module in network.named_modules() if isinstance(module, nn.Linear)}
    layers = {}
    for name, module in linear.items():
        if name.rpartition(".")[2] in targets and stands_in(name, within):
            like: dict[str, Any] = {"dtype": module.weight.dtype, "device": module.weight.device}
            down = torch.stack([_initial((rank, module.in_features), (*key, name)) for key in keys]).to(
                **like
            )
            up = torch.zeros(len(keys), module.out_features, rank, **like)
            layers[name] = ManyAdapters(module, down, up, scaling)
    if not layers:
        names = sorted({name.rpartition(".")[2] for name in linear})
        raise BadInput(f"lora: no layer named {', '.join(targets)}; allowed: {', '.join(names)}")
    trainable = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    for parameter, _ in trainable:
        parameter.requires_grad_(False)
    try:
        with _replaced(network, layers):
            yield list(layers.values())
    finally:
        for parameter, before in trainable:
            parameter.requires_grad_(before)


class PerRunLinear(nn.Module):
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


class PerRunEmbedding(nn.Module):
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


class PerRunNorm(nn.Module):
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


def _per_run(module: nn.Module, found: Mapping[str, nn.Parameter]) -> nn.Module | None:
    """A module like another with weights for each run; None if there is none of that kind."""
    if isinstance(module, nn.Linear):
        return PerRunLinear(found["weight"], found.get("bias"))
    if isinstance(module, nn.Embedding):
        return PerRunEmbedding(found["weight"], module.padding_idx)
    return PerRunNorm(module, found["weight"]) if type(module).__name__ in RMS_NORMS else None


@contextmanager
def per_run_weights(network: Any, runs: int, within: Sequence[str] = ("",)) -> Iterator[list[nn.Parameter]]:
    """Give each of some runs a copy of every weight of a network, and put the network back at the end.

    Copied are the weights `within` some modules, by name; the empty name, the default, is the network. The
    copies have shape (runs, ...); weights that the network shares between layers are shared in the copies.
    BadInput if a layer is neither linear nor an embedding nor a known norm.
    """
    copies = {
        id(part): nn.Parameter(part.detach().expand(runs, *part.shape).clone())
        for part in weights_in(network, within)
    }
    modules = {}
    for name, module in network.named_modules():
        if module._parameters and stands_in(name, within):
            parts = module.named_parameters(recurse=False)
            own = _per_run(module, {part: copies[id(weight)] for part, weight in parts})
            if own is None:
                raise BadInput(
                    f"full, runs_per_pass: {name} is a {type(module).__name__}; allowed with several runs: "
                    f"Linear, Embedding, {', '.join(RMS_NORMS)} (or runs_per_pass: 1)"
                )
            modules[name] = own
    with _replaced(network, modules):
        yield list(copies.values())


@contextmanager
def in_place(weights: Sequence[nn.Parameter]) -> Iterator[list[torch.Tensor]]:
    """Let weights of a frozen network be trained, and put them back at the end; yields where they began."""
    begun = [weight.detach().clone() for weight in weights]
    for weight in weights:
        weight.requires_grad_(True)
    try:
        yield begun
    finally:
        for weight, value in zip(weights, begun, strict=True):
            weight.requires_grad_(False)
            weight.copy_(value)
