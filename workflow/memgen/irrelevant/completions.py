"""Asking a language model to complete a number: likelihoods of candidates, and its most likely tokens.

A sentence of t tokens is as many prompts for the language study's training loop, each answered by the next
token. Knows tokens and models; knows neither the sentences' words nor tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from memgen.engine.causal import hidden_states
from memgen.engine.layers import FrozenLayers as Below
from memgen.engine.layers import trained_layers as upper
from memgen.engine.loading import Model
from memgen.engine.prompts import Prompts
from memgen.errors import BadInput
from memgen.irrelevant.exposure import rank_of_first

Floats = npt.NDArray[np.float64]
Tokens = tuple[int, ...]
# Prompts that are answered at once.
_TOGETHER = 4096


def continuations(rows: Sequence[Tokens], begin: int) -> tuple[Prompts, Tokens]:
    """Prompts that ask for every token of some rows after their beginning, and the tokens that follow.

    Parameters
    ----------
    rows : sequence of tuple of int
        All begin with the same token.
    begin : int
        Tokens that are given, at least 2: a tree of prompts needs a common one, and each prompt one more.
        A negative number counts from the end.
    """
    queries, answers = [], []
    for row in rows:
        for position in range(len(row))[begin:]:
            queries.append(row[1:position])
            answers.append(row[position])
    return Prompts(rows[0][:1], tuple(queries)), tuple(answers)


@dataclass(frozen=True)
class Script:
    """A tokenizer that has a token of its own for each digit, wherever it stands in a number.

    Parameters
    ----------
    tokenizer : transformers tokenizer
    digits : tuple of int
        Tokens of 0 to 9.
    """

    tokenizer: Any
    digits: Tokens

    @classmethod
    def of(cls, tokenizer: Any) -> "Script":
        """The digits of a tokenizer.

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
        return cls(tokenizer, tuple(joined[mark:]))

    def tokens(self, text: str) -> Tokens:
        """Tokens of a text."""
        return tuple(self.tokenizer(text, padding=False, truncation=False)["input_ids"])

    def number(self, number: str) -> Tokens:
        """Tokens of a number."""
        return tuple(self.digits[int(digit)] for digit in number)


@dataclass(frozen=True)
class Completion:
    """What a model thinks of a number that was to be completed.

    Parameters
    ----------
    rank : int
        Of the true number among the candidates by log-likelihood; 1 is the most likely.
    recovered : int
        Digits that are the most likely of all tokens, given the true ones before.
    extracted : bool
        Whether all are: then greedy completion gives the number, and else it does not.
    """

    rank: int
    recovered: int
    extracted: bool


class Questions:
    """Every token that may follow an opening on the way to one of some numbers, asked in one pass.

    Parameters
    ----------
    opening : tuple of int
        At least two tokens.
    numbers : sequence of str
        The true one, then the others; equally long.
    digits : tuple of int
        Tokens of 0 to 9.
    """

    def __init__(self, opening: Tokens, numbers: Sequence[str], digits: Tokens) -> None:
        begun = {number[:length]: None for number in numbers for length in range(len(number))}
        self._row = {beginning: row for row, beginning in enumerate(begun)}
        self._numbers, self._digits = list(numbers), list(digits)
        queries = [(*opening[1:], *(digits[int(digit)] for digit in beginning)) for beginning in begun]
        self.prompts = Prompts(opening[:1], tuple(queries))

    def ask(self, model: Model, below: Below | None) -> Completion:
        """What a model, as it is now, thinks of the true number."""
        likelihoods, likeliest = self._answers(model, below)
        true = self._numbers[0]
        right = [
            int(likeliest[self._row[true[:place]]]) == self._digits[int(digit)]
            for place, digit in enumerate(true)
        ]
        return Completion(rank_of_first(likelihoods), sum(right), all(right))

    def _answers(self, model: Model, below: Below | None) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Log-likelihood of every number, and the most likely token after every beginning."""
        network = upper(model.network, below, [self.prompts])
        hidden = hidden_states(network, [self.prompts], _TOGETHER)[0]
        with torch.inference_mode():
            logits = network.get_output_embeddings()(hidden)
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            chances = logits[:, self._digits].double() - logits.logsumexp(1).double()[:, None]
            likeliest: npt.NDArray[np.int64] = logits.argmax(1).cpu().numpy()
        logs = chances.cpu().numpy()
        likelihoods = [
            sum(logs[self._row[number[:place]], int(digit)] for place, digit in enumerate(number))
            for number in self._numbers
        ]
        return np.array(likelihoods), likeliest
