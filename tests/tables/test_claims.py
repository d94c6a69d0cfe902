"""Verdicts are what the observations decide, and every claim names a command that prints its value."""

import contextlib
import io
import json
import math
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from longtail.conftest import write_all
from memgen.__main__ import run
from memgen.commands.claim import claim
from memgen.errors import BadInput
from memgen.language.claims.stages.claims import claims as language_claims
from memgen.language.fits.theory import fit
from memgen.language.responses.tables import GEOMETRY, RESPONSES
from memgen.longtail.stages.claims import claims as longtail_claims
from memgen.longtail.stages.summaries import checks as longtail_checks
from memgen.published.claims import FITS
from memgen.published.claims import claims as published_claims
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.checks import checks as relational_checks
from memgen.relational.stages.claims import claims as relational_claims
from memgen.relational.stages.grids import critical_table, depth_table, mechanism_table
from memgen.relational.stages.placement import critical_placement
from memgen.relational.stages.sweep import sweep
from memgen.relational.stages.task import task
from memgen.relational.tables import FINITE_WIDTH_SLOPES, FINITE_WIDTH_SUMMARY
from memgen.tables.checks import CHECKS, Check, write_checks
from memgen.tables.claims import CLAIMS, Claim, judged, write_claims
from memgen.tables.statistics import mean_with_error
from synthetic_responses import response_rows, theory_margins

HIERARCHIES: dict[str, list[str]] = {"ti_n9": [], "exc_mid_n9": ["5:3"]}


def write_relational(folder: Path) -> Path:
    """Tables and claims of the theory; the folder's name has a blank, which a command must quote."""
    tasks = [folder / f"{name}.parquet" for name in HIERARCHIES]
    for path, exceptions in zip(tasks, HIERARCHIES.values(), strict=True):
        task(name=path.stem, n=9, exceptions=exceptions, out=path)
    tables = {
        name: folder / f"{name}.{kind}"
        for name, kind in (
            *((name, "parquet") for name in ("sweep", "ranks", "placement", "mechanism", "depth")),
            *((name, "csv") for name in ("critical", "slopes", "widths", "claims", "checks")),
        )
    }
    sweep(
        tasks=tasks,
        conjunctivity=[0.0, 0.1, 0.2, 0.3, 0.9],
        ridge=[0.0, 0.05],
        out=tables["sweep"],
        ranks=tables["ranks"],
    )
    critical_table(tasks=tasks, out=tables["critical"])
    critical_placement(n=[7, 201, 401], spans=[2, 4], map_n=8, out=tables["placement"])
    mechanism_table(tasks=tasks, conjunctivity=[0.0, 0.5], ridge=[0.0], out=tables["mechanism"])
    depth_table(tasks=tasks, depth=[1, 2, 3, 4], nonlinearity=[0.0, 1.0], ridge=[0.0], out=tables["depth"])
    slopes = [
        {"hierarchy": "exc_mid_n9", "n": 9, "exceptions": "5:3", "quantity": "deviation", "seeds": 9}
        | {"widths": 5, "regime": regime, "slope": slope, "standard_error": 0.01}
        | {"low": slope - 0.02, "high": slope + 0.02}
        for regime, slope in (("lazy", -0.49), ("rich", -0.12))
    ]
    FINITE_WIDTH_SLOPES.write(pl.DataFrame(slopes, schema=FINITE_WIDTH_SLOPES.schema), tables["slopes"])
    common = {"hierarchy": "exc_mid_n9", "n": 9, "exceptions": "5:3", "width": 64, "scale": 1.0, "seeds": 9}
    widths = [
        {name: 0.1 for name in FINITE_WIDTH_SUMMARY.columns}
        | {**common, "regime": regime, "accuracy": accuracy, "accuracy_standard_error": 0.01}
        for regime, accuracy in (("lazy", 0.9), ("rich", 0.8))
    ]
    FINITE_WIDTH_SUMMARY.write(pl.DataFrame(widths, schema=FINITE_WIDTH_SUMMARY.schema), tables["widths"])
    relational_claims(
        margins=tables["sweep"],
        critical=tables["placement"],
        depth=tables["depth"],
        widths=tables["widths"],
        slopes=tables["slopes"],
        out=tables["claims"],
    )
    relational_checks(
        margins=tables["sweep"],
        ranks=tables["ranks"],
        critical=tables["critical"],
        placement=tables["placement"],
        mechanism=tables["mechanism"],
        depth=tables["depth"],
        out=tables["checks"],
    )
    return tables["claims"]


