"""Responses: what counts as right, and averages against plain loops, with errors clustered by seed."""

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from memgen.errors import BadInput
from memgen.language.responses.averages import rows_of
from memgen.language.responses.scoring import read_task
from memgen.language.responses.scoring import responses as answer
from memgen.language.responses.tables import ACCURACY, DISTANCE, EFFECTS, MARGINS, RESPONSES
from memgen.language.stages.summaries import accuracy, distance, effects, margins, responses
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame
from synthetic_responses import CELL, by_column, response_rows, task_of, written

RUN = {**CELL, "seed": 3, "reverse": True, "phase": "post"}


@given(st.sampled_from([(), ((5, 3),), ((5, 1),), ((4, 2), (5, 3))]), st.integers(0, 2**32 - 1))
def test_every_row_follows_the_definition(tmp_path_factory, exceptions, seed):
    hierarchy = Hierarchy(7, exceptions)
    pairs = list(hierarchy.ordered_pairs())
    # Few values, so that ties occur.
    answers = np.random.default_rng(seed).integers(-2, 3, len(pairs)) / 2
    frame = answer(task_of(tmp_path_factory.mktemp("t"), hierarchy), answers, **RUN)
    d = dict(zip(pairs, answers, strict=True))
    assert list(zip(frame["first"], frame["second"], strict=True)) == pairs
    for row in frame.iter_rows(named=True):
        pair = (row["first"], row["second"])
        assert row["pair_class"] == hierarchy.pair_class(*pair)
        assert row["logit_difference"] == d[pair]
        assert row["p_yes"] == pytest.approx(1 / (1 + np.exp(-d[pair])), rel=1e-12)
        truth = hierarchy.truth(*pair)
        if truth is None:
            assert row["correct"] is None and row["paired_correct"] is None
        else:
            winner, loser = pair if truth == 1 else pair[::-1]
            assert row["correct"] == ((d[pair] > 0) == (truth == 1))
            assert row["paired_correct"] == bool(d[winner, loser] > d[loser, winner])


def test_ties_count_as_in_the_published_responses(shared):
    published = pl.read_parquet(shared / "published" / "exception" / "exc_mid_n9__fake.parquet")
    ties = published.filter(pl.col("logit_diff") == 0)
    assert ties.height > 100
    assert ties.filter((pl.col("label") == "No") != (pl.col("correct") == 1)).height == 0


def test_a_file_that_is_no_task_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    with pytest.raises(BadInput, match="table of pairs"):
        read_task(path)
    frame = task_frame("h", Hierarchy(4))
    frame.head(5).write_parquet(path)
    with pytest.raises(BadInput, match="each ordered pair once"):
        read_task(path)
    pl.concat([frame, task_frame("g", Hierarchy(4))]).write_parquet(path)
    with pytest.raises(BadInput, match="2 hierarchies"):
        read_task(path)


HIERARCHY = Hierarchy(7, ((5, 2),))
SEEDS = (0, 1, 2, 5)


@pytest.fixture
def blocks(tmp_path: Path) -> list[Path]:
    task = task_of(tmp_path, HIERARCHY)
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
    task = task_of(tmp_path, hierarchy)
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


def answers(path: Path, row: dict[str, object]) -> pl.DataFrame:
    """Responses of a row's hyperparameter, with the signed logit difference."""
    sign = pl.when(pl.col("first") < pl.col("second")).then(1).otherwise(-1)
    frame = rows_of(RESPONSES.read(path), {"hyperparameter": row["hyperparameter"]})
    return frame.with_columns(margin=sign * pl.col("logit_difference"))


def test_accuracies_are_means_over_seeds_with_both_errors(gathered, tmp_path):
    accuracy(responses=gathered, out=tmp_path / "accuracy.csv")
    table = ACCURACY.read(tmp_path / "accuracy.csv")
    classes = [HIERARCHY.pair_class(*pair) for pair in HIERARCHY.unordered_pairs()]
    assert table.height == 2 * len(set(classes))
    for row in table.iter_rows(named=True):
        part = answers(gathered, row).filter(pl.col("pair_class") == row["pair_class"])
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
        part = answers(gathered, row).filter(pl.col("first").is_in(pair), pl.col("second").is_in(pair))
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
        part = answers(gathered, row).filter(apart == row["distance"], pl.col("pair_class").is_in(classes))
        assert row["n_pairs"] == part.height // (2 * 2 * len(SEEDS))
        assert (row["accuracy"], row["accuracy_standard_error"]) == per_seed(part, "correct")


SLOPE, BIAS, DROP = 0.5, 0.2, 1.0


def planted(folder: Path) -> Path:
    """Two hierarchies, five seeds: a slope, a bias, and cross pairs that lose DROP by the exception."""
    frames = []
    diverged = pl.when(pl.col("seed") != 5).then("logit_difference").otherwise(float("nan"))
    for name, hierarchy in (("plain", Hierarchy(7)), ("exc", Hierarchy(7, ((4, 2),)))):
        far = np.array([k - h for h, k in hierarchy.unordered_pairs()])
        cross = np.array([hierarchy.pair_class(*pair) == "cross" for pair in hierarchy.unordered_pairs()])
        margins = [SLOPE * far - (DROP + 0.01 * (seed - 2)) * cross for seed in range(6)]
        rows = response_rows(hierarchy, lambda seed, _, of=margins: of[seed], range(6), name=name, bias=BIAS)
        frames.append(rows.with_columns(logit_difference=diverged))
    return written(folder, *frames)


def test_planted_effects_are_found(tmp_path):
    effects(responses=planted(tmp_path), out=tmp_path / "effects.csv")
    table = by_column(EFFECTS.read(tmp_path / "effects.csv"), "hierarchy")
    plain, exc = table["plain"], table["exc"]
    assert plain["n_seeds"] == exc["n_seeds"] == 5, "the diverged run is left out"
    assert plain["distance_slope"] == pytest.approx(SLOPE)
    assert plain["distance_slope_standard_error"] == pytest.approx(0, abs=1e-12)
    assert plain["bias"] == pytest.approx(BIAS) and plain["yes_share"] == pytest.approx(0.5)
    assert plain["compared_with"] is None and plain["exception_margin_effect"] is None
    assert plain["accuracy"] == 1 == pytest.approx(plain["accuracy_high"]) and plain["accuracy_low"] < 1
    assert exc["compared_with"] == "plain"
    assert exc["exception_margin_effect"] == pytest.approx(-DROP)
    changes = -DROP - 0.01 * (np.arange(5) - 2)
    error = np.std(changes, ddof=1) / np.sqrt(5)
    assert exc["exception_margin_effect_standard_error"] == pytest.approx(error)
    half = stats.t.ppf(0.975, 4) * error
    assert exc["exception_margin_effect_low"] == pytest.approx(-DROP - half)
    assert exc["exception_margin_effect_high"] == pytest.approx(-DROP + half)
    assert exc["exception_accuracy_effect"] == pytest.approx(0), "the smallest cross margin stays above 0"
