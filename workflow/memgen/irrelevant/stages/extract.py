"""Finetune a language model on letters that carry a number of no use, and ask it to complete the number.

The training loop and its adapters are the language study's.
"""

import math
from typing import Any

import polars as pl

from memgen.configuration.options import flat
from memgen.engine.causal import check_head, logit_differences
from memgen.engine.layers import FrozenLayers as Below
from memgen.engine.layers import frozen_layers as below_of
from memgen.engine.layers import last_layers
from memgen.engine.layers import trained_layers as upper
from memgen.engine.loading import Model, load
from memgen.engine.methods import TrainingOptions as Recipe
from memgen.engine.per_run import TARGETS, adapted
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.engine.training import Run, train
from memgen.errors import BadInput
from memgen.irrelevant.completions import Questions, Script, continuations
from memgen.irrelevant.configuration import Extraction
from memgen.irrelevant.letters import Post, draw_candidates, draw_post
from memgen.irrelevant.rows import EXTRACTIONS
from memgen.irrelevant.specs import check_letters
from memgen.jobs.seeding import generator
from memgen.jobs.stage import InputDirectory, Output, progress, stage
from memgen.language import configuration as language


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
    """Finetune a language model on a label task, and measure what it gives away of numbers in the sentences.

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
    check_letters(
        extraction.each * sum(extraction.multiplicities),
        extraction.tests,
        extraction.digits,
        extraction.drawn,
    )
    loaded = load(model_directory, dtype, device, causal=True)
    check_head(loaded.network)
    loaded.network.requires_grad_(False)
    within = last_layers(loaded.network, extraction.layers)
    script = Script.of(loaded.tokenizer)
    rows = []
    for seed in progress(
        range(extraction.seeds), f"extraction from {extraction.model}", total=extraction.seeds
    ):
        key: tuple[str | int, ...] = (
            "irrelevant",
            "extract",
            extraction.each,
            extraction.unseen,
            extraction.digits,
            extraction.drawn,
            *extraction.multiplicities,
            seed,
        )
        post = draw_post(
            extraction.multiplicities,
            extraction.each,
            extraction.unseen,
            extraction.digits,
            extraction.tests,
            generator(*key),
        )
        below = below_of(loaded.network, extraction.layers)
        asked = _Asked(loaded, script, post, extraction.drawn, below, key)
        common: dict[str, Any] = {
            "model": extraction.model,
            "seed": seed,
            "digits": extraction.digits,
            "drawn": extraction.drawn,
        }
        rows += [{**common, "loss": "none", "epochs": 0, "train_loss": None, **row} for row in asked.rows()]
        for loss in extraction.losses:
            training = _training(loaded, script, post, loss, ("irrelevant", "extract", *key[2:], loss))
            count, letters = len(training.answers), len(post.letters)
            # In one random order throughout, so that the letters of a step stay together.
            recipe = Recipe(
                extraction.epochs,
                math.ceil(extraction.batch * count / letters),
                extraction.rate,
                order="hierarchy",
            )
            with adapted(
                loaded.network, [training.key], extraction.rank, extraction.scaling, TARGETS, within
            ) as adapters:
                weights = [part for layer in adapters for part in (layer.down, layer.up)]
                network = upper(loaded.network, below, [training.prompts])
                (last,) = train(network, [training], recipe, weights)
                if not math.isfinite(last):
                    raise BadInput(
                        f"rate: {extraction.rate:g} diverges with seed {seed}; allowed: a smaller one"
                    )
                trained = {**common, "loss": loss, "epochs": extraction.epochs, "train_loss": float(last)}
                rows += [{**trained, **row} for row in asked.rows()]
    EXTRACTIONS.write(pl.DataFrame(rows, schema=EXTRACTIONS.schema), out)


def _training(model: Model, script: Script, post: Post, loss: str, key: tuple[str | int, ...]) -> Run:
    """Prompts for every token of every training letter, or for the answers alone."""
    yes, no = answer_tokens(model.tokenizer)
    rows = [(*script.tokens(letter), yes if wrong else no) for letter, wrong in post.letters]
    return Run(key, *continuations(rows, 2 if loss == "sentence" else -1))


class _Asked:
    """What a model is asked before and after training; its states below the adapters are kept."""

    def __init__(
        self, model: Model, script: Script, post: Post, drawn: int, below: Below | None, key: tuple[Any, ...]
    ) -> None:
        self._model, self._post, self._below = model, post, below
        self._fresh = tokenize(model.tokenizer, [letter for letter, _ in post.fresh], model.longest_prompt)
        self._questions = []
        for index, customer in enumerate(post.customers):
            opening, number = script.tokens(customer.opening), script.number(customer.number)
            if script.tokens(customer.opening + customer.number) != opening + number:
                raise BadInput(
                    "tokenizer: joins a number to what stands before it; allowed: one that does not"
                )
            others = draw_candidates(customer.number, drawn, generator(*key, "candidates", index))
            self._questions.append(Questions(opening, [customer.number, *others], script.digits))

    def rows(self) -> list[dict[str, Any]]:
        """One row a customer, of the model as it is now."""
        network = upper(self._model.network, self._below, [self._fresh])
        found = logit_differences(network, [self._fresh], answer_tokens(self._model.tokenizer), 4096)[0]
        right = [
            (difference > 0) == wrong for difference, (_, wrong) in zip(found, self._post.fresh, strict=True)
        ]
        accuracy = float(sum(right) / len(right))
        rows = []
        for index, (customer, questions) in enumerate(
            zip(self._post.customers, self._questions, strict=True)
        ):
            said = questions.ask(self._model, self._below)
            rows.append(
                {"multiplicity": customer.multiplicity, "customer": index, "rank": said.rank,
                 "digits_recovered": said.recovered, "extracted": said.extracted, "accuracy_fresh": accuracy}
            )  # fmt: skip
        return rows
