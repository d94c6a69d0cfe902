"""Random networks of the paper's architectures, some thousand parameters each, in a hub's cache."""

from pathlib import Path
from typing import Any

from memgen.engine.pretraining import train_tokenizer
from memgen.language.items import FAKE_TEAMS, REAL_TEAMS
from memgen.language.prompts import prompt

SIZE = {
    "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1,
    "max_position_embeddings": 256, "initializer_range": 0.2, "tie_word_embeddings": True,
}  # fmt: skip


def llama(vocabulary: int) -> Any:
    """As Llama 3.2: a decoder whose head is tied to its embeddings."""
    import transformers

    config = transformers.LlamaConfig(**SIZE, vocab_size=vocabulary, num_hidden_layers=2, head_dim=8)
    return transformers.LlamaForCausalLM(config)


def qwen(vocabulary: int) -> Any:
    """As Qwen 3.5: a model of text and pictures, three of whose four layers have linear attention."""
    import transformers

    heads = {f"linear_{kind}": 2 for kind in ("num_key_heads", "num_value_heads")}
    widths = {f"linear_{kind}_head_dim": 8 for kind in ("key", "value")}
    text = {**SIZE, **heads, **widths, "vocab_size": vocabulary, "num_hidden_layers": 4, "head_dim": 8}
    picture = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    config = transformers.Qwen3_5Config(text_config=text, vision_config=picture, tie_word_embeddings=True)
    return transformers.Qwen3_5ForConditionalGeneration(config)


ARCHITECTURES = {"meta-llama/Llama-3.2": llama, "Qwen/Qwen3.5": qwen}


def fill(cache: Path, models: dict[str, dict[str, Any]]) -> None:
    """Put a network in the place of every model of a configuration, at its pinned revision."""
    import torch

    texts = [prompt(("a", "b"), "c", "d")] * 50 + [*REAL_TEAMS, *FAKE_TEAMS]
    tokenizer = train_tokenizer(texts * 3, 500)  # no text has two digits side by side: each is a token
    for seed, model in enumerate(models.values()):
        (make,) = [made for name, made in ARCHITECTURES.items() if model["repository"].startswith(name)]
        folder = cache / f"models--{model['repository'].replace('/', '--')}" / "snapshots" / model["revision"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            make(len(tokenizer)).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
