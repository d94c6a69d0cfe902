"""A small causal transformer on next-symbol prediction, and an attack that asks it to go on.

Its vocabulary is the two bits and a token for each reference. Training is the language study's own loop, and
a sample of L bits is L prompts: the reference and the bits so far, answered by the next one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from memgen.engine.causal import last_hidden
from memgen.engine.checkpoints import Keeper
from memgen.engine.loading import transformers_offline
from memgen.engine.methods import TrainingOptions as Recipe
from memgen.engine.prompts import Prompts
from memgen.engine.training import Run, train
from memgen.irrelevant.tasks import Floats, Signs, SymbolSample

BITS = 2
# Prompts that are answered at once.
_TOGETHER = 4096


@dataclass(frozen=True)
class Shape:
    """Size of a transformer.

    Parameters
    ----------
    width : int
        Width of the residual stream.
    layers : int
    heads : int
    """

    width: int
    layers: int
    heads: int


def prompts_of(sample: SymbolSample) -> tuple[Prompts, tuple[int, ...]]:
    """Prompts of a sample, and the token of the right answer to each."""
    queries, answers = [], []
    for reference, length, bits in zip(sample.reference, sample.length, sample.bits.tolist(), strict=True):
        for position in range(int(length)):
            queries.append((BITS + int(reference), *bits[:position]))
            answers.append(int(bits[position]))
    return Prompts((), tuple(queries)), tuple(answers)


def trained_transformer(
    sample: SymbolSample,
    shape: Shape,
    recipe: Recipe,
    key: tuple[str | int, ...],
    seed: int,
    keeper: Keeper | None = None,
) -> Any:
    """Train a transformer on a sample.

    Parameters
    ----------
    sample : SymbolSample
    shape : Shape
    recipe : memgen.engine.methods.Recipe
    key : tuple of str or int
        Names the stream of the prompts' order.
    seed : int
        Seed of the initial weights.
    keeper : Keeper, optional
        Keeps where the training stands.

    Returns
    -------
    network : transformers causal language model
    """
    transformers = transformers_offline()
    longest = sample.bits.shape[1] + 1
    config = transformers.LlamaConfig(
        vocab_size=BITS + len(sample.count),
        hidden_size=shape.width,
        intermediate_size=8 * shape.width // 3 // 4 * 4,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=longest,
        tie_word_embeddings=False,
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    network.train()
    prompts, answers = prompts_of(sample)
    train(network, [Run(key, prompts, answers)], recipe, list(network.parameters()), keeper=keeper)
    network.eval()
    return network


@torch.inference_mode()
def chances(network: Any, queries: list[tuple[int, ...]]) -> Floats:
    """Probability of a 1 after each prompt, of the two bits alone; shape (prompts,)."""
    head = network.get_output_embeddings()
    found = []
    for start in range(0, len(queries), _TOGETHER):
        part = Prompts((), tuple(queries[start : start + _TOGETHER]))
        logits = head(last_hidden(network, [part])[0])[:, :BITS].double()
        found.append(torch.softmax(logits, dim=1)[:, 1].numpy())
    return np.concatenate(found)


def completed(network: Any, references: np.ndarray, length: int) -> Signs:
    """What a model says when it is given a reference and asked to go on, again and again.

    Parameters
    ----------
    network : transformers causal language model
    references : numpy.ndarray of int, shape (T,)
        Targets; each round asks for the next bit of all of them.
    length : int
        Rounds: the bits that one target is asked for.

    Returns
    -------
    numpy.ndarray of int8, shape (T, length)
    """
    said = np.zeros((len(references), 0), dtype=np.int8)
    for _ in range(length):
        queries = [
            (BITS + int(reference), *bits) for reference, bits in zip(references, said.tolist(), strict=True)
        ]
        said = np.column_stack([said, chances(network, queries) > 0.5]).astype(np.int8)
    return said


def accuracies(network: Any, references: Signs, noise: float, tests: int, rng: np.random.Generator) -> Floats:
    """Accuracy on fresh examples of each reference, over their noisy prefixes and labels.

    Parameters
    ----------
    network : transformers causal language model
    references : numpy.ndarray of int8, shape (N, d)
    noise : float
        Each bit is flipped with probability noise / 2.
    tests : int
        Fresh prefixes of each reference; the label's own noise is taken exactly.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, shape (N,)
    """
    number, dimension = references.shape
    chosen = np.repeat(np.arange(number), tests)
    flipped = rng.random((len(chosen), dimension)) < noise / 2
    bits = references[chosen] ^ flipped
    length = rng.integers(1, dimension + 1, len(chosen))
    queries = [
        (BITS + int(reference), *row[: end - 1])
        for reference, row, end in zip(chosen, bits.tolist(), length, strict=True)
    ]
    truth = references[chosen, length - 1] == 1
    right = (chances(network, queries) > 0.5) == truth
    kept = np.where(right, 1 - noise / 2, noise / 2)
    return np.asarray(kept.reshape(number, tests).mean(axis=1))
