"""What one group of runs gives: answers before and after training, by each method.

Knows full finetuning, adapters, heads and encoders with a two-way head, and puts every weight back where it
was; knows neither items nor hierarchies nor files. The training itself is `loop`'s and `head`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from memgen.engine.causal import Prompts, answer_tokens, differences_of, hidden_states
from memgen.engine.checkpoints import Keeper
from memgen.engine.layers import Below, last_layers, upper, weights_in
from memgen.engine.loading import Model
from memgen.engine.methods import Finetuning, Full, Head, Lora
from memgen.engine.recipe import Recipe
from memgen.engine.training import Run, train


@dataclass(frozen=True)
class Answers:
    """What a group of runs gave.

    Parameters
    ----------
    hyperparameters : tuple of float or None, length p
    before : ndarray, shape (s, pairs), or None
        Logit differences before training; None of a model that had no head then.
    after : ndarray, shape (p, s, pairs)
        After training; NaN throughout where a run diverged.
    losses : ndarray, shape (p, s)
        Mean training loss over the last epoch; NaN where a run diverged.
    hidden : tuple of ndarray, shape (s, pairs, width)
        Last hidden states before training and, where training changes them, after.
    """

    hyperparameters: tuple[float | None, ...]
    before: np.ndarray | None
    after: np.ndarray
    losses: np.ndarray
    hidden: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Learner:
    """A network to be asked and trained, whether or not its head came with it.

    Parameters
    ----------
    network : torch.nn.Module
        Gives states of prompts (`causal.hidden_states`), and a head over them.
    answers : tuple of int
        Rows of the head that stand for Yes and No.
    targets : tuple of str
        Names of the layers that get adapters.
    own : tuple of parameters
        What is trained beside the adapters.
    frozen : torch.nn.Module
        What the adapters or copies are put on.
    within : tuple of str
        Names of the modules in it that are trained.
    """

    network: Any
    answers: tuple[int, int]
    targets: tuple[str, ...]
    own: tuple[Any, ...]
    frozen: Any
    within: tuple[str, ...]

    @classmethod
    def of(
        cls,
        model: Model,
        asked: Sequence[Prompts],
        runs: Sequence[Run],
        layers: int | None,
        below: Below | None,
    ) -> "Learner":
        """A causal model, whole or its last layers over what stands below, or an encoder with a head each."""
        from memgen.engine import encoder as classifier
        from memgen.engine import lora as adapters

        answers = cls.answers_of(model)
        if model.causal:
            network = upper(model.network, below, asked)
            within = last_layers(model.network, layers)
            return cls(network, answers, adapters.TARGETS, (), model.network, within)
        network = classifier.Classifier(model.network, [run.key for run in runs])
        own = tuple(network.heads.parameters())
        within = last_layers(model.network, layers)
        return cls(network, answers, classifier.TARGETS, own, model.network, within)

    def weights(self) -> list[Any]:
        """What is trained where all weights of the modules are."""
        return [*weights_in(self.frozen, self.within), *self.own]

    @staticmethod
    def answers_of(model: Model) -> tuple[int, int]:
        """Rows of a model's head that stand for Yes and No."""
        from memgen.engine import encoder as classifier

        return answer_tokens(model.tokenizer) if model.causal else classifier.ANSWERS


