"""Training the last layers of a network alone: which weights these are, and the states below them.

The states below the trained layers never change, so they are computed once for the prompts of a run and of
its reversal, and every step begins there. Of an architecture that cannot be packed (`decoder.can_pack`) the
lower layers are frozen and passed every time: slower, and the same.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from memgen.engine.decoder import can_pack, decoder_of, embed, final_norm, pack, run_layers
from memgen.engine.prompts import PrefixTree, Prompts, prefix_tree
from memgen.errors import BadInput


def _stack(network: Any) -> tuple[str, nn.ModuleList]:
    """The layers of a network: its longest list of modules, and its name."""
    lists = [(name, part) for name, part in network.named_modules() if isinstance(part, nn.ModuleList)]
    return max(lists, key=lambda entry: len(entry[1]))


def last_layers(network: Any, count: int | None) -> tuple[str, ...]:
    """Names of the modules whose weights are trained with the last `count` layers; one empty name for all.

    These are the layers, and what stands above them: the last norm, and the head unless it is tied to the
    embeddings, which stand below. BadInput if the network, a causal model or an encoder, has fewer layers.
    """
    if count is None:
        return ("",)
    name, stack = _stack(network)
    if not 1 <= count <= len(stack):
        raise BadInput(f"layers: {count}, but the model has {len(stack)}; allowed: 1 to {len(stack)}")
    names = [f"{name}.{index}" for index in range(len(stack) - count, len(stack))]
    above = name.rpartition(".")[0]
    norm = f"{above}.norm" if above else "norm"
    if norm in dict(network.named_modules()):
        names.append(norm)
    embeddings = {id(part.weight) for part in network.modules() if isinstance(part, nn.Embedding)}
    for head in ("lm_head", "heads"):
        module = getattr(network, head, None)
        if module is not None and id(module.weight) not in embeddings:
            names.append(head)
    return tuple(names)


def stands_in(name: str, modules: Sequence[str]) -> bool:
    """Whether a parameter or module of this name is one of some modules, or inside one."""
    return any(not module or name == module or name.startswith(f"{module}.") for module in modules)


def weights_in(network: Any, modules: Sequence[str]) -> list[nn.Parameter]:
    """Parameters of some modules of a network, by their names."""
    return [part for name, part in network.named_parameters() if stands_in(name, modules)]


class FrozenLayers:
    """States of prompts below the last `count` layers of a causal model, each computed once."""

    def __init__(self, network: Any, count: int) -> None:
        self._network = network
        self.count = len(decoder_of(network).layers) - count
        self._kept: dict[PrefixTree, torch.Tensor] = {}

    def states(self, prompts: Prompts) -> tuple[PrefixTree, torch.Tensor]:
        """Tree of a run's prompts, and the state of each of its tokens, shape (t, width)."""
        tree = prefix_tree(prompts)
        if tree not in self._kept:
            packed = pack([prompts], self._network.get_input_embeddings().weight)
            with torch.inference_mode(False), torch.no_grad():
                entered = embed(self._network, packed)
                self._kept[tree] = run_layers(self._network, entered, packed, last=self.count)[0]
        return tree, self._kept[tree]


class TrainedLayers:
    """The last layers of a causal model over the known states of all prompts of some runs.

    It is asked like a whole network.
    """

    def __init__(self, network: Any, frozen: FrozenLayers, asked: Sequence[Prompts]) -> None:
        self._network, self._first = network, frozen.count
        self._below = [frozen.states(prompts) for prompts in asked]

    def get_output_embeddings(self) -> Any:
        """The network's head."""
        return self._network.get_output_embeddings()

    def read(self, runs: Sequence[Prompts]) -> torch.Tensor:
        """Last hidden state at the last token of every prompt; shape (s, prompts, width)."""
        known = [
            states[prefix_tree(run).places_in(larger)]
            for run, (larger, states) in zip(runs, self._below, strict=True)
        ]
        states = nn.utils.rnn.pad_sequence(known, batch_first=True)
        packed = pack(runs, states)
        above = run_layers(self._network, states, packed, self._first, places=packed.last(runs))
        return final_norm(self._network, above)


def frozen_layers(network: Any, count: int | None) -> FrozenLayers | None:
    """Layers below the last `count`, or None where all layers are passed every time."""
    return None if count is None or not can_pack(network) else FrozenLayers(network, count)


def trained_layers(network: Any, frozen: FrozenLayers | None, asked: Sequence[Prompts]) -> Any:
    """The network to be trained: its last layers over known states where that can be, else the whole."""
    return network if frozen is None else TrainedLayers(network, frozen, asked)
