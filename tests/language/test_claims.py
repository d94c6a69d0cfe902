"""Claims on models: a direction is found where it is, over the right units, and controls have their rows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.language.claims.evidence import FIRST_WRONG, pooled
from memgen.language.claims.stages.claims import claims
from memgen.language.claims.stages.evidence import evidence
from memgen.language.claims.statements import STATEMENTS
from memgen.language.fits.tables import BASELINES
from memgen.language.responses.scoring import read_task
from memgen.language.responses.scoring import responses as answer
from memgen.language.responses.tables import GEOMETRY, RESPONSES
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame
from memgen.tables.claims import CLAIMS
from synthetic_responses import dense_ranks


def table(tmp_path: Path, slopes: dict[str, float], seeds: int = 6) -> Path:
    """Responses d = slope (k - h) with noise, by hierarchy."""
    generator = np.random.default_rng(0)
    exceptions = {"ti_n9": (), "exc_mid_n9": ((5, 3),)}
    runs = []
    for name, slope in slopes.items():
        task_frame(name, Hierarchy(9, exceptions[name])).write_parquet(tmp_path / "task.parquet")
        task = read_task(tmp_path / "task.parquet")
        gap = (task["second"] - task["first"]).to_numpy()
        for seed in range(seeds):
            cell = {
                "source": "study",
                "model": "m",
                "items": "fake",
                "method": "probe",
                "hyperparameter": 0.1,
            }
            noise = generator.normal(scale=0.1, size=72)
            runs.append(answer(task, slope * gap + noise, **cell, seed=seed, reverse=False, phase="post"))
    RESPONSES.write(pl.concat(runs), tmp_path / "responses.parquet")
    return tmp_path / "responses.parquet"


def geometry(tmp_path: Path, alphas: dict[str, float] | None = None) -> Path:
    """Conjunctivity of each model's representation, all else empty."""
    texts = {"source": "study", "items": "fake", "hierarchy": "exc_mid_n9", "method": "probe", "phase": "pre"}
    rows = [
        {name: None for name in GEOMETRY.columns}
        | {**texts, "model": model, "alpha": alpha, "n_runs": 1, "n_seeds": 1}
        for model, alpha in (alphas or {}).items()
    ]
    GEOMETRY.write(pl.DataFrame(rows, schema=GEOMETRY.schema), tmp_path / "geometry.csv")
    return tmp_path / "geometry.csv"


def held_out_table(tmp_path: Path, cells: list[tuple[str, str, float]]) -> Path:
    """Differences of the theory to plain transitive inference: model, items and difference."""
    texts = {"source": "study", "hierarchy": "exc_mid_n9", "method": "probe", "predictor": "plain"}
    texts |= {"exceptions": "5:3", "n": 9, "n_pairs": 21, "n_groups": 12, "n_seeds": 6}
    rows = [
        {name: None for name in BASELINES.columns}
        | {**texts, "model": model, "items": items, "hyperparameter": 0.1}
        | {"difference_to_theory": value, "difference_to_theory_standard_error": 0.01}
        for model, items, value in cells
    ]
    BASELINES.write(pl.DataFrame(rows, schema=BASELINES.schema), tmp_path / "baselines.csv")
    return tmp_path / "baselines.csv"


def found(path: Path, tmp_path: Path, **options: Any) -> pl.DataFrame:
    held_out_table(tmp_path, [])
    claims(
        responses=path,
        geometry=geometry(tmp_path),
        baselines=tmp_path / "baselines.csv",
        out=tmp_path / "claims.csv",
        **options,
    )
    return CLAIMS.read(tmp_path / "claims.csv")


def verdicts(tmp_path: Path, slopes: dict[str, float], **changed: int) -> dict[str, dict[str, Any]]:
    rows = found(table(tmp_path, slopes, **changed), tmp_path).to_dicts()
    return {said.statistic: row for said in STATEMENTS for row in rows if row["claim"] == said.words}


