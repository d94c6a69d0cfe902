"""Gathering and averaging: order of jobs, means and seed-clustered errors against plain loops."""

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from memgen.language.fits.tables import frame_of
from memgen.language.responses.scoring import read_task
from memgen.language.responses.scoring import responses as answer
from memgen.language.responses.tables import ACCURACY, DISTANCE, MARGINS, RESPONSES, RUNS
from memgen.language.stages.summaries import accuracy, distance, margins, responses, runs
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame
from synthetic_responses import CELL, written

HIERARCHY = Hierarchy(7, ((5, 2),))
SEEDS = (0, 1, 2, 5)


@pytest.fixture
def blocks(tmp_path: Path) -> list[Path]:
    task_frame("h", HIERARCHY).write_parquet(tmp_path / "task.parquet")
    task = read_task(tmp_path / "task.parquet")
    generator = np.random.default_rng(0)
    paths = []
    for hyperparameter, seed in product((0.1, None), SEEDS):
        run = {**CELL, "phase": "post", "hyperparameter": hyperparameter, "seed": seed}
        runs = [answer(task, generator.normal(size=42), **run, reverse=reverse) for reverse in (False, True)]
        paths.append(tmp_path / f"{hyperparameter}-{seed}.parquet")
        RESPONSES.write(pl.concat(runs), paths[-1])
    return paths


@pytest.fixture
def gathered(blocks: list[Path], tmp_path: Path) -> Path:
    responses(blocks=blocks, out=tmp_path / "responses.parquet")
    return tmp_path / "responses.parquet"


@pytest.mark.parametrize(("kind", "runs"), [("mirror", 1), ("prompts", 1), ("other", 2), ("asymmetric", 2)])
def test_a_reversed_run_that_repeats_its_forward_run_is_not_counted(kind, runs, tmp_path):
    """The answers of a probe with negated targets, those before training, others, and a wrong mirror."""
    hierarchy = Hierarchy(7, ((4, 2),))
    task_frame("h", hierarchy).write_parquet(tmp_path / "task.parquet")
    task = read_task(tmp_path / "task.parquet")
    forward, other = np.random.default_rng(3).normal(size=(2, 42))
    pairs = list(zip(task["first"], task["second"], strict=True))
    place = {pair: index for index, pair in enumerate(pairs)}
    mirrored = forward[[place[6 - first, 6 - second] for first, second in pairs]]
    reversed_ = {
        "mirror": -mirrored * (1 + 1e-12),
        "prompts": mirrored,
        "other": other,
        "asymmetric": forward.copy(),
    }[kind]
    cell = {**CELL, "phase": "post", "seed": 0}
    both = [answer(task, values, **cell, reverse=values is reversed_) for values in (forward, reversed_)]
    path = written(tmp_path, *both)
    accuracy(responses=path, out=tmp_path / "accuracy.csv")
    margins(responses=path, out=tmp_path / "margins.parquet")
    table = ACCURACY.read(tmp_path / "accuracy.csv")
    assert set(table["n_runs"]) == {runs} == set(MARGINS.read(tmp_path / "margins.parquet")["n_runs"])
    for row in table.filter(pl.col("accuracy").is_not_null()).iter_rows(named=True):
        assert row["n_answers"] == 2 * row["n_pairs"] * runs
        assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]


def test_the_order_of_the_blocks_does_not_matter(blocks, gathered, tmp_path):
    responses(blocks=blocks[::-1], out=tmp_path / "other.parquet")
    assert (tmp_path / "other.parquet").read_bytes() == gathered.read_bytes()
    assert RESPONSES.read(gathered).height == len(SEEDS) * 2 * 2 * 42


def per_seed(frame: pl.DataFrame, column: str) -> tuple[float, float]:
    """Mean over seeds of a column's mean, and the error of it."""
    values = [frame.filter(pl.col("seed") == seed)[column].cast(pl.Float64).mean() for seed in SEEDS]
    return pytest.approx((np.mean(values), np.std(values, ddof=1) / np.sqrt(len(SEEDS))))


