"""Claims agree with right tables, differ from spoiled ones, and are not tested where a table is short."""

import polars as pl

from memgen.claims import CLAIMS
from memgen.relational.stages.claims import claims
from memgen.relational.tables import (
    CRITICAL,
    RANKS,
    SWEEP,
)


def test_every_claim_of_the_theory_is_tested_and_agrees(study):
    frame = CLAIMS.read(study / "claims.csv")
    assert frame["verdict"].to_list() == ["agrees"] * frame.height and frame.height >= 9


def test_claims_are_read_from_the_tables(study, tmp_path):
    """A wrong table gives a wrong verdict; a table without the point gives none."""
    spoiled = SWEEP.read(study / "sweep.parquet").with_columns(pl.col("margin") + 1e-6)
    SWEEP.write(spoiled, tmp_path / "sweep.parquet")
    bent = RANKS.read(study / "ranks.parquet").with_columns(pl.col("rank") * (1 + pl.col("item")))
    RANKS.write(bent, tmp_path / "ranks.parquet")
    wrong = CRITICAL.read(study / "critical.csv").with_columns(pl.col("gamma") * 1.01, pl.col("alpha") * 1.01)
    CRITICAL.write(wrong, tmp_path / "critical.csv")
    paths = {"margins": "sweep.parquet", "ranks": "ranks.parquet", "critical": "critical.csv"}
    claims(**{key: tmp_path / name for key, name in paths.items()}, out=tmp_path / "claims.csv")
    verdicts = CLAIMS.read(tmp_path / "claims.csv")["verdict"].to_list()
    assert verdicts.count("differs") >= 7

    for table, name in ((SWEEP, "sweep.parquet"), (RANKS, "ranks.parquet"), (CRITICAL, "critical.csv")):
        table.write(table.read(study / name).filter(pl.col("hierarchy") == "edge_n5"), tmp_path / name)
    claims(**{key: tmp_path / name for key, name in paths.items()}, out=tmp_path / "claims.csv")
    assert "not tested" in CLAIMS.read(tmp_path / "claims.csv")["verdict"].to_list()
