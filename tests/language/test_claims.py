"""Claims on models: what theory predicts is found where it was put, over the right units, and only there."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.language.claims.evidence import EXCEPTION, STATISTICS, against_untrained, first_wrong
from memgen.language.claims.stages.claims import claims, evidence
from memgen.language.fits.tables import frame_of
from memgen.language.responses.tables import GEOMETRY
from memgen.language.tables import HELD_OUT
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.claims import CLAIMS
from memgen.tables.statistics import student_p
from synthetic_responses import CELL, by_column, dense_ranks, noisy, response_rows, theory_margins, written

PLAIN = Hierarchy.of(9)
ALPHA, RIDGE = 0.3, 0.001
GAMMA = 2 * (ALPHA + RIDGE) / (1 - ALPHA)


def write(
    folder: Path, cells: list[dict[str, Any]], *, noise: float = 0.05, exception: Hierarchy = EXCEPTION
) -> Path:
    """Responses that follow the theory at `GAMMA` without and with an exception, with noise by run."""
    blocks, measured = [], []
    for name, hierarchy in (("plain", PLAIN), ("violated", exception)):
        exact = theory_margins(hierarchy, GAMMA, 1.0, 1.0)
        for number, cell in enumerate(cells):
            named = {"hyperparameter": RIDGE, **cell}
            of_runs = noisy(named.pop("scale", 1.0) * exact, noise, len(name), number)
            blocks.append(response_rows(hierarchy, of_runs, name=name, **named))
    for cell in cells:
        if cell.get("method", "probe").startswith("probe"):
            named = {name: value for name, value in cell.items() if name in GEOMETRY.columns}
            row = CELL | {"hierarchy": "violated", "phase": "pre", "alpha": ALPHA, "hyperparameter": RIDGE}
            measured.append(row | {"n_runs": 8, "n_seeds": 4} | named)
    GEOMETRY.write(frame_of(measured, GEOMETRY), folder / "geometry.csv")
    return written(folder, *blocks)


def found(folder: Path, **options: Any) -> pl.DataFrame:
    names = {name: folder / f"{name}.csv" for name in ("geometry", "held_out")}
    claims(responses=[folder / "responses.parquet"], out=folder / "claims.csv", **names, **options)
    return CLAIMS.read(folder / "claims.csv")


def by_id(table: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return by_column(table.filter("leads"), "id")


def test_the_pairs_that_turn_wrong_first_are_those_of_a_dense_solve() -> None:
    pairs = PLAIN.unordered_pairs()
    told = [pair for pair in pairs if EXCEPTION.truth(*pair) and not EXCEPTION.trained(*pair)]
    for gamma in np.geomspace(0.01, 10, 400):
        r = dense_ranks(EXCEPTION, gamma)
        wrong = {(h, k) for h, k in told if r[h] < r[k]}
        if wrong:
            break
    assert wrong == set(first_wrong(EXCEPTION)) and 0.29 < gamma < 0.32


def test_a_learner_that_follows_the_theory_agrees_with_every_claim(tmp_path: Path) -> None:
    write(tmp_path, [{"seeds": range(8)}], noise=0.01)
    table = found(tmp_path, ridge=["probe"])
    rows = by_id(table)
    assert len(rows) == 6 and {row["verdict"] for row in rows.values()} == {"agrees"}
    shown = by_column(table.filter(~pl.col("leads")), "id")
    assert set(shown) == {"exception-remembered-probe", "elsewhere-slope-probe"}, "stated, and not judged"
    assert shown["elsewhere-slope-probe"]["ours"] == pytest.approx(1, abs=0.1)
    assert shown["elsewhere-slope-probe"]["verdict"] is None
    assert rows["measured-slope-probe"]["ours"] == pytest.approx(1, abs=0.05)
    assert rows["exception-found-probe"]["ours"] == 0.5
    # At this gamma both predicted pairs are wrong, and no other pair of their distance is.
    assert rows["mistakes-did-probe"]["ours"] == pytest.approx(1, abs=0.1)
    held_out = HELD_OUT.read(tmp_path / "held_out.csv")
    assert held_out.group_by("prediction").len().sort("prediction")["len"].to_list() == [5, 27]
    r = dense_ranks(EXCEPTION, GAMMA)
    for row in held_out.filter(prediction="measured").iter_rows(named=True):
        assert row["predicted"] == pytest.approx(r[row["higher"]] - r[row["lower"]], abs=1e-12)


def test_seeds_that_suggested_a_claim_do_not_test_it(tmp_path: Path) -> None:
    for seeds, verdict, units in ((5, "exploratory", 5), (11, "agrees", 6)):
        write(tmp_path, [{"method": "lora", "seeds": range(seeds)}])
        row = by_id(found(tmp_path))["mistakes-did-lora"]
        assert (row["verdict"], row["n_units"], row["p_holm"] is None) == (verdict, units, seeds == 5)
    assert "--without 0 --without 1" in row["command"]


def test_claims_are_pooled_and_cells_have_no_verdict(tmp_path: Path) -> None:
    cells = [{"model": model, "items": items} for model in ("m", "other") for items in ("fake", "poker")]
    cells += [{"model": "net-0"}, {"model": "net-1"}, {"model": "untrained"}]
    cells += [{"model": "m", "method": "probe-tail"}, {"model": "net-0", "method": "lora"}]
    write(tmp_path, [{**cell, "seeds": range(6)} for cell in cells])
    table = found(
        tmp_path, controls=["m/untrained"], networks=["net-0", "net-1"], ridge=["probe", "probe-tail"]
    )
    assert table.filter("leads")["method"].unique().to_list() == ["probe"], (
        "the other pooling has cells alone"
    )
    of = table.filter(id="order-generalized-probe")
    shown = of.select("leads", "model", "items", "unit", "n_units", "verdict").rows()
    assert shown[0] == (True, "m + other", "fake", "probe seeds", 6, "agrees")
    assert (False, "net-0 + net-1", "fake", "pretraining seeds", 2, None) in shown
    assert {row[1] for row in shown if not row[0]} == {"m", "other", "net-0 + net-1", "untrained"}
    assert all(row[-1] is None for row in shown if not row[0])


def test_untrained_networks_are_one_population(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pretraining is claimed against all untrained networks of the architecture, by the command it names."""
    names = [f"untrained-{number}" for number in range(3)]
    cells: list[dict[str, Any]] = [{"model": "m", "seeds": range(6)}]
    cells += [{"model": name, "scale": 0.02 * number, "seeds": range(4)} for number, name in enumerate(names)]
    path = write(tmp_path, cells)
    table = found(tmp_path, controls=[f"m/{name}" for name in names], ridge=["probe"])
    row = by_id(table)["pretraining-helps-probe-m"]
    assert (row["model"], row["unit"], row["n_units"]) == ("m", "networks", 3)
    evidence(method="probe", models=["m"], items=["fake"], untrained=names, responses=[path], json=True)
    said = json.loads(capsys.readouterr().out)["generalized"]
    assert (said["value"], said["standard_error"]) == (row["ours"], row["standard_error"])
    population = table.filter(id="order-generalized-probe", model=" + ".join(names)).row(0, named=True)
    assert (population["unit"], population["n_units"], population["verdict"]) == ("networks", 3, None)
    assert set(HELD_OUT.read(tmp_path / "held_out.csv")["model"]) == {"m", "untrained-0"}


