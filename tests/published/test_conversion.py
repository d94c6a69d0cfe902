"""Conversion of published files: values, refusals by name, memory; the accuracies computed from them."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars import col

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.language.fits.tables import FIT
from memgen.language.fits.theory import fit
from memgen.language.responses.tables import ACCURACY, RESPONSES
from memgen.language.stages.summaries import accuracy
from memgen.published.claims import claims as published_claims
from memgen.published.conversion import COLUMNS, convert
from memgen.published.files import held_by, read_versions
from memgen.published.responses import responses as published
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.claims import CLAIMS
from published_imitation import imitated
from repository import ROOT

TASK = Hierarchy(6, ((4, 1),))


@pytest.fixture(scope="module")
def raw() -> pl.DataFrame:
    """A file as the authors write them, of a hierarchy of our own."""
    return imitated("own", TASK, "fake")


def source_of(frame: pl.DataFrame, folder: Path) -> dict[str, Path]:
    """A source folder with one file, and its versions table."""
    name = "exception/own__fake.parquet"
    path = folder / "source" / name
    path.parent.mkdir(parents=True)
    frame.write_parquet(path)
    versions = folder / "versions.csv"
    versions.write_text(f"file,sha256,url\n{name},{file_digest(path)},http://localhost/{name}\n")
    return {"source": folder / "source", "versions": versions}


def test_every_column_is_what_it_says(raw, tmp_path):
    published(**source_of(raw, tmp_path), out=tmp_path / "responses.parquet")
    table = RESPONSES.read(tmp_path / "responses.parquet")
    assert table["source"].unique().to_list() == ["published"]
    renamed = {
        "model": "model", "seed": "seed", "reverse": "reverse", "phase": "phase", "items": "task",
        "hierarchy": "hier", "method": "setting", "first": "rank_a", "second": "rank_b",
        "logit_difference": "logit_diff",
    }  # fmt: skip
    for ours, theirs in renamed.items():
        assert table[ours].to_list() == raw[theirs].to_list()
    hyperparameters = raw.select(pl.coalesce("lora_r", "l2_reg")).to_series()
    assert table["hyperparameter"].to_list() == hyperparameters.to_list()
    ranks = raw.select("rank_a", "rank_b").iter_rows()
    assert table["pair_class"].to_list() == [TASK.pair_class(*pair) for pair in ranks]
    np.testing.assert_allclose(table["p_yes"], raw["prob_yes"], atol=1e-15)
    for name in ("correct", "paired_correct"):
        assert table[name].cast(pl.Float64).to_list() == raw[name].to_list()


def change(**values: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.with_columns(**values)


CHANGES: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "a column too few": (lambda frame: frame.drop("gap"), "missing columns ['gap']"),
    "text for a number": (
        change(logit_diff=col("logit_diff").cast(pl.String)),
        "column logit_diff is String; allowed: number",
    ),
    "an unknown setting": (change(setting=pl.lit("adapter")), "column setting holds 'adapter'"),
    "another kind of item": (change(task=pl.lit("real")), "column task holds 'real'; allowed: fake"),
    "an empty seed": (
        change(seed=pl.when(col("seed") != 1).then("seed")),
        "columns that must be filled are empty",
    ),
    "a truth for a loop": (
        change(correct=col("correct").fill_null(1.0)),
        "correct is empty where there is a truth",
    ),
    "answers counted the other way": (
        change(correct=1 - col("correct")),
        "correct does not follow from logit_diff and label",
    ),
    "a rank without lora": (change(lora_r=pl.lit(4.0)), "lora_r is empty for lora, or filled"),
    "an item that never meets another": (
        lambda frame: frame.filter(~((col("rank_higher") == 0) & (col("rank_lower") == 5))),
        "28 kinds of pair and flags; allowed: the 30 ordered pairs of its 6 items",
    ),
    "an untrained neighbour": (
        change(is_train=col("is_train") & (col("rank_higher") != 0)),
        "is_train of pair (0, 1) is wrong for 6 items with exceptions 4:1",
    ),
    "a seed that no table holds": (
        change(seed=pl.lit(2**64 - 1, dtype=pl.UInt64)),
        "seed or a rank is negative",
    ),
    "no rows": (lambda frame: frame.clear(), "holds no rows"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_refuses_a_file_by_name(raw, tmp_path, name):
    change, message = CHANGES[name]
    given = source_of(change(raw), tmp_path)
    with pytest.raises(BadInput, match=re.escape(message)) as refusal:
        published(**given, out=tmp_path / "responses.parquet")
    assert "own__fake.parquet" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "responses.parquet").exists()


def test_refuses_a_changed_file_and_what_is_not_parquet(raw, tmp_path):
    given = source_of(raw, tmp_path)
    path = given["source"] / "exception/own__fake.parquet"
    path.write_bytes(b"not parquet")
    with pytest.raises(BadInput, match=r"own__fake\.parquet: sha256 is"):
        published(**given, out=tmp_path / "responses.parquet")
    with pytest.raises(BadInput, match=r"own__fake\.parquet: cannot be read as parquet"):
        convert(path, "own", "fake")


@pytest.fixture(scope="module")
def converted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Response table of the reference data, and the peak memory of the conversion, kilobytes."""
    out = tmp_path_factory.mktemp("published") / "responses.parquet"
    code = (
        "import resource; from memgen.__main__ import main\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, "language", "published", "--source", str(shared / "published")]
    done = subprocess.run(
        [*command, "--out", str(out), "--threads", "2"], check=True, capture_output=True, text=True,
        env={"PYTHONPATH": str(ROOT / "workflow"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return out, done.stdout.splitlines()[-1]


def test_conversion_keeps_every_row_in_bounded_memory(shared, converted):
    kilobytes = float(converted[1])
    rows = pl.scan_parquet(converted[0]).select(pl.len()).collect().item()
    held = held_by(shared / "published", read_versions())
    files = [shared / "published" / row.file for row in held]
    assert rows == sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in files)
    assert set(COLUMNS) == set(pl.scan_parquet(files[0]).collect_schema())
    # The bound is for twelve files, 8.1 million rows.
    assert kilobytes < 2e6


def test_accuracies_are_those_computed_from_the_files(shared, converted, tmp_path):
    accuracy(responses=converted[0], out=tmp_path / "accuracy.csv")
    ours = ACCURACY.read(tmp_path / "accuracy.csv").filter(pl.col("phase") == "post")
    theirs = pl.read_csv(shared / "published" / "accuracy_by_pair_class.csv")
    keys = ["hierarchy", "items", "method", "model", "hyperparameter", "pair_class"]
    theirs = theirs.rename({"task": "items", "setting": "method"})
    both = theirs.join(ours, on=keys, how="left", nulls_equal=True, suffix="_ours")
    assert both["n_runs"].null_count() == 0
    assert both["accuracy"].is_null().to_list() == (both["pair_class"] == "loop").to_list()
    tested = both.drop_nulls("accuracy")
    assert (tested["accuracy"] - tested["accuracy_ours"]).abs().max() <= 1e-4
    assert (tested["n"] == 2 * tested["n_pairs"] * tested["n_runs"]).all()


def test_the_fit_gives_the_reference_values(converted, tmp_path):
    fit(converted[0], out=tmp_path / "fit.csv")
    published_claims(responses=converted[0], fits=tmp_path / "fit.csv", out=tmp_path / "claims.csv")
    table = FIT.read(tmp_path / "fit.csv")
    claims = CLAIMS.read(tmp_path / "claims.csv").filter(pl.col("expected").str.starts_with("within"))
    stated = claims.filter(pl.col("id").str.contains("^(fit|accuracy-stated)-"))
    assert stated.filter(items="fake")["verdict"].unique().to_list() == ["agrees"]
    if "real" not in table["items"]:
        assert stated.filter(items="real")["verdict"].unique().to_list() == ["not tested"]
