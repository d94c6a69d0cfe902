"""Answers of a causal language model, for many runs at once: the prompts in, hidden states and answers out.

All prompts of a run begin alike, with the two shots, and many go on alike: they pass through the network as
one tree (see `trees`), every common beginning once, also while gradients are taken. Architectures that keep
anything but keys and values (recurrent states, windows), and any that `decoder` does not know, get whole
prompts instead, padded on the right and masked by lengths.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from memgen.engine.prompts import Tree, tree_of
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
        Rows stand run by run, as `lora` needs it.
    runs : sequence of Prompts, length s
        The same number of prompts each.

    Returns
    -------
    tensor, shape (s, prompts, width)
    """
    import torch

    from memgen.engine import decoder

    states: torch.Tensor
    if hasattr(network, "read"):  # an encoder with heads, see `classifier`, or last layers, see `layers`
        states = network.read(runs)
        return states
    if all(run.prefix for run in runs) and decoder.knows(network):
        trees = [tree_of(run.prefix, run.queries) for run in runs]
        forest = decoder.Forest.of(trees, network.get_input_embeddings().weight)
        places = last_places(runs, trees, forest.tokens.device)
        layers = len(network.get_decoder().layers)
        entered = decoder.enter(network, forest)
        return decoder.finish(network, decoder.climb(network, entered, forest, 0, layers, places))
    device = network.get_output_embeddings().weight.device
    ids, lengths = padded([query for run in runs for query in run.whole().queries], device)
    reach = torch.arange(ids.shape[1], device=device)[None, :]
    hidden = (
        network.get_decoder()(
            input_ids=ids,
            attention_mask=(reach < lengths[:, None]).long(),
            position_ids=reach.expand(ids.shape),
            use_cache=False,
        )
    ).last_hidden_state
    chosen = hidden[torch.arange(len(ids), device=device), lengths - 1]
    states = chosen.view(len(runs), len(runs[0].queries), -1)
    return states


def last_places(runs: Sequence[Prompts], trees: Sequence[Tree], device: Any) -> "torch.Tensor":
    """Places in their trees of the last tokens of all prompts; shape (s, prompts)."""
    import torch

    found = [[tree.ends[query] for query in run.queries] for run, tree in zip(runs, trees, strict=True)]
    return torch.tensor(found, device=device)


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
