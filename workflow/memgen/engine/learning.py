"""Answers of a group of runs before and after training, by each method.

Knows full finetuning, adapters, heads and encoders with a two-way head, and puts every weight back where it
was; knows neither items nor hierarchies nor files. The training itself is in `training`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from memgen.engine import encoder, per_run
from memgen.engine.causal import differences_of, hidden_states
from memgen.engine.checkpoints import Keeper
from memgen.engine.layers import FrozenLayers, last_layers, trained_layers, weights_in
from memgen.engine.loading import Model
from memgen.engine.methods import Finetuning, Full, Head, Lora
from memgen.engine.prompts import Prompts, answer_tokens
from memgen.engine.training import Run, pull_back, train, train_heads


@dataclass(frozen=True)
class Answers:
    """What a group of s runs gave, for p hyperparameters."""

    hyperparameters: tuple[float | None, ...]
    #: Logit differences before training, shape (s, pairs); None of a model that had no head then.
    before: np.ndarray | None
    #: After training, shape (p, s, pairs); NaN throughout where a run diverged.
    after: np.ndarray
    #: Mean training loss over the last epoch, shape (p, s); NaN where a run diverged.
    losses: np.ndarray
    #: Last hidden states before training and, where training changes them, after; shape (s, pairs, width).
    hidden: tuple[np.ndarray, ...]


def answers_of(model: Model) -> tuple[int, int]:
    """Rows of a model's head that stand for Yes and No."""
    return answer_tokens(model.tokenizer) if model.causal else encoder.ANSWERS


def learn(
    model: Model,
    asked: Sequence[Prompts],
    runs: Sequence[Run],
    method: Finetuning,
    lora_rank: int | None = None,
    frozen: FrozenLayers | None = None,
    batch: int = 512,
    keeper: Keeper | None = None,
) -> Answers:
    """Answers of a group of runs before and after training; the model is left as it was.

    Parameters
    ----------
    model : Model
        Causal, or with kind full or lora an encoder.
    asked : sequence of Prompts, length s
        Every ordered pair of each run.
    runs : sequence of Run, length s
    method : Full, Lora or Head
    lora_rank : int, optional
        Of the adapters: one of the method's, which are runs of their own.
    frozen : FrozenLayers, optional
        Keeps the states below the layers that are trained, from group to group.
    batch : int
        Prompts per forward pass when answers are read.
    keeper : Keeper, optional
        Saves the state of the training of all weights or of adapters. A head is trained anew.
    """
    if model.causal:
        network = trained_layers(model.network, frozen, asked)
    else:
        network = encoder.Classifier(model.network, [run.key for run in runs])
    answers = answers_of(model)
    before, states = _answer(network, asked, answers, batch)
    hidden = [states]
    if isinstance(method, Head):
        after, losses = _heads(model, asked, runs, method, answers, batch)
    else:
        with _weights(model, runs, method, lora_rank) as weights:
            own = [] if model.causal else list(network.heads.parameters())
            losses = train(network, runs, method, [*weights, *own], keeper=keeper)[None]
            found, states = _answer(network, asked, answers, batch)
        after = found[None]
        hidden.append(states)
    after = np.where(np.isfinite(losses)[..., None], after, np.nan)
    hyperparameters: tuple[float | None, ...] = (None,)
    if isinstance(method, Head):
        hyperparameters = method.l2
    elif lora_rank is not None:
        hyperparameters = (float(lora_rank),)
    return Answers(hyperparameters, before if model.causal else None, after, losses, tuple(hidden))


@contextmanager
def _weights(
    model: Model, runs: Sequence[Run], method: Full | Lora, lora_rank: int | None
) -> Iterator[list[Any]]:
    """Weights of a network that are trained for some runs, while they are."""
    network, within = model.network, last_layers(model.network, method.layers)
    if isinstance(method, Lora):
        assert lora_rank is not None
        targets = per_run.TARGETS if model.causal else encoder.TARGETS
        keys = [run.key for run in runs]
        with per_run.adapted(network, keys, lora_rank, method.scaling, targets, within) as layers:
            yield [part for layer in layers for part in (layer.down, layer.up)]
    elif len(runs) > 1:
        with per_run.per_run_weights(network, len(runs), within) as copies:
            yield copies
    else:
        weights = weights_in(network, within)
        with per_run.in_place(weights):
            yield weights


def _answer(
    network: Any, asked: Sequence[Prompts], answers: tuple[int, int], batch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Logit differences, shape (s, pairs), and hidden states, shape (s, pairs, width), in float64."""
    hidden = hidden_states(network, asked, batch)
    states: np.ndarray = hidden.double().cpu().numpy()
    return differences_of(network, hidden, answers), states


def _heads(
    model: Model,
    asked: Sequence[Prompts],
    runs: Sequence[Run],
    method: Head,
    answers: tuple[int, int],
    batch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Train the head alone, apart from the embeddings unless they are tied and the head is the authors'."""
    network = model.network
    layer = network.get_output_embeddings()
    if method.head == "authors" and layer.weight is network.get_input_embeddings().weight:
        after, losses = [], []
        for strength in method.l2:
            for one, run in zip(asked, runs, strict=True):
                with per_run.in_place([layer.weight]) as begun:
                    pull = partial(pull_back, strength, [layer.weight], begun)
                    losses.append(train(network, [run], method, [layer.weight], pull)[0])
                    after.append(_answer(network, [one], answers, batch)[0][0])
        shape = len(method.l2), len(runs)
        return np.reshape(after, (*shape, -1)), np.reshape(losses, shape)
    hidden = hidden_states(network, asked, batch).clone()
    trained = hidden_states(network, [run.prompts for run in runs], batch).clone()
    bias = None if layer.bias is None else layer.bias.detach()
    heads, by_run = train_heads(trained, runs, layer.weight.detach(), bias, method.l2, method)
    with torch.inference_mode():
        both = torch.einsum("snw,spaw->spna", hidden, heads[:, :, list(answers)])
        if bias is not None:
            both = both + bias[list(answers)]
        wide = both.double().cpu().numpy()
    return (wide[..., 0] - wide[..., 1]).transpose(1, 0, 2), by_run.T
