"""Pretrain small-lm: a causal model of the Llama architecture and its own tokenizer, on a generated corpus.

The number of steps is fixed, never the time. The first steps hold one contest among few words, where
comparing is learned before the words are. Next-token loss is taken at every answer, and on a share of the
documents at every token.
"""

import math
from collections.abc import Iterator
from typing import Any

from memgen.engine.loading import transformers_offline
from memgen.jobs.seeding import generator
from memgen.language.corpus import World, document

END = "<|end|>"


LONGEST = 512


EVERY = 100
"""Steps over which the reported loss is averaged."""


def train_tokenizer(texts: list[str], vocabulary: int) -> Any:
    """Byte-level BPE tokenizer of the corpus; answers and words become tokens with their leading space."""
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


def few(made: World, words: int) -> World:
    """The same world with only the first words in each place."""
    return World(made.first[:words], made.second[:words], [], [], [], made.strengths)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear rise over the first 5% of the steps, then half a cosine down to a tenth of the peak."""
    warm = max(1, steps // 20)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.1 + 0.9 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2)


def batches(made: World, options: dict[str, Any]) -> Iterator[list[str]]:
    """Documents of each step."""
    random = generator("language", "corpus", "documents", options["seed"])
    beginning = few(made, options["first_words"])
    for step in range(options["steps"]):
        early = step < options["first_steps"]
        yield [
            document(
                beginning if early else made,
                options["sharpness"],
                1.0 if early else options["own"],
                random,
                contests=1 if early else 4,
            )
            for _ in range(options["batch"])
        ]
