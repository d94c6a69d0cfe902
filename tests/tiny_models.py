"""A BERT of a few thousand parameters with its own vocabulary, saved as a model folder."""

import json
import re
from pathlib import Path

import pytest

from memgen.language.hands import LABELS
from memgen.language.items import FAKE_TEAMS, REAL_TEAMS
from memgen.language.prompts import prompt


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
        initializer_range=0.3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        transformers.BertModel(config).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "bert"
    return folder


def causal(folder: Path, kind: str, tied: bool, **changed: object) -> Path:
    """A random causal model of some thousand parameters, with a byte-level tokenizer of its own."""
    import torch
    import transformers

    from memgen.engine.pretraining import train_tokenizer

    texts = [prompt(("a", "b"), "c", "d")] * 50 + [*REAL_TEAMS, *FAKE_TEAMS, *LABELS]
    tokenizer = train_tokenizer(texts * 3, 500)
    tokenizer.save_pretrained(folder)
    options = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "initializer_range": 0.2,
        "tie_word_embeddings": tied,
        **changed,
    }
    config = {"llama": transformers.LlamaConfig, "qwen3": transformers.Qwen3Config}[kind](**options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_causal(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Path]:
    """Random causal models by architecture and whether the head is tied to the embeddings."""
    root = tmp_path_factory.mktemp("causal")
    return {
        (kind, tied): causal(root / f"{kind}-{tied}", kind, tied)
        for kind in ("llama", "qwen3")
        for tied in (False, True)
    }


@pytest.fixture(scope="session")
def deep_causal(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Path]:
    """The same with four layers."""
    root = tmp_path_factory.mktemp("deep")
    return {
        (kind, tied): causal(root / f"{kind}-{tied}", kind, tied, num_hidden_layers=4)
        for kind in ("llama", "qwen3")
        for tied in (False, True)
    }
