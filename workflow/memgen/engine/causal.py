"""Answers of a causal language model, for many runs at once: the prompts in, hidden states and answers out.

Prompts of decoders that can be packed pass through the network as prefix trees, every common beginning once,
also while gradients are taken. Other architectures get whole prompts, padded on the right and masked by
lengths.
"""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from memgen.engine.decoder import can_pack, embed, final_norm, pack, run_layers
from memgen.engine.prompts import Prompts, padded
from memgen.errors import BadInput

log = logging.getLogger(__name__)


def check_head(network: Any) -> None:
    """Refuse a network whose logits are not its head of its last hidden state, but scaled or capped."""
    head = network.get_output_embeddings()
    ids = torch.arange(1, 5, device=head.weight.device)[None] % network.get_input_embeddings().num_embeddings
    with torch.inference_mode():
        output = network(input_ids=ids, output_hidden_states=True, logits_to_keep=1)
        expected = head(network.get_decoder()(input_ids=ids).last_hidden_state[:, -1:])
    if not torch.allclose(output.logits, expected.to(output.logits), rtol=1e-2, atol=1e-2):
        raise BadInput(
            f"{type(network).__name__}: its logits are not its head's; allowed: head(last hidden state)"
        )


def last_hidden(network: Any, runs: Sequence[Prompts]) -> torch.Tensor:
    """Last hidden state at the last token of every prompt of some runs.

    Parameters
    ----------
    network : transformers causal language model
        Or what reads prompts itself: an encoder with heads (`encoder`), trained last layers (`layers`).
    runs : sequence of Prompts, length s
        The same number of prompts each. Rows stand run by run, as weights of each run need it.

    Returns
    -------
    tensor, shape (s, prompts, width)
    """
    states: torch.Tensor
    if hasattr(network, "read"):
        states = network.read(runs)
        return states
    if all(run.prefix for run in runs) and can_pack(network):
        packed = pack(runs, network.get_input_embeddings().weight)
        places = packed.last(runs)
        return final_norm(network, run_layers(network, embed(network, packed), packed, places=places))
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


def hidden_states(network: Any, runs: Sequence[Prompts], batch: int) -> torch.Tensor:
    """`last_hidden` without gradients, at most `batch` prompts per forward pass (at least one per run).

    On a GPU out-of-memory error the batch is halved, and the log says so; BadInput if even one prompt per run
    does not fit.
    """
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


def differences_of(network: Any, hidden: torch.Tensor, answers: tuple[int, int]) -> np.ndarray:
    """`logit_differences` of last hidden states that are known already, shape (s, prompts, width)."""
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
