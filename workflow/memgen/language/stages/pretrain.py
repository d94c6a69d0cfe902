"""Pretrain a small causal language model on a generated corpus, for a fixed number of steps."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from memgen.configuration.options import flat
from memgen.engine.loading import transformers_offline
from memgen.engine.pretraining import EVERY, LONGEST, batches, learning_rate, train_tokenizer
from memgen.errors import BadInput
from memgen.jobs.arguments import Count, Positive, Range, Seed, Share
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import OutputDirectory, progress, stage
from memgen.language.configuration import Pretraining
from memgen.language.corpus import document, world

MOST_WORDS = 5000
"""Most words in each place of the corpus's own names: there are not many more of two syllables."""


@stage
@flat
def pretrain(
    *,
    seed: Seed,
    out: OutputDirectory,
    recipe: Pretraining,
    vocabulary: Count = 2048,
    first_words: Annotated[int, Range(2, MOST_WORDS)] = 8,
    sharpness: Positive = 3.0,
    own: Share = 0.6,
    everywhere: Share = 0.125,
) -> None:
    """Pretrain a small causal language model on a generated corpus, for a fixed number of steps.

    Parameters
    ----------
    seed
        Pretraining seed: the words' strengths, the documents, the initial weights.
    out
        Folder of the model, in the form that every model has.
    vocabulary
        Tokens at most.
    first_words
        Words in each place during the first steps.
    sharpness
        Logit units per unit of strength.
    own
        Share of the documents about the corpus's own names.
    everywhere
        Share of the documents whose every token is predicted, not only the answers.
    """
    options = {**locals(), **vars(recipe)}
    if recipe.width % (2 * recipe.heads):
        raise BadInput(
            f"--width {recipe.width} with --heads {recipe.heads}: a head's width must be even; "
            f"allowed: a width that {2 * recipe.heads} divides"
        )
    weights = recipe.width * (2.0 * vocabulary + 12.0 * recipe.width * recipe.layers)
    activations = 20.0 * recipe.batch * LONGEST * recipe.width * recipe.layers
    refuse_beyond_memory(
        16 * weights + 4 * activations,
        f"--width {recipe.width}, --layers {recipe.layers}, --batch {recipe.batch}",
    )
    transformers = transformers_offline()
    import torch

    made = world(recipe.words, seed)
    random = generator("language", "corpus", "tokenizer", seed)
    tokenizer = train_tokenizer([document(made, sharpness, own, random) for _ in range(6000)], vocabulary)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=8 * recipe.width // 3 // 4 * 4,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
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
    ends = [min(recipe.steps, EVERY * (index + 1)) for index in range(len(losses))]
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
        fused=True,
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
