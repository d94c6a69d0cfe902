"""Answers of a causal language model, for many runs at once: the prompts in, hidden states and answers out.

Knows tokens, padding, the shared beginning of a run's prompts and the logits of " Yes" and " No"; knows
neither items nor how a model is trained. All prompts of a run begin alike, with the two shots: that part
passes through the network once per run, and its keys and values are shared by the queries, also while
gradients are taken. Padding is on the right and masked by lengths; positions are given. Architectures
that keep anything but keys and values (recurrent states, windows) get whole prompts instead.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from memgen.errors import BadInput

if TYPE_CHECKING:
    import torch


log = logging.getLogger(__name__)

ANSWERS = (" Yes", " No")


@dataclass(frozen=True)
class Prompts:
    """Tokens of one run's prompts, split where they begin to differ.

    Parameters
    ----------
    prefix : tuple of int
        What all prompts begin with; may be empty.
    queries : tuple of tuple of int
        The rest of each, at least one token.
    """

    prefix: tuple[int, ...]
    queries: tuple[tuple[int, ...], ...]

    def whole(self) -> "Prompts":
        """The same prompts, nothing shared."""
        return Prompts((), tuple(self.prefix + query for query in self.queries))

    def select(self, rows: Sequence[int]) -> "Prompts":
        """Some of the prompts."""
        return Prompts(self.prefix, tuple(self.queries[row] for row in rows))


def tokenize(tokenizer: Any, texts: Sequence[str], longest: int) -> Prompts:
    """Tokens of the prompts of one run.

    Parameters
    ----------
    tokenizer : transformers tokenizer
    texts : sequence of str
    longest : int
        Most tokens that the model takes.

    Raises
    ------
    BadInput
        If a prompt is longer than that.
    """
    tokens = [tokenizer(text, padding=False, truncation=False)["input_ids"] for text in texts]
    most = max(map(len, tokens))
    if most > longest:
        raise BadInput(f"a prompt has {most} tokens; allowed: {longest}, which the model takes")
    shared = min(map(len, tokens)) - 1
    for position in range(shared):
        if len({row[position] for row in tokens}) > 1:
            shared = position
            break
    return Prompts(tuple(tokens[0][:shared]), tuple(tuple(row[shared:]) for row in tokens))


def answer_tokens(tokenizer: Any) -> tuple[int, int]:
    """Tokens of " Yes" and " No".

    Raises
    ------
    BadInput
        If one of them is not a single token of its own.
    """
    found = []
    for answer in ANSWERS:
        tokens = tokenizer(answer, add_special_tokens=False)["input_ids"]
        if len(tokens) != 1 or tokens[0] == tokenizer.unk_token_id:
            raise BadInput(f"tokenizer: {answer!r} is {len(tokens)} tokens; allowed: a single, known one")
        found.append(int(tokens[0]))
    if found[0] == found[1]:
        raise BadInput(f"tokenizer: {ANSWERS[0]!r} and {ANSWERS[1]!r} are one token; allowed: two")
    return found[0], found[1]


def shares_prefixes(network: Any) -> bool:
    """Whether the network keeps nothing but keys and values, so that a prefix can be shared."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    return all(type(layer) is DynamicLayer for layer in DynamicCache(config=network.config).layers)


def check_head(network: Any) -> None:
    """Refuse a network whose logits are more than its head applied to its last hidden state.

    Raises
    ------
    BadInput
        If they are, for instance where logits are scaled or capped.
    """
    import torch

    head = network.get_output_embeddings()
    ids = torch.arange(1, 5, device=head.weight.device)[None] % network.get_input_embeddings().num_embeddings
    with torch.inference_mode():
        output = network(input_ids=ids, output_hidden_states=True, logits_to_keep=1)
        expected = head(network.get_decoder()(input_ids=ids).last_hidden_state[:, -1:])
    if not torch.allclose(output.logits, expected.to(output.logits), rtol=1e-2, atol=1e-2):
        raise BadInput(
            f"{type(network).__name__}: its logits are not its head's; allowed: head(last hidden state)"
        )


def padded(rows: Sequence[Sequence[int]], device: Any) -> "tuple[torch.Tensor, torch.Tensor]":
    """Rows of tokens padded on the right, and their lengths."""
    import torch

    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row, dtype=torch.long)
    return ids.to(device), lengths.to(device)