def test_a_falling_margin_agrees_and_a_rising_one_contradicts(tmp_path: Path) -> None:
    falling = verdicts(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    assert falling["margin_change"]["verdict"] == "agrees"
    assert falling["margin_change"]["ours"] == pytest.approx(-2.0, abs=4 * 0.1 / np.sqrt(6))
    # 2 v 6 is 4 steps, pairs within one side 2: the one falls by 2, the others by 1.
    assert falling["margin_change_beyond_within"]["ours"] == pytest.approx(-1.0, abs=0.2)
    assert falling["distance_slope"]["ours"] == pytest.approx(1.0, abs=0.1)
    assert falling["exception_remembered"]["verdict"] == "contradicts", "the order holds there too"
    assert falling["generalization_with_exception"]["verdict"] == "agrees"
    assert falling["margin_with_exception"]["verdict"] == "contradicts"
    # 2 v 5 and 3 v 6 are 3 steps of .5.
    assert falling["first_margin"]["ours"] == pytest.approx(1.5, abs=0.2)
    assert falling["first_wrong_beyond_others"]["ours"] == 0
    rising = verdicts(tmp_path, {"ti_n9": 0.5, "exc_mid_n9": 1.0})
    assert rising["margin_change"]["verdict"] == "contradicts"


def test_what_the_seeds_cannot_decide_says_how_many_could(tmp_path: Path) -> None:
    row = verdicts(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.99}, seeds=3)["margin_change"]
    assert row["verdict"] == "undecided" and row["lower"] < 0 < row["upper"]
    assert row["seeds_to_decide"] > row["n_units"] == 3 and row["unit"] == "finetuning seeds"


def test_one_pooled_claim_leads_and_controls_stand_apart(tmp_path: Path) -> None:
    path = table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    frame = RESPONSES.read(path)
    changes = (
        {},
        {"items": "real"},
        {"items": "poker"},
        {"model": "control"},
        {"model": "net", "method": "lora"},
        {"model": "net-1", "method": "lora"},
        {"method": "lora"},
    )
    parts = [frame.with_columns(**{name: pl.lit(text) for name, text in part.items()}) for part in changes]
    RESPONSES.write(pl.concat(parts), path)
    rows = found(path, tmp_path, controls=["control:m"], networks=["net", "net-1"], ridge=["probe"])
    assert rows.select("claim", "model", "items", "method").n_unique() == rows.height
    of = rows.filter(pl.col("claim").str.starts_with("The margin of 2 v 6 falls"))
    cells = of.select("method", "model", "items", "leads", "unit", "n_units").rows()
    assert cells == [
        ("lora", "m", "fake", True, "finetuning seeds", 6),
        ("lora", "net + net-1", "fake", False, "pretraining seeds", 2),
        ("probe", "m", "fake + real", True, "probe seeds", 6),
        ("probe", "m", "fake", False, "probe seeds", 6),
        ("probe", "m", "poker", False, "probe seeds", 6),
        ("probe", "m", "real", False, "probe seeds", 6),
    ]
    assert of["family"].n_unique() == 3, "leads of all methods, and cells of each"
    against = rows.filter(pl.col("model") == "m - control")
    assert against.height == 2 and against["ours"].to_list() == [0.0, 0.0], "the control is a copy"
    assert set(against["paper"]) == {"this study"} and set(against["verdict"]) == {"contradicts"}
    assert rows.filter(model="control").height == 2
    with pytest.raises(BadInput, match="--control: 'control' is not allowed; allowed: control:model"):
        found(path, tmp_path, controls=["control"])


def test_networks_are_the_units_of_what_was_pretrained_here(tmp_path: Path) -> None:
    """Many seeds of three networks are three observations: each network's mean counts once."""
    parts = []
    for place, slope in enumerate((0.2, 0.5, 0.8)):
        frame = RESPONSES.read(table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": slope}))
        parts.append(frame.with_columns(model=pl.lit(f"net-{place}")))
    path = tmp_path / "responses.parquet"
    RESPONSES.write(pl.concat(parts), path)
    rows = found(path, tmp_path, networks=["net-0", "net-1", "net-2"])
    row = rows.filter(pl.col("claim").str.starts_with("The margin of 2 v 6 falls")).row(0, named=True)
    assert row["leads"] and row["n_units"] == 3 and row["unit"] == "pretraining seeds"
    assert row["ours"] == pytest.approx(-2.0, abs=0.2)
    assert row["standard_error"] == pytest.approx(4 * 0.3 / np.sqrt(3), rel=0.1)
    assert row["verdict"] == "undecided"


def test_accuracy_that_the_exception_costs_is_held_against_conjunctivity(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts, alphas = [], {}
    for place in range(4):
        alpha = 0.1 + 0.2 * place
        # Of the pairs with a truth a growing share is answered wrong, with the exception alone.
        frame = RESPONSES.read(table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 1.0}, seeds=2))
        wrong = (pl.col("hierarchy") == "exc_mid_n9") & (pl.col("first") + pl.col("second") < 2 + 2 * place)
        frame = frame.with_columns(
            paired_correct=pl.when(wrong & pl.col("paired_correct").is_not_null())
            .then(False)
            .otherwise(pl.col("paired_correct")),
            model=pl.lit(f"m{place}"),
        )
        parts.append(frame)
        alphas[f"m{place}"] = alpha
    path = tmp_path / "responses.parquet"
    RESPONSES.write(pl.concat(parts), path)
    measured = geometry(tmp_path, alphas)
    predicted = held_out_table(tmp_path, [])
    claims(responses=path, geometry=measured, baselines=predicted, out=tmp_path / "claims.csv")
    row = CLAIMS.read(tmp_path / "claims.csv").filter(unit="networks").row(0, named=True)
    assert row["ours"] < 0 and row["n_units"] == 4
    evidence(method="probe", responses=path, geometry=measured, json=True)
    answer = json.loads(capsys.readouterr().out)["accuracy_over_conjunctivity"]
    assert (answer["value"], answer["standard_error"]) == (row["ours"], row["standard_error"])


