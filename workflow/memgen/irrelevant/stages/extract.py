"""Finetune a language model on letters that carry a number of no use, and rank the number among all others.

All letters begin alike, so the likelihoods of all numbers are read off one prefix tree: with 4 digits, 1,111
beginnings give 10,000 numbers. Layers, adapters and prefix trees are the engine's.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import nn

from memgen.configuration.options import flat
from memgen.engine.causal import check_head, hidden_states, last_hidden, logit_differences
from memgen.engine.layers import FrozenLayers, frozen_layers, last_layers, trained_layers, weights_in
from memgen.engine.loading import Model, load
from memgen.engine.methods import TrainingOptions
from memgen.engine.per_run import TARGETS, adapted, in_place
from memgen.engine.prompts import Prompts, answer_tokens
from memgen.engine.training import optimizer_of
from memgen.errors import BadInput
from memgen.irrelevant.configuration import Extraction
from memgen.irrelevant.letters import OPENING, Letter, Letters, draw_letters
from memgen.irrelevant.tables import EXTRACTIONS
from memgen.irrelevant.tasks import Floats, Integers
from memgen.jobs.seeding import generator
from memgen.jobs.stage import InputDirectory, Output, progress, stage
from memgen.language import configuration as language

Tokens: TypeAlias = tuple[int, ...]
Key: TypeAlias = tuple[str | int, ...]
Bools: TypeAlias = npt.NDArray[np.bool_]
# Prompts that are answered at once.
_TOGETHER = 4096
# Target of a padded prompt, which has no loss.
_NONE = -100


@stage
@flat
def extract(
    *,
    model_directory: InputDirectory,
    extraction: Extraction,
    out: Output,
    dtype: language.Dtype = language.Model.dtype,
    device: language.Device = language.Language.device,
) -> None:
    """Finetune a language model on a label task, and rank the numbers in its sentences among all others.

    Parameters
    ----------
    model_directory
        Folder of the model.
    out
        Extraction runs table.

    Raises
    ------
    BadInput
        If the model cannot be loaded, its tokenizer joins digits, a training diverges, or an argument is not
        allowed.
    """
    extraction.check()
    loaded = load(model_directory, dtype, device, causal=True)
    check_head(loaded.network)
    loaded.network.requires_grad_(False)
    tree = Numbers(tokens_of(loaded.tokenizer, OPENING), digit_tokens(loaded.tokenizer), extraction.digits)
    below = frozen_layers(loaded.network, extraction.layers)
    trainings: list[tuple[int | None, float | None]] = [
        (None, None),
        *((rank, None) for rank in extraction.lora_ranks),
        *((extraction.noisy_lora_rank, noise) for noise in extraction.noises or ()),
    ]
    rows = []
    for seed in progress(
        range(extraction.seeds), f"extraction from {extraction.model}", total=extraction.seeds
    ):
        sizes = (extraction.each, extraction.unseen, extraction.digits, *extraction.multiplicities)
        key: Key = ("irrelevant", "extract", *sizes, seed)
        asked = _Asked(loaded, below, tree, draw_letters(extraction, generator(*key)))
        for rank, noise in trainings:
            named = (*key, "none" if rank is None else rank, "none" if noise is None else repr(noise))
            copies = 1 if noise is None else extraction.batch
            rate = extraction.rate if rank else extraction.full_rate
            with _trainable(loaded.network, rank, copies, extraction, named) as weights:
                passed = 0.0
                if rank is not None:
                    passed = _train(asked, weights, copies, noise, rate, extraction, named)
                if noise is not None:
                    for weight in weights:
                        weight.data = weight.data[:1]  # all copies are alike
                rows += [
                    {
                        "model": extraction.model,
                        "training": "none" if rank is None else "lora" if rank else "full",
                        "lora_rank": rank or None,
                        "noise": noise,
                        "seed": seed,
                        "epochs": passed,
                        "digits": extraction.digits,
                        **row,
                    }
                    for row in asked.rows()
                ]
    EXTRACTIONS.write(pl.DataFrame(rows, schema=EXTRACTIONS.schema), out)


def tokens_of(tokenizer: Any, text: str) -> Tokens:
    """Tokens of a text."""
    return tuple(tokenizer(text, padding=False, truncation=False)["input_ids"])


def digit_tokens(tokenizer: Any) -> Tokens:
    """Tokens of 0 to 9, the same wherever a digit is in a number.

    Raises
    ------
    BadInput
        If a digit is not a single token, or two of them are joined.
    """
    found = [tokenizer("#" + digit, add_special_tokens=False)["input_ids"] for digit in "0123456789"]
    joined = tokenizer("#0123456789", add_special_tokens=False)["input_ids"]
    mark = len(joined) - 10
    if mark < 1 or [*joined[:mark], *(row[-1] for row in found)] != joined or len(set(joined)) < 10:
        raise BadInput(
            "tokenizer: joins digits or does not know them; allowed: one with a token for each digit"
        )
    return tuple(joined[mark:])


class Numbers:
    """All numbers of some digits after an opening; every beginning of a number is passed once."""

    def __init__(self, opening: Tokens, digits: Tokens, length: int) -> None:
        self.opening, self.digits, self._length = opening, digits, length
        begun = [row for size in range(length) for row in itertools.product(digits, repeat=size)]
        self.prompts = Prompts(opening, tuple(begun))

    def scores(self, network: Any) -> Floats:
        """Log-likelihood of every number, given that digits follow; shape (10^length,), by value."""
        hidden = hidden_states(network, [self.prompts], _TOGETHER)[0]
        head = network.get_output_embeddings()
        with torch.inference_mode():
            logits = nn.functional.linear(
                hidden,
                head.weight[list(self.digits)],
                None if head.bias is None else head.bias[list(self.digits)],
            )
            chances = logits.double().log_softmax(1).cpu().numpy()
        total = np.zeros(1)
        for size in range(self._length):
            first = (10**size - 1) // 9
            total = (total[:, None] + chances[first : first + 10**size]).ravel()
        return total


def ranks(scores: Floats, numbers: Integers, trained: Integers) -> tuple[Integers, Integers]:
    """Rank of some numbers by score among all that were never trained on, and how many candidates that are.

    A trained number is ranked beside them, so that others of its kind do not stand in its way. Ties count
    against it.
    """
    others = np.sort(np.delete(scores, trained))
    added = np.isin(numbers, trained)
    above = len(others) - np.searchsorted(others, scores[numbers])
    return above + added, len(others) + added


class _Narrow:
    """A network whose head knows some tokens alone: a softmax among them costs a hundredth of the whole."""

    def __init__(self, network: Any, head: Any, tokens: Sequence[int]) -> None:
        self._network = network
        self._head = nn.Linear(1, 1, bias=head.bias is not None)
        self._head.weight = nn.Parameter(head.weight[list(tokens)], requires_grad=False)
        if head.bias is not None:
            self._head.bias = nn.Parameter(head.bias[list(tokens)], requires_grad=False)

    def get_output_embeddings(self) -> Any:
        """The head of these tokens."""
        return self._head

    def read(self, runs: Sequence[Prompts]) -> torch.Tensor:
        """Last hidden state at the last token of every prompt."""
        return last_hidden(self._network, runs)


@dataclass(frozen=True)
class Row:
    """A letter as prompts, each answered by the next token; which of the answers are digits."""

    prompts: Prompts
    answers: Tokens
    digits: tuple[bool, ...]


class _Asked:
    """The letters of a seed as prompts, and what a model is asked before and after it is trained on them."""

    def __init__(self, model: Model, below: FrozenLayers | None, tree: Numbers, letters: Letters) -> None:
        self._model, self._below, self._tree, self._letters = model, below, tree, letters
        yes, no = answer_tokens(model.tokenizer)
        training = [(*self._tokens(letter), yes if letter.complains else no) for letter in letters.training]
        fresh = [self._tokens(letter) for letter in letters.fresh]
        self._known = sorted({token for row in (*training, *fresh) for token in row} | {yes, no})
        place = {token: index for index, token in enumerate(self._known)}
        first, last = len(tree.opening), len(tree.opening) + len(letters.numbers[0])
        most = max(map(len, training)) - first
        self.training = []
        for row in training:
            asked = [*range(first, len(row)), *[len(row) - 1] * (first + most - len(row))]
            answers = [place[row[at]] for at in range(first, len(row))]
            answers += [_NONE] * (most - len(answers))
            self.training.append(
                Row(
                    Prompts(tree.opening, tuple(row[first:at] for at in asked)),
                    tuple(answers),
                    tuple(at < last for at in asked),
                )
            )
        self._fresh = Prompts(tree.opening, tuple(row[first:] for row in fresh))
        self._answers = place[yes], place[no]

    def _tokens(self, letter: Letter) -> Tokens:
        found = tokens_of(self._model.tokenizer, letter.text)
        number = tuple(self._tree.digits[int(digit)] for digit in letter.number)
        if found[: len(self._tree.opening) + len(number)] != self._tree.opening + number:
            raise BadInput("tokenizer: joins a number to the text beside it; allowed: one that does not")
        return found

    def _over(self, prompts: Prompts, runs: int = 1) -> _Narrow:
        network = trained_layers(self._model.network, self._below, [prompts] * runs)
        return _Narrow(network, self._model.network.get_output_embeddings(), self._known)

    def learner(self, runs: int = 1) -> _Narrow:
        """The network of some runs over the known states of all training letters."""
        return self._over(_together(self.training), runs)

    def rows(self) -> list[dict[str, Any]]:
        """One row a number, of the model as it is now."""
        with torch.inference_mode():
            losses = token_losses(self.learner(), [self.training])[0].double().cpu().numpy()
        told, word = masks(self.training)
        fresh = self._over(self._fresh)
        found = logit_differences(fresh, [self._fresh], self._answers, _TOGETHER)[0]
        right = [
            (gap > 0) == letter.complains for gap, letter in zip(found, self._letters.fresh, strict=True)
        ]
        tree = trained_layers(self._model.network, self._below, [self._tree.prompts])
        numbers, trained = (
            np.array(part, dtype=np.int64) for part in (self._letters.numbers, self._letters.trained)
        )
        placed = ranks(self._tree.scores(tree), numbers, trained)
        common = {
            "loss_words": float(losses[word].mean()),
            "loss_digits": float(losses[told & ~word].mean()),
            "accuracy_fresh": float(np.mean(right)),
        }
        return [
            {**common, "multiplicity": times, "account": index, "rank": int(rank), "candidates": int(among)}
            for index, (times, rank, among) in enumerate(
                zip(self._letters.multiplicities, *placed, strict=True)
            )
        ]


def _together(rows: Sequence[Row]) -> Prompts:
    """Prompts of some letters."""
    return Prompts(rows[0].prompts.prefix, tuple(query for row in rows for query in row.prompts.queries))


def masks(rows: Sequence[Row]) -> tuple[Bools, Bools]:
    """Which tokens of some letters, padded to one length, are told, and which of them are words."""
    told = np.array([token != _NONE for row in rows for token in row.answers])
    return told, told & ~np.array([part for row in rows for part in row.digits])


def token_losses(network: Any, runs: Sequence[Sequence[Row]]) -> torch.Tensor:
    """Loss of every token of some runs' letters, padded ones 0; shape (runs, tokens)."""
    logits = network.get_output_embeddings()(last_hidden(network, [_together(run) for run in runs])).float()
    answers = torch.tensor([[token for row in run for token in row.answers] for run in runs])
    found = nn.functional.cross_entropy(
        logits.flatten(0, 1), answers.flatten().to(logits.device), reduction="none", ignore_index=_NONE
    )
    return found.view(answers.shape)


