"""Files for hosts, which cannot be run here: well formed, of one mind, and calling what there is."""

import json
import re
import shlex
import tomllib

import pytest
import yaml

from repository import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
MAKEFILE = (ROOT / "Makefile").read_text()


def test_one_version_everywhere() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == VERSION
    assert json.loads((ROOT / ".zenodo.json").read_text())["version"] == VERSION
    assert re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0] == VERSION


def test_zenodo_and_citation_name_the_same_work_and_papers() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    deposit = json.loads((ROOT / ".zenodo.json").read_text())
    assert deposit["title"] == citation["title"] and deposit["license"] == citation["license"]
    papers = {part["value"] for paper in citation["references"] for part in paper["identifiers"]}
    assert {part["identifier"] for part in deposit["related_identifiers"]} == papers


def test_the_host_runs_targets_that_the_makefile_has_on_pythons_that_the_lock_covers() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [shlex.split(command)[:2] for command in commands] == [
        ["make", name] for name in ("lint", "test", "smoke", "report")
    ]
    for command in commands:
        assert re.search(rf"^{shlex.split(command)[1]}:", MAKEFILE, re.MULTILINE), command
        for word in shlex.split(command)[2:]:
            name, _, value = word.partition("=")
            assert re.search(rf"^{name} \?=", MAKEFILE, re.MULTILINE), word
            assert name != "CONFIG" or (ROOT / value).is_file()
    assert jobs["checks"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_the_browser_may_not_be_missing_in_ci() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    (test,) = [step for step in jobs["checks"]["steps"] if step.get("run", "").startswith("make test")]
    assert test["env"] == {"MEMGEN_NEEDS_BROWSER": "1"}
    assert "export MEMGEN_NEEDS_BROWSER=1" in (ROOT / ".ci/run").read_text()


def test_hooks_are_the_linters_own_commands() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    lint = MAKEFILE.partition("\nlint:")[2].partition("\n\n")[0].replace("$(BIN)", ".venv/bin")
    for hook in local["hooks"]:
        words = hook["entry"].removesuffix(" --force-exclude")
        assert hook["language"] == "system" and words in lint, words


@pytest.mark.parametrize("path", ["Snakefile", "workflow/rules/common.smk", "tests/Snakefile.md"])
def test_the_rules_hook_takes_rule_files_only(path: str) -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    pattern = next(hook["files"] for hook in local["hooks"] if hook["id"] == "snakefmt")
    assert bool(re.search(pattern, path)) == (not path.endswith(".md"))


def test_the_catalog_is_told_how_software_comes() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] and any((ROOT / "envs").glob("*.yaml"))
    assert usage["report"] is True and "report:" in (ROOT / "Snakefile").read_text()
