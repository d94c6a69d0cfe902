"""Finetune a model on one hierarchy, for a block of seeds, and ask it every ordered pair.

Knows which runs are trained together, what is kept as it ends, and how answers become rows; what a group of
runs gives is `learning`'s. A group of runs that ends is kept in a side folder whose name is a digest of
everything that the answers depend on, code and weights included; of a long one it is kept every few minutes
where its training stands. A killed job goes on there, and what it writes is the same. Groups are fixed by the
arguments, never by what remained.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.configuration.kinds import read, takes
from memgen.engine.causal import Prompts, check_head, tokenize
from memgen.engine.checkpoints import MINUTES, Keeper, depends_on
from memgen.engine.layers import Below, below_of
from memgen.engine.learning import Answers, Learner, learn
from memgen.engine.loading import Model, is_causal, load
from memgen.engine.methods import FINETUNING, Finetuning, Head, Lora
from memgen.engine.run_cache import Finished
from memgen.engine.training import Run
from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative
from memgen.jobs.stage import Input, InputDirectory, Output, progress, stage
from memgen.language import configuration
from memgen.language.lineups import block_of, read_samples
from memgen.language.probing import geometry_rows
from memgen.language.prompts import prompts
from memgen.language.responses.rows import GEOMETRY_RUNS, RESPONSES, RUNS
from memgen.language.responses.scoring import read_task, responses

log = logging.getLogger(__name__)


def rows(
    task: pl.DataFrame, found: Answers, runs: Sequence[tuple[int, bool]], cell: Mapping[str, str]
) -> tuple[pl.DataFrame, ...]:
    """Rows for one group: of the responses, of the runs and of the measures of their representations."""
    answered, trained, shapes = [], [], []
    for place, hyperparameter in enumerate(found.hyperparameters):
        for index, (seed, reverse) in enumerate(runs):
            run: dict[str, Any] = {**cell, "hyperparameter": hyperparameter, "seed": seed, "reverse": reverse}
            if found.before is not None:
                answered.append(responses(task, found.before[index], phase="pre", **run))
            answered.append(responses(task, found.after[place, index], phase="post", **run))
            for phase, states in zip(("pre", "post"), found.hidden, strict=False):
                after = found.after[place, index] if phase == "pre" else None
                shapes.append(geometry_rows(states[index], task, after, phase=phase, **run))
            loss = float(found.losses[place, index])
            finite = bool(np.isfinite(loss))
            trained.append(
                {
                    **run,
                    "hierarchy": task["hierarchy"][0],
                    "train_loss": loss if finite else None,
                    "diverged": not finite,
                }
            )
    table = pl.DataFrame(trained, schema_overrides=RUNS.schema).select(list(RUNS.columns))
    return pl.concat(answered), table, pl.concat(shapes)


@stage
@takes(*FINETUNING)
def finetune(
    *,
    model_directory: InputDirectory,
    lineup: Input,
    task: Input,
    model: str,
    method: str,
    first_seed: int,
    last_seed: int,
    out: Output,
    runs: Output,
    geometry: Output,
    evaluation_batch: int = 512,
    dtype: configuration.Dtype = configuration.Model.dtype,
    device: configuration.Device = configuration.Language.device,
    finished: Path = Path(".finished"),
    keep_minutes: NonNegative = MINUTES,
    **options: Any,
) -> None:
    """Finetune a model on the trained pairs of one hierarchy, and ask it every ordered pair.

    Each seed is run twice, the items holding the ranks in one order and in the opposite one. Answers are
    taken before and after training. An encoder, which has no language head, gets a two-way head of its own
    on the mean of its states, is asked without the two shots, and answers after training alone.

    Parameters
    ----------
    model_directory
        Folder of the model.
    lineup
        Items of every seed.
    task
        Pair table of one hierarchy.
    model
        Name of the model in the tables.
    method
        Name of the method in the tables.
    first_seed, last_seed
        Block of seeds, both included.
    out
        Responses.
    runs
        Training loss of every run, and whether it diverged.
    geometry
        Measures of its representation before and after training.
    evaluation_batch
        Prompts per forward pass when answers are read.
    finished
        Folder in which ended groups of runs are kept until the job ends.
    keep_minutes
        Minutes after which it is kept, again and again, where the training of a group stands.

    Raises
    ------
    BadInput
        If the model cannot be loaded, or an argument is not allowed.
    """
    arguments = dict(locals())
    for name in ("model_directory", "lineup", "task", "out", "runs", "geometry", "finished", "keep_minutes"):
        del arguments[name]
    training: Finetuning = read(options, FINETUNING)
    pairs = read_task(task)
    items, drawn = read_samples(lineup)
    samples = block_of(drawn, first_seed, last_seed, lineup)
    if len(samples[0].names) != int(pairs["n"][0]):
        raise BadInput(f"{lineup}: {len(samples[0].names)} items; allowed: {pairs['n'][0]}, as in {task}")
    kept = Finished(finished, depends_on(__name__, arguments, [model_directory, lineup, task]))
    every = [
        (first_seed + offset, one, reverse) for offset, one in enumerate(samples) for reverse in (False, True)
    ]
    groups = [
        (of_rank, every[start : start + training.runs_per_pass])
        for of_rank in (training.rank if isinstance(training, Lora) else (None,))
        for start in range(0, len(every), training.runs_per_pass)
    ]
    causal = is_causal(model_directory)
    if isinstance(training, Head) and not causal:
        raise BadInput(f"{model_directory}: has no language head; allowed with kind head: causal models")
    loaded: Model | None = None
    below: Below | None = None
    tables = []
    for index, (of_rank, group) in enumerate(progress(groups, f"{method} of {model}, {items}", len(groups))):
        done = kept.read(f"{index:05d}")
        if done is None:
            if loaded is None:
                loaded = load(model_directory, dtype, device, causal)
                if causal:
                    check_head(loaded.network)
                loaded.network.requires_grad_(False)
                below = below_of(loaded.network, training.layers)
            asked = [
                tokenize(loaded.tokenizer, prompts(one, reverse, shots=causal), loaded.longest_prompt)
                for _, one, reverse in group
            ]
            sets = [
                training_run(pairs, one, loaded, (items, int(pairs["n"][0]), seed, int(reverse)))
                for one, (seed, _, reverse) in zip(asked, group, strict=True)
            ]
            keeper = Keeper(kept.folder, f"{index:05d}", keep_minutes)
            found = learn(loaded, asked, sets, training, of_rank, below, evaluation_batch, keeper)
            cell = {"source": "study", "model": model, "items": items, "method": method}
            done = rows(pairs, found, [(seed, reverse) for seed, _, reverse in group], cell)
            kept.write(f"{index:05d}", done)
            keeper.clear()
        tables.append(done)
    responses_, together_, measures = (pl.concat([part[place] for part in tables]) for place in range(3))
    RESPONSES.write(responses_, out)
    RUNS.write(together_, runs)
    GEOMETRY_RUNS.write(measures, geometry)
    diverged = int(together_["diverged"].sum())
    if diverged:
        log.warning("%d of %d runs diverged; their answers are recorded as NaN", diverged, together_.height)
    kept.clear()


def training_run(pairs: pl.DataFrame, asked: Prompts, model: Model, key: tuple[str | int, ...]) -> Run:
    """Training set of one run: its trained pairs, both directions, in the order of the hierarchy.

    Parameters
    ----------
    pairs : polars.DataFrame
        From `evaluate.read_task`.
    asked : Prompts
        Of every ordered pair, in the same order.
    model : Model
    key : tuple of str or int
        Names the run.
    """
    yes, no = Learner.answers_of(model)
    trained = (
        pairs.with_row_index("row")
        .filter(pl.col("trained"))
        .with_columns(
            pl.min_horizontal("first", "second").alias("higher"),
            pl.max_horizontal("first", "second").alias("lower"),
        )
        .sort("higher", "lower", "first")
    )
    chosen = trained["row"].to_list()
    answers = tuple(yes if wins else no for wins in trained["first_wins"])
    return Run(("language", "finetune", *key), asked.select(chosen), answers)
