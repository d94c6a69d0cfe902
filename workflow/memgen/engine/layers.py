"""Training the last layers of a network alone: which weights these are, and what stands below them.

What the layers below make of a run's prompts never changes, so it is computed once for the run and its
reversal, and every step begins there. Of an architecture that cannot be passed from a layer on (see
`decoder.knows`) the layers below are frozen and passed every time: slower, and the same.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from memgen.engine.causal import Prompts, last_places
from memgen.engine.decoder import Forest, climb, decoder_of, enter, finish, knows
from memgen.engine.prompts import Tree, tree_of
from memgen.errors import BadInput


def _stack(network: Any) -> tuple[str, nn.ModuleList]:
    """The layers of a network: its longest list of modules, and its name."""
    lists = [(name, part) for name, part in network.named_modules() if isinstance(part, nn.ModuleList)]
    return max(lists, key=lambda entry: len(entry[1]))


def last_layers(network: Any, count: int | None) -> tuple[str, ...]:
    """Names of the modules whose weights are trained with the last layers.

    These are the layers, and what stands above them: the last norm, and the head unless it is tied to the
    embeddings, which stand below.

    Parameters
    ----------
    network : torch.nn.Module
        A causal model, or an encoder with or without heads over it.
    count : int, optional
        Number of layers; by default everything is trained.

    Returns
    -------
    tuple of str
        The empty name is the network itself.

    Raises
    ------
    BadInput
        If the network has fewer layers.
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
    """Whether a parameter or module of this name stands in one of some modules, or is one of them."""
    return any(not module or name == module or name.startswith(f"{module}.") for module in modules)


def weights_in(network: Any, modules: Sequence[str]) -> list[nn.Parameter]:
    """Parameters of some modules of a network, by their names."""
    return [part for name, part in network.named_parameters() if stands_in(name, modules)]


class Below:
    """States below the layers that are trained, kept for every set of prompts that was asked for.

    Parameters
    ----------
    network : transformers causal language model
    count : int
        Layers that are trained.
    """

    def __init__(self, network: Any, count: int) -> None:
        self._network = network
        self.first = len(decoder_of(network).layers) - count
        self._kept: dict[Tree, torch.Tensor] = {}

    def states(self, prompts: Prompts) -> tuple[Tree, torch.Tensor]:
        """Tree of a run's prompts and the state of each of its tokens, shape (t, width).

        A run and its reversal ask the same prompts, and share them.
        """
        tree = tree_of(prompts.prefix, prompts.queries)
        if tree not in self._kept:
            forest = Forest.of([tree], self._network.get_input_embeddings().weight)
            with torch.inference_mode(False), torch.no_grad():
                states = climb(self._network, enter(self._network, forest), forest, 0, self.first)
            self._kept[tree] = states[0]
        return tree, self._kept[tree]


class Upper:
    """The last layers of a causal model over states that are known; it is asked like a whole network.

    Parameters
    ----------
    network : transformers causal language model
    below : Below
    asked : sequence of Prompts, length s
        All prompts of each run.
    """

    def __init__(self, network: Any, below: Below, asked: Sequence[Prompts]) -> None:
        self._network, self._first = network, below.first
        self._below = [below.states(prompts) for prompts in asked]

    def get_output_embeddings(self) -> Any:
        """The network's head."""
        return self._network.get_output_embeddings()

    def read(self, runs: Sequence[Prompts]) -> torch.Tensor:
        """Last hidden state at the last token of every prompt; shape (s, prompts, width)."""
        trees = [tree_of(run.prefix, run.queries) for run in runs]
        known = [
            states[tree.places_in(larger)] for tree, (larger, states) in zip(trees, self._below, strict=True)
        ]
        states = nn.utils.rnn.pad_sequence(known, batch_first=True)
        forest = Forest.of(trees, states)
        places = last_places(runs, trees, states.device)
        layers = len(decoder_of(self._network).layers)
        return finish(self._network, climb(self._network, states, forest, self._first, layers, places))


def upper(network: Any, below: Below | None, asked: Sequence[Prompts]) -> Any:
    """The network to be trained: its last layers over known states where that can be, else the whole."""
    return network if below is None else Upper(network, below, asked)


def below_of(network: Any, count: int | None) -> Below | None:
    """What keeps the states below the last layers, or None where all are passed every time."""
    if count is None or not knows(network):
        return None
    return Below(network, count)
