"""Scores are averaged by multiplicity, seeds weighted equally."""

from typing import Any

import polars as pl
import pytest

from memgen.longtail.tables import MEMORIZATION, SCORES


def test_memorization_is_averaged_by_multiplicity(written: dict[str, Any]) -> None:
    for scores, averages in zip(written["scores"], written["memorization"], strict=True):
        each, means = SCORES.read(scores), MEMORIZATION.read(averages)
        assert each.height == means["examples"].sum()
        once = means.filter(pl.col("multiplicity") == 1).sort("setting", "method")
        rows = (
            each.filter(pl.col("multiplicity") == 1)
            .group_by("setting", "method", "seed")
            .agg(pl.col("score").mean())
        )
        expected = rows.group_by("setting", "method").agg(pl.col("score").mean()).sort("setting", "method")
        assert once["score"].to_list() == pytest.approx(expected["score"].to_list())
        assert once["expected"].to_list() == pytest.approx([0.9] * once.height)
