"""Finetune a language model on letters that carry a number of no use, and ask it to complete the number.

The training loop and its adapters are the language study's: a letter of t tokens is as many prompts, each
answered by the next token.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl
import torch

from memgen.configuration.options import flat
from memgen.engine.causal import check_head, hidden_states, logit_differences
from memgen.engine.layers import FrozenLayers, frozen_layers, last_layers, trained_layers
from memgen.engine.loading import Model, load
from memgen.engine.methods import TrainingOptions
from memgen.engine.per_run import TARGETS, adapted
from memgen.engine.prompts import Prompts, answer_tokens, tokenize
from memgen.engine.training import Run, train
from memgen.errors import BadInput
from memgen.irrelevant.configuration import Extraction
from memgen.irrelevant.letters import Letters, draw_candidates, draw_letters
from memgen.irrelevant.tables import EXTRACTIONS
from memgen.jobs.seeding import generator
from memgen.jobs.stage import InputDirectory, Output, progress, stage
from memgen.language import configuration as language

Tokens: TypeAlias = tuple[int, ...]
Key: TypeAlias = tuple[str | int, ...]
# Prompts that are answered at once.
_TOGETHER = 4096


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
    """Finetune a language model on a label task, and measure how much it reveals of numbers in the sentences.

    Parameters
    ----------
    model_directory
        Folder of the model.
    out
        Extraction runs table.

    Raises
    ------
    BadInput
        If the model cannot be loaded, its tokenizer joins digits, or an argument is not allowed.
    """
    extraction.check()
    loaded = load(model_directory, dtype, device, causal=True)
    check_head(loaded.network)
    loaded.network.requires_grad_(False)
    within = last_layers(loaded.network, extraction.layers)
    digits = digit_tokens(loaded.tokenizer)
    sizes = (extraction.each, extraction.unseen, extraction.digits, extraction.drawn)
    rows = []
    for seed in progress(
        range(extraction.seeds), f"extraction from {extraction.model}", total=extraction.seeds
    ):
        key: Key = ("irrelevant", "extract", *sizes, *extraction.multiplicities, seed)
        letters = draw_letters(extraction, generator(*key))
        below = frozen_layers(loaded.network, extraction.layers)
        asked = _Asked(loaded, digits, letters, extraction.drawn, below, key)
        common: dict[str, Any] = {
            "model": extraction.model,
            "seed": seed,
            "digits": extraction.digits,
            "drawn": extraction.drawn,
        }
        rows += [{**common, "loss": "none", "epochs": 0, "train_loss": None, **row} for row in asked.rows()]
        for loss in extraction.losses:
            training = _training(loaded, letters, loss, (*key, loss))
            # In one random order throughout, so that the letters of a step stay together.
            recipe = TrainingOptions(
                extraction.epochs,
                math.ceil(extraction.batch * len(training.answers) / len(letters.training)),
                extraction.rate,
                order="hierarchy",
            )
            with adapted(
                loaded.network, [training.key], extraction.rank, extraction.scaling, TARGETS, within
            ) as adapters:
                weights = [part for layer in adapters for part in (layer.down, layer.up)]
                network = trained_layers(loaded.network, below, [training.prompts])
                (last,) = train(network, [training], recipe, weights)
                if not math.isfinite(last):
                    raise BadInput(
                        f"rate: {extraction.rate:g} diverges with seed {seed}; allowed: a smaller one"
                    )
                trained = {**common, "loss": loss, "epochs": extraction.epochs, "train_loss": float(last)}
                rows += [{**trained, **row} for row in asked.rows()]
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


def number_tokens(digits: Tokens, number: str) -> Tokens:
    """Tokens of a number, from those of 0 to 9."""
    return tuple(digits[int(digit)] for digit in number)


def continuations(rows: Sequence[Tokens], begin: int) -> tuple[Prompts, Tokens]:
    """Prompts that ask for every token of some rows after their beginning, and the tokens that follow.

    All rows begin with the same token. At least 2 tokens are given: a tree of prompts needs a common one,
    and each prompt one more. A negative number counts from the end.
    """
    queries, answers = [], []
    for row in rows:
        for position in range(len(row))[begin:]:
            queries.append(row[1:position])
            answers.append(row[position])
    return Prompts(rows[0][:1], tuple(queries)), tuple(answers)


def _training(model: Model, letters: Letters, loss: str, key: Key) -> Run:
    """Prompts for every token of every training letter, or for the answers alone."""
    yes, no = answer_tokens(model.tokenizer)
    rows = [(*tokens_of(model.tokenizer, letter), yes if wrong else no) for letter, wrong in letters.training]
    return Run(key, *continuations(rows, 2 if loss == "sentence" else -1))


class Questions:
    """Every token that may follow an opening on the way to one of some numbers, asked in one pass.

    The first number is the true one; all are equally long.
    """

    def __init__(self, opening: Tokens, numbers: Sequence[str], digits: Tokens) -> None:
        begun = {number[:length]: None for number in numbers for length in range(len(number))}
        self._row = {beginning: row for row, beginning in enumerate(begun)}
        self._numbers, self._digits = numbers, digits
        queries = [(*opening[1:], *number_tokens(digits, beginning)) for beginning in begun]
        self.prompts = Prompts(opening[:1], tuple(queries))

    def ask(self, model: Model, below: FrozenLayers | None) -> dict[str, Any]:
        """Rank of the true number by log-likelihood, ties counted against it, and its digits recovered."""
        network = trained_layers(model.network, below, [self.prompts])
        hidden = hidden_states(network, [self.prompts], _TOGETHER)[0]
        with torch.inference_mode():
            logits = network.get_output_embeddings()(hidden)
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            chances = logits[:, list(self._digits)].double() - logits.logsumexp(1).double()[:, None]
            likeliest = logits.argmax(1).cpu().numpy()
        logs = chances.cpu().numpy()
        likelihoods = np.array([
            sum(logs[self._row[number[:place]], int(digit)] for place, digit in enumerate(number))
            for number in self._numbers
        ])  # fmt: skip
        true = self._numbers[0]
        said = [int(likeliest[self._row[true[:place]]]) for place in range(len(true))]
        right = [one == token for one, token in zip(said, number_tokens(self._digits, true), strict=True)]
        rank = int((likelihoods >= likelihoods[0]).sum())
        return {"rank": rank, "digits_recovered": sum(right), "extracted": all(right)}


class _Asked:
    """What a model is asked before and after training; its states below the adapters are kept."""

    def __init__(
        self,
        model: Model,
        digits: Tokens,
        letters: Letters,
        drawn: int,
        below: FrozenLayers | None,
        key: Key,
    ) -> None:
        self._model, self._letters, self._below = model, letters, below
        self._fresh = tokenize(model.tokenizer, [letter for letter, _ in letters.fresh], model.longest_prompt)
        self._questions = []
        for index, customer in enumerate(letters.customers):
            opening = tokens_of(model.tokenizer, customer.opening)
            number = number_tokens(digits, customer.number)
            if tokens_of(model.tokenizer, customer.opening + customer.number) != opening + number:
                raise BadInput("tokenizer: joins a number to the text before it; allowed: one that does not")
            others = draw_candidates(customer.number, drawn, generator(*key, "candidates", index))
            self._questions.append(Questions(opening, [customer.number, *others], digits))

    def rows(self) -> list[dict[str, Any]]:
        """One row a customer, of the model as it is now."""
        network = trained_layers(self._model.network, self._below, [self._fresh])
        answers = answer_tokens(self._model.tokenizer)
        found = logit_differences(network, [self._fresh], answers, _TOGETHER)[0]
        right = [
            (difference > 0) == wrong
            for difference, (_, wrong) in zip(found, self._letters.fresh, strict=True)
        ]
        asked = zip(self._letters.customers, self._questions, strict=True)
        return [
            {
                "multiplicity": customer.multiplicity,
                "customer": index,
                **questions.ask(self._model, self._below),
                "accuracy_fresh": float(sum(right) / len(right)),
            }
            for index, (customer, questions) in enumerate(asked)
        ]
