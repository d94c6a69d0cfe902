"""Models of a few thousand random parameters, and what the tests of networks train them on."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.language.hands import LABELS
from memgen.language.items import FAKE_TEAMS, REAL_TEAMS, sample
from memgen.language.prompts import prompt, prompts
from memgen.relational.hierarchy import Hierarchy, ordered_pairs

HIERARCHY = Hierarchy(5, ((3, 1),))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with its own vocabulary."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("tiny") / "model"
    texts = [prompt(("a", "b"), "c", "d"), *REAL_TEAMS, *FAKE_TEAMS]
    words = sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())})
    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=48, max_position_embeddings=64, initializer_range=0.3,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        transformers.BertModel(config).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "bert"
    return folder


def _causal(root: Path, layers: int) -> dict[tuple[str, bool], Path]:
    """Causal models by architecture and whether the head is tied to the embeddings; byte-level tokenizers."""
    import torch
    import transformers

    from memgen.engine.pretraining import train_tokenizer

    texts = [prompt(("a", "b"), "c", "d")] * 50 + [*REAL_TEAMS, *FAKE_TEAMS, *LABELS]
    tokenizer = train_tokenizer(texts * 3, 500)
    kinds = {"llama": transformers.LlamaConfig, "qwen3": transformers.Qwen3Config}
    found = {(kind, tied): root / f"{kind}-{tied}" for kind in kinds for tied in (False, True)}
    for (kind, tied), folder in found.items():
        tokenizer.save_pretrained(folder)
        config = kinds[kind](
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=layers,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.2,
            tie_word_embeddings=tied,
        )  # fmt: skip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return found


@pytest.fixture(scope="session")
def tiny_causal(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Path]:
    """Causal models of two layers."""
    return _causal(tmp_path_factory.mktemp("causal"), 2)


@pytest.fixture(scope="session")
def deep_causal(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Path]:
    """Causal models of four layers."""
    return _causal(tmp_path_factory.mktemp("deep"), 4)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Items of six seeds, and the pairs of `HIERARCHY`."""
    from memgen.language.stages.lineups import lineups
    from memgen.relational.stages.task import task_frame

    folder = tmp_path_factory.mktemp("inputs")
    lineups(items="fake", n=5, first_seed=0, last_seed=5, out=folder / "lineup.parquet")
    task_frame("h", HIERARCHY).write_parquet(folder / "task.parquet")
    return {"lineup": folder / "lineup.parquet", "task": folder / "task.parquet"}


def finetuned(
    folder: Path, model: Path, inputs: dict[str, Path], left: int = 0, **changed: Any
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Responses and runs of the stage `finetune`, by default of two seeds, fully, in float64."""
    from memgen.language.responses.tables import RESPONSES, RUNS
    from memgen.language.stages.finetune import finetune

    arguments: dict[str, Any] = {
        **inputs, **{name: folder / f"{name}.parquet" for name in ("out", "runs", "geometry")},
        "epochs": 3, "batch": 4, "rate": 1e-3, "model_directory": model, "model": "tiny", "method": "m",
        "kind": "full", "first_seed": 0, "last_seed": 1, "dtype": "float64", "finished": folder / "finished",
        **changed,
    }  # fmt: skip
    finetune(**arguments)
    assert len(list((folder / "finished").iterdir())) == left, "a job keeps nothing once it has ended"
    return RESPONSES.read(arguments["out"]), RUNS.read(arguments["runs"])


def differences(frame: pl.DataFrame, **where: Any) -> Any:
    """Logit differences of one run, by ordered pair."""
    return frame.filter(**where).sort("first", "second")["logit_difference"].to_numpy()


def asked_and_runs(model: Any, count: int, n: int = 5) -> tuple[list[Any], list[Any]]:
    """Prompts of every ordered pair of some runs, each second one reversed, and runs of adjacent pairs."""
    from memgen.engine.prompts import answer_tokens, tokenize
    from memgen.engine.training import Run

    yes, no = answer_tokens(model.tokenizer)
    pairs = ordered_pairs(n)
    chosen = [row for row, (a, b) in enumerate(pairs) if abs(a - b) == 1]
    answers = tuple(yes if pairs[row][0] < pairs[row][1] else no for row in chosen)
    texts = [prompts(sample("real", n, index // 2), bool(index % 2)) for index in range(count)]
    asked = [tokenize(model.tokenizer, part, model.longest_prompt) for part in texts]
    return asked, [Run(("test", i), one.select(chosen), answers) for i, one in enumerate(asked)]


def trained_plainly(
    texts: list[str],
    logits: Callable[[str], Any],
    answers: tuple[int, int],
    parameters: list[Any],
    penalty: Callable[[], Any] = lambda: 0.0,
) -> np.ndarray:
    """The protocol as it reads: three epochs, one prompt at a time, all trained pairs of `HIERARCHY` a step.

    The logits are those of a prompt's last token, `answers` the places of Yes and No among them.
    """
    import torch

    pairs = list(zip(texts, ordered_pairs(5), strict=True))
    told = [(text, HIERARCHY.truth(*pair) == 1) for text, pair in pairs if HIERARCHY.trained(*pair)]
    optimizer = torch.optim.AdamW(parameters, 1e-3, weight_decay=0)
    for _ in range(3):
        optimizer.zero_grad()
        loss = penalty()
        for text, wins in told:
            target = torch.tensor(answers[0] if wins else answers[1])
            loss = loss + torch.nn.functional.cross_entropy(logits(text), target) / len(told)
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        return np.array([float(row[answers[0]] - row[answers[1]]) for row in map(logits, texts)])
