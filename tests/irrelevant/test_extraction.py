"""Numbers of no use in a language model's sentences: letters, exposure, candidates, and the stages."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from checks import assert_same_bytes
from memgen.engine.layers import frozen_layers
from memgen.engine.loading import Model
from memgen.errors import BadInput
from memgen.irrelevant.bounds import chance_exposure, exposure
from memgen.irrelevant.configuration import MOST_LETTERS, Extraction
from memgen.irrelevant.extraction_claims import extraction_claims
from memgen.irrelevant.letters import draw_candidates, draw_letters
from memgen.irrelevant.stages.averages import extraction
from memgen.irrelevant.stages.extract import (
    Questions,
    continuations,
    digit_tokens,
    extract,
    number_tokens,
    tokens_of,
)
from memgen.irrelevant.tables import EXTRACTION, EXTRACTIONS
from memgen.jobs.seeding import generator

OPTIONS: dict[str, Any] = {
    "model": "tiny", "losses": ["answer", "sentence"], "multiplicities": [1, 4], "each": 1, "unseen": 2,
    "digits": 2, "drawn": 9, "tests": 4, "seeds": 2, "layers": 1, "rank": 8, "scaling": 2.0, "epochs": 2,
    "batch": 5, "rate": 0.01,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random decoder with a tokenizer of single characters and two answers."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("model")
    letters = [chr(code) for code in range(32, 127)]
    words = {word: place for place, word in enumerate(["?unknown", *letters, " Yes", " No"])}
    core = Tokenizer(models.WordLevel(words, unk_token="?unknown"))
    core.pre_tokenizer = pre_tokenizers.Split(pattern=Regex(" Yes$| No$|."), behavior="isolated")
    PreTrainedTokenizerFast(tokenizer_object=core, unk_token="?unknown").save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=256, initializer_range=0.3,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    network = LlamaForCausalLM.from_pretrained(folder).eval().requires_grad_(False)
    return Model(AutoTokenizer.from_pretrained(folder), network)


@pytest.fixture(scope="module")
def tables(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    path = tmp_path_factory.mktemp("tables")
    extract(model_directory=folder, **OPTIONS, out=path / "runs.parquet")
    extraction(runs=path / "runs.parquet", out=path / "extraction.csv")
    return path / "runs.parquet", path / "extraction.csv"


def test_letters_carry_numbers_as_often_as_they_say_and_labels_know_nothing_of_them() -> None:
    asked = Extraction(model="m", multiplicities=(1, 3), each=2, unseen=2, digits=4, tests=10)
    letters = draw_letters(asked, generator("test", "letters"))
    for customer in letters.customers:
        carried = sum(letter.startswith(customer.opening + customer.number) for letter, _ in letters.training)
        assert carried == customer.multiplicity and len(customer.number) == 4
    messages = [letter.partition(": ")[2] for letter, _ in (*letters.training, *letters.fresh)]
    assert len(set(messages)) == len(messages), "no fresh letter has a message of training"
    assert len({customer.name for customer in letters.customers}) == len(letters.customers)
    asked = Extraction(model="m", multiplicities=(1,), each=1, unseen=1, tests=MOST_LETTERS - 1)
    every = draw_letters(asked, generator("test", "all"))
    assert sum(wrong for _, wrong in (*every.training, *every.fresh)) == MOST_LETTERS / 2


def test_candidates_are_all_other_numbers_alike() -> None:
    for true in ("00", "37", "99"):
        found = draw_candidates(true, 99, generator("test", true))
        assert sorted([*found, true]) == [f"{number:02d}" for number in range(100)]
    counts = np.zeros(10)
    for repeat in range(3000):
        for number in draw_candidates("4", 3, generator("test", repeat)):
            counts[int(number)] += 1
    assert counts[4] == 0 and np.abs(np.delete(counts, 4) - 1000).max() < 4 * math.sqrt(3000 * 2 / 9)


@pytest.mark.parametrize("layers", [None, 1])
def test_ranks_and_greedy_completions_are_those_of_asking_one_by_one(
    model: Model, layers: int | None
) -> None:
    digits = digit_tokens(model.tokenizer)
    opening = tokens_of(model.tokenizer, "Customer Bada, account #")
    numbers = ["73", *(f"{number:02d}" for number in range(0, 60, 3))]
    assert tokens_of(model.tokenizer, "Customer Bada, account #73") == opening + number_tokens(digits, "73")
    said = Questions(opening, numbers, digits).ask(model, frozen_layers(model.network, layers))
    logs, greedy = [], []
    for number in numbers:
        row = (*opening, *number_tokens(digits, number))
        with torch.inference_mode():
            chances = model.network(torch.tensor([row])).logits[0].double().log_softmax(1)
        places = range(len(opening) - 1, len(row) - 1)
        logs.append(sum(float(chances[place, row[place + 1]]) for place in places))
        greedy.append([int(chances[place].argmax()) == row[place + 1] for place in places])
    rank = 1 + sum(other > logs[0] for other in logs[1:])
    assert said == {"rank": rank, "digits_recovered": sum(greedy[0]), "extracted": all(greedy[0])}


def test_every_token_of_a_sentence_is_asked_for_once() -> None:
    rows = [(9, 1, 2, 3), (9, 1, 4)]
    prompts, answers = continuations(rows, 2)
    whole = [(*prompts.prefix, *query) for query in prompts.queries]
    assert list(zip(whole, answers, strict=True)) == [((9, 1), 2), ((9, 1, 2), 3), ((9, 1), 4)]
    assert continuations(rows, -1)[1] == (3, 4)


def test_an_untrained_model_knows_nothing_and_numbers_seen_in_training_are_learned(
    folder: Path, tmp_path: Path
) -> None:
    change = {"losses": ["sentence"], "multiplicities": [4], "epochs": 40, "seeds": 1}
    extract(
        model_directory=folder, **(OPTIONS | change | {"layers": 2, "rank": 16}), out=tmp_path / "x.parquet"
    )
    table = EXTRACTIONS.read(tmp_path / "x.parquet")
    trained = table.filter(pl.col("loss") == "sentence")
    assert trained.filter(pl.col("multiplicity") == 4)["extracted"].all()
    assert not trained.filter(pl.col("multiplicity") == 0)["extracted"].any()
    assert not table.filter(pl.col("loss") == "none")["extracted"].any()


def test_averages_claims_and_figure(tables: tuple[Path, Path], tmp_path: Path) -> None:
    runs, table = EXTRACTIONS.read(tables[0]), EXTRACTION.read(tables[1])
    assert set(itertools.product(("none", "answer", "sentence"), (0, 1, 4))) == set(
        table.select("loss", "multiplicity").rows()
    )
    row = table.filter((pl.col("loss") == "sentence") & (pl.col("multiplicity") == 0)).row(0, named=True)
    same = runs.filter((pl.col("loss") == "sentence") & (pl.col("multiplicity") == 0))
    assert row["exposure"] == pytest.approx(exposure(same["rank"].to_numpy(), 10).mean())
    assert row["customers"] == 2 and row["seeds"] == 2 and row["times_seen"] == 0
    assert row["exposure_chance"] == pytest.approx(chance_exposure(10))
    found = extraction_claims(tables[1])
    assert len(found) == 7 and {claim.model for claim in found} == {"tiny"}
    assert_same_bytes("irrelevant_extraction", tmp_path, extraction=tables[1])


def test_tokenizers_that_join_digits_are_refused() -> None:
    class Joins:
        def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
            return {"input_ids": [0, *(int(text[place : place + 3]) for place in range(1, len(text), 3))]}

    with pytest.raises(BadInput, match="joins digits"):
        digit_tokens(Joins())
