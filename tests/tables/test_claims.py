"""Verdicts are what the observations decide."""

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from memgen.commands.claim import claim
from memgen.errors import BadInput
from memgen.tables.checks import CHECKS, Check, write_checks
from memgen.tables.claims import CLAIMS, Claim, judged, write_claims
from memgen.tables.statistics import mean_with_error

COMMON = {
    "study": "s", "id": "i", "claim": "c", "paper": "p", "command": "memgen x", "figure": "f",
    "would_fail": "w",
}  # fmt: skip


def one(*, sense: str = "above", threshold: float = 0.0, **parts: Any) -> dict[str, Any]:
    """Row of a claim that stands alone."""
    return judged([Claim(**COMMON, sense=sense, threshold=threshold, **parts)]).row(0, named=True)


def seeds(values: list[float]) -> dict[str, Any]:
    """A value over seeds, as a claim takes it."""
    mean, error = mean_with_error(np.array(values))
    return {"ours": mean, "standard_error": error, "unit": "finetuning seeds", "n_units": len(values)}


@pytest.mark.parametrize("sense", ["above", "below"])
@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.1], [1.0, -1.2, 0.1, 0.3]])
def test_a_direction_is_decided_as_scipy_decides_it(sense, values):
    row = one(sense=sense, **seeds(values))
    test = stats.ttest_1samp(values, 0)
    assert row["p_value"] == pytest.approx(test.pvalue) == row["p_holm"]
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(test.confidence_interval()))
    on_side = np.mean(values) > 0 if sense == "above" else np.mean(values) < 0
    decided = "agrees" if on_side else "contradicts"
    assert row["verdict"] == (decided if test.pvalue < 0.05 else "undecided")
    assert (row["seeds_to_decide"] is not None) == (row["verdict"] == "undecided")


def test_equality_needs_the_interval_inside_the_margin():
    """Agrees if the 90% interval lies within, contradicts if the 95% one lies outside, else undecided."""
    generator = np.random.default_rng(1)
    outcomes = set()
    for _ in range(300):
        values = generator.normal(generator.uniform(-0.3, 0.3), 0.15, size=6).tolist()
        row = one(sense="equal", threshold=0.5, margin=0.1, **seeds([value + 0.5 for value in values]))
        mean, error = np.mean(values), stats.sem(values)
        narrow, wide = (abs(error * stats.t.ppf(level, 5)) for level in (0.95, 0.975))
        expected = "undecided"
        if mean - narrow > -0.1 and mean + narrow < 0.1:
            expected = "agrees"
        elif mean - wide > 0.1 or mean + wide < -0.1:
            expected = "contradicts"
        assert row["verdict"] == expected
        outcomes.add(expected)
    assert outcomes == {"agrees", "contradicts", "undecided"}


@pytest.mark.parametrize("error", [0.0, 1e-17])
def test_units_that_all_agree_are_judged_by_their_number(error):
    """Two-sided p is 2 / 2^n, never 0; a value at the threshold has p 1."""
    exact = {"standard_error": error, "unit": "probe seeds", "n_units": 10}
    assert one(sense="equal", threshold=1.0, margin=0.1, ours=1.2, **exact)["verdict"] == "contradicts"
    assert one(sense="equal", threshold=1.0, margin=0.1, ours=1.05, **exact)["verdict"] == "agrees"
    assert one(ours=0.5, **exact)["p_value"] == 2 / 2**10
    few = one(ours=0.25, **exact | {"n_units": 3})
    assert few["p_value"] == 2 / 2**3 and few["verdict"] == "undecided" and few["seeds_to_decide"] == 6
    still = one(ours=0.0, **exact)
    assert still["p_value"] == 1 and still["verdict"] == "undecided"
    assert one(ours=0.0)["verdict"] == "contradicts" and one(ours=None)["verdict"] == "not tested"
    assert one(ours=math.nan, **exact)["verdict"] == "not tested"
    assert one(ours=-0.05, margin=0.1, sense="above")["verdict"] == "agrees"


