"""Claims: a direction is found where it is, and not where it is not."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.claims import CLAIMS
from memgen.errors import BadInput
from memgen.language.responses.rows import RESPONSES
from memgen.language.responses.scoring import read_task
from memgen.language.responses.scoring import responses as answer
from memgen.language.stages.claims import claims, direction
from memgen.language.stages.effect import effect
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame

ONE = {"models": ["m"], "items": ["fake"], "figure": "f"}


def test_direction_needs_an_interval_on_one_side() -> None:
    values = pl.Series(np.linspace(1.0, 2.0, 9))
    mean, error, verdict = direction(values, 1)
    assert (mean, verdict) == (pytest.approx(1.5), "agrees")
    assert error == pytest.approx(np.std(values.to_numpy(), ddof=1) / 3)
    assert direction(values, -1)[2] == "differs"
    assert direction(values - 1.5, 1)[2] == "differs", "what the seeds cannot decide was not found"
    assert direction(pl.Series([1.0]), 1) == (1.0, None, "not tested")
    assert direction(pl.Series([], dtype=pl.Float64), 1) == (None, None, "not tested")


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


def verdicts(tmp_path: Path, slopes: dict[str, float], **changed: int) -> dict[str, dict]:
    path = table(tmp_path, slopes, **changed)
    claims(responses=path, out=tmp_path / "claims.csv")
    return {
        row["claim"].removeprefix("the ").split()[0]: row
        for row in CLAIMS.read(tmp_path / "claims.csv").iter_rows(named=True)
    }


def test_a_falling_margin_agrees_and_a_rising_one_differs(tmp_path: Path) -> None:
    falling = verdicts(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    assert falling["margin"]["verdict"] == "agrees"
    assert falling["margin"]["ours"] == pytest.approx(-2.0, abs=4 * 0.1 / np.sqrt(6))
    assert verdicts(tmp_path, {"ti_n9": 0.5, "exc_mid_n9": 1.0})["margin"]["verdict"] == "differs"
    assert falling["accuracy"]["published_value"] == pytest.approx(-0.25)


def test_every_pretrained_model_and_method_is_tested_and_no_control(tmp_path: Path) -> None:
    path = table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    frame = RESPONSES.read(path)
    others = [
        frame.with_columns(pl.lit(name).alias(column))
        for column, name in (("model", "control"), ("method", "lora"), ("items", "poker"))
    ]
    RESPONSES.write(pl.concat([frame, *others]), path)
    claims(responses=path, controls=["control"], out=tmp_path / "claims.csv")
    found = CLAIMS.read(tmp_path / "claims.csv")
    assert found.height == 3 * 3 == found.select("claim", "model", "items", "method").n_unique()
    assert found["model"].unique().to_list() == ["m"]
    commands = "memgen language effect --model m --items {} --method {} --responses {} --json"
    cells = (("fake", "lora"), ("fake", "probe"), ("poker", "probe"))
    expected = [commands.format(*cell, path) for cell in cells]
    assert found["command"].unique(maintain_order=True).to_list() == expected
    assert found["figure"][0] == "margin_heatmaps_lora_fake"


def test_a_method_that_was_not_run_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, {"ti_n9": 1.0})
    with pytest.raises(BadInput, match="holds no m fake lora; allowed: m fake probe"):
        effect(model="m", items="fake", method="lora", responses=path)


def test_command_prints_the_value_of_the_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5})
    claims(responses=path, out=tmp_path / "claims.csv")
    effect(model="m", items="fake", responses=path, json=True)
    printed = json.loads(capsys.readouterr().out)
    row = CLAIMS.read(tmp_path / "claims.csv").filter(pl.col("claim").str.starts_with("the margin"))
    assert printed["margin"]["change"] == row["ours"][0]
    assert printed["margin"]["change_standard_error"] == row["standard_error"][0]
    assert printed["margin"]["change"] == pytest.approx(
        printed["margin"]["exc_mid_n9"] - printed["margin"]["ti_n9"]
    )


def test_without_the_hierarchies_or_seeds_nothing_is_tested(tmp_path: Path) -> None:
    alone = verdicts(tmp_path, {"ti_n9": 1.0})
    assert alone["margin"]["ours"] is None and alone["margin"]["verdict"] == "not tested"
    single = verdicts(tmp_path, {"ti_n9": 1.0, "exc_mid_n9": 0.5}, seeds=1)
    assert {row["verdict"] for row in single.values()} == {"not tested"}
