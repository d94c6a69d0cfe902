"""A Llama or Qwen passed layer by layer over packed prompts, from any layer on.

Prompts are packed as prefix trees (`memgen.engine.prompts`). The last layer is passed at the tokens that are
asked for alone: of the others it needs nothing but keys and values. Trees of several runs pass at once; they
are padded at the end, and padding sees itself alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from memgen.engine.prompts import PrefixTree, Prompts, prefix_tree

KNOWN = ("LlamaModel", "MistralModel", "Qwen2Model", "Qwen3Model")
"""Decoders whose layers are attention to all earlier tokens and a gated product, each after a norm."""


def can_pack(network: Any) -> bool:
    """Whether a network is a decoder that can be passed over packed prompts.

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
class Packed:
    """Prefix trees of s runs side by side: tokens and positions of shape (s, t), mask of shape (s, 1, t, t).

    The mask is 0 where a token sees another, else minus infinity.
    """

    trees: tuple[PrefixTree, ...]
    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor

    def last(self, runs: Sequence[Prompts]) -> torch.Tensor:
        """Places of the last token of every prompt, in the order of the prompts; shape (s, prompts)."""
        found = [
            [tree.ends[query] for query in run.queries] for run, tree in zip(runs, self.trees, strict=True)
        ]
        return torch.tensor(found, device=self.tokens.device)


def pack(runs: Sequence[Prompts], like: torch.Tensor) -> Packed:
    """Prompts of some runs, on the device and in the precision of a tensor."""
    return _packed(tuple(map(prefix_tree, runs)), like.dtype, like.device)


@lru_cache(maxsize=8)
def _packed(trees: tuple[PrefixTree, ...], dtype: torch.dtype, device: torch.device) -> Packed:
    size = max(len(tree.tokens) for tree in trees)
    tokens, positions = np.zeros((2, len(trees), size), dtype=np.int64)
    sees = np.zeros((len(trees), size, size), dtype=bool)
    sees[:, range(size), range(size)] = True
    for index, tree in enumerate(trees):
        count = len(tree.tokens)
        tokens[index, :count], positions[index, :count] = tree.tokens, tree.positions()
        sees[index, :count, :count] = tree.sees()
    with torch.inference_mode(False):  # training uses the same tensors
        mask = torch.zeros(len(trees), 1, size, size, dtype=dtype)
        mask.masked_fill_(~torch.from_numpy(sees)[:, None], -torch.inf)
        parts = torch.from_numpy(tokens), torch.from_numpy(positions), mask
        return Packed(trees, *(part.to(device) for part in parts))


def embed(network: Any, packed: Packed) -> torch.Tensor:
    """Embeddings of all tokens, shape (s, t, width): the states below the first layer."""
    found: torch.Tensor = decoder_of(network).embed_tokens(packed.tokens)
    return found


def run_layers(
    network: Any,
    states: torch.Tensor,
    packed: Packed,
    first: int = 0,
    last: int | None = None,
    places: torch.Tensor | None = None,
) -> torch.Tensor:
    """States above the layers from `first` up to `last`, before the last norm; all layers by default.

    The states given have shape (s, t, width); those returned, of the tokens at `places` of shape (s, m) alone
    where these are given, (s, m, width).
    """
    decoder = decoder_of(network)
    last = len(decoder.layers) if last is None else last
    cosine, sine = decoder.rotary_emb(states, packed.positions)
    half = sine.shape[-1] // 2
    turn = cosine, torch.cat((-sine[..., :half], sine[..., half:]), -1)
    for index in range(first, last):
        asked = places if index == last - 1 else None
        states = _layer(decoder.layers[index], states, turn, packed.mask, asked)
    return states


def final_norm(network: Any, states: torch.Tensor) -> torch.Tensor:
    """States above the last layer after the last norm, which the head reads."""
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
