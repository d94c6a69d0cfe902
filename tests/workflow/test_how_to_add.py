"""docs/how-to-add.md followed to the letter: one of each is added, and they meet."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
import yaml

from memgen.configuration.layers import merge
from memgen.language.responses.tables import RESPONSES, RUNS
from repository import ROOT, copy_repository, ran

DOCUMENT = (ROOT / "docs/how-to-add.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"\b(in|to\s+the\s+list\s+in|at\s+the\s+end\s+of)\s+`([\w./-]+)`:\s*$", re.IGNORECASE)
# What the example stands beside is left out, so that only its own jobs run.
METHODS = dict.fromkeys(["probe", "probe-wide", "full", "lora"])
TOY = {"language": {"hierarchies": ["two_exceptions_n12"], "methods": METHODS, "seeds": 1}}


def blocks() -> list[tuple[str, str, str, str]]:
    """Blocks of the document: language, text, how it goes into a file, and which."""
    found = []
    for block in BLOCK.finditer(DOCUMENT):
        place = PLACE.search(DOCUMENT[: block.start()])
        assert place or block[1] == "sh", f"the document does not say where this goes: {block[2]}"
        how, path = (place[1].split()[0], place[2]) if place else ("", "")
        found.append((block[1], block[2], how, path))
    return found


def follow(repository: Path) -> None:
    """Put every block where the document says, and the files that are to be empty."""
    for path in re.findall(r"`(workflow/[\w/]+/__init__\.py)`", DOCUMENT):
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).touch()
    for language, text, how, path in blocks():
        if not path:
            continue
        target = repository / path
        if language == "yaml" and target.parent.name == "configs":
            already = yaml.safe_load(target.read_text()) if target.exists() else {}
            target.write_text(yaml.safe_dump(merge(already, yaml.safe_load(text))))
        elif how == "in":
            assert not target.exists(), f"{path} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        elif how == "to":
            before, end, after = target.read_text().partition("\n    ]")
            target.write_text(f"{before}\n        {text.rstrip()},{end}{after}")
        else:
            target.write_text(f"{target.read_text()}\n\n{text}")


def run(repository: Path, command: Sequence[str]) -> str:
    """What a command prints, run in an environment that nobody activated, without a network."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"PATH": os.defpath, "HF_HUB_CACHE": str(repository / "hub"), "HF_HUB_OFFLINE": "1"}
    status, said = ran(command, repository, environment)
    assert status == 0, said[-6000:]
    return said


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to which everything is added."""
    repository = copy_repository(tmp_path_factory.mktemp("added") / "repository")
    (repository / ".venv").symlink_to(sys.prefix)
    follow(repository)
    return repository


def test_a_whole_run_would_train_the_model_on_the_hierarchy_and_draw_the_figure(repository):
    (command,) = (text for language, text, *_ in blocks() if language == "sh")
    planned = run(repository, command.split())
    for output in (
        "results/language/models/llama32-1b",
        "results/relational/tasks/two_exceptions_n12.parquet",
        "results/language/responses/llama32-1b/fake/two_exceptions_n12/lora-last/seeds_000-034.parquet",
        "figures/exception_accuracy.pdf",
        "results/urns/empty.csv",
    ):
        assert output in planned, output


@pytest.mark.full
def test_they_meet(repository, tiny_causal):
    mine = yaml.safe_load((repository / "configs/mine.yaml").read_text())
    (hub,) = mine["language"]["models"].values()
    # A random model of some thousand parameters under the name of another.
    there = f"models--{hub['repository'].replace('/', '--')}/snapshots/{hub['revision']}"
    shutil.copytree(tiny_causal["llama", False], repository / "hub" / there)
    (repository / "toy.yaml").write_text(yaml.safe_dump(TOY))
    overlays = ["configs/smoke.yaml", "configs/mine.yaml", "toy.yaml"]
    targets = ["figures/exception_accuracy.png", "results/language/runs.parquet", "results/urns/empty.csv"]
    run(repository, [".venv/bin/snakemake", "--cores", "2", "--configfile", *overlays, "--", *targets])
    urns = pl.read_csv(repository / "results/urns/empty.csv")
    assert urns["balls"].to_list() == [50, 100]
    assert ((urns["exact"] - urns["simulated"]).abs() <= 4 * urns["standard_error"]).all()
    runs = RUNS.read(repository / "results/language/runs.parquet")
    assert runs.select("model", "items", "hierarchy", "method").unique().rows() == [
        ("llama32-1b", "fake", "two_exceptions_n12", "lora-last")
    ]
    assert runs["hyperparameter"].unique().sort().to_list() == [2.0, 4.0]
    answers = RESPONSES.read(repository / "results/language/responses.parquet")
    exceptions = answers.filter(pair_class="exception").select("first", "second").unique()
    assert sorted(exceptions.rows()) == [(2, 4), (4, 2), (7, 9), (9, 7)]
    assert answers.filter(pl.col("phase") == "post").height == 2 * 2 * 12 * 11
    assert (repository / targets[0]).stat().st_size > 5000
