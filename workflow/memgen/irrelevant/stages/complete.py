"""Train a small causal transformer on next-symbol prediction, and ask it to complete its samples.

Its vocabulary is the two bits and a token for each reference. A sample is one sequence, the reference and its
bits, and every bit is predicted from those before it. In every step some of the bits that it reads, never
those that it predicts, are redrawn: a fresh example has other noise in its prefix than the sample had, and a
learner that reads its own prefix back would be lost there.
"""

from typing import Annotated, Any

import numpy as np
import polars as pl
import torch

from memgen.configuration.options import flat
from memgen.engine.loading import transformers_offline
from memgen.errors import BadInput
from memgen.irrelevant.configuration import OF_COMPLETE, Transformer, task_name
from memgen.irrelevant.tables import RUNS
from memgen.irrelevant.tasks import (
    Floats,
    Signs,
    SymbolSample,
    accuracies,
    draw_references,
    draw_symbols,
    frequencies,
)
from memgen.jobs.arguments import Seed
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import Output, progress, stage

BITS = 2
# Sequences that are answered at once.
_TOGETHER = 1024
# Target of a bit beyond a sample's length, which has no loss.
_UNKNOWN = -100


@stage
@flat
def complete(*, run: str, seed: Seed, model: Annotated[Transformer, OF_COMPLETE], out: Output) -> None:
    """Train a causal transformer on noisy prefixes of references, and recover them by prefix queries.

    Parameters
    ----------
    run
        Name of the run.
    seed
        Draws references, sample and initial weights.
    out
        Runs table.

    Raises
    ------
    BadInput
        If the training diverges, or needs more memory than there is.
    """
    refuse_beyond_memory(
        16.0 * model.width * (12 * model.width * model.layers + model.references)
        + 2.0 * model.references * model.length * model.tests,
        f"a transformer of width {model.width} and {model.layers} layers, {model.tests} tests of "
        f"{model.references} references",
    )
    key = (model.references, model.samples, model.length, repr(model.noise), repr(model.tail), seed)
    rng = generator("irrelevant", "symbols", *key)
    frequency = frequencies(model.references, model.tail)
    references = draw_references(model.references, model.length, rng)
    sample = draw_symbols(references, frequency, model.samples, model.noise, rng)
    network = train_transformer(sample, model, ("irrelevant", "transformer", *key))
    fresh = generator("irrelevant", "symbols", "fresh", *key)
    by_reference = accuracy_by_reference(network, references, model.noise, model.tests, fresh)
    said = greedy_completions(network, np.arange(model.references), model.length)
    twins = np.asarray(references[sample.reference] ^ (fresh.random(sample.bits.shape) < model.noise / 2))
    common = {
        "run": run, "task": task_name("next_symbol", model.tail), "learner": "transformer",
        "defence": "none", "kind": "none",
        "clusters": model.references, "samples": model.samples, "dimension": model.length, "hidden": 0,
        "seed": seed, "step": model.steps, "attack": "prefix", "main": True,
        **accuracies(by_reference, frequency, sample.count),
    }  # fmt: skip
    rows = []
    for multiplicity in range(model.most_seen + 1):
        seen = sample.count[sample.reference] == max(1, multiplicity)
        if seen.any():
            bits = twins if multiplicity == 0 else sample.bits
            counted = _counted(said, references, sample, bits, seen)
            rows.append({**common, "multiplicity": multiplicity, **counted})
    RUNS.write(pl.DataFrame(rows, schema=RUNS.schema), out)


def _counted(
    said: Signs, references: Signs, sample: SymbolSample, bits: Signs, chosen: np.ndarray
) -> dict[str, float | int | None]:
    """Bits of some samples that a completion has right: all, those that noise flipped, and the others."""
    part = sample.known & chosen[:, None]
    right = said[sample.reference] == bits
    flipped = bits != references[sample.reference]

    def share(which: np.ndarray) -> float | None:
        return float(right[which].mean()) if which.any() else None

    return {
        "targets": int(chosen.sum()),
        "bits_recovered": share(part),
        "free_recovered": share(part & flipped),
        "fixed_recovered": share(part & ~flipped),
        "queries": float(sample.length[chosen].mean()),
    }


def train_transformer(sample: SymbolSample, model: Transformer, key: tuple[str | int, ...]) -> Any:
    """A causal language model trained on a sample, all of it in every step.

    The key names the streams of the initial weights and of the bits that are redrawn.
    """
    transformers = transformers_offline()
    config = transformers.LlamaConfig(
        vocab_size=BITS + len(sample.count),
        hidden_size=model.width,
        intermediate_size=8 * model.width // 3 // 4 * 4,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        max_position_embeddings=sample.bits.shape[1] + 1,
        tie_word_embeddings=False,
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer_seed(*key))
        network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    network.train()
    targets = torch.from_numpy(np.where(sample.known, sample.bits, _UNKNOWN).astype(np.int64)).flatten()
    optimizer = torch.optim.AdamW(network.parameters(), lr=model.rate, weight_decay=0.0)
    redrawn = generator(*key, "redrawn")
    for _ in progress(range(model.steps), "transformer", model.steps):
        coins = redrawn.integers(0, 2, sample.bits.shape, dtype=np.int8)
        bits = np.where(redrawn.random(sample.bits.shape) < model.redrawn, coins, sample.bits)
        logits = network(input_ids=_sequences(sample.reference, bits[:, :-1])).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets, ignore_index=_UNKNOWN)
        if not torch.isfinite(loss):
            raise BadInput(f"rate: {model.rate:g} diverges; allowed: a smaller one")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    return network


def _sequences(references: np.ndarray, bits: np.ndarray) -> torch.Tensor:
    """Tokens of references and the bits that follow, shape (rows, 1 + bits)."""
    return torch.from_numpy(np.column_stack([BITS + references, bits]).astype(np.int64))


@torch.inference_mode()
def likelier_bits(network: Any, references: np.ndarray, bits: np.ndarray) -> Signs:
    """The likelier bit after each reference (T,) and each beginning of its bits (T, m); shape (T, m + 1)."""
    tokens = _sequences(references, bits)
    found = []
    for start in range(0, len(tokens), _TOGETHER):
        logits = network(input_ids=tokens[start : start + _TOGETHER]).logits
        found.append((logits[..., 1] > logits[..., 0]).numpy())
    return np.concatenate(found).astype(np.int8)


def greedy_completions(network: Any, references: np.ndarray, length: int) -> Signs:
    """Likelier bits, given each reference (T,) and the model's own bits so far; shape (T, length)."""
    said = np.zeros((len(references), 0), dtype=np.int8)
    for _ in range(length):
        said = np.column_stack([said, likelier_bits(network, references, said)[:, -1]])
    return said


def accuracy_by_reference(
    network: Any, references: Signs, noise: float, tests: int, rng: np.random.Generator
) -> Floats:
    """Accuracy on fresh noisy copies of each reference, over all prefixes; shape (N,).

    The noise of the label itself is taken exactly.
    """
    number, dimension = references.shape
    chosen = np.repeat(np.arange(number), tests)
    bits = references[chosen] ^ (rng.random((len(chosen), dimension)) < noise / 2)
    right = likelier_bits(network, chosen, bits[:, :-1]) == references[chosen]
    kept = np.where(right, 1 - noise / 2, noise / 2)
    return np.asarray(kept.reshape(number, -1).mean(axis=1))
