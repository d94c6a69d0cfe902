"""What a frozen model makes of the prompts: one feature vector per ordered pair of items.

A run and its reversal ask the same prompts, and so do all hierarchies of one size: they share these features.
A decoder that `decoder` knows is passed over a run's prompts as one tree, so that the shots are read once;
any other reads whole prompts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memgen.engine.causal import Prompts, last_places, tokenize
from memgen.engine.loading import Model
from memgen.engine.prompts import tree_of
from memgen.errors import BadInput

if TYPE_CHECKING:
    import torch

POOLINGS = ("last", "tail", "mean")


TAIL = 6


@dataclass(frozen=True)
class Features:
    """Features of a block of seeds.

    Parameters
    ----------
    model, items : str
        Name of the model and of the kind of item.
    n : int
        Number of items.
    first_seed : int
        Seed of the first entry; the others follow one by one.
    arrays : dict of str to ndarray of float32, shape (seeds, n (n - 1), width)
        By pooling; ordered pairs in the order of `prompts.ordered_pairs`.
    """

    model: str
    items: str
    n: int
    first_seed: int
    arrays: dict[str, np.ndarray]

    def write(self, path: Path) -> None:
        """Write as one safetensors file; its bytes depend on the values alone."""
        from safetensors.numpy import save_file

        # One entry only: the order of several in the header is not fixed.
        about = {"model": self.model, "items": self.items, "n": self.n, "first_seed": self.first_seed}
        # safetensors writes the memory as it lies, whatever the strides.
        arrays = {name: np.ascontiguousarray(array) for name, array in self.arrays.items()}
        save_file(arrays, path, metadata={"features": json.dumps(about, sort_keys=True)})
        path.chmod(0o644)  # safetensors writes a private file

    @classmethod
    def read(cls, path: Path) -> "Features":
        """Read a file that `write` wrote.

        Raises
        ------
        BadInput
            If it is no such file.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                about = json.loads((file.metadata() or {})["features"])
                arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
            found = cls(arrays=arrays, **about)
            found.check()
        except (OSError, SafetensorError, KeyError, ValueError, TypeError, RecursionError):
            raise BadInput(
                f"{path}: not a file of features; allowed: what memgen language features wrote"
            ) from None
        return found

    def check(self) -> None:
        """Raise a ValueError unless there is one vector per seed and ordered pair, by a known pooling."""
        shapes = {array.shape[:2] for array in self.arrays.values() if array.ndim == 3}
        whole = isinstance(self.n, int) and isinstance(self.first_seed, int)
        if not whole or any(array.ndim != 3 or not array.size for array in self.arrays.values()):
            raise ValueError("misshapen")
        if not self.arrays.keys() <= set(POOLINGS) or len(shapes) != 1:
            raise ValueError("misshapen")
        if next(iter(shapes))[1] != self.n * (self.n - 1):
            raise ValueError("misshapen")


def pool(hidden: "torch.Tensor", lengths: "torch.Tensor", pooling: str) -> "torch.Tensor":
    """Reduce the hidden states of right-padded prompts to one vector each.

    Parameters
    ----------
    hidden : tensor, shape (batch, tokens, width)
    lengths : tensor of int, shape (batch,)
        Tokens of each prompt; what lies beyond is padding and never read.
    pooling : {"last", "tail", "mean"}
        The last token, the mean of the last six, or the mean of all.

    Returns
    -------
    tensor, shape (batch, width)
    """
    import torch

    position = torch.arange(hidden.shape[1], device=hidden.device)[None, :]
    lengths = lengths[:, None]
    count = {"last": torch.ones_like(lengths), "tail": lengths.clamp(max=TAIL), "mean": lengths}[pooling]
    mask = (position < lengths) & (position >= lengths - count)
    # where, not a product: padding may hold NaN, and 0 * NaN is NaN.
    return torch.where(mask[:, :, None], hidden, 0).sum(1) / count


def extract(model: Model, texts: Sequence[str], poolings: Sequence[str], batch: int) -> dict[str, np.ndarray]:
    """Features of prompts.

    Where they pass whole, prompts of similar length share a batch; they are padded on the right and masked
    by their lengths, so that a prompt's features do not depend on its batch beyond rounding.

    Parameters
    ----------
    model : Model
    texts : sequence of str, length m
    poolings : sequence of str
        Of `POOLINGS`.
    batch : int
        Prompts per forward pass; of a tree, as many tokens as that many prompts have.

    Returns
    -------
    dict of str to ndarray of float32, shape (m, width)
        By pooling.

    Raises
    ------
    BadInput
        If a prompt is longer than the model takes.
    """
    import torch

    from memgen.engine.decoder import knows

    if knows(model.network):
        asked = tokenize(model.tokenizer, texts, model.longest_prompt)
        if asked.prefix:
            return _extract_trees(model, asked, poolings, batch)
    tokens = [model.tokenizer(text, padding=False, truncation=False)["input_ids"] for text in texts]
    longest = max(map(len, tokens))
    if longest > model.longest_prompt:
        raise BadInput(
            f"a prompt has {longest} tokens; allowed: {model.longest_prompt}, which the model takes"
        )
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
    found: dict[str, list[np.ndarray]] = {pooling: [np.empty(0)] * len(tokens) for pooling in poolings}
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            members = order[start : start + batch]
            lengths = torch.tensor([len(tokens[index]) for index in members])
            ids = torch.zeros(len(members), int(lengths.max()), dtype=torch.long)
            for row, index in enumerate(members):
                ids[row, : lengths[row]] = torch.tensor(tokens[index])
            mask = torch.arange(ids.shape[1])[None, :] < lengths[:, None]
            hidden = model.network(
                input_ids=ids.to(model.device), attention_mask=mask.long().to(model.device)
            ).last_hidden_state
            for pooling in poolings:
                pooled = pool(hidden, lengths.to(model.device), pooling).float().cpu().numpy()
                for row, index in enumerate(members):
                    found[pooling][index] = pooled[row]
    return {pooling: np.stack(vectors) for pooling, vectors in found.items()}


def _extract_trees(
    model: Model, asked: Prompts, poolings: Sequence[str], batch: int
) -> dict[str, np.ndarray]:
    """Features of the prompts of one run, in as few trees as the batch allows."""
    import torch

    from memgen.engine.decoder import Forest, climb, enter, finish

    network, count = model.network, len(asked.queries)
    longest = len(asked.prefix) + max(map(len, asked.queries))
    pieces = -(-len(tree_of(asked.prefix, asked.queries).tokens) // (batch * longest))
    found: dict[str, list[np.ndarray]] = {pooling: [] for pooling in poolings}
    with torch.inference_mode():
        for rows in np.array_split(np.arange(count), min(pieces, count)):
            part = asked.select(rows.tolist())
            tree = tree_of(part.prefix, part.queries)
            forest = Forest.of([tree], next(network.parameters()))
            last = last_places([part], [tree], model.device)
            everything = None if set(poolings) != {"last"} else last
            states = climb(network, enter(network, forest), forest, 0, len(network.layers), everything)
            states = finish(network, states)[0]
            if everything is not None:
                found["last"].append(states.float().cpu().numpy())
                continue
            paths = [torch.tensor(tree.path(part.prefix + query)) for query in part.queries]
            lengths = torch.tensor([len(path) for path in paths], device=model.device)
            places = torch.nn.utils.rnn.pad_sequence(paths, batch_first=True).to(model.device)
            for pooling in poolings:
                found[pooling].append(pool(states[places], lengths, pooling).float().cpu().numpy())
    return {pooling: np.concatenate(parts) for pooling, parts in found.items()}
