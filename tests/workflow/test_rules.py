"""Every rule declares its record, its sources, its log, benchmark and environment, and says what it does."""

import ast
import functools
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from snakemake.io import strip_wildcard_constraints

from memgen.jobs.closure import closure, module_file, syntax_tree
from memgen.jobs.entries import Entry, entries, studies
from memgen.jobs.rules import code
from parsed import workflow
from repository import copy_repository, loaded

#: What no module of the closure imports, and why the environment holds it.
UNSEEN = {
    ("language", "gguf"): "transformers reads quantized weights with it",
    ("language", "pip"): "wheels with weights are downloaded by it",
}
ENDING = "--record {output.record:q} --threads {threads} 2> {log:q}"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Snakemake's own rules by name, with what `use rule` takes from others; `all` is only a target."""
    with workflow(copy_repository(tmp_path_factory.mktemp("rules") / "repository")) as (parsed, _):
        return {rule.name: rule for rule in parsed.rules if rule.name != "all"}


def commands() -> dict[str, Entry]:
    """Commands by what follows `python -m memgen`; those of no study stand in memgen/commands."""
    return {
        f"{study} {name}".lstrip(): entry
        for study in ("", *studies())
        for name, entry in entries(study).items()
    }


def spoken(rule: Any) -> str:
    """The command that a rule runs, such as `relational task`."""
    if "{params.drawing}" in (rule.shellcmd or ""):
        return f"figures {rule.name.removeprefix('figures_').replace('_', '-')}"
    if listed := re.match(r"python -m memgen ([a-z ]*)\{params\.stage\}", rule.shellcmd or ""):
        return f"{listed[1]}{rule.params.stage}"
    words = re.match(r"python -m memgen ((?:[a-z][a-z-]* )+)", rule.shellcmd or "")
    assert words, f"{rule.name} runs no command of memgen"
    return words[1].strip()


def named_after(command: str) -> str:
    return command.replace(" ", "_").replace("-", "_")


def files(rule: Any, part: str) -> list[str]:
    return [strip_wildcard_constraints(str(path)) for path in getattr(rule, part)]


@functools.cache
def third_party(path: Path) -> set[str]:
    """Packages of the index that a source file imports, wherever in it."""
    names = set()
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module))
    packages = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"memgen"}
    return {canonicalize_name(name) for name in packages}


def test_every_rule_leaves_a_record_a_log_and_a_benchmark(rules):
    for name, rule in rules.items():
        record = strip_wildcard_constraints(str(rule.output.record))
        job = re.fullmatch(rf"results/provenance/jobs/{name}/(.*)\.json", record)
        assert job, f"{name} has its record elsewhere: {record}"
        assert files(rule, "log") == [f"logs/{name}/{job[1]}.log"], name
        benchmark = strip_wildcard_constraints(str(rule.benchmark))
        assert benchmark == f"results/benchmarks/{name}/{job[1]}.tsv", name
        # Two jobs of one rule never share these files.
        assert set(re.findall(r"\{(\w+)\}", job[1])) == set(rule.wildcard_names), name
        assert rule.conda_env, f"{name} has no environment"


def test_every_environment_holds_what_its_rules_import_and_no_more(rules):
    tool = loaded("environments")
    known = commands()
    imported: dict[str, set[str]] = {}
    for rule in rules.values():
        # The kernels import torch only for a stage that does.
        files = {*closure("memgen.__main__"), *closure(known[spoken(rule)].module)} - {
            module_file("memgen.jobs.kernels")
        }
        found = imported.setdefault(Path(str(rule.conda_env)).stem, set())
        found.update(*map(third_party, files))
    for found in imported.values():
        found.discard("pydantic-core")  # pydantic alone calls what imports it
    for (name, package), reason in UNSEEN.items():
        assert package not in imported[name], reason
        imported[name].add(package)
    assert imported == {name: {*tool.EVERY, *packages} for name, (_, packages) in tool.ENVIRONMENTS.items()}


def test_every_rule_runs_one_stage_that_writes_the_record(rules):
    known, owners = commands(), {}
    for name, rule in rules.items():
        command = spoken(rule)
        assert known[command].kind == "stage", name
        assert ENDING in rule.shellcmd and rule.shellcmd.count("2> ") == 1, name
        owners.setdefault(named_after(command), []).append(name)
    # A rule bears the name of its command; only what `use rule` takes over has another beside it.
    assert [command for command, names in owners.items() if command not in names] == []


def test_every_rule_depends_on_the_code_of_its_stage(rules):
    for name, rule in rules.items():
        assert rule.params.code == code(spoken(rule)), f"{name}: code=code({spoken(rule)!r})"


def test_every_stage_has_a_rule(rules):
    stages = {named_after(command) for command, entry in commands().items() if entry.kind == "stage"}
    assert stages - set(rules) == set()