def last_hidden(network: Any, runs: Sequence[Prompts]) -> "torch.Tensor":
    """Last hidden state at the last token of every prompt of some runs.

    Parameters
    ----------
    network : transformers causal language model
        Rows stand run by run, as `adapters` needs it.
    runs : sequence of Prompts, length s
        The same number of prompts each.

    Returns
    -------
    tensor, shape (s, prompts, width)
    """
    import torch
    from transformers.cache_utils import DynamicCache

    states: torch.Tensor
    if hasattr(network, "read"):  # an encoder with heads of its own, see `classifier`
        states = network.read(runs)
        return states
    decoder = network.get_decoder()
    device = network.get_output_embeddings().weight.device
    each = len(runs[0].queries)
    if not all(run.prefix for run in runs) or not shares_prefixes(network):
        runs = [run.whole() for run in runs]
    ids, lengths = padded([query for run in runs for query in run.queries], device)
    reach = torch.arange(ids.shape[1], device=device)[None, :]
    mask = (reach < lengths[:, None]).long()
    cache, positions = None, reach.expand(ids.shape)
    if runs[0].prefix:
        start, starts = padded([run.prefix for run in runs], device)
        before = torch.arange(start.shape[1], device=device)[None, :]
        start_mask = (before < starts[:, None]).long()
        kept = decoder(
            input_ids=start,
            attention_mask=start_mask,
            position_ids=before.expand(start.shape),
            past_key_values=DynamicCache(config=network.config),
            use_cache=True,
        ).past_key_values
        shared = [(layer.keys, layer.values) for layer in kept.layers]
        cache = DynamicCache([tuple(part.repeat_interleave(each, 0) for part in pair) for pair in shared])
        mask = torch.cat([start_mask.repeat_interleave(each, 0), mask], 1)
        positions = positions + starts.repeat_interleave(each)[:, None]
    hidden = decoder(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=cache is not None,
    ).last_hidden_state
    chosen = hidden[torch.arange(len(ids), device=device), lengths - 1]
    states = chosen.view(len(runs), each, -1)
    return states


def hidden_states(network: Any, runs: Sequence[Prompts], batch: int) -> "torch.Tensor":
    """`last_hidden` without gradients, at most `batch` prompts per forward pass (at least one per run).

    Where a GPU's memory ends, the batch is halved, and the log says so.

    Raises
    ------
    BadInput
        If even one prompt per run does not fit.
    """
    import torch

    step = max(1, batch // len(runs))
    count = len(runs[0].queries)
    parts: list[torch.Tensor] = []
    start = 0
    with torch.inference_mode():
        while start < count:
            end = min(start + step, count)
            try:
                parts.append(last_hidden(network, [run.select(range(start, end)) for run in runs]))
                start = end
                continue
            except torch.cuda.OutOfMemoryError:
                if step == 1:
                    raise BadInput(
                        f"out of GPU memory with one prompt of {len(runs)} runs; allowed: a smaller block"
                    ) from None
            step = max(1, min(step, count) // 2)
            torch.cuda.empty_cache()
            log.warning("out of GPU memory: %d prompts of each run are answered at once", step)
    return torch.cat(parts, 1)


def logit_differences(
    network: Any, runs: Sequence[Prompts], answers: tuple[int, int], batch: int
) -> np.ndarray:
    """Logit of " Yes" minus logit of " No" at the last token of every prompt.

    Parameters
    ----------
    network : transformers causal language model
    runs : sequence of Prompts, length s
    answers : tuple of int
        Tokens of " Yes" and " No".
    batch : int
        Prompts per forward pass.

    Returns
    -------
    ndarray of float64, shape (s, prompts)
        Each logit in the network's own precision, as the protocol has it; the difference in float64.
    """
    return differences_of(network, hidden_states(network, runs, batch), answers)


def differences_of(network: Any, hidden: "torch.Tensor", answers: tuple[int, int]) -> np.ndarray:
    """`logit_differences` of last hidden states that are known already.

    Parameters
    ----------
    network : transformers causal language model
    hidden : tensor, shape (s, prompts, width)
    answers : tuple of int

    Returns
    -------
    ndarray of float64, shape (s, prompts)
    """
    import torch

    head = network.get_output_embeddings()
    with torch.inference_mode():
        # One head for all runs, or one for each: (2, width) or (s, 2, width).
        weight = head.weight[..., list(answers), :]
        logits = hidden @ weight.transpose(-1, -2)
        if head.bias is not None:
            logits = logits + head.bias[..., list(answers)]
        logits = logits.double()
    difference: np.ndarray = (logits[..., 0] - logits[..., 1]).cpu().numpy()
    return difference