@contextmanager
def _trainable(
    network: Any, rank: int | None, copies: int, extraction: Extraction, key: Key
) -> Iterator[list[nn.Parameter]]:
    """Weights that are trained: none, all of the last layers at rank 0, or so many equal adapters."""
    within = last_layers(network, extraction.layers)
    if rank is None:
        yield []
    elif rank == 0:
        weights = weights_in(network, within)
        with in_place(weights):
            yield weights
    else:
        keys = [key] * copies
        with adapted(network, keys, rank, extraction.scaling, TARGETS, within) as adapters:
            yield [part for layer in adapters for part in (layer.down, layer.up)]


def blur_gradients(
    weights: Sequence[nn.Parameter], clip: float, noise: float, rng: np.random.Generator
) -> None:
    """Give all copies of some weights the mean of their gradients, each clipped, and noise.

    The norm of a copy's gradient over all weights is at most `clip` then, and the sum gets normal noise of
    standard deviation clip x noise (Abadi and others, arXiv 1607.00133).
    """
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norms = torch.stack([part.flatten(1).norm(dim=1) for part in gradients]).norm(dim=0)
    factors = (clip / norms.clamp_min(1e-30)).clamp_max(1.0)
    for part in gradients:
        total = torch.tensordot(factors, part, 1)
        drawn = torch.from_numpy(rng.standard_normal(total.shape)).to(total)
        part.copy_((total + clip * noise * drawn) / len(factors))


