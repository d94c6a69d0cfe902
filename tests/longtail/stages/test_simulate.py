"""Simulated errors stand beside the closed forms, in the columns that others rely on."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.longtail.stages.simulations import simulate
from memgen.longtail.tables import SIMULATION


def test_simulation_has_the_columns_that_others_rely_on(written: dict[str, Any]) -> None:
    table = pl.read_csv(written["simulation"])
    assert table.columns == [
        "prior", "domain", "samples", "learner", "parameter", "error_closed", "error_simulated",
        "standard_error", "repeats",
    ]  # fmt: skip
    assert set(table["prior"]) == {"zipf", "geometric:0.9", "words"}
    assert table.filter(pl.col("prior") == "words")["domain"].unique().to_list() == [30]
    deviation = (table["error_simulated"] - table["error_closed"]).abs() / table["standard_error"]
    assert deviation.max() < 4
    assert SIMULATION.read(written["simulation"]).height == 12


def test_sizes_must_come_in_threes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="as many of one as of the other"):
        simulate(
            priors=["zipf"], domain=[5, 6], samples=[5], repeats=[2], labels=2, learners=["optimal"],
            out=tmp_path / "out.csv",
        )  # fmt: skip
