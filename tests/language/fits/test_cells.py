"""Cells read off a response table: margins and errors against plain loops, and what is refused."""

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.language.fits.cells import cells, phases
from memgen.language.responses.tables import RESPONSES
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import noisy, response_rows, written

TASK = Hierarchy(6, ((4, 1),))
PAIRS = list(TASK.unordered_pairs())
NOISE = noisy(np.zeros(len(PAIRS)), 1.0)


@pytest.fixture
def rows() -> pl.DataFrame:
    return response_rows(TASK, NOISE, [0, 3, 5])


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_margins_and_errors_against_loops(rows, tmp_path, suffix):
    rows = rows.filter(~((pl.col("seed") == 5) & pl.col("reverse")))
    RESPONSES.write(rows.sample(fraction=1, shuffle=True, seed=1), tmp_path / f"responses{suffix}")
    (cell,) = cells(tmp_path / f"responses{suffix}")
    runs = [(0, False), (0, True), (3, False), (3, True), (5, False)]
    expected = np.mean([NOISE(*run) for run in runs], axis=0)
    np.testing.assert_allclose(cell.margins(), expected, atol=1e-12)
    by_seed = [sum(NOISE(*run) - expected for run in runs if run[0] == seed) for seed in (0, 3, 5)]
    errors = np.sqrt(3 / 2 * np.sum(np.square(by_seed), axis=0)) / len(runs)
    np.testing.assert_allclose(cell.standard_errors(), errors, atol=1e-12)
    assert cell.hierarchy == TASK
    assert cell.seeds.tolist() == [0, 3, 5]
    assert cell.runs.tolist() == [2, 2, 1]
    assert list(zip(cell.higher, cell.lower, strict=True)) == PAIRS
    assert [bool(part) for part in cell.trained] == [TASK.trained(*pair) for pair in PAIRS]
    assert cell.target[PAIRS.index((1, 4))] == -1
    weights = np.array([2.0, 0.0, 1.0])
    twice = np.mean([NOISE(*run) for run in [(0, False), (0, True)] * 2 + [(5, False)]], axis=0)
    np.testing.assert_allclose(cell.margins(weights), twice, atol=1e-12)
    forward = cell.only(False)
    np.testing.assert_allclose(forward.margins(), np.mean([NOISE(seed, False) for seed in (0, 3, 5)], axis=0))
    truth = rows.filter(pl.col("pair_class").is_in(["train", "exception"]))["correct"].mean()
    assert cell.train_accuracy == pytest.approx(truth)


def test_cells_come_sorted_one_per_key_and_phase(tmp_path):
    frames = [
        response_rows(TASK, NOISE, name="b", hyperparameter=value, phase=phase)
        for value in (2.0, None, 0.5)
        for phase in ("pre", "post")
    ]
    frames.append(response_rows(Hierarchy(5), lambda *_: np.ones(10), name="a", items="real"))
    path = written(tmp_path, *frames[::-1])
    keys = [(cell.key["hierarchy"], cell.key["hyperparameter"]) for cell in cells(path)]
    assert keys == [("b", None), ("b", 0.5), ("b", 2.0), ("a", 0.1)]
    assert len(list(cells(path, "pre"))) == 3
    assert phases(path) == {"pre", "post"}


def test_a_diverged_run_is_counted_and_left_out(rows, tmp_path):
    run = (pl.col("seed") == 3) & pl.col("reverse")
    bad = run & (pl.col("first") == 0) & (pl.col("second") == 2)
    answers = pl.when(~bad).then("logit_difference").otherwise(float("nan"))
    (cell,) = cells(written(tmp_path, rows.with_columns(logit_difference=answers)))
    assert cell.n_diverged == 1
    assert cell.runs.tolist() == [2, 1, 2]
    (whole,) = cells(written(tmp_path, rows.filter(~run)))
    np.testing.assert_array_equal(cell.margins(), whole.margins())


CHANGES = {
    "a missing direction": (lambda f: f.slice(1), "rows of the ordered pair"),
    "a row given twice": (lambda f: pl.concat([f, f.head(1)]), "rows of the ordered pair"),
    "a class that is not the pair's": (
        lambda f: f.with_columns(pl.col("pair_class").replace({"cross": "within", "boundary": "within"})),
        "has class within; allowed: boundary",
    ),
    "no row after training": (lambda f: f.with_columns(phase=pl.lit("pre")), "no responses of phase post"),
    "a missing column": (lambda f: f.drop("reverse"), "column reverse is missing"),
    "text for a number": (lambda f: f.with_columns(pl.col("seed").cast(pl.String)), "column seed is String"),
    "nothing finite": (lambda f: f.with_columns(logit_difference=pl.lit(float("inf"))), "every run diverged"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_refuses_in_one_line(rows, tmp_path, name):
    change, message = CHANGES[name]
    path = tmp_path / "responses.parquet"
    change(rows).write_parquet(path)
    with pytest.raises(BadInput, match=message) as refusal:
        list(cells(path))
    assert "\n" not in str(refusal.value)
    assert "responses.parquet" in str(refusal.value)


def test_refuses_what_is_no_table(tmp_path):
    path = tmp_path / "text.parquet"
    with pytest.raises(BadInput, match="no such file"):
        list(cells(path))
    path.write_text("not parquet")
    with pytest.raises(BadInput, match="cannot be read"):
        list(cells(path))
