"""A Llama or Qwen passed layer by layer over trees of tokens, from any layer on.

The last layer is passed at the tokens that are asked for alone: of the others it needs nothing but keys and
values. Many trees pass at once; they are padded at the end, and padding sees itself alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from memgen.engine.prompts import Tree

KNOWN = ("LlamaModel", "MistralModel", "Qwen2Model", "Qwen3Model")
"""Decoders whose layers are attention to all earlier tokens and a gated product, each after a norm."""


def knows(network: Any) -> bool:
    """Whether a network is a decoder that can be passed over trees.

    False of one that keeps more than keys and values (a recurrent state) or forgets some (a window), and of
    any architecture not listed: their prompts are passed whole.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer

    decoder = decoder_of(network)
    return type(decoder).__name__ in KNOWN and all(
        type(layer) is DynamicLayer for layer in DynamicCache(config=decoder.config).layers
    )


def decoder_of(network: Any) -> Any:
    """The decoder of a network with a language head, or the network itself."""
    return network.get_decoder() if hasattr(network, "get_decoder") else network


@dataclass(frozen=True)
class Forest:
    """Trees of several runs side by side.

    Parameters
    ----------
    tokens, positions : tensor of int, shape (s, t)
    mask : tensor, shape (s, 1, t, t)
        0 where a token sees another, else minus infinity.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor

    @staticmethod
    def of(trees: Sequence[Tree], like: torch.Tensor) -> "Forest":
        """Trees padded to one size, on the device and in the precision of a tensor."""
        return _planted(tuple(trees), like.dtype, like.device)


@lru_cache(maxsize=8)
def _planted(trees: tuple[Tree, ...], dtype: torch.dtype, device: torch.device) -> Forest:
    size = max(len(tree.tokens) for tree in trees)
    tokens, positions = np.zeros((2, len(trees), size), dtype=np.int64)
    sees = np.zeros((len(trees), size, size), dtype=bool)
    sees[:, range(size), range(size)] = True
    for index, tree in enumerate(trees):
        count = len(tree.tokens)
        tokens[index, :count], positions[index, :count] = tree.tokens, tree.positions()
        sees[index, :count, :count] = tree.sees()
    with torch.inference_mode(False):  # what is kept here serves training too
        mask = torch.zeros(len(trees), 1, size, size, dtype=dtype)
        mask.masked_fill_(~torch.from_numpy(sees)[:, None], -torch.inf)
        parts = torch.from_numpy(tokens), torch.from_numpy(positions), mask
        return Forest(*(part.to(device) for part in parts))


def enter(network: Any, forest: Forest) -> torch.Tensor:
    """Embeddings of all tokens, shape (s, t, width): the states below the first layer."""
    found: torch.Tensor = decoder_of(network).embed_tokens(forest.tokens)
    return found


def climb(
    network: Any,
    states: torch.Tensor,
    forest: Forest,
    first: int,
    last: int,
    places: torch.Tensor | None = None,
) -> torch.Tensor:
    """States above some layers.

    Parameters
    ----------
    network : transformers causal language model or decoder
    states : tensor, shape (s, t, width)
        Below layer `first`.
    forest : Forest
    first, last : int
        Layers passed, the last one excluded.
    places : tensor of int, shape (s, m), optional
        Tokens asked for, of those of each tree; all by default.

    Returns
    -------
    tensor, shape (s, m, width) or (s, t, width)
        Before the last norm.
    """
    decoder = decoder_of(network)
    cosine, sine = decoder.rotary_emb(states, forest.positions)
    half = sine.shape[-1] // 2
    turn = cosine, torch.cat((-sine[..., :half], sine[..., half:]), -1)
    for index in range(first, last):
        asked = places if index == last - 1 else None
        states = _layer(decoder.layers[index], states, turn, forest.mask, asked)
    if places is not None and first == last:
        states = _take(states, places)
    return states


def finish(network: Any, states: torch.Tensor) -> torch.Tensor:
    """What the head reads: the states above the last layer after the last norm."""
    found: torch.Tensor = decoder_of(network).norm(states)
    return found


def _take(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Vectors of shape (s, m, width) at places of shape (s, m) among vectors of shape (s, t, width)."""
    return torch.take_along_dim(values, places[..., None], 1)


def _layer(
    layer: Any,
    states: torch.Tensor,
    turn: tuple[torch.Tensor, torch.Tensor],
    mask: torch.Tensor,
    places: torch.Tensor | None,
) -> torch.Tensor:
    """One layer: attention and the gated product, each beside what it adds to."""
    normed = layer.input_layernorm(states)
    asked, turn_asked = normed, turn
    if places is not None:
        states, asked = _take(states, places), _take(normed, places)
        turn_asked = _take(turn[0], places), _take(turn[1], places)
        mask = torch.take_along_dim(mask, places[:, None, :, None], 2)
    attention = layer.self_attn
    queries = _turned(_heads(attention, "q", asked), turn_asked).transpose(1, 2)
    keys = _turned(_heads(attention, "k", normed), turn).transpose(1, 2)
    values = _heads(attention, "v", normed).transpose(1, 2)
    groups = queries.shape[1] // keys.shape[1]
    if groups > 1:
        keys, values = (part.repeat_interleave(groups, 1) for part in (keys, values))
    mixed = torch.nn.functional.scaled_dot_product_attention(
        queries, keys, values, attn_mask=mask, scale=attention.scaling
    )
    states = states + attention.o_proj(mixed.transpose(1, 2).flatten(2))
    found: torch.Tensor = states + layer.mlp(layer.post_attention_layernorm(states))
    return found


def _heads(attention: Any, part: str, states: torch.Tensor) -> torch.Tensor:
    """Queries, keys or values, shape (s, t, heads, width of a head)."""
    found: torch.Tensor = getattr(attention, f"{part}_proj")(states)
    found = found.view(*found.shape[:2], -1, attention.head_dim)
    norm = getattr(attention, f"{part}_norm", None)
    return found if norm is None else norm(found)


def _turned(heads: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Rotary positions: each pair of numbers half a head apart is turned by an angle of its own."""
    cosine, sine = (part[:, :, None] for part in turn)
    return torch.addcmul(heads * cosine, heads.roll(heads.shape[-1] // 2, -1), sine)
