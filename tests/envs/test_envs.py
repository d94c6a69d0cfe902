"""Every rule in its own conda environment: nothing else is there, and the results are those of .venv."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from local_conda import conda_packages, local_conda
from parsed import workflow
from repository import ROOT, copy_repository, loaded, ran
from runs import assert_same_results, command, environment, study

if sys.version_info[:2] != (3, 11):
    pytest.skip("envs/*.yaml name Python 3.11, and the channel holds this one", allow_module_level=True)

ENVIRONMENTS = sorted(path.stem for path in (ROOT / "envs").glob("*.yaml"))
LISTING = """
import importlib.metadata, json, sys
found = {part.name: part.version for part in importlib.metadata.distributions()}
print(json.dumps([sys.path, found]))
"""


@dataclass
class Deployment:
    """Where environments are made, and the variables of a run that makes them."""

    prefix: Path
    variables: dict[str, str]

    def run(self, folder: Path, *arguments: str) -> tuple[int, str]:
        """`make smoke ARGS="--profile profiles/conda …"` in a copy of the repository."""
        options = ["--profile", "profiles/conda", "--conda-prefix", str(self.prefix)]
        variables = {**environment(folder), "PATH": self.variables["PATH"]}
        return ran([*command(*arguments), *options], folder, variables)

    def environments(self) -> dict[str, Path]:
        """Folder of each environment by the name of its file."""
        texts = {(ROOT / f"envs/{name}.yaml").read_text(): name for name in ENVIRONMENTS}
        made = {path.read_text(): path.with_suffix("") for path in self.prefix.glob("*.yaml")}
        return {texts[text]: folder for text, folder in made.items() if text in texts}

    def holds(self, name: str, folder: Path) -> tuple[list[str], dict[str, str]]:
        """Where a job of one environment looks for modules, and the versions of what it finds installed."""
        listing = [self.environments()[name] / "bin/python", "-c", LISTING]
        variables = {"PYTHONPATH": "workflow", "PATH": os.defpath}
        search, found = json.loads(subprocess.check_output(listing, cwd=folder, env=variables))
        return search, found


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    # Beside the checkout, so that environments share the files of their packages; removed afterwards.
    base = ROOT / ".cache/test-envs"
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Deployment(Path(folder) / "envs", local_conda(Path(folder), ENVIRONMENTS))


@pytest.fixture(scope="module")
def finished(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which every job of the smoke study ran in its environment."""
    folder = copy_repository(tmp_path_factory.mktemp("deployed") / "repository")
    for options in (["--conda-create-envs-only"], []):
        assert not (folder / "logs").exists(), "environments are made before any job"
        code, printed = deployment.run(folder, *options)
        assert code == 0, printed[-6000:]
    return folder


def test_results_are_those_of_the_virtual_environment(finished, tmp_path):
    folder = copy_repository(tmp_path / "repository")
    study(folder)
    # What a record says of the packages is held to the environment below.
    assert_same_results(finished, folder, "environment")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment_holds_what_was_solved_for_it_and_nothing_else(name, finished, deployment):
    folder = deployment.environments()[name]
    search, found = deployment.holds(name, finished)
    elsewhere = [part for part in search if part and not Path(part).is_relative_to(folder)]
    assert elsewhere == [str(finished / "workflow")]
    solved = [json.loads(path.read_text())["name"] for path in (folder / "conda-meta").glob("*.json")]
    entries = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
    by_pip = [pin for entry in entries if isinstance(entry, dict) for pin in entry["pip"]]
    assert set(conda_packages(ROOT / f"envs/{name}.yaml")) <= set(solved)
    assert len(found) == len(solved) - 1 + len(by_pip), "Python itself is no distribution"
    pins = loaded("environments").pins()
    found.pop("pip", None)
    # torch's local tag is the index's, not the lock's.
    versions = {part: version.partition("+")[0] for part, version in found.items()}
    assert versions == {part: pins[canonicalize_name(part)] for part in found}


def test_every_job_imported_what_its_own_environment_holds(finished, deployment):
    """.venv would be noticed: at its start Python imports setuptools there, which most environments lack."""
    with workflow(finished, Path("configs/smoke.yaml")) as (parsed, _):
        rules = {rule.name: Path(str(rule.conda_env)).stem for rule in parsed.rules if rule.name != "all"}
    held = {name: deployment.holds(name, finished)[1] for name in ENVIRONMENTS}
    records = list((finished / "results/provenance/jobs").rglob("*.json"))
    for path in records:
        packages = json.loads(path.read_text())["environment"]["packages"]
        there = held[rules[path.parent.name]]
        assert packages == {name: there.get(name) for name in packages}, path
    assert (
        {rules[path.parent.name] for path in records} == set(deployment.environments()) == set(ENVIRONMENTS)
    )


def test_a_job_sees_its_own_environment_alone(repository, deployment):
    """What its file does not name, it does not find, though .venv has it."""
    path = repository / "envs/figures.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "matplotlib" not in line))
    code, printed = deployment.run(repository, "figures/task.pdf")
    assert code != 0, printed[-3000:]
    assert "needs the package matplotlib" in (repository / "logs/figures_task/job.log").read_text()