def test_one_more_untrained_network_is_called_different_as_often_as_the_level_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(STATISTICS, "drawn", lambda runs: runs)  # type: ignore[arg-type]
    generator, called, tries = np.random.default_rng(0), 0, 4000
    for _ in range(tries):
        one, *others = ({0: float(value), 7: float(value)} for value in generator.normal(size=6))
        row = against_untrained({**one, 3: 9.0}, others, "drawn")  # type: ignore[arg-type]
        called += student_p(row["value"], row["standard_error"], len(others) - 1) < 0.05
    assert abs(called / tries - 0.05) < 4 * np.sqrt(0.05 * 0.95 / tries)


def test_another_hierarchy_of_the_same_name_is_not_tested(tmp_path: Path) -> None:
    write(tmp_path, [{}], exception=Hierarchy.of(9, ["6:3"]))
    assert found(tmp_path).is_empty()


def test_evidence_by_plain_loops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Shares, slopes and difference in differences once more, by code that uses nothing of the study."""
    path = write(tmp_path, [{"seeds": range(5)}], noise=1.0)
    evidence(method="probe", models=["m"], items=["fake"], responses=[path], json=True)
    said = json.loads(capsys.readouterr().out)
    answers: dict[tuple[str, int, bool], dict[tuple[int, int], float]] = {}
    for row in pl.read_parquet(path).iter_rows(named=True):
        run = answers.setdefault((row["hierarchy"], row["seed"], row["reverse"]), {})
        run[row["first"], row["second"]] = row["logit_difference"]

    def margin(name: str, seed: int, reverse: bool, h: int, k: int) -> float:
        run = answers[name, seed, reverse]
        return (run[h, k] - run[k, h]) / 2

    def wrong(name: str, seed: int, pairs: list[tuple[int, int]]) -> float:
        return float(np.mean([margin(name, seed, r, *pair) <= 0 for pair in pairs for r in (False, True)]))

    untrained = [(h, k) for h in range(9) for k in range(h + 2, 9)]
    told = [pair for pair in untrained if pair != (3, 5)]
    first, others = [(2, 5), (3, 6)], [(0, 3), (1, 4), (4, 7), (5, 8)]

    def mistakes(seed: int) -> float:
        change = [wrong("violated", seed, some) - wrong("plain", seed, some) for some in (first, others)]
        return change[0] - change[1]

    r = dense_ranks(EXCEPTION, GAMMA)
    predicted = np.array([r[h] - r[k] for h, k in told])

    def calibration(seed: int) -> float:
        margins = [
            np.mean([margin("violated", seed, back, *pair) for back in (False, True)]) for pair in told
        ]
        return float(predicted @ margins / (predicted @ predicted))

    expected = {
        "generalized": lambda seed: 0.5 - wrong("plain", seed, untrained),
        "generalized_with_exception": lambda seed: 0.5 - wrong("violated", seed, told),
        "remembered": lambda seed: wrong("violated", seed, [(3, 5)]) - 0.5,
        "mistakes": mistakes,
        "measured_slope": calibration,
    }
    for name, value in expected.items():
        assert said[name]["value"] == pytest.approx(np.mean([value(seed) for seed in range(5)]))


def test_what_was_not_run_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, [{}])
    with pytest.raises(BadInput, match="holds no probe m real with and without"):
        evidence(method="probe", models=["m"], items=["real"], responses=[path])
    again = path.with_name("again.parquet")
    again.write_bytes(path.read_bytes())
    with pytest.raises(BadInput, match="probe/m/fake: in two of the response tables"):
        evidence(method="probe", models=["m"], items=["fake"], responses=[path, again])
