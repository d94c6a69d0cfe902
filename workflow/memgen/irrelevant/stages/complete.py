"""Train a small causal transformer on next-symbol prediction, and ask it to complete its samples.

Its vocabulary is the two bits and a token for each reference. Training is the language study's own loop, and
a sample of L bits is L prompts: the reference and the bits so far, answered by the next one. The state of a
long training is saved every few minutes in a side folder named after everything that the answers depend on
(`memgen.engine.checkpoints`); a killed job resumes from there, to the same bytes.
"""

import dataclasses
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import torch

from memgen.configuration.options import flat
from memgen.engine.causal import last_hidden
from memgen.engine.checkpoints import MINUTES, Keeper, depends_on, folder_for
from memgen.engine.loading import transformers_offline
from memgen.engine.methods import TrainingOptions
from memgen.engine.prompts import Prompts
from memgen.engine.training import Run, train
from memgen.errors import BadInput
from memgen.irrelevant.configuration import OF_COMPLETE, DefenceName, Transformer, check_defence, task_name
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
from memgen.jobs.arguments import NonNegative, Seed
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import Output, progress, stage

BITS = 2
# Prompts that are answered at once.
_TOGETHER = 4096


@stage
@flat
def complete(
    *,
    run: str,
    seed: Seed,
    model: Annotated[Transformer, OF_COMPLETE],
    out: Output,
    defences: list[DefenceName] | None = None,
    kinds: list[str] | None = None,
    strengths: list[float] | None = None,
    finished: Path = Path(".finished"),
    keep_minutes: NonNegative = MINUTES,
) -> None:
    """Train a causal transformer on noisy prefixes of references, and recover them by prefix queries.

    Parameters
    ----------
    run
        Name of the run.
    seed
        Draws references, sample and initial weights.
    out
        Runs table.
    defences, kinds, strengths
        Name, kind and strength of every defence beside none: weight_decay, decoupled as in AdamW, or
        early_stopping, whose strength is epochs.
    finished
        Folder for the state of a training, until the job ends.
    keep_minutes
        Minutes between two such states.

    Raises
    ------
    BadInput
        If a transformer has no such defence.
    """
    arguments = {**vars(model), "run": run, "seed": seed}
    arguments |= {"defences": defences, "kinds": kinds, "strengths": strengths}
    refuse_beyond_memory(
        16.0 * model.width * (12 * model.width * model.layers + model.references)
        + 2.0 * model.references * model.length * model.tests,
        f"a transformer of width {model.width} and {model.layers} layers, {model.tests} tests of "
        f"{model.references} references",
    )
    named = defences or [], kinds or [], strengths or []
    if len({len(part) for part in named}) > 1:
        raise BadInput("defences: as many names, kinds and strengths are needed")
    every = [("none", "none", 0.0), *zip(*named, strict=True)]
    for one in every:
        check_defence("transformer", *one)
    kept = folder_for(finished, depends_on(__name__, arguments, []))
    key = (model.references, model.samples, model.length, repr(model.noise), repr(model.tail), seed)
    rng = generator("irrelevant", "symbols", *key)
    frequency = frequencies(model.references, model.tail)
    references = draw_references(model.references, model.length, rng)
    sample = draw_symbols(references, frequency, model.samples, model.noise, rng)
    rows = []
    for index, (defence, kind, strength) in enumerate(progress(every, "transformer", len(every))):
        recipe = _defended(TrainingOptions(model.epochs, model.batch, model.rate), kind, strength)
        network = train_transformer(
            sample,
            model,
            recipe,
            ("irrelevant", "transformer", *key),
            integer_seed("irrelevant", "transformer", *key),
            Keeper(kept, f"{index:03d}", keep_minutes),
        )
        fresh = generator("irrelevant", "symbols", "fresh", *key)
        by_reference = accuracy_by_reference(network, references, model.noise, model.tests, fresh)
        said = greedy_completions(network, np.arange(model.references), model.length)
        twins = np.asarray(references[sample.reference] ^ (fresh.random(sample.bits.shape) < model.noise / 2))
        common = {
            "run": run, "task": task_name("next_symbol", model.tail), "learner": "transformer",
            "defence": defence, "kind": kind, "strength": None if kind == "none" else strength,
            "clusters": model.references, "samples": model.samples, "dimension": model.length,
            "seed": seed, "step": recipe.epochs, "attack": "prefix", "main": True,
            **accuracies(by_reference, frequency, sample.count),
        }  # fmt: skip
        for multiplicity in range(model.most_seen + 1):
            seen = sample.count[sample.reference] == max(1, multiplicity)
            if seen.any():
                bits = twins if multiplicity == 0 else sample.bits
                counted = _counted(said, references, sample, bits, seen)
                rows.append({**common, "multiplicity": multiplicity, **counted})
    RUNS.write(pl.DataFrame(rows, schema=RUNS.schema), out)
    shutil.rmtree(kept, ignore_errors=True)


def _defended(recipe: TrainingOptions, kind: str, strength: float) -> TrainingOptions:
    if kind == "weight_decay":
        return dataclasses.replace(recipe, weight_decay=strength)
    if kind == "early_stopping":
        return dataclasses.replace(recipe, epochs=min(recipe.epochs, int(strength)))
    return recipe


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


def prompts_of(sample: SymbolSample) -> tuple[Prompts, tuple[int, ...]]:
    """Prompts of a sample, and the token of the right answer to each."""
    queries, answers = [], []
    for reference, length, bits in zip(sample.reference, sample.length, sample.bits.tolist(), strict=True):
        for position in range(int(length)):
            queries.append((BITS + int(reference), *bits[:position]))
            answers.append(int(bits[position]))
    return Prompts((), tuple(queries)), tuple(answers)


def train_transformer(
    sample: SymbolSample,
    model: Transformer,
    recipe: TrainingOptions,
    key: tuple[str | int, ...],
    seed: int,
    keeper: Keeper | None = None,
) -> Any:
    """A causal language model trained on a sample.

    The key names the stream of the prompts' order, the seed is that of the initial weights.
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


def greedy_completions(network: Any, references: np.ndarray, length: int) -> Signs:
    """Bits that a model finds likelier, given each reference (T,) and its own bits so far; shape (T, length).

    Each round asks for the next bit of all of them.
    """
    said = np.zeros((len(references), 0), dtype=np.int8)
    for _ in range(length):
        queries = [
            (BITS + int(reference), *bits) for reference, bits in zip(references, said.tolist(), strict=True)
        ]
        said = np.column_stack([said, chances(network, queries) > 0.5]).astype(np.int8)
    return said


def accuracy_by_reference(
    network: Any, references: Signs, noise: float, tests: int, rng: np.random.Generator
) -> Floats:
    """Accuracy on fresh noisy prefixes of each reference, the label's own noise taken exactly; shape (N,)."""
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