def test_theory_is_held_against_baselines_of_every_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    frame = RESPONSES.read(path)
    RESPONSES.write(pl.concat([frame, frame.with_columns(items=pl.lit("real"))]), path)
    predicted = held_out_table(tmp_path, [("m", "fake", 0.1), ("m", "real", -0.2)])
    claims(responses=path, geometry=geometry(tmp_path), baselines=predicted, out=tmp_path / "claims.csv")
    rows = CLAIMS.read(tmp_path / "claims.csv").filter(pl.col("figure") == "baselines")
    tested = rows.filter(pl.col("ours").is_not_null())
    assert tested.select("leads", "items", "ours", "verdict").rows() == [
        (True, "fake + real", pytest.approx(-0.05), "contradicts"),
        (False, "fake", 0.1, "agrees"),
        (False, "real", -0.2, "contradicts"),
    ]
    assert set(rows.filter(pl.col("ours").is_null())["verdict"]) == {"not tested"}
    evidence(models=["m"], items=["fake"], method="probe", baselines=predicted, json=True)
    assert json.loads(capsys.readouterr().out)["plain"]["value"] == 0.1


def test_pairs_that_the_theory_turns_wrong_first_are_those_named() -> None:
    """Of all untrained pairs with a truth, 2 v 5 and 3 v 6 alone are wrong between gamma .303 and 1."""
    hierarchy = Hierarchy.of(9, ["5:3"])
    for gamma, wrong in ((0.30, []), (0.31, [(2, 5), (3, 6)]), (0.99, [(2, 5), (3, 6)])):
        ranks = dense_ranks(hierarchy, gamma)
        found = [
            (h, k)
            for h, k in hierarchy.unordered_pairs()
            if hierarchy.pair_class(h, k) in ("boundary", "cross", "within") and ranks[h] < ranks[k]
        ]
        assert found == wrong
    assert list(FIRST_WRONG) == [(2, 5), (3, 6)]


def test_leanings_that_carry_over_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Answers before training that are those after it correlate by 1, and the claim is contradicted."""
    path = table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    frame = RESPONSES.read(path).with_columns(method=pl.lit("lora"))
    RESPONSES.write(pl.concat([frame, frame.with_columns(phase=pl.lit("pre"))]), path)
    row = found(path, tmp_path).filter(pl.col("claim").str.starts_with("Names' leanings")).row(0, named=True)
    assert row["ours"] == pytest.approx(1) and row["verdict"] == "contradicts"
    evidence(models=["m"], items=["fake"], method="lora", responses=path, leanings=True, json=True)
    assert json.loads(capsys.readouterr().out)["leaning"]["value"] == row["ours"]


def test_without_the_hierarchies_nothing_is_tested_and_one_seed_decides_nothing(tmp_path: Path) -> None:
    alone = verdicts(tmp_path, {"ti_n9": 1.0})["margin_change"]
    assert alone["ours"] is None and alone["verdict"] == "not tested"
    single = verdicts(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5}, seeds=1)
    assert {row["verdict"] for row in single.values()} == {"undecided"}


def test_pooling_takes_seeds_that_all_cells_have() -> None:
    one = pl.DataFrame({"seed": [0, 1, 2], "value": [1.0, 2.0, 3.0]})
    other = pl.DataFrame({"seed": [1, 2, 3], "value": [4.0, 5.0, 6.0]})
    assert pooled([one, other]).rows() == [(1, 3.0), (2, 4.0)]
