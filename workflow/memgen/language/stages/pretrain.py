"""Pretrain a small causal language model on a generated corpus, for a fixed number of steps."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from memgen.language.models.corpus import document, world
from memgen.language.models.loading import transformers_offline
from memgen.language.models.pretraining import EVERY, LONGEST, batches, learning_rate, train_tokenizer
from memgen.seeding import generator, integer_seed
from memgen.stage import OutputDirectory, progress, stage


@stage
def pretrain(
    *,
    seed: int,
    out: OutputDirectory,
    steps: int = 1200,
    batch: int = 64,
    rate: float = 3e-3,
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    vocabulary: int = 2048,
    words: int = 32,
    first_words: int = 8,
    first_steps: int = 250,
    sharpness: float = 3.0,
    own: float = 0.6,
    everywhere: float = 0.125,
) -> None:
    """Pretrain a small causal language model on a generated corpus, for a fixed number of steps.

    Parameters
    ----------
    seed
        Pretraining seed: the words' strengths, the documents, the initial weights.
    out
        Folder of the model, in the form that every model has.
    steps
        Steps of AdamW.
    batch
        Documents per step.
    rate
        Peak learning rate.
    width
        Width of the residual stream; the layers between are 8/3 as wide.
    layers
        Layers.
    heads
        Attention heads.
    vocabulary
        Tokens at most.
    words
        Words in each of the two places of the corpus's own names.
    first_words
        Words in each place during the first steps.
    first_steps
        Steps with a single contest among few words.
    sharpness
        Logit units per unit of strength.
    own
        Share of the documents about the corpus's own names.
    everywhere
        Share of the documents whose every token is predicted, not only the answers.
    """
    options = dict(locals())
    transformers = transformers_offline()
    import torch

    made = world(words, seed)
    random = generator("language", "corpus", "tokenizer", seed)
    tokenizer = train_tokenizer([document(made, sharpness, own, random) for _ in range(6000)], vocabulary)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=8 * width // 3 // 4 * 4,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=False,
        initializer_range=0.05,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer_seed("language", "pretrain", seed))
        network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    network.train()
    answers = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in (" Yes", " No")]
    losses = _train(network, tokenizer, [token for (token,) in answers], batches(made, options), options)
    network.save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)  # safetensors writes a private file
    tokenizer.save_pretrained(out)
    ends = [min(steps, EVERY * (index + 1)) for index in range(len(losses))]
    history = {"step": ends, "answer_loss": [round(value, 6) for value in losses]}
    (out / "pretraining.json").write_text(json.dumps(history) + "\n", encoding="utf-8")


def _train(
    network: Any, tokenizer: Any, answers: list[int], documents: Iterator[list[str]], options: dict[str, Any]
) -> list[float]:
    """Train a network in place; returns the mean loss at the answers over every `EVERY` steps."""
    import torch

    decay = [value for value in network.parameters() if value.dim() > 1]
    others = [value for value in network.parameters() if value.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
        lr=options["rate"],
        betas=(0.9, 0.98),
    )
    full = max(1, round(options["everywhere"] * options["batch"]))
    recent: list[float] = []
    history = []
    steps = options["steps"]
    for step, texts in enumerate(progress(documents, "pretraining", steps)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, options["rate"])
        rows = [[*ids, tokenizer.eos_token_id] for ids in tokenizer(texts)["input_ids"]]
        ids = torch.full((len(rows), max(map(len, rows))), tokenizer.eos_token_id)
        lengths = torch.tensor([len(row) for row in rows])
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
        hidden = network.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        following = ids[:, 1:]
        answered = torch.isin(following, torch.tensor(answers))
        loss = torch.nn.functional.cross_entropy(network.lm_head(hidden[answered]), following[answered])
        real = torch.arange(1, ids.shape[1])[None, :] < lengths[:full, None]
        plain = torch.nn.functional.cross_entropy(
            network.lm_head(hidden[:full][real]), following[:full][real]
        )
        optimizer.zero_grad(set_to_none=True)
        (loss + 0.5 * plain).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        recent.append(float(loss.detach()))
        if len(recent) == EVERY or step == steps - 1:
            history.append(float(np.mean(recent)))
            recent = []
    return history
