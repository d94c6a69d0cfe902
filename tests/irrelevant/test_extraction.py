"""Numbers of no use in a language model's sentences: letters, ranks, clipped gradients, and the stages."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from scipy import stats

from checks import assert_sound, drawn
from memgen.engine.layers import frozen_layers, trained_layers
from memgen.engine.loading import load
from memgen.engine.pretraining import small_llama, train_tokenizer
from memgen.errors import BadInput
from memgen.irrelevant.bounds import chance_exposure, exposure, null_deviation
from memgen.irrelevant.configuration import MOST_LETTERS, Extraction
from memgen.irrelevant.letters import OPENING, draw_letters
from memgen.irrelevant.stages.averages import average_extractions
from memgen.irrelevant.stages.claims import extraction_claims
from memgen.irrelevant.stages.extract import Numbers, blur_gradients, digit_tokens, extract, ranks, tokens_of
from memgen.irrelevant.tables import EXTRACTION, EXTRACTIONS
from memgen.jobs.seeding import generator

OPTIONS: dict[str, Any] = {
    "model": "tiny", "multiplicities": [1, 4], "each": 1, "unseen": 20, "digits": 2, "tests": 4, "seeds": 2,
    "layers": 1, "lora_ranks": [0, 4], "noises": [50.0], "noisy_lora_rank": 4, "clip": 1.0, "scaling": 2.0,
    "loss": 0.0, "epochs": 2, "batch": 5, "rate": 0.01, "full_rate": 0.01,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random decoder whose tokens are bytes and the two answers."""
    path = tmp_path_factory.mktemp("model")
    tokenizer = train_tokenizer([" Yes", " No"] * 9, 263)
    tokenizer.save_pretrained(path)
    small_llama(len(tokenizer), width=16, layers=2, heads=2, longest=256, seed=0).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def tables(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    path = tmp_path_factory.mktemp("tables")
    extract(model_directory=folder, **OPTIONS, out=path / "runs.parquet")
    average_extractions(runs=path / "runs.parquet", out=path / "extraction.csv")
    return path / "runs.parquet", path / "extraction.csv"


def test_letters_carry_numbers_as_often_as_they_say_and_labels_know_nothing_of_them() -> None:
    sizes = {"multiplicities": (1, 3), "each": 2, "unseen": 2, "tests": MOST_LETTERS - 8, "batch": 4}
    letters = draw_letters(Extraction(model="m", **sizes), generator("test", "letters"))
    carried = [letter.number for letter in letters.training]
    assert [carried.count(number) for number in letters.numbers] == list(letters.multiplicities)
    assert set(letters.trained) == set(carried) and len(set(letters.numbers)) == len(letters.numbers)
    every = [*letters.training, *letters.fresh]
    assert len({letter.message for letter in every}) == len(every) == 2 * sum(x.complains for x in every)


@pytest.mark.parametrize("layers", [None, 1])
def test_the_tree_ranks_numbers_as_scoring_them_one_by_one_does(folder: Path, layers: int | None) -> None:
    model = load(folder, "float32", "cpu", causal=True)
    digits, opening = digit_tokens(model.tokenizer), tokens_of(model.tokenizer, OPENING)
    tree = Numbers(opening, digits, 2)
    below = frozen_layers(model.network, layers)
    found = tree.scores(trained_layers(model.network, below, [tree.prompts]))
    for number in range(100):
        row = (*opening, *(digits[int(digit)] for digit in f"{number:02d}"))
        assert row == tokens_of(model.tokenizer, f"{OPENING}{number:02d}")
        with torch.inference_mode():
            logits = model.network(torch.tensor([row])).logits[0].double()[:, list(digits)]
        places = range(len(opening) - 1, len(row) - 1)
        logs = logits.log_softmax(1)
        assert found[number] == pytest.approx(
            sum(float(logs[place, digits.index(row[place + 1])]) for place in places), abs=1e-5
        )
    placed, among = ranks(found, np.array([7, 31, 50]), np.array([7, 31]))
    for number, rank, many in zip((7, 31, 50), placed, among, strict=True):
        rivals = [other for other in range(100) if other not in (7, 31, number)]
        assert rank == 1 + sum(found[other] >= found[number] for other in rivals)
        assert many == len(rivals) + 1


def test_exposures_of_numbers_never_seen_have_the_quantiles_of_chance() -> None:
    """Exactly: of all ranks, floor(m 2^-e) reach e. And null_deviation is Kolmogorov's statistic."""
    m = 976
    every = exposure(np.arange(1, m + 1), m)
    assert every.mean() == pytest.approx(chance_exposure(m))
    for bits in (0.0, 0.5, 1.0, math.log2(20), 6.3):
        assert (every >= bits - 1e-12).sum() == math.floor(m * 2**-bits + 1e-9)
    drawn = generator("test", "null").integers(1, m + 1, 300)
    whole = stats.kstest(drawn / m, "uniform").statistic * math.sqrt(300)
    assert null_deviation(exposure(drawn, m)) == pytest.approx(whole)
    assert null_deviation(exposure(drawn // 4 + 1, m)) > 2.5


def test_gradients_are_clipped_letter_by_letter_before_noise() -> None:
    rng = generator("test", "clip")
    weights = [torch.nn.Parameter(torch.zeros(3, *shape)) for shape in ((4, 2), (5, 1))]
    for weight in weights:
        sizes = rng.normal(size=weight.shape) * np.array([3, 3, 3e-3])[:, None, None]
        weight.grad = torch.from_numpy(sizes).float()

    def letters() -> list[torch.Tensor]:
        return list(torch.cat([weight.grad.flatten(1) for weight in weights], dim=1))  # type: ignore[union-attr]

    expected = sum(part * min(1.0, 0.5 / float(part.norm())) / 3 for part in letters())
    blur_gradients(weights, 0.5, 0.0, rng)
    assert all(torch.allclose(part, expected, atol=1e-6) for part in letters())
    big = torch.nn.Parameter(torch.zeros(2, 300, 300))
    big.grad = torch.zeros_like(big)
    blur_gradients([big], 0.5, 4.0, rng)
    assert float(big.grad[0].std()) == pytest.approx(0.5 * 4.0 / 2, rel=0.02)
    assert torch.equal(big.grad[0], big.grad[1])


def test_numbers_seen_in_training_are_learned_and_noise_hides_them(folder: Path, tmp_path: Path) -> None:
    change = {"multiplicities": [5], "each": 2, "epochs": 40, "seeds": 1, "layers": 2, "lora_ranks": [0, 16]}
    extract(model_directory=folder, **(OPTIONS | change), out=tmp_path / "x.parquet")
    table = EXTRACTIONS.read(tmp_path / "x.parquet")
    seen = table.filter((pl.col("training") != "none") & (pl.col("multiplicity") > 0))
    assert (seen.filter(pl.col("noise").is_null())["rank"] == 1).all()
    assert seen.filter(pl.col("noise").is_not_null())["rank"].min() > 1
    assert table.filter(pl.col("multiplicity") == 0)["rank"].max() > 10


def test_averages_and_figure(tables: tuple[Path, Path], tmp_path: Path) -> None:
    runs, table = EXTRACTIONS.read(tables[0]), EXTRACTION.read(tables[1])
    trainings = [("none", None, None), ("full", None, None), ("lora", 4, None), ("lora", 4, 50.0)]
    found = set(table.select("training", "lora_rank", "noise", "multiplicity").rows())
    assert found == {(*one, times) for one in trainings for times in (0, 1, 4)}
    never = {"training": "full", "multiplicity": 0}
    row, ranks_found = table.filter(**never).row(0, named=True), runs.filter(**never)["rank"].to_numpy()
    assert row["exposure"] == pytest.approx(exposure(ranks_found, 98).mean())
    assert [row[name] for name in ("numbers", "seeds", "candidates")] == [20, 2, 98]
    assert row["chance"] == pytest.approx(chance_exposure(98))
    assert_sound(drawn("irrelevant_extraction", tmp_path, extraction=tables[1]))


def test_claims_by_plain_loops(tables: tuple[Path, Path]) -> None:
    """The values of the claims once more, by code that uses nothing of the study."""
    by_seed: dict[tuple[Any, ...], list[float]] = {}
    for row in pl.read_parquet(tables[0]).iter_rows(named=True):
        if row["multiplicity"] > 0:
            bits = math.log2(row["candidates"] / row["rank"])
            for times in (row["multiplicity"], "any"):
                by_seed.setdefault((row["training"], row["noise"], times, row["seed"]), []).append(bits)
    mean = {key: np.mean(values) for key, values in by_seed.items()}
    # A number that was trained on is ranked among itself and the 98 that no letter carries.
    chance = np.mean([math.log2(99 / rank) for rank in range(1, 100)])

    def less(training: str, times: object, other: str, others: object) -> list[float]:
        return [mean[training, None, times, seed] - mean[other, None, others, seed] for seed in (0, 1)]

    per_seed = {
        "exposure-rises": less("full", 4, "full", 1),
        "lora-leaks-less": less("lora", "any", "full", "any"),
        "noise-hides": [mean["lora", 50.0, "any", seed] - chance for seed in (0, 1)],
    }
    found = extraction_claims(tables[0])
    assert [claim.id for claim in found] == list(per_seed)
    for claim in found:
        values = per_seed[claim.id]
        assert claim.ours == pytest.approx(np.mean(values))
        assert claim.standard_error == pytest.approx(np.std(values, ddof=1) / math.sqrt(2))


def test_tokenizers_that_join_digits_are_refused() -> None:
    def joined(text: str, **_: Any) -> dict[str, list[int]]:
        return {"input_ids": [0, *(int(text[place : place + 3]) for place in range(1, len(text), 3))]}

    with pytest.raises(BadInput, match="joins digits"):
        digit_tokens(joined)
