"""Searches, held-out predictions and baselines: against least squares of numpy and plain loops."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from memgen.language.fits.baselines import baselines, compare, families, moved, reliability, scores
from memgen.language.fits.cells import cells
from memgen.language.fits.cross_validation import (
    Explanation,
    held_out_pairs,
    held_out_seeds,
    predict,
    search,
    search_by_rank,
)
from memgen.language.fits.explanations import mirror_groups, untrained
from memgen.language.fits.tables import BASELINES, PREDICTORS
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import by_column, noisy, response_rows, theory_margins, written

RANDOM = np.random.default_rng(0)
PAIRS = 17


def family(terms: int, free: bool = True) -> Explanation:
    shapes = RANDOM.normal(size=(9, terms, PAIRS))
    return Explanation("made up", shapes, np.arange(9.0)[:, None], ("x",), free)


def brute(explanation: Explanation, observed: np.ndarray, kept: np.ndarray) -> tuple[int, np.ndarray]:
    """Best grid point and its coefficients by numpy's least squares, one point at a time."""
    best, error, found = -1, np.inf, np.empty(0)
    for point, shapes in enumerate(explanation.shapes):
        coefficients = np.ones(1)
        if explanation.free:
            coefficients = np.linalg.lstsq(shapes[:, kept].T, observed[kept], rcond=None)[0]
        left = np.sum((observed[kept] - coefficients @ shapes[:, kept]) ** 2)
        if left < error:
            best, error, found = point, left, coefficients
    return best, found


@pytest.mark.parametrize(("terms", "free"), [(1, True), (2, True), (1, False)])
def test_the_search_finds_the_least_squares(terms, free):
    explanation = family(terms, free)
    observed = RANDOM.normal(size=(6, PAIRS))
    kept = RANDOM.random((6, PAIRS)) < 0.7
    best, coefficients = search(explanation, observed, kept)
    for row in range(6):
        point, expected = brute(explanation, observed[row], kept[row])
        assert best[row] == point
        np.testing.assert_allclose(coefficients[row], expected, atol=1e-10)


def test_a_shape_that_vanishes_or_repeats_gets_nothing():
    shape = RANDOM.normal(size=PAIRS)
    shapes = np.array([[shape, 3 * shape], [np.zeros(PAIRS), shape]])
    explanation = Explanation("degenerate", shapes, np.arange(2.0)[:, None], ("x",))
    best, coefficients = search(explanation, 2 * shape[None])
    assert best[0] == 0
    np.testing.assert_allclose(predict(explanation, best, coefficients), 2 * shape[None])
    assert coefficients[0, 1] == 0


def test_held_out_seeds_are_predicted_from_the_others():
    explanation = family(2)
    totals, runs = RANDOM.normal(size=(13, PAIRS)), RANDOM.integers(1, 3, 13).astype(float)
    folds = np.arange(13) % 10
    score = held_out_seeds(explanation, totals, np.repeat(runs[:, None], PAIRS, axis=1))
    errors, total, correlations = [], 0.0, []
    for fold in range(10):
        out = folds == fold
        train = totals[~out].sum(axis=0) / runs[~out].sum()
        test = totals[out].sum(axis=0) / runs[out].sum()
        point, coefficients = brute(explanation, train, np.ones(PAIRS, bool))
        predicted = coefficients @ explanation.shapes[point]
        errors.append(np.sum((test - predicted) ** 2))
        total += np.sum((test - test.mean()) ** 2)
        correlations.append(np.corrcoef(test, predicted)[0, 1])
    np.testing.assert_allclose(score.errors, errors)
    assert score.r2 == pytest.approx(1 - sum(errors) / total)
    assert score.correlation == pytest.approx(np.mean(correlations))


def test_held_out_pairs_are_predicted_from_the_others():
    explanation = family(1)
    observed = RANDOM.normal(size=PAIRS)
    groups = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2])
    score = held_out_pairs(explanation, observed, groups)
    predicted = np.empty(PAIRS)
    for group in set(groups.tolist()):
        point, coefficients = brute(explanation, observed, groups != group)
        predicted[groups == group] = (coefficients @ explanation.shapes[point])[groups == group]
    error = np.sum((observed - predicted) ** 2)
    assert score.errors.sum() == pytest.approx(error)
    assert score.r2 == pytest.approx(1 - error / np.sum((observed - observed.mean()) ** 2))
    assert score.rank_correlation == pytest.approx(spearmanr(predicted, observed).statistic)


def test_search_by_rank_takes_the_highest_spearman():
    explanation = family(1)
    observed = RANDOM.normal(size=(5, PAIRS))
    best, _ = search_by_rank(explanation, observed)
    for row in range(5):
        values = [spearmanr(shape, observed[row]).statistic for shape in explanation.shapes[:, 0]]
        assert best[row] == np.argmax(values)


@pytest.mark.parametrize("hierarchy", [Hierarchy(7), Hierarchy(7, ((4, 2),))])
def test_a_pair_leaves_with_its_mirror_image(hierarchy):
    higher, lower = untrained(hierarchy)
    groups = mirror_groups(hierarchy)
    for one in range(len(groups)):
        for two in range(len(groups)):
            mirrored = (6 - lower[two], 6 - higher[two]) == (higher[one], lower[one])
            assert (groups[one] == groups[two]) == (one == two or mirrored)


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
        predicted[out] = design[out] @ brute(family, observed, ~out)[1]
    fitted = design @ brute(family, observed, np.ones(len(observed), bool))[1]
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
