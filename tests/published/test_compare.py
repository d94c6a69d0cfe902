"""Ours beside the published, and accuracies in bounded memory against those computed at once."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.language.responses.averages import CELL, over_seeds, pair_margins
from memgen.language.responses.tables import ACCURACY, RESPONSES
from memgen.language.stages.summaries import accuracy
from memgen.published.compare import compare
from memgen.published.tables import COMPARISON
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import noisy, response_rows

TASK = Hierarchy(6, ((4, 1),))


def rows(**cell: object) -> pl.DataFrame:
    key = sum(map(ord, repr(sorted(cell.items(), key=str))))
    return response_rows(TASK, noisy(np.full(15, 0.5), 1.0, key), range(5), **cell)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    ours = [
        rows(method="probe_tail", hyperparameter=0.001),
        rows(method="full", hyperparameter=None, items="real"),
        rows(method="full", hyperparameter=None, items="real", phase="pre"),
        rows(method="sequential", hyperparameter=None),
    ]
    theirs = {"source": "published", "model": "big"}
    published = [
        rows(**theirs, method="probe", hyperparameter=1.0),
        rows(**theirs, method="probe", hyperparameter=10.0),
        rows(**theirs, method="full", hyperparameter=None, items="real"),
        rows(**theirs, method="full", hyperparameter=None, items="poker"),
    ]
    paths = (tmp_path / "ours.parquet", tmp_path / "published.parquet")
    for frames, path in zip((ours, published), paths, strict=True):
        RESPONSES.write(pl.concat(frames), path)
    return paths


def test_accuracies_are_those_computed_at_once(sides, tmp_path):
    both = pl.concat([RESPONSES.read(path) for path in sides])
    RESPONSES.write(both.sample(fraction=1, shuffle=True, seed=0), tmp_path / "both.parquet")
    accuracy(responses=tmp_path / "both.parquet", out=tmp_path / "bounded.csv")
    keys = [*CELL, "pair_class"]
    whole = over_seeds(pair_margins(both), keys, ["accuracy", "paired_accuracy", "margin"])
    whole.sort(keys).write_csv(tmp_path / "whole.csv")
    bounded = ACCURACY.read(tmp_path / "bounded.csv").sort(keys)
    expected = pl.read_csv(tmp_path / "whole.csv", schema_overrides=ACCURACY.schema)
    assert bounded.select(expected.columns).equals(expected)


def test_the_same_questions_stand_side_by_side(sides, tmp_path):
    ours, published = sides
    compare(ours=ours, published=published, out=tmp_path / "comparison.csv")
    table = COMPARISON.read(tmp_path / "comparison.csv")
    classes = {TASK.pair_class(*pair) for pair in TASK.unordered_pairs()}
    pairs = set(table.select("items", "our_method", "published_hyperparameter").iter_rows())
    assert pairs == {("fake", "probe_tail", 1.0), ("fake", "probe_tail", 10.0), ("real", "full", None)}
    assert len(table) == 3 * len(classes)
    assert set(table["method"]) == {"probe", "full"}
    mine, theirs = RESPONSES.read(ours), RESPONSES.read(published)
    for row in table.iter_rows(named=True):
        one = mine.filter(pl.col("method") == row["our_method"], pl.col("phase") == "post")
        other = theirs.filter(
            pl.col("method") == row["method"],
            pl.col("items") == row["items"],
            pl.col("hyperparameter").eq_missing(pl.lit(row["published_hyperparameter"], dtype=pl.Float64)),
        )
        for frame, prefix in ((one, ""), (other, "published_")):
            trained = frame.filter(pl.col("pair_class").is_in(["train", "exception"]))
            assert row[f"{prefix}train_accuracy"] == pytest.approx(trained["correct"].mean())
            chosen = frame.filter(pl.col("pair_class") == row["pair_class"])
            if row["pair_class"] == "loop":
                assert row[f"{prefix}accuracy"] is None
                continue
            assert row[f"{prefix}accuracy"] == pytest.approx(chosen["correct"].mean())
            of_seeds = chosen.group_by("seed").agg(pl.col("correct").mean())["correct"]
            assert row[f"{prefix}accuracy_standard_error"] == pytest.approx(of_seeds.std() / np.sqrt(5))
        if row["pair_class"] != "loop":
            assert row["difference"] == pytest.approx(row["accuracy"] - row["published_accuracy"])


def test_the_sides_are_not_to_be_swapped(sides, tmp_path):
    ours, published = sides
    with pytest.raises(BadInput, match=r"published\.parquet.*source \['published'\]; allowed: study"):
        compare(ours=published, published=ours, out=tmp_path / "comparison.csv")