def answers(path: Path) -> pl.DataFrame:
    """Responses with the signed logit difference."""
    sign = pl.when(pl.col("first") < pl.col("second")).then(1).otherwise(-1)
    return RESPONSES.read(path).with_columns(margin=sign * pl.col("logit_difference"))


def same(row: dict[str, object]) -> pl.Expr:
    return pl.col("hyperparameter").eq_missing(pl.lit(row["hyperparameter"], pl.Float64))


def test_accuracies_are_means_over_seeds_with_both_errors(gathered, tmp_path):
    accuracy(responses=gathered, out=tmp_path / "accuracy.csv")
    table = ACCURACY.read(tmp_path / "accuracy.csv")
    classes = [HIERARCHY.pair_class(*pair) for pair in HIERARCHY.unordered_pairs()]
    assert table.height == 2 * len(set(classes))
    for row in table.iter_rows(named=True):
        part = answers(gathered).filter(same(row), pl.col("pair_class") == row["pair_class"])
        assert (row["n_pairs"], row["n_runs"], row["n_seeds"]) == (classes.count(row["pair_class"]), 8, 4)
        columns = {"margin": "margin", "accuracy": "correct", "paired_accuracy": "paired_correct"}
        if row["pair_class"] == "loop":
            assert row["accuracy"] is row["accuracy_standard_error"] is row["accuracy_low"] is None
            columns = {"margin": "margin"}
        else:
            right = part["correct"].drop_nulls()
            found = stats.binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
            ends = (row["accuracy_low"], row["accuracy_high"])
            assert ends == pytest.approx((found.low, found.high), abs=1e-9)
            assert row["n_answers"] == len(right)
            assert row["paired_accuracy_low"] <= row["paired_accuracy"] <= row["paired_accuracy_high"]
        for name, column in columns.items():
            assert (row[name], row[f"{name}_standard_error"]) == per_seed(part, column)


def test_margins_are_the_theorys_definition(gathered, tmp_path):
    margins(responses=gathered, out=tmp_path / "margins.parquet")
    table = MARGINS.read(tmp_path / "margins.parquet")
    assert table.height == 2 * 21
    for row in table.iter_rows(named=True):
        pair = [row["higher"], row["lower"]]
        part = answers(gathered).filter(same(row), pl.col("first").is_in(pair), pl.col("second").is_in(pair))
        assert (row["margin"], row["standard_error"]) == per_seed(part, "margin")
        assert row["pair_class"] == HIERARCHY.pair_class(*pair)


def test_distances_average_pairs_that_were_trained_apart(gathered, tmp_path):
    distance(responses=gathered, out=tmp_path / "distance.csv")
    apart = (pl.col("first") - pl.col("second")).abs()
    found = DISTANCE.read(tmp_path / "distance.csv").filter(pl.col("hyperparameter").is_null())
    # The exception 5:2 is trained, at distance 3; the other trained pairs are neighbours.
    assert found.filter(pl.col("trained"))["distance"].to_list() == [1, 3]
    for row in found.iter_rows(named=True):
        classes = ["train", "exception"] if row["trained"] else ["boundary", "cross", "within"]
        part = answers(gathered).filter(
            same(row), apart == row["distance"], pl.col("pair_class").is_in(classes)
        )
        assert row["n_pairs"] == part.height // (2 * 2 * len(SEEDS))
        assert (row["accuracy"], row["accuracy_standard_error"]) == per_seed(part, "correct")


def test_runs_are_gathered_in_one_order(tmp_path):
    blocks = [tmp_path / f"{index}.parquet" for index in range(4)]
    for path, (seed, reverse) in zip(blocks, product((1, 0), (True, False)), strict=True):
        row = {**CELL, "hierarchy": "h", "seed": seed, "reverse": reverse, "diverged": True}
        RUNS.write(frame_of([row], RUNS), path)
    runs(blocks=blocks, out=tmp_path / "runs.parquet")
    runs(blocks=blocks[::-1], out=tmp_path / "other.parquet")
    assert (tmp_path / "runs.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()
    assert RUNS.read(tmp_path / "runs.parquet")["seed"].to_list() == [0, 0, 1, 1]
