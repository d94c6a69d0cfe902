"""Finetune a model on one hierarchy, for a block of seeds, and ask it every ordered pair.

Which runs are trained together is fixed by the arguments; their answers are those of `engine.learning`. A
group of runs that ends is kept in a side folder whose name is a digest of everything that the answers depend
on, code and weights included; of a long one the state of the training is saved every few minutes. A killed
job goes on there, and what it writes is the same.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from memgen.configuration.kinds import read, with_method_options
from memgen.engine.causal import check_head
from memgen.engine.checkpoints import MINUTES, Keeper, RunCache, depends_on
from memgen.engine.layers import FrozenLayers, frozen_layers
from memgen.engine.learning import Answers, answers_of, learn
from memgen.engine.loading import Model, is_causal, load
from memgen.engine.methods import FINETUNING, Finetuning, Head, Lora
from memgen.engine.prompts import Prompts, tokenize
from memgen.engine.training import Run
from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative
from memgen.jobs.stage import Input, InputDirectory, Output, progress, stage
from memgen.language import configuration
from memgen.language.lineups import read_samples
from memgen.language.probing import geometry_rows
from memgen.language.prompts import prompts
from memgen.language.responses.scoring import read_task, responses
from memgen.language.responses.tables import GEOMETRY_RUNS, RESPONSES, RUNS

log = logging.getLogger(__name__)

TABLES = {"responses": RESPONSES, "runs": RUNS, "geometry": GEOMETRY_RUNS}


def _rows(
    task: pl.DataFrame, found: Answers, runs: Sequence[tuple[int, bool]], cell: Mapping[str, str]
) -> tuple[pl.DataFrame, ...]:
    """Rows of `TABLES` for one group of runs."""
    answered, trained, shapes = [], [], []
    for place, hyperparameter in enumerate(found.hyperparameters):
        for index, (seed, reverse) in enumerate(runs):
            run: dict[str, Any] = {**cell, "hyperparameter": hyperparameter, "seed": seed, "reverse": reverse}
            after, loss = found.after[place, index], float(found.losses[place, index])
            if found.before is not None:
                answered.append(responses(task, found.before[index], phase="pre", **run))
            answered.append(responses(task, after, phase="post", **run))
            for phase, states in zip(("pre", "post"), found.hidden, strict=False):
                told = after if phase == "pre" else None
                shapes.append(geometry_rows(states[index], task, told, phase=phase, **run))
            finite = bool(np.isfinite(loss))
            ending = {"train_loss": loss if finite else None, "diverged": not finite}
            trained.append({**run, "hierarchy": task["hierarchy"][0], **ending})
    table = pl.DataFrame(trained, schema_overrides=RUNS.schema).select(list(RUNS.columns))
    return pl.concat(answered), table, pl.concat(shapes)


@stage
@with_method_options(*FINETUNING)
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
    """Finetune a model on the trained pairs of one hierarchy, and evaluate it on every ordered pair.

    Each seed is run twice, the items holding the ranks in one order and in the opposite one. Answers are
    taken before and after training. An encoder, which has no language head, gets a new two-way head
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
        Minutes between two saved states of the training of a group.

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
    n = int(pairs["n"][0])
    items, samples = read_samples(lineup, first_seed, last_seed)
    if len(samples[0].names) != n:
        raise BadInput(f"{lineup}: {len(samples[0].names)} items; allowed: {n}, as in {task}")
    cache = RunCache(finished, depends_on(__name__, arguments, [model_directory, lineup, task]), TABLES)
    every = [
        (first_seed + offset, one, reverse) for offset, one in enumerate(samples) for reverse in (False, True)
    ]
    groups = [
        (of_rank, every[start : start + training.runs_per_pass])
        for of_rank in (training.lora_rank if isinstance(training, Lora) else (None,))
        for start in range(0, len(every), training.runs_per_pass)
    ]
    causal = is_causal(model_directory)
    if isinstance(training, Head) and not causal:
        raise BadInput(f"{model_directory}: has no language head; allowed with kind head: causal models")
    cell = {"source": "study", "model": model, "items": items, "method": method}
    loaded: Model | None = None
    frozen: FrozenLayers | None = None
    tables = []
    for index, (of_rank, group) in enumerate(progress(groups, f"{method} of {model}, {items}", len(groups))):
        done = cache.read(f"{index:05d}")
        if done is None:
            if loaded is None:
                loaded = load(model_directory, dtype, device, causal)
                if causal:
                    check_head(loaded.network)
                loaded.network.requires_grad_(False)
                frozen = frozen_layers(loaded.network, training.layers)
            asked = [
                tokenize(loaded.tokenizer, prompts(one, reverse, shots=causal), loaded.longest_prompt)
                for _, one, reverse in group
            ]
            sets = [
                _training_run(pairs, one, answers_of(loaded), (items, n, seed, int(reverse)))
                for one, (seed, _, reverse) in zip(asked, group, strict=True)
            ]
            keeper = Keeper(cache.folder, f"{index:05d}", keep_minutes)
            found = learn(loaded, asked, sets, training, of_rank, frozen, evaluation_batch, keeper)
            done = _rows(pairs, found, [(seed, reverse) for seed, _, reverse in group], cell)
            cache.write(f"{index:05d}", done)
            keeper.clear()
        tables.append(done)
    gathered = [pl.concat(parts) for parts in zip(*tables, strict=True)]
    for table, frame, path in zip(TABLES.values(), gathered, (out, runs, geometry), strict=True):
        table.write(frame, path)
    ended = gathered[1]["diverged"]
    if ended.any():
        log.warning("%d of %d runs diverged; their answers are recorded as NaN", ended.sum(), len(ended))
    cache.clear()


def _training_run(
    pairs: pl.DataFrame, asked: Prompts, answers: tuple[int, int], key: tuple[str | int, ...]
) -> Run:
    """Training set of one run: its trained pairs, both directions, in the order of the hierarchy.

    `asked` are the prompts of every ordered pair, in the order of `pairs`; `answers` stand for Yes and No.
    """
    trained = (
        pairs.with_row_index("row")
        .filter(pl.col("trained"))
        .with_columns(
            pl.min_horizontal("first", "second").alias("higher"),
            pl.max_horizontal("first", "second").alias("lower"),
        )
        .sort("higher", "lower", "first")
    )
    chosen = tuple(answers[0] if wins else answers[1] for wins in trained["first_wins"])
    return Run(("language", "finetune", *key), asked.select(trained["row"].to_list()), chosen)
