"""Published files: converted or refused by name, in bounded memory, and our accuracies beside theirs."""

import re
import subprocess
import sys
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
from memgen.published.compare import compare
from memgen.published.conversion import COLUMNS, convert
from memgen.published.conversion import responses as published
from memgen.published.files import held_by, read_versions
from memgen.published.tables import COMPARISON
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.claims import CLAIMS
from published_imitation import imitated
from repository import ROOT
from synthetic_responses import noisy, response_rows

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


CHANGES = {
    "column logit_diff is String; allowed: number": col("logit_diff").cast(pl.String),
    "column setting holds 'adapter'": pl.lit("adapter").alias("setting"),
    "column task holds 'real'; allowed: fake": pl.lit("real").alias("task"),
    "columns that must be filled are empty": pl.when(col("seed") != 1).then("seed").alias("seed"),
    "seed or a rank is negative": pl.lit(2**64 - 1, dtype=pl.UInt64).alias("seed"),
    "correct is empty where there is a truth": col("correct").fill_null(1.0),
    "correct does not follow from logit_diff and label": (1 - col("correct")).alias("correct"),
    "lora_r is empty for lora, or filled": pl.lit(4.0).alias("lora_r"),
    "is_train of pair (0, 1) is wrong for 6 items with exceptions 4:1": col("is_train")
    & (col("rank_higher") != 0),
}


def refused(frame: pl.DataFrame, folder: Path, message: str) -> None:
    given = source_of(frame, folder)
    with pytest.raises(BadInput, match=re.escape(message)) as refusal:
        published(**given, out=folder / "responses.parquet")
    assert "own__fake.parquet" in str(refusal.value) and "\n" not in str(refusal.value)
    assert not (folder / "responses.parquet").exists()


@pytest.mark.parametrize("message", CHANGES)
def test_refuses_a_changed_column_by_name(raw, tmp_path, message):
    refused(raw.with_columns(CHANGES[message]), tmp_path, message)


def test_refuses_what_is_no_published_file(raw, tmp_path):
    ends = (col("rank_higher") == 0) & (col("rank_lower") == 5)
    refused(raw.drop("gap"), tmp_path / "a", "missing columns ['gap']")
    refused(raw.clear(), tmp_path / "b", "holds no rows")
    refused(raw.filter(~ends), tmp_path / "c", "28 kinds of pair and flags; allowed: the 30 ordered pairs")
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