def synthetic_responses(path: Path, cells: list[dict[str, Any]]) -> None:
    """Responses of both hierarchies that follow the theory, with noise by seed and order."""
    generator = np.random.default_rng(0)
    blocks = []
    for name, exceptions in HIERARCHIES.items():
        hierarchy = Hierarchy.of(9, exceptions)
        exact = theory_margins(hierarchy, 0.9, 0.5, 3.0)

        def noisy(seed: int, reverse: bool, exact: np.ndarray = exact) -> np.ndarray:
            return exact + generator.normal(scale=1.0, size=exact.shape)

        blocks += [response_rows(hierarchy, noisy, name=name, **cell) for cell in cells]
    RESPONSES.write(pl.concat(blocks), path)


def write_language(folder: Path) -> Path:
    """Claims of synthetic responses of two methods and two kinds of item."""
    cells = [{"method": "probe", "items": "fake"}, {"method": "lora", "items": "poker"}]
    synthetic_responses(folder / "responses.parquet", cells)
    GEOMETRY.write(pl.DataFrame(schema=GEOMETRY.schema), folder / "geometry.csv")
    language_claims(
        responses=[folder / "responses.parquet"],
        geometry=folder / "geometry.csv",
        out=folder / "claims.csv",
        held_out=folder / "held_out.csv",
    )
    return folder / "claims.csv"


def write_published(folder: Path) -> Path:
    """Claims of synthetic responses of one published model, finetuned and probed."""
    cell = {"source": "published", "model": FITS[0][0], "items": "fake"}
    cells = [
        {**cell, "method": "full", "hyperparameter": None},
        {**cell, "method": "probe", "hyperparameter": 1e-4},
    ]
    synthetic_responses(folder / "responses.parquet", cells)
    fit(folder / "responses.parquet", out=folder / "fit.csv")
    published_claims(
        responses=folder / "responses.parquet", fits=folder / "fit.csv", out=folder / "claims.csv"
    )
    return folder / "claims.csv"


def write_longtail(folder: Path) -> Path:
    """Tables and claims of the long tail at a small size."""
    tables = write_all(folder)
    names = ("costs", "scaling", "subgroups", "curves", "mislabelled", "compression")
    longtail_claims(**{name: tables[name] for name in names}, out=folder / "claims.csv")
    names = ("scaling", "simulation", "tradeoff", "privacy", "noise")
    longtail_checks(**{name: tables[name] for name in names}, out=folder / "checks.csv")
    return folder / "claims.csv"


STUDIES = {
    "relational": (write_relational, 7),
    "language": (write_language, 14),
    "published": (write_published, 22),
    "longtail": (write_longtail, 14),
}
"""How the claims of each study are made, and how many of them have a value at least."""


def values(found: Any) -> Iterator[float]:
    """Every number of a JSON answer."""
    if isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from values(part)
    elif isinstance(found, int | float):
        yield float(found)


def printed(command: str) -> list[float]:
    """Numbers that a command prints, run in this process as the shell would split it."""
    program, *arguments = shlex.split(command)
    assert program == "memgen"
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout), pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code in (None, 0)
    return list(values(json.loads(stdout.getvalue())))


@pytest.mark.parametrize("study", STUDIES)
def test_command_of_every_claim_and_check_prints_its_value(study: str, tmp_path: Path) -> None:
    folder = tmp_path / "small study"
    folder.mkdir()
    write, least = STUDIES[study]
    claims = CLAIMS.read(write(folder))
    assert claims["study"].unique().to_list() == [study]
    tested = claims.filter(pl.col("ours").is_not_null()).select("claim", "ours", "standard_error", "command")
    assert tested.height >= least
    rows = tested.rows()
    if study in ("relational", "longtail"):
        checks = CHECKS.read(folder / "checks.csv")
        assert checks.height >= 5 and "broken" not in checks["outcome"].to_list()
        held = checks.filter(pl.col("found").is_not_null())
        rows += [
            (check, value, None, command)
            for check, value, command in held.select("check", "found", "command").iter_rows()
        ]
    answers = {command: printed(command) for *_, command in rows}
    for words, ours, error, command in rows:
        # Calculators and tables compute the same closed form in another order: rounding only.
        for wanted in (ours, *([] if error is None else [error])):
            assert any(
                math.isclose(wanted, value, rel_tol=1e-12, abs_tol=1e-15) for value in answers[command]
            ), words


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
def test_a_direction_is_decided_as_scipy_decides_it(sense: str, values: list[float]) -> None:
    row = one(sense=sense, **seeds(values))
    test = stats.ttest_1samp(values, 0)
    assert row["p_value"] == pytest.approx(test.pvalue) == row["p_holm"]
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(test.confidence_interval()))
    on_side = np.mean(values) > 0 if sense == "above" else np.mean(values) < 0
    decided = "agrees" if on_side else "contradicts"
    assert row["verdict"] == (decided if test.pvalue < 0.05 else "undecided")
    assert (row["seeds_to_decide"] is not None) == (row["verdict"] == "undecided")


