"""Conversion of published files: values, refusals by name, memory; the accuracies computed from them."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.language.fits.stages.fit import fit
from memgen.language.fits.tables import FIT
from memgen.language.published.conversion import COLUMNS
from memgen.language.published.files import held_by, read_versions
from memgen.language.published.stages.published import published
from memgen.language.published.stages.published_claims import published_claims
from memgen.language.responses.rows import RESPONSES
from memgen.language.responses.tables import ACCURACY
from memgen.language.stages.summaries import accuracy
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.claims import CLAIMS
from repository import ROOT

TASK = Hierarchy(6, ((4, 1),))


def raw_rows(task: Hierarchy, hierarchy: str, items: str) -> pl.DataFrame:
    """A file as the authors write them, of a hierarchy of our own."""
    random = np.random.default_rng(0)
    settings = [("full", None, None), ("lora", 8.0, None), ("probe", None, 0.1), ("probe", None, 1.0)]
    rows = []
    for setting, rank, l2 in settings:
        for seed in range(3):
            for reverse in (False, True):
                for phase in ("pre", "post"):
                    for a, b in task.ordered_pairs():
                        truth = task.truth(a, b)
                        kind = task.pair_class(a, b)
                        d = float(random.integers(-3, 4)) / 2
                        label = None if truth is None else "Yes" if truth > 0 else "No"
                        correct = None if truth is None else float((d > 0) == (label == "Yes"))
                        rows.append(
                            {
                                "setting": setting,
                                "model": "made-up",
                                "task": items,
                                "hier": hierarchy,
                                "seed": seed,
                                "reverse": reverse,
                                "phase": phase,
                                "rank_a": a,
                                "rank_b": b,
                                "rank_higher": min(a, b),
                                "rank_lower": max(a, b),
                                "gap": abs(a - b),
                                "is_train": kind in ("train", "exception"),
                                "is_exception": kind == "exception",
                                "no_gt": kind == "loop",
                                "direction": "forward" if a < b else "backward",
                                "label": label,
                                "logit_diff": d,
                                "prob_yes": float(1 / (1 + np.exp(-d))),
                                "ground_truth": truth,
                                "margin": None if truth is None else d * truth,
                                "correct": correct,
                                "paired_correct": None if truth is None else float(random.integers(2)),
                                "lora_r": rank,
                                "l2_reg": l2,
                            }
                        )
    return pl.DataFrame(rows, schema_overrides={"lora_r": pl.Float64, "l2_reg": pl.Float64})


def source_of(
    frame: pl.DataFrame, folder: Path, name: str = "exception/own__fake.parquet"
) -> tuple[Path, Path]:
    """A source folder with one file, and its versions table."""
    path = folder / "source" / name
    path.parent.mkdir(parents=True)
    frame.write_parquet(path)
    versions = folder / "versions.csv"
    versions.write_text(f"file,sha256,url\n{name},{file_digest(path)},http://localhost/{name}\n")
    return folder / "source", versions


def test_every_column_is_what_it_says(tmp_path: Path) -> None:
    raw = raw_rows(TASK, "own", "fake")
    source, versions = source_of(raw, tmp_path)
    published(source=source, versions=versions, out=tmp_path / "responses.parquet")
    table = RESPONSES.read(tmp_path / "responses.parquet")
    assert len(table) == len(raw)
    assert table["source"].unique().to_list() == ["published"]
    renamed = {
        "model": "model",
        "items": "task",
        "hierarchy": "hier",
        "method": "setting",
        "seed": "seed",
        "reverse": "reverse",
        "phase": "phase",
        "first": "rank_a",
        "second": "rank_b",
        "logit_difference": "logit_diff",
    }
    for ours, theirs in renamed.items():
        assert table[ours].to_list() == raw[theirs].to_list()
    hyperparameter = [
        rank if rank is not None else l2 for rank, l2 in raw.select("lora_r", "l2_reg").iter_rows()
    ]
    assert table["hyperparameter"].to_list() == hyperparameter
    assert table["pair_class"].to_list() == [
        TASK.pair_class(*pair) for pair in raw.select("rank_a", "rank_b").iter_rows()
    ]
    np.testing.assert_allclose(table["p_yes"], raw["prob_yes"], atol=1e-15)
    for name in ("correct", "paired_correct"):
        assert table[name].cast(pl.Float64).to_list() == raw[name].to_list()


def _set(name: str, value: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    literal = value if isinstance(value, pl.Expr) else pl.lit(value)
    return lambda frame: frame.with_columns(literal.alias(name))


CHANGES: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "a column too few": (lambda frame: frame.drop("gap"), "missing columns ['gap']"),
    "a column too many": (_set("extra", 1), "unexpected columns ['extra']"),
    "text for a number": (
        lambda frame: frame.with_columns(pl.col("logit_diff").cast(pl.String)),
        "column logit_diff is String; allowed: number",
    ),
    "a number for a flag": (
        lambda frame: frame.with_columns(pl.col("reverse").cast(pl.Int64)),
        "column reverse is Int64; allowed: true or false",
    ),
    "an unknown setting": (_set("setting", "adapter"), "column setting holds 'adapter'"),
    "an unknown phase": (_set("phase", "mid"), "column phase holds 'mid'"),
    "another kind of item": (_set("task", "real"), "column task holds 'real'; allowed: fake"),
    "another hierarchy": (_set("hier", "ti_n9"), "column hier holds 'ti_n9'; allowed: own"),
    "no model": (_set("model", None), "column model is Null; allowed: text"),
    "an empty seed": (
        lambda frame: frame.with_columns(pl.when(pl.col("seed") != 1).then("seed").alias("seed")),
        "columns that must be filled are empty",
    ),
    "a truth for a loop": (
        lambda frame: frame.with_columns(pl.col("correct").fill_null(1.0)),
        "correct is empty where there is a truth",
    ),
    "half correct": (
        lambda frame: frame.with_columns(pl.col("paired_correct") / 2),
        "correct or paired_correct is neither 0 nor 1",
    ),
    "answers counted the other way": (
        lambda frame: frame.with_columns(correct=1 - pl.col("correct")),
        "correct does not follow from logit_diff and label",
    ),
    "a rank without lora": (_set("lora_r", 4.0), "lora_r is empty for lora, or filled"),
    "a probe without l2": (
        lambda frame: frame.with_columns(l2_reg=pl.lit(None, dtype=pl.Float64)),
        "l2_reg is empty for probe",
    ),
    "an item that never meets another": (
        lambda frame: frame.filter(~((pl.col("rank_higher") == 0) & (pl.col("rank_lower") == 5))),
        "28 kinds of pair and flags; allowed: the 30 ordered pairs of its 6 items",
    ),
    "flags that disagree": (
        lambda frame: frame.with_columns(is_train=pl.col("is_train") & (pl.col("seed") != 2)),
        "kinds of pair and flags",
    ),
    "an untrained neighbour": (
        lambda frame: frame.with_columns(is_train=pl.col("is_train") & (pl.col("rank_higher") != 0)),
        "is_train of pair (0, 1) is wrong for 6 items with exceptions 4:1",
    ),
    "an empty rank": (
        lambda frame: frame.with_columns(pl.when(pl.col("rank_a") != 1).then("rank_a").alias("rank_a")),
        "columns that must be filled are empty",
    ),
    "a seed that no table holds": (
        _set("seed", pl.lit(2**64 - 1, dtype=pl.UInt64)),
        "seed or a rank is negative",
    ),
    "a negative rank": (
        lambda frame: frame.with_columns(rank_a=pl.col("rank_a") - 1),
        "seed or a rank is negative",
    ),
    "no rows": (lambda frame: frame.clear(), "holds no rows"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_refuses_a_file_by_name(tmp_path: Path, name: str) -> None:
    change, message = CHANGES[name]
    source, versions = source_of(change(raw_rows(TASK, "own", "fake")), tmp_path)
    with pytest.raises(BadInput, match=re.escape(message)) as refusal:
        published(source=source, versions=versions, out=tmp_path / "responses.parquet")
    assert "own__fake.parquet" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "responses.parquet").exists()


def test_refuses_a_changed_file_and_what_is_not_parquet(tmp_path: Path) -> None:
    source, versions = source_of(raw_rows(TASK, "own", "fake"), tmp_path)
    path = source / "exception" / "own__fake.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(BadInput, match=r"own__fake\.parquet: sha256 is"):
        published(source=source, versions=versions, out=tmp_path / "responses.parquet")
    path.write_bytes(b"not parquet")
    versions.write_text(
        f"file,sha256,url\nexception/own__fake.parquet,{file_digest(path)},http://localhost/x\n"
    )
    with pytest.raises(BadInput, match=r"own__fake\.parquet: cannot be read as parquet"):
        published(source=source, versions=versions, out=tmp_path / "responses.parquet")


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
    environment = {"PYTHONPATH": str(ROOT / "workflow"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*command, "--out", str(out), "--threads", "2"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return out, done.stdout.splitlines()[-1]


def test_conversion_keeps_every_row_in_bounded_memory(shared: Path, converted: tuple[Path, str]) -> None:
    kilobytes = float(converted[1])
    rows = pl.scan_parquet(converted[0]).select(pl.len()).collect().item()
    held = held_by(shared / "published", read_versions())
    files = [shared / "published" / row.file for row in held]
    assert rows == sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in files)
    assert set(COLUMNS) == set(pl.scan_parquet(files[0]).collect_schema())
    # The bound is for twelve files, 8.1 million rows.
    assert kilobytes < 2e6


def test_accuracies_are_those_computed_from_the_files(
    shared: Path, converted: tuple[Path, str], tmp_path: Path
) -> None:
    accuracy(responses=converted[0], out=tmp_path / "accuracy.csv")
    ours = ACCURACY.read(tmp_path / "accuracy.csv").filter(pl.col("phase") == "post")
    theirs = pl.read_csv(shared / "published" / "accuracy_by_pair_class.csv")
    keys = {"hierarchy": "hierarchy", "items": "task", "method": "setting", "model": "model"}
    keys |= {"hyperparameter": "hyperparameter", "pair_class": "pair_class"}
    both = theirs.join(
        ours, left_on=list(keys.values()), right_on=list(keys), how="left", nulls_equal=True, suffix="_ours"
    )
    assert both["n_runs"].null_count() == 0
    assert both["accuracy"].is_null().to_list() == (both["pair_class"] == "loop").to_list()
    tested = both.drop_nulls("accuracy")
    assert (tested["accuracy"] - tested["accuracy_ours"]).abs().max() <= 1e-4
    assert (tested["n"] == 2 * tested["n_pairs"] * tested["n_runs"]).all()


def test_the_fit_gives_the_reference_values(converted: tuple[Path, str], tmp_path: Path) -> None:
    fit(converted[0], out=tmp_path / "fit.csv")
    published_claims(responses=converted[0], fits=tmp_path / "fit.csv", out=tmp_path / "claims.csv")
    claims = CLAIMS.read(tmp_path / "claims.csv")
    held = FIT.read(tmp_path / "fit.csv")["items"].unique().to_list()
    claims = claims.filter(pl.col("expected").str.starts_with("within"))
    assert claims.filter(items="fake")["verdict"].unique().to_list() == ["agrees"]
    if "real" not in held:
        assert claims.filter(items="real")["verdict"].unique().to_list() == ["not tested"]
    for model, hierarchy, gamma, correlation in (
        ("llama32-1b", "exc_mid_n9", 0.980, 0.9913),
        ("qwen35-2b", "exc_mid_n9", 0.550, 0.9494),
        ("llama32-1b", "ti_n9", 0.947, 0.9902),
    ):
        row = FIT.read(tmp_path / "fit.csv").row(
            by_predicate=(pl.col("model") == model)
            & (pl.col("hierarchy") == hierarchy)
            & (pl.col("items") == "fake")
            & (pl.col("method") == "full"),
            named=True,
        )
        assert row["gamma"] == pytest.approx(gamma, rel=0.01)
        assert row["correlation"] == pytest.approx(correlation, rel=0.01)
        assert (row["n_runs"], row["n_seeds"]) == (100, 50)
