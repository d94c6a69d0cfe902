"""Low-rank adapters (LoRA, Hu et al. 2022) of many runs on one frozen network, in one forward pass.

The rows of a batch stand run by run, equally many each, and every run passes through its own pair of
matrices: two batched products beside the frozen layer's one. What one run computes, and its gradients, do not
depend on the others.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from memgen.errors import BadInput
from memgen.jobs.seeding import integer_seed

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj")
"""The protocol's layers, by their names in Llama and Qwen."""


class ManyAdapters(nn.Module):
    """A frozen linear layer with one low-rank adapter per run.

    Parameters
    ----------
    base : torch.nn.Linear
        Left as it is.
    down : tensor, shape (runs, rank, inputs)
    up : tensor, shape (runs, outputs, rank)
    scale : float
        Factor of the product.
    """

    def __init__(self, base: nn.Linear, down: torch.Tensor, up: torch.Tensor, scale: float) -> None:
        super().__init__()
        self.base, self.scale = base, scale
        self.down, self.up = nn.Parameter(down), nn.Parameter(up)
        self.active = slice(0, down.shape[0])

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Outputs of shape (rows, tokens, outputs) for rows of shape (rows, tokens, inputs)."""
        down, up = self.down[self.active], self.up[self.active]
        by_run = rows.reshape(down.shape[0], -1, rows.shape[-1])
        low = torch.bmm(by_run, down.transpose(1, 2))
        plain: torch.Tensor = self.base(rows)
        of_run = plain.reshape(*by_run.shape[:2], -1)
        # One operation for the second product, its scale and the sum.
        return torch.baddbmm(of_run, low, up.transpose(1, 2), alpha=self.scale).view(plain.shape)


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

    Yields
    ------
    list of ManyAdapters

    Raises
    ------
    BadInput
        If the network has none of the layers.
    """
    found = [
        (name, module)
        for name, module in network.named_modules()
        if name.rpartition(".")[2] in targets
        and isinstance(module, nn.Linear)
        and any(not part or name.startswith(f"{part}.") for part in within)
    ]
    if not found:
        names = sorted(
            {
                name.rpartition(".")[2]
                for name, module in network.named_modules()
                if isinstance(module, nn.Linear)
            }
        )
        raise BadInput(f"lora: no layer named {', '.join(targets)}; allowed: {', '.join(names)}")
    trainable = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    for parameter, _ in trainable:
        parameter.requires_grad_(False)
    layers = []
    for name, module in found:
        like: dict[str, Any] = {"dtype": module.weight.dtype, "device": module.weight.device}
        down = torch.stack([_initial((rank, module.in_features), (*key, name)) for key in keys]).to(**like)
        up = torch.zeros(len(keys), module.out_features, rank, **like)
        layer = ManyAdapters(module, down, up, scaling)
        parent = network.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], layer)
        layers.append(layer)
    try:
        yield layers
    finally:
        for (name, module), _ in zip(found, layers, strict=True):
            setattr(network.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], module)
        for parameter, before in trainable:
            parameter.requires_grad_(before)
