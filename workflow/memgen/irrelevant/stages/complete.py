"""Train a small causal transformer on next-symbol prediction, and ask it to complete its samples.

Of a long training it is kept every few minutes where it stands, in a side folder named after everything that
the answers depend on (`memgen.engine.checkpoints`); a killed job goes on there, to the same bytes.
"""

import dataclasses
import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.engine.checkpoints import MINUTES, Keeper, depends_on, folder_for
from memgen.engine.methods import TrainingOptions as Recipe
from memgen.errors import BadInput
from memgen.irrelevant.configuration import OF_COMPLETE, DefenceName, Transformer
from memgen.irrelevant.rows import RUNS
from memgen.irrelevant.specs import check_defence
from memgen.irrelevant.tasks import (
    Floats,
    Signs,
    SymbolSample,
    draw_references,
    draw_symbols,
    frequencies,
)
from memgen.irrelevant.transformer import Shape, accuracies, completed, trained_transformer
from memgen.jobs.arguments import NonNegative, Seed
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import generator, integer_seed
from memgen.jobs.stage import Output, progress, stage


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
        Folder in which it is kept where a training stands, until the job ends.
    keep_minutes
        Minutes after which that is done, again and again.

    Raises
    ------
    BadInput
        If a defence is none that a transformer has.
    """
    arguments = {**vars(model), "run": run, "seed": seed}
    arguments |= {"defences": defences, "kinds": kinds, "strengths": strengths}
    refuse_beyond_memory(
        16.0 * model.width * (12 * model.width * model.layers + model.references)
        + 2.0 * model.references * model.length * model.tests,
        f"a transformer of width {model.width} and {model.layers} layers, {model.tests} tests of "
        f"{model.references} references",
    )
    named = list(defences or ()), list(kinds or ()), list(strengths or ())
    if len({len(part) for part in named}) > 1:
        raise BadInput("defences: as many names, kinds and strengths are needed")
    every = [("none", "none", 0.0), *zip(*named, strict=True)]
    for one in every:
        check_defence("transformer", *one)
    frequency = frequencies(model.references, model.tail)
    recipe = Recipe(model.epochs, model.batch, model.rate)
    rows = []
    kept = folder_for(finished, depends_on(__name__, arguments, []))
    size = (model.references, model.samples, model.length, repr(model.noise), repr(model.tail), seed)
    rng = generator("irrelevant", "symbols", *size)
    strings = draw_references(model.references, model.length, rng)
    sample = draw_symbols(strings, frequency, model.samples, model.noise, rng)
    for index, (defence, kind, strength) in enumerate(progress(every, "transformer", len(every))):
        defended = _defended(recipe, kind, strength)
        network = trained_transformer(
            sample,
            Shape(model.width, model.layers, model.heads),
            defended,
            ("irrelevant", "transformer", *size),
            integer_seed("irrelevant", "transformer", *size),
            Keeper(kept, f"{index:03d}", keep_minutes),
        )
        fresh = generator("irrelevant", "symbols", "fresh", *size)
        by_reference = accuracies(network, strings, model.noise, model.tests, fresh)
        said = completed(network, np.arange(model.references), model.length)
        twins = np.asarray(strings[sample.reference] ^ (fresh.random(sample.bits.shape) < model.noise / 2))
        task = "next_symbol" if model.tail == 0 else f"next_symbol:{model.tail:g}"
        common = {
            "run": run, "task": task, "learner": "transformer", "defence": defence, "kind": kind,
            "strength": None if kind == "none" else strength, "epsilon": None, "delta": None,
            "clusters": model.references, "samples": model.samples, "dimension": model.length,
            "rho": None, "seed": seed,
            "step": defended.epochs, "attack": "prefix", "main": True,
            "accuracy_fresh": _mean(by_reference, frequency, sample.count >= 0),
            "accuracy_represented": _mean(by_reference, frequency, sample.count > 0),
            "accuracy_singleton": _mean(by_reference, frequency, sample.count == 1),
        }  # fmt: skip
        for multiplicity in range(model.most_seen + 1):
            seen = sample.count[sample.reference] == max(1, multiplicity)
            if seen.any():
                bits = twins if multiplicity == 0 else sample.bits
                counted = _counted(said, strings, sample, bits, seen)
                rows.append({**common, "multiplicity": multiplicity, **counted})
    RUNS.write(pl.DataFrame(rows, schema=RUNS.schema), out)
    shutil.rmtree(kept, ignore_errors=True)


def _defended(recipe: Recipe, kind: str, strength: float) -> Recipe:
    """The recipe with a defence."""
    if kind == "weight_decay":
        return dataclasses.replace(recipe, weight_decay=strength)
    if kind == "early_stopping":
        return dataclasses.replace(recipe, epochs=min(recipe.epochs, int(strength)))
    return recipe


def _counted(
    said: Signs, strings: Signs, sample: SymbolSample, bits: Signs, chosen: np.ndarray
) -> dict[str, float | int | None]:
    """Bits of some samples that a completion has right: all, those that noise flipped, and the others."""
    part = sample.known & chosen[:, None]
    right = said[sample.reference] == bits
    flipped = bits != strings[sample.reference]

    def share(which: np.ndarray) -> float | None:
        return float(right[which].mean()) if which.any() else None

    return {
        "targets": int(chosen.sum()),
        "bits_recovered": share(part),
        "free_recovered": share(part & flipped),
        "fixed_recovered": share(part & ~flipped),
        "queries": float(sample.length[chosen].mean()),
    }


def _mean(values: Floats, weights: Floats, chosen: np.ndarray) -> float:
    """Weighted mean of some values; NaN of none."""
    return float(np.average(values[chosen], weights=weights[chosen])) if chosen.any() else float("nan")
