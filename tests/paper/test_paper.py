"""The whole DAG of configs/paper.yaml, run for real on toys: `make test-paper`.

The configuration is the paper's, with an overlay that makes it small and changes no model, method or task of
the language models: one block of two seeds for two of 25, one epoch, and random networks of some thousand
parameters for the paper's. What stands beside them has the sizes of the smoke study.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from memgen.configuration.layers import load
from memgen.language.responses.tables import RESPONSES, RUNS
from memgen.provenance.findings import within
from memgen.provenance.run import read_run
from memgen.provenance.sealing import read_seal
from memgen.provenance.verification import Verification
from repository import ROOT, called, copy_repository
from runs import environment
from toys import fill

PAPER = "configs/paper.yaml"


def toy() -> dict[str, Any]:
    """The overlay."""
    paper = load([ROOT / "config.yaml", ROOT / PAPER])
    found = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text())
    methods = paper["language"]["methods"]
    found["language"] = {
        "device": "cpu", "seeds": 2, "seeds_per_job": 2, "poker": {"boards": 200},
        "methods": {name: {"epochs": 1} for name, method in methods.items() if method["kind"] != "ridge"},
    }  # fmt: skip
    irrelevant = found["irrelevant"]
    irrelevant["extraction"]["model"] = paper["irrelevant"]["extraction"]["model"]
    irrelevant["runs"]["network_full"] = irrelevant["runs"]["network"]
    return found


def jobs(folder: Path, *overlays: str) -> list[tuple[str, ...]]:
    """Every job of a study, whatever its seeds."""
    answer = subprocess.run(
        [sys.executable, "tools/dag.py", *overlays],
        cwd=folder, env=environment(folder), check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = [(job["rule"], job["wildcards"]) for job in json.loads(answer.stdout)]
    return [(rule, *(text for key, text in wildcards.items() if key != "seeds")) for rule, wildcards in found]


def test_every_path_of_the_papers_scale_runs(tmp_path, monkeypatch):
    folder = copy_repository(tmp_path / "repository")
    (folder / "toy.yaml").write_text(yaml.safe_dump(toy()))
    config = load([folder / "config.yaml", folder / PAPER, folder / "toy.yaml"])
    assert {model["source"] for model in config["language"]["models"].values()} == {"hub"}
    fill(folder / "hub", config["language"]["models"])

    paper, small = jobs(folder, PAPER), jobs(folder, PAPER, "toy.yaml")
    of_paper, of_toy = ({job for job in both if job[0].startswith("language_")} for both in (paper, small))
    assert of_paper == of_toy
    assert {job[0] for job in paper} == {job[0] for job in small}

    answer = called(
        "memgen", "study", "--cores", "2", "--config", PAPER, "toy.yaml", "--here",
        folder=folder, package=folder, HF_HUB_CACHE=str(folder / "hub"), HF_HUB_OFFLINE="1",
    )  # fmt: skip
    assert answer.returncode == 0, (answer.stdout + answer.stderr)[-6000:]
    monkeypatch.chdir(folder)
    seal = read_seal()
    assert seal is not None and len(seal.records) == len(small)
    assert within(Verification(read_run()).findings, "fresh") == []
    # Two seeds for each of the paper's fifty: every run of it is here, and every kind of answer.
    runs = RUNS.read(Path("results/language/runs.parquet"))
    assert runs.height == 46_400 // 25 + 200 // 25
    answers = RESPONSES.read(Path("results/language/responses.parquet"))
    cells = answers.select("model", "items", "hierarchy", "method", "hyperparameter").unique()
    assert cells.height >= runs.select("model", "items", "hierarchy", "method", "hyperparameter").n_unique()
    assert set(answers["model"].unique()) == set(config["language"]["models"])
    assert answers.filter(pl.col("phase") == "post")["logit_difference"].is_finite().mean() > 0.99
