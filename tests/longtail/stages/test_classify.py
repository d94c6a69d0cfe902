"""Classifiers say what they spent and fitted, and are refused in one line."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.longtail.stages.classify import classify, trained_scores
from memgen.longtail.stages.memorize import memorize
from memgen.longtail.tables import CLASSIFIERS, CURVES

DATA = {"prior": "zipf", "domain": 40, "samples": 40, "labels": 10, "dimensions": 60}


def test_classifiers_say_what_they_spent(written: dict[str, Any]) -> None:
    runs = pl.concat([CLASSIFIERS.read(path) for path in written["runs"]])
    assert runs.height == 3 * 8
    private = runs.filter((pl.col("learner") == "private_network") & (pl.col("setting") > 0))
    assert private["epsilon"].null_count() == 0 and (private["epsilon"] > 0).all()
    assert runs.filter(pl.col("learner") != "private_network")["epsilon"].null_count() == 3 * 6
    tight = runs.filter((pl.col("learner") == "neighbours") & (pl.col("setting") == 1))
    assert (tight["fitted_singletons"] == 1).all() and (tight["train_error"] == 0).all()
    assert (tight["lower_bound"] - tight["optimum"]).abs().max() == 0
    # The same samples for every learner.
    assert runs.group_by("seed").agg(pl.col("singletons").n_unique())["singletons"].to_list() == [1, 1, 1]
    curves = CURVES.read(written["curves"])
    assert curves.height == 8 and (curves["seeds"] == 3).all()
    row = curves.filter((pl.col("learner") == "ridge") & (pl.col("setting") == 10)).row(0, named=True)
    same = runs.filter((pl.col("learner") == "ridge") & (pl.col("setting") == 10))
    assert row["test_error"] == pytest.approx(same["test_error"].mean())
    assert row["test_standard_error"] == pytest.approx(same["test_error"].std() / 3**0.5)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"learner": "forest"}, "forest"),
        ({"settings": [0.0]}, "ridge > 0"),
        ({"labels": 1}, "labels"),
        ({"structure": "cube"}, "cube"),
        ({"spread": -1.0}, "spread"),
        ({"prior": "best"}, "best"),
    ],
)
def test_bad_classifiers_are_refused_and_leave_nothing(
    tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    arguments = {
        "structure": "gaussian",
        "spread": 0.7,
        "learner": "ridge",
        "settings": [1.0],
        **DATA,
        **change,
    }
    with pytest.raises(BadInput, match=part):
        classify(tests=1, seeds=1, out=tmp_path / "out.parquet", **arguments)
    with pytest.raises(BadInput, match=part):
        memorize(
            seeds=1, subsample_count=9, subsample_share=0.5, out=tmp_path / "out.parquet",
            scores=tmp_path / "scores.parquet", **arguments,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_unknown_learners_are_not_trained() -> None:
    with pytest.raises(BadInput, match="allowed"):
        trained_scores("forest", [1.0], None, None, 2, None, None, 0)  # type: ignore[arg-type]
