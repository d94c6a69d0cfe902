"""Features of prompts in a frozen model: one vector per prompt, pooled from the hidden states of its tokens.

A decoder that can be packed is passed over the prompts of a run as prefix trees, so that their common
beginning is read once; any other model reads whole prompts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from memgen.engine.decoder import can_pack, embed, final_norm, pack, run_layers
from memgen.engine.loading import Model
from memgen.engine.prompts import Prompts, padded, prefix_tree, tokenize
from memgen.errors import BadInput

POOLINGS = ("last", "tail", "mean")
TAIL = 6


@dataclass(frozen=True)
class Features:
    """Features of a block of runs, in one safetensors file: what they are of, and an array for each pooling.

    The arrays are of float32 and of shape (runs, prompts, width).
    """

    about: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def write(self, path: Path) -> None:
        """Write the file; its bytes depend on the values alone."""
        from safetensors.numpy import save_file

        # One entry only: the order of several in the header is not fixed. The strides must not matter either.
        arrays = {name: np.ascontiguousarray(array) for name, array in self.arrays.items()}
        save_file(arrays, path, metadata={"features": json.dumps(self.about, sort_keys=True)})
        path.chmod(0o644)  # safetensors writes a private file

    @classmethod
    def read(cls, path: Path) -> "Features":
        """Read a file that `write` wrote; BadInput if it is no such file."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                about = json.loads((file.metadata() or {})["features"])
                arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
        except (OSError, SafetensorError, KeyError, ValueError, TypeError, RecursionError):
            about, arrays = None, {}
        whole = all(array.ndim == 3 and array.size for array in arrays.values())
        one = whole and len({array.shape[:2] for array in arrays.values()}) == 1
        if not (one and isinstance(about, dict) and arrays.keys() <= set(POOLINGS)):
            raise BadInput(f"{path}: not a file of features; allowed: what memgen language features wrote")
        return cls(about, arrays)


def pool(hidden: torch.Tensor, lengths: torch.Tensor, pooling: str) -> torch.Tensor:
    """Reduce hidden states of shape (batch, tokens, width) to one vector a prompt, shape (batch, width).

    The pooling is the last token, the mean of the last six (tail), or the mean of all. A prompt has `lengths`
    tokens; what lies beyond is padding and never read.
    """
    position = torch.arange(hidden.shape[1], device=hidden.device)[None, :]
    lengths = lengths[:, None]
    count = {"last": torch.ones_like(lengths), "tail": lengths.clamp(max=TAIL), "mean": lengths}[pooling]
    mask = (position < lengths) & (position >= lengths - count)
    # where, not a product: padding may hold NaN, and 0 * NaN is NaN.
    return torch.where(mask[:, :, None], hidden, 0).sum(1) / count


def extract(model: Model, texts: Sequence[str], poolings: Sequence[str], batch: int) -> dict[str, np.ndarray]:
    """Features of m prompts above the last layer, by pooling, shape (m, width); see `extract_depths`."""
    found = extract_depths(model, texts, poolings, batch, [depth_of(model)])
    return {pooling: features[0] for pooling, features in found.items()}


def depth_of(model: Model) -> int:
    """Number of layers of a network."""
    return int(model.network.config.get_text_config().num_hidden_layers)


@torch.inference_mode()
def extract_depths(
    model: Model, texts: Sequence[str], poolings: Sequence[str], batch: int, depths: Sequence[int]
) -> dict[str, np.ndarray]:
    """Features of prompts above some layers, all from the same passes.

    A decoder that can be packed is read at depth k as if it ended there: above layer k and its last norm. Of
    any other network the states above layer k are read as they are. Where prompts pass whole, those of
    similar length share a batch; a prompt's features do not depend on its batch beyond rounding.

    Parameters
    ----------
    model : Model
    texts : sequence of str, length m
    poolings : sequence of str
        Of `POOLINGS`.
    batch : int
        Prompts per forward pass; of a tree, as many tokens as that many prompts have.
    depths : sequence of int, length d
        Increasing, 1 to the number of layers.

    Returns
    -------
    dict of str to ndarray of float32, shape (d, m, width)

    Raises
    ------
    BadInput
        If a prompt is longer than the model takes.
    """
    asked = tokenize(model.tokenizer, texts, model.longest_prompt)
    if asked.prefix and can_pack(model.network):
        return _extract_packed(model, asked, poolings, batch, depths)
    last = depth_of(model)
    rows = asked.whole().queries
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    found: dict[str, list[np.ndarray]] = {pooling: [np.empty(0)] * len(rows) for pooling in poolings}
    for start in range(0, len(order), batch):
        members = order[start : start + batch]
        ids, lengths = padded([rows[index] for index in members], model.device)
        mask = torch.arange(ids.shape[1], device=model.device)[None, :] < lengths[:, None]
        passed = model.network(
            input_ids=ids, attention_mask=mask.long(), output_hidden_states=list(depths) != [last]
        )
        hidden = [
            passed.last_hidden_state if depth == last else passed.hidden_states[depth] for depth in depths
        ]
        for pooling in poolings:
            vectors = np.stack([_numbers(pool(states, lengths, pooling)) for states in hidden], axis=1)
            for index, vector in zip(members, vectors, strict=True):
                found[pooling][index] = vector
    return {pooling: np.stack(vectors, axis=1) for pooling, vectors in found.items()}


def _numbers(states: torch.Tensor) -> np.ndarray:
    numbers: np.ndarray = states.float().cpu().numpy()
    return numbers


def _extract_packed(
    model: Model, asked: Prompts, poolings: Sequence[str], batch: int, depths: Sequence[int]
) -> dict[str, np.ndarray]:
    """Features of the prompts of one run, in as few trees as the batch allows."""
    network, count = model.network, len(asked.queries)
    longest = len(asked.prefix) + max(map(len, asked.queries))
    pieces = -(-len(prefix_tree(asked).tokens) // (batch * longest))
    found: dict[str, list[np.ndarray]] = {pooling: [] for pooling in poolings}
    for rows in np.array_split(np.arange(count), min(pieces, count)):
        part = asked.select(rows.tolist())
        packed = pack([part], next(network.parameters()))
        # The last layer of a single depth is passed at the last tokens alone, where nothing else is read.
        places = packed.last([part]) if set(poolings) == {"last"} and len(depths) == 1 else None
        paths = [torch.tensor(packed.trees[0].path(part.prefix + query)) for query in part.queries]
        lengths = torch.tensor([len(path) for path in paths], device=model.device)
        at = torch.nn.utils.rnn.pad_sequence(paths, batch_first=True).to(model.device)
        states = embed(network, packed)
        pooled: dict[str, list[np.ndarray]] = {pooling: [] for pooling in poolings}
        for begun, depth in pairwise((0, *depths)):
            states = run_layers(network, states, packed, begun, depth, places)
            read = final_norm(network, states)[0]
            for pooling in poolings:
                vectors = read if places is not None else pool(read[at], lengths, pooling)
                pooled[pooling].append(_numbers(vectors))
        for pooling in poolings:
            found[pooling].append(np.stack(pooled[pooling]))
    return {pooling: np.concatenate(parts, axis=1) for pooling, parts in found.items()}
