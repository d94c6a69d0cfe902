"""Pretrain small-lm on a generated corpus: a causal model of the Llama architecture and its own tokenizer."""

import json
from typing import Annotated

from memgen.configuration.options import flat
from memgen.engine.loading import save
from memgen.engine.pretraining import EVERY, LONGEST, small_llama, train_tokenizer
from memgen.engine.pretraining import pretrain as train
from memgen.engine.prompts import answer_tokens
from memgen.errors import BadInput
from memgen.jobs.arguments import Count, Positive, Range, Seed, Share
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import OutputDirectory, progress, stage
from memgen.language.configuration import Pretraining
from memgen.language.corpus import batches, document, world

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
    made = world(recipe.words, seed)
    random = generator("language", "corpus", "tokenizer", seed)
    tokenizer = train_tokenizer([document(made, sharpness, own, random) for _ in range(6000)], vocabulary)
    network = small_llama(
        len(tokenizer),
        recipe.width,
        recipe.layers,
        recipe.heads,
        LONGEST,
        integer_seed("language", "pretrain", seed),
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    losses = train(
        network,
        tokenizer,
        answer_tokens(tokenizer),
        progress(batches(made, options), "pretraining", recipe.steps),
        recipe.steps,
        recipe.rate,
        max(1, round(everywhere * recipe.batch)),
    )
    save(network, out)
    tokenizer.save_pretrained(out)
    ends = [min(recipe.steps, EVERY * (index + 1)) for index in range(len(losses))]
    history = {"step": ends, "answer_loss": [round(value, 6) for value in losses]}
    (out / "pretraining.json").write_text(json.dumps(history) + "\n", encoding="utf-8")