def test_equality_needs_the_interval_inside_the_margin() -> None:
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
    with pytest.raises(ValueError, match="margin stated beforehand"):
        one(sense="equal", **seeds([1.0, 2.0]))


def test_noise_never_makes_an_equality_agree() -> None:
    """The same deviation with more noise is undecided, where four standard errors called it agreement."""
    quiet = {"ours": 0.4, "standard_error": 0.01, "unit": "training seeds", "n_units": 5}
    assert one(sense="equal", threshold=0.5, margin=0.02, **quiet)["verdict"] == "contradicts"
    loud = quiet | {"standard_error": 0.05}
    row = one(sense="equal", threshold=0.5, margin=0.02, **loud)
    assert row["verdict"] == "undecided" and row["seeds_to_decide"] > 5


@pytest.mark.parametrize("error", [0.0, 1e-17])
def test_units_that_all_agree_are_judged_by_their_number(error: float) -> None:
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
def test_shares_are_judged_by_sign_flips(values: list[float]) -> None:
    row = one(possible=(-1.0, 1.0), values=tuple(values), **seeds(values))
    test = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="greater", n_resamples=10**6
    )
    assert row["p_value"] == pytest.approx(min(1, 2 * test.pvalue))
    assert -1 <= row["lower"] < row["ours"] <= row["upper"] <= 1


def test_interval_of_a_share_without_events_is_that_of_clopper_and_pearson() -> None:
    row = one(possible=(0.0, 1.0), values=(0.0,) * 10, **seeds([0.0] * 10))
    assert row["upper"] == pytest.approx(stats.binomtest(0, 10).proportion_ci().high)
    assert row["lower"] == 0


def test_a_claim_made_twice_is_refused() -> None:
    claim = Claim(**COMMON, sense="above", threshold=0.0, ours=1.0)
    with pytest.raises(ValueError, match="claimed twice"):
        judged([claim, claim])


def test_one_unit_decides_nothing() -> None:
    row = one(ours=3.0, unit="pretraining seeds", n_units=1)
    assert row["verdict"] == "undecided" and row["seeds_to_decide"] is None and row["lower"] is None
    with pytest.raises(ValueError, match="units of what is exact"):
        one(ours=3.0, n_units=1)


def test_families_are_corrected_together(tmp_path: Path) -> None:
    """Twenty cells of which each alone would pass at 5%: together none does, and more seeds are asked for."""
    cell = {**COMMON, "sense": "above", "threshold": 0.0, **seeds([1.0, 1.0, 0.2, 0.1, 1.0])}
    alone = Claim(**cell)
    found = [Claim(**{**cell, "family": "one", "model": f"m{i}"}) for i in range(20)]
    write_claims([alone, *found], tmp_path / "claims.csv")
    table = CLAIMS.read(tmp_path / "claims.csv")
    assert table["verdict"].to_list() == ["agrees"] + ["undecided"] * 20
    assert table["p_holm"].to_list() == pytest.approx([alone.p_value] + [20 * alone.p_value] * 20)
    assert min(table["seeds_to_decide"].drop_nulls()) > 5


def test_check_holds_or_is_broken(tmp_path: Path) -> None:
    common = {"study": "s", "check": "c", "source": "p", "command": "memgen x", "expected": 1.0}
    found = [Check(**common, allowed=0.1, found=value) for value in (1.05, 1.2, None)]
    write_checks(found, tmp_path / "checks.csv")
    assert CHECKS.read(tmp_path / "checks.csv")["outcome"].to_list() == ["holds", "broken", "not tested"]


def test_memgen_claim_lists_and_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "claims.csv"
    cell = {**COMMON, "sense": "above", "threshold": 0.0, **seeds([1.0, 2.0, 3.0])}
    write_claims([Claim(**cell), Claim(**{**cell, "model": "m", "items": "fake", "leads": False})], path)
    claim(table=path)
    assert capsys.readouterr().out.startswith(
        "i  undecided    2 [-0.484, 4.48], 3 finetuning seeds\n1 claims"
    )
    claim("i", table=path)
    shown = capsys.readouterr().out
    for words in ("above 0", "undecided; p = 0.074", "  m fake ", "figures/f.pdf", "memgen x"):
        assert words in shown, words
    claim("i", table=path, json=True)
    assert [row["leads"] for row in json.loads(capsys.readouterr().out)] == [True, False]
    with pytest.raises(BadInput, match="no claim of that name; nearest: i"):
        claim("ii", table=path)
    with pytest.raises(BadInput, match="no such file, given as --table"):
        claim(table=tmp_path / "none.csv")