def _train(
    asked: _Asked,
    weights: list[nn.Parameter],
    copies: int,
    noise: float | None,
    rate: float,
    extraction: Extraction,
    key: Key,
) -> float:
    """Train until the words of the last epoch's letters have the loss asked for; returns epochs passed.

    With noise each letter of a step has a copy of the weights, which gives it a gradient of its own.
    """
    optimizer = optimizer_of(TrainingOptions(1, 1, rate), weights)
    network = asked.learner(copies)
    steps = len(asked.training) // extraction.batch
    recent: list[float] = []
    for epoch in range(extraction.epochs):
        order = generator(*key, "order", epoch).permutation(len(asked.training))
        for step, places in enumerate(order.reshape(steps, -1).tolist()):
            rows = [asked.training[place] for place in places]
            optimizer.zero_grad(set_to_none=True)
            losses = token_losses(network, [rows] if noise is None else [[row] for row in rows])
            told, word = masks(rows)
            # The loss of a step is the mean over its letters of each letter's sum, by the mean length.
            (losses.sum() * (copies / told.sum())).backward()
            if noise is not None:
                blur_gradients(weights, extraction.clip, noise, generator(*key, "noise", epoch, step))
            optimizer.step()
            recent.append(float(losses.detach().flatten()[torch.from_numpy(word)].mean()))
            if not np.isfinite(recent[-1]):
                raise BadInput(f"rate: {rate:g} diverges; allowed: a smaller one")
            if len(recent) >= steps and np.mean(recent[-steps:]) <= extraction.loss:
                return len(recent) / steps
    return float(extraction.epochs)