def learn(
    model: Model,
    asked: Sequence[Prompts],
    runs: Sequence[Run],
    method: Finetuning,
    rank: int | None = None,
    below: Below | None = None,
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
    rank : int, optional
        Of the adapters: one of the method's, which are runs of their own.
    below : Below, optional
        What keeps the states below the layers that are trained, from group to group.
    batch : int
        Prompts per forward pass when answers are read.
    keeper : Keeper, optional
        Keeps where the training of all weights or of adapters stands. A head is trained anew.
    """
    learner = Learner.of(model, asked, runs, method.layers, below)
    network, answers = learner.network, learner.answers
    before, states = _answer(network, asked, answers, batch)
    hidden = [states]
    hyperparameters: tuple[float | None, ...] = (None,)
    if isinstance(method, Lora):
        from memgen.engine.lora import adapted

        assert rank is not None
        keys = [run.key for run in runs]
        with adapted(learner.frozen, keys, rank, method.scaling, learner.targets, learner.within) as layers:
            weights = [part for layer in layers for part in (layer.down, layer.up)]
            losses = train(network, runs, method, [*weights, *learner.own], keeper=keeper)[None]
            after, states = _answer(network, asked, answers, batch)
            after = after[None]
            hidden.append(states)
        hyperparameters = (float(rank),)
    elif isinstance(method, Full) and len(runs) > 1:
        from memgen.engine.per_run import own_weights

        with own_weights(learner.frozen, len(runs), learner.within) as weights:
            losses = train(network, runs, method, weights, keeper=keeper)[None]
            after, states = _answer(network, asked, answers, batch)
            after = after[None]
            hidden.append(states)
    elif isinstance(method, Full):
        after, losses, states = _full(
            network, asked[0], runs[0], method, answers, learner.weights(), batch, keeper=keeper
        )
        after, losses = after[:, None], losses[:, None]
        hidden.append(states)
    else:
        after, losses = _heads(model, asked, runs, method, answers, batch)
        hyperparameters = method.l2
    after = np.where(np.isfinite(losses)[..., None], after, np.nan)
    return Answers(hyperparameters, before if model.causal else None, after, losses, tuple(hidden))


def _answer(
    network: Any, asked: Sequence[Prompts], answers: tuple[int, int], batch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Logit differences, shape (s, pairs), and hidden states, shape (s, pairs, width), in float64."""
    hidden = hidden_states(network, asked, batch)
    states: np.ndarray = hidden.double().cpu().numpy()
    return differences_of(network, hidden, answers), states


def _full(
    network: Any,
    asked: Prompts,
    run: Run,
    recipe: Recipe,
    answers: tuple[int, int],
    weights: Sequence[Any],
    batch: int,
    strengths: Sequence[float | None] = (None,),
    keeper: Keeper | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train some weights, once for each strength of a pull to where they began, and put them back."""
    begun = [weight.detach().clone() for weight in weights]
    after, losses = [], []
    for strength in strengths:
        for weight in weights:
            weight.requires_grad_(True)
        pull = None if strength is None else partial(_pull, strength, weights, begun)
        losses.append(train(network, [run], recipe, weights, pull, keeper)[0])
        found, hidden = _answer(network, [asked], answers, batch)
        after.append(found[0])
        for weight, value in zip(weights, begun, strict=True):
            weight.requires_grad_(False)
            weight.copy_(value)
    return np.stack(after), np.array(losses), hidden


def _pull(strength: float, weights: Sequence[Any], begun: Sequence[Any]) -> None:
    """Add the gradient of strength times the sum of squared differences to where the weights began."""
    with torch.no_grad():
        for weight, start in zip(weights, begun, strict=True):
            # Some rows at a time: the table of embeddings of a real model fills memory.
            parts = (part.split(4096) for part in (weight.grad, weight, start))
            for gradient, now, then in zip(*parts, strict=True):
                gradient.add_(now - then, alpha=2 * strength)


def _heads(
    model: Model,
    asked: Sequence[Prompts],
    runs: Sequence[Run],
    method: Head,
    answers: tuple[int, int],
    batch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Train the head alone, apart from the embeddings unless they are tied and the head is the authors'."""
    from memgen.engine.head import train_heads

    network = model.network
    layer = network.get_output_embeddings()
    if method.head == "authors" and layer.weight is network.get_input_embeddings().weight:
        parts = [
            _full(network, one, run, method, answers, [layer.weight], batch, method.l2)
            for one, run in zip(asked, runs, strict=True)
        ]
        return np.stack([part[0] for part in parts], 1), np.stack([part[1] for part in parts], 1)
    hidden = hidden_states(network, asked, batch).clone()
    trained = hidden_states(network, [run.prompts for run in runs], batch).clone()
    bias = None if layer.bias is None else layer.bias.detach()
    heads, losses = train_heads(trained, runs, layer.weight.detach(), bias, method.l2, method)
    with torch.inference_mode():
        both = torch.einsum("snw,spaw->spna", hidden, heads[:, :, list(answers)])
        if bias is not None:
            both = both + bias[list(answers)]
        wide = both.double().cpu().numpy()
    return (wide[..., 0] - wide[..., 1]).transpose(1, 0, 2), losses.T
