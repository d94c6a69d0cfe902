"""Made-up responses: they pass every check of the published ones, say what they are, and repeat."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.language.published.files import read_versions
from memgen.language.published.imitation import GROUPS, SEEDS, matrix
from memgen.language.published.stages.equity_check import read_matrix
from memgen.language.published.stages.published import published
from memgen.language.published.stages.published_imitation import published_imitation
from memgen.language.responses.rows import RESPONSES
from memgen.language.stimuli.chains import Equities
from memgen.language.stimuli.hands import LABELS
from memgen.language.stimuli.tables import EQUITY
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task

HIERARCHIES = {"chain": Hierarchy(6), "exc": Hierarchy(7, ((4, 2),))}


@pytest.fixture(scope="module")
def equity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of equities of every two hands, drawn at random."""
    path = tmp_path_factory.mktemp("equity") / "equity.parquet"
    k = len(LABELS)
    noise = np.random.default_rng(0).uniform(0, 0.4, (k, k))
    values = 0.5 + (noise - noise.T) / 2
    EQUITY.write(
        pl.DataFrame(
            {
                "first": np.repeat(LABELS, k),
                "second": np.tile(LABELS, k),
                "equity": values.ravel(),
                "standard_error": np.full(k * k, 0.01),
                "boards": np.full(k * k, 200),
            }
        ),
        path,
    )
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, equity: Path) -> Path:
    """What the stage writes: files, matrix.csv, versions.csv; and the converted responses.parquet."""
    folder = tmp_path_factory.mktemp("imitation")
    for name, hierarchy in HIERARCHIES.items():
        pairs = [f"{winner}:{loser}" for winner, loser in hierarchy.exceptions]
        task(name=name, n=hierarchy.n, exceptions=pairs, out=folder / f"{name}.parquet")
    imitate(folder, equity, folder)
    published(source=folder / "files", versions=folder / "versions.csv", out=folder / "responses.parquet")
    return folder


def imitate(tasks: Path, equity: Path, folder: Path, items: list[str] | None = None) -> None:
    published_imitation(
        tasks=[tasks / f"{name}.parquet" for name in HIERARCHIES],
        items=items or ["fake", "poker"],
        equity=equity,
        out=folder / "files",
        matrix_out=folder / "matrix.csv",
        versions=folder / "versions.csv",
    )


def test_every_cell_is_whole(made: Path) -> None:
    """The conversion has checked flags, truths and digests; here, that nothing is missing."""
    table = RESPONSES.read(made / "responses.parquet")
    runs = ["items", "hierarchy", "model", "method", "hyperparameter", "seed", "reverse", "phase"]
    sizes = table.group_by(runs).agg(pl.len())
    assert len(sizes) == 2 * len(HIERARCHIES) * len(GROUPS) * SEEDS * 2 * 2
    for (name,), part in sizes.group_by("hierarchy"):
        n = HIERARCHIES[str(name)].n
        assert set(part["len"]) == {n * (n - 1)}


def test_answers_in_pairs_follow_from_both_directions(made: Path) -> None:
    """paired_correct, from its definition: the truth has the larger logit difference of the two orders."""
    table = RESPONSES.read(made / "responses.parquet")
    table = table.with_columns(pl.col("hyperparameter").fill_null(-1.0))
    run = ["items", "hierarchy", "model", "method", "hyperparameter", "seed", "reverse", "phase"]
    mirrored = table.select(*run, pl.col("first").alias("second"), pl.col("second").alias("first"),
                            pl.col("logit_difference").alias("other"))  # fmt: skip
    both = table.join(mirrored, on=[*run, "first", "second"]).drop_nulls("paired_correct")
    assert both.height > 1000
    for row in both.sample(500, seed=0).iter_rows(named=True):
        truth = HIERARCHIES[row["hierarchy"]].truth(row["first"], row["second"])
        assert row["paired_correct"] == ((row["logit_difference"] - row["other"]) * (truth or 0) > 0)


def test_everything_says_that_it_is_made_up(made: Path) -> None:
    models = RESPONSES.read(made / "responses.parquet")["model"].unique().to_list()
    assert models and all(model.startswith("made-up-") for model in models)
    rows = read_versions(made / "versions.csv")
    assert {row.file for row in rows} == {
        f"{folder}__{items}.parquet"
        for folder in ("ti/chain", "exception/exc")
        for items in ("fake", "poker")
    }
    assert all(row.url.startswith("https://example.invalid/made-up/") for row in rows)
    assert (made / "matrix.csv").read_text().startswith("made-up,")


def test_the_matrix_is_read_as_the_published_one_is(made: Path, equity: Path) -> None:
    ours = Equities.read(equity)
    assert ours.labels == LABELS
    found = read_matrix(made / "matrix.csv")
    off = np.abs(found - ours.equity)
    assert 0.001 < off.mean() < 0.02
    np.testing.assert_allclose(found + found.T, 1.0, atol=2e-4)
    assert matrix(ours).height == len(LABELS)


def test_the_same_each_time(made: Path, equity: Path, tmp_path: Path) -> None:
    imitate(made, equity, tmp_path)
    for name in (
        "versions.csv",
        "matrix.csv",
        *(f"files/{row.file}" for row in read_versions(made / "versions.csv")),
    ):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()


@pytest.mark.parametrize("items", [["hockey"], ["fake", "fake"]])
def test_other_items_are_refused(made: Path, equity: Path, tmp_path: Path, items: list[str]) -> None:
    with pytest.raises(BadInput, match="allowed: some of fake, real, poker, each once"):
        imitate(made, equity, tmp_path, items)
    assert not (tmp_path / "files").exists()