@pytest.mark.parametrize(
    "values", [[0.5, 0.25, 0.0, 0.75], [0.0, 0.0, 1.0], [1.0] * 6, [0.5, -0.25, 0.5, 0.5]]
)
def test_shares_are_judged_by_sign_flips(values):
    row = one(possible=(-1.0, 1.0), values=tuple(values), **seeds(values))
    test = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="greater", n_resamples=10**6
    )
    assert row["p_value"] == pytest.approx(min(1, 2 * test.pvalue))
    assert -1 <= row["lower"] < row["ours"] <= row["upper"] <= 1


def test_few_units_or_none_that_differ_have_no_interval_or_that_of_clopper_and_pearson():
    row = one(possible=(0.0, 1.0), values=(0.0,) * 10, **seeds([0.0] * 10))
    assert row["lower"] == 0 and row["upper"] == pytest.approx(stats.binomtest(0, 10).proportion_ci().high)
    row = one(ours=3.0, unit="pretraining seeds", n_units=1)
    assert row["verdict"] == "undecided" and row["seeds_to_decide"] is None and row["lower"] is None


def test_claims_that_are_none_are_refused():
    with pytest.raises(ValueError, match="margin specified in advance"):
        one(sense="equal", **seeds([1.0, 2.0]))
    with pytest.raises(ValueError, match="units of what is exact"):
        one(ours=3.0, n_units=1)
    claim = Claim(**COMMON, sense="above", threshold=0.0, ours=1.0)
    with pytest.raises(ValueError, match="claimed twice"):
        judged([claim, claim])


def test_families_are_corrected_together(tmp_path):
    """Twenty cells of which each alone would pass at 5%: together none does, and more seeds are asked for."""
    cell = {**COMMON, "sense": "above", "threshold": 0.0, **seeds([1.0, 1.0, 0.2, 0.1, 1.0])}
    alone = Claim(**cell)
    found = [Claim(**{**cell, "family": "one", "model": f"m{i}"}) for i in range(20)]
    write_claims([alone, *found], tmp_path / "claims.csv")
    table = CLAIMS.read(tmp_path / "claims.csv")
    assert table["verdict"].to_list() == ["agrees"] + ["undecided"] * 20
    assert table["p_holm"].to_list() == pytest.approx([alone.p_value] + [20 * alone.p_value] * 20)
    assert min(table["seeds_to_decide"].drop_nulls()) > 5


def test_check_holds_or_is_broken(tmp_path):
    common = {"study": "s", "check": "c", "source": "p", "command": "memgen x", "expected": 1.0}
    found = [Check(**common, allowed=0.1, found=value) for value in (1.05, 1.2, None)]
    write_checks(found, tmp_path / "checks.csv")
    assert CHECKS.read(tmp_path / "checks.csv")["outcome"].to_list() == ["holds", "broken", "not tested"]


def test_memgen_claim_lists_and_shows(tmp_path, capsys):
    path = tmp_path / "claims.csv"
    cell = {**COMMON, "sense": "above", "threshold": 0.0, **seeds([1.0, 2.0, 3.0])}
    write_claims([Claim(**cell), Claim(**{**cell, "model": "m", "items": "fake", "leads": False})], path)
    claim(table=path)
    assert capsys.readouterr().out.startswith("i  undecided    2 [-0.484, 4.48], 3 finetuning seeds")
    claim("i", table=path)
    shown = capsys.readouterr().out
    for words in ("above 0", "undecided; p = 0.074", "  m fake ", "figures/f.pdf", "memgen x"):
        assert words in shown, words
    claim("i", table=path, json=True)
    assert [row["leads"] for row in json.loads(capsys.readouterr().out)] == [True, False]
    with pytest.raises(BadInput, match="no claim of that name; nearest: i"):
        claim("ii", table=path)
