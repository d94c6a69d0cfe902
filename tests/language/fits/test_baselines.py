"""The theory beside its baselines: against dense least squares, on margins that follow one of them."""

from pathlib import Path

import numpy as np
import pytest

from memgen.language.fits.baselines import baselines, compare, families, moved, reliability, scores
from memgen.language.fits.cells import cells
from memgen.language.fits.explanations import mirror_groups, untrained
from memgen.language.fits.tables import BASELINES, PREDICTORS
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import by_column, noisy, response_rows, theory_margins, written

TASK, PLAIN = Hierarchy(9, ((5, 3),)), Hierarchy(9)


def rows_of(hierarchy: Hierarchy, noise: float, folder: Path) -> dict[str, dict[str, object]]:
    margins = noisy(theory_margins(hierarchy, 0.6, 0.7, 4.0), noise)
    baselines(
        responses=written(folder, response_rows(hierarchy, margins, range(6))), out=folder / "baselines.csv"
    )
    return by_column(BASELINES.read(folder / "baselines.csv"), "predictor")


def test_what_follows_the_theory_is_predicted_by_it_alone(tmp_path):
    rows = rows_of(TASK, 0.05, tmp_path)
    assert tuple(rows) == PREDICTORS
    for name in ("theory", "free_ranks", "split_half"):
        assert rows[name]["held_out_r2"] > 0.995
    for name in ("distance", "plain", "wrong_exception", "wrong_exception_best"):
        assert rows[name]["held_out_r2"] < 0.99
        lead, error = rows[name]["difference_to_theory"], rows[name]["difference_to_theory_standard_error"]
        assert lead > 4 * error > 0
    assert rows["wrong_exception"]["n_positions"] == 26  # 28 that are not adjacent, this one, and 8:0
    assert [rows[name]["n_parameters"] for name in PREDICTORS] == [2, 2, 2, 2, 2, 8, None]


def test_a_hierarchy_without_exception_has_no_wrong_one(tmp_path):
    rows = rows_of(PLAIN, 0.3, tmp_path)
    assert set(rows) == {"theory", "distance", "free_ranks", "split_half"}
    assert rows["theory"]["difference_to_theory"] is None and moved(PLAIN) == []
    two = Hierarchy(12, ((4, 2), (9, 7)))
    assert {other.exceptions for other in moved(two)} == {
        ((4 + step, 2 + step), (9 + step, 7 + step)) for step in (-2, -1, 1, 2)
    }


def test_free_ranks_are_least_squares_with_each_group_left_out():
    higher, lower = untrained(TASK)
    groups = mirror_groups(TASK)
    observed = np.random.default_rng(3).normal(size=len(higher))
    (family,) = families(TASK)["free_ranks"]
    design = np.eye(9)[higher] - np.eye(9)[lower]
    predicted = np.empty(len(observed))
    for group in np.unique(groups):
        out = groups == group
        predicted[out] = design[out] @ np.linalg.lstsq(design[~out], observed[~out], rcond=None)[0]
    fitted = design @ np.linalg.lstsq(design, observed, rcond=None)[0]
    expected = []
    for values in (fitted, predicted):
        error = np.sum((values - observed) ** 2) / np.sum((observed - observed.mean()) ** 2)
        expected += [np.corrcoef(values, observed)[0, 1], 1 - error]
    np.testing.assert_allclose(scores(family, observed, groups), expected, rtol=1e-9)


def test_reliability_is_that_of_signal_and_noise():
    """The mean of s seeds with signal variance 1 and noise variance v has reliability 1 / (1 + v / s)."""
    random = np.random.default_rng(0)
    margins = random.normal(size=20_000) + 2 * random.normal(size=(8, 20_000))
    assert reliability(margins, 1) == pytest.approx(1 / (1 + 4 / 8), abs=0.02)
    assert np.isnan(reliability(margins[:1], 1))


def test_differences_are_paired_by_seed(tmp_path):
    rows_of(TASK, 1.0, tmp_path)
    (cell,) = cells(tmp_path / "responses.parquet")
    row = next(row for row in compare(cell) if row["predictor"] == "plain")
    groups, found = mirror_groups(TASK), families(TASK)
    leads = []
    for margins in (cell.totals / cell.runs[:, None])[:, ~cell.trained]:
        theory, plain = (scores(found[name][0], margins, groups)[2] for name in ("theory", "plain"))
        leads.append(theory - plain)
    assert row["difference_to_theory"] == pytest.approx(np.mean(leads))
    error = np.std(leads, ddof=1) / np.sqrt(len(leads))
    assert row["difference_to_theory_standard_error"] == pytest.approx(error)
