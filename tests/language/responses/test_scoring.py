"""What counts as right: against the definition, pair by pair."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.language.responses.scoring import read_task, responses
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame

CELL = {"source": "study", "model": "m", "items": "fake", "method": "probe", "hyperparameter": 0.1}
RUN = {"seed": 3, "reverse": True, "phase": "post"}


def task(tmp_path: Path, hierarchy: Hierarchy) -> pl.DataFrame:
    task_frame("h", hierarchy).write_parquet(tmp_path / "task.parquet")
    return read_task(tmp_path / "task.parquet")


@given(st.sampled_from([(), ((5, 3),), ((5, 1),), ((4, 2), (5, 3))]), st.integers(0, 2**32 - 1))
def test_every_row_follows_the_definition(tmp_path_factory, exceptions, seed):
    hierarchy = Hierarchy(7, exceptions)
    pairs = list(hierarchy.ordered_pairs())
    # Few values, so that ties occur.
    answers = np.random.default_rng(seed).integers(-2, 3, len(pairs)) / 2
    frame = responses(task(tmp_path_factory.mktemp("t"), hierarchy), answers, **CELL, **RUN)
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
