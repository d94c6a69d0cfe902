"""Make small language models: a tokenizer of some texts, a Llama of random weights, and its pretraining."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from memgen.engine.loading import transformers_offline
from memgen.engine.prompts import padded

END = "<|end|>"
LONGEST = 512
"""Tokens that a tokenizer made here expects at most."""
EVERY = 100
"""Steps over which the reported loss is averaged."""


def train_tokenizer(texts: list[str], vocabulary: int) -> Any:
    """Byte-level BPE tokenizer of some texts; words become tokens with their leading space."""
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return transformers_offline().PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=END, model_max_length=LONGEST
    )


def small_llama(
    vocabulary: int, width: int, layers: int, heads: int, longest: int, seed: int, **ids: Any
) -> Any:
    """A Llama with a head of its own, of random weights by a seed; torch's generator is left as it was.

    The width is that of the residual stream, `longest` the most tokens of a prompt; `ids` are special tokens,
    as in the configuration of a Llama.
    """
    transformers = transformers_offline()
    import torch

    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=8 * width // 3 // 4 * 4,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=longest,
        tie_word_embeddings=False,
        initializer_range=0.05,
        **ids,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    return network.train()


def _learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear rise over the first 5% of the steps, then half a cosine down to a tenth of the peak."""
    warm = max(1, steps // 20)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.1 + 0.9 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2)


def pretrain(
    network: Any,
    tokenizer: Any,
    answers: Sequence[int],
    documents: Iterable[list[str]],
    steps: int,
    rate: float,
    everywhere: int,
) -> list[float]:
    """Train a network in place on documents, a batch a step, by AdamW.

    Predicted are the tokens of `answers` wherever they occur, and every token of the first documents of each
    batch, so many as `everywhere` says. The learning rate rises to `rate`, and falls again. Returns the mean
    loss at the answers over every `EVERY` steps, nats.
    """
    import torch

    cross_entropy = torch.nn.functional.cross_entropy
    decay = [value for value in network.parameters() if value.dim() > 1]
    others = [value for value in network.parameters() if value.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    recent: list[float] = []
    history = []
    for step, texts in enumerate(documents):
        for group in optimizer.param_groups:
            group["lr"] = _learning_rate(step, steps, rate)
        rows = [[*ids, tokenizer.eos_token_id] for ids in tokenizer(texts)["input_ids"]]
        ids, lengths = padded(rows, "cpu", tokenizer.eos_token_id)
        hidden = network.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        following = ids[:, 1:]
        answered = torch.isin(following, torch.tensor(answers))
        loss = cross_entropy(network.lm_head(hidden[answered]), following[answered])
        real = torch.arange(1, ids.shape[1])[None, :] < lengths[:everywhere, None]
        plain = cross_entropy(network.lm_head(hidden[:everywhere][real]), following[:everywhere][real])
        optimizer.zero_grad(set_to_none=True)
        (loss + 0.5 * plain).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        recent.append(float(loss.detach()))
        if len(recent) == EVERY or step == steps - 1:
            history.append(float(np.mean(recent)))
            recent = []
    return history
