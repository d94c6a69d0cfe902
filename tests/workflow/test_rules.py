"""The workflow as Snakemake reads it: its rules, what it refuses, and its stages by hand."""

import ast
import functools
import inspect
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml
from packaging.utils import canonicalize_name
from snakemake.exceptions import WorkflowError
from snakemake.io import strip_wildcard_constraints
from snakemake.settings.types import DeploymentMethod, DeploymentSettings
from snakemake.shell import shell

from memgen import __main__ as cli
from memgen.configuration.options import meaning
from memgen.jobs.closure import closure, module_file, syntax_tree
from memgen.jobs.entries import entries, studies
from memgen.jobs.rules import Quoted, code
from memgen.jobs.stage import Job, flag
from memgen.published.files import read_versions
from parsed import jobs, workflow
from published_imitation import imitate
from repository import copy_repository, loaded, ran

#: Commands by what follows `python -m memgen`; those of no study are in memgen/commands.
COMMANDS = {
    f"{study} {name}".lstrip(): entry for study in ("", *studies()) for name, entry in entries(study).items()
}
#: What no module of the closure imports, and why the environment holds it.
UNSEEN = {
    ("language", "gguf"): "transformers reads quantized weights with it",
    ("language", "pip"): "wheels with weights are downloaded by it",
}
ENDING = "--record {output.record:q} --threads {threads} 2> {log:q}"


def overlays(folder: Path) -> Iterator[Path]:
    """Configurations that between them have a job for every rule: hub, folder, GGUF file, published files."""
    held, own = folder / "held", folder / "my model"
    for name in [*(row.file for row in read_versions()), "poker/preflop_equity.csv"]:
        (held / name).parent.mkdir(parents=True, exist_ok=True)
        (held / name).touch()
    own.mkdir()
    for name, text in {"config.json": "{}", "model.safetensors": "", "tokenizer.json": "{}"}.items():
        (own / name).write_text(text)
    models = {
        "hub-lm": {"source": "hub", "repository": "owner/name", "revision": "0" * 40},
        "small-lm": {"source": "corpus", "seed": 0},
        "own": {"source": "folder", "folder": str(own)},
    }
    for content in (
        {"published": {"source": str(held)}, "language": {"models": models}},
        {"published": {"source": "download"}},
    ):
        path = folder / "overlay.yaml"
        path.write_text(yaml.safe_dump(content))
        yield path


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, dict[str, list[Any]]]]:
    """Snakemake's own rules by name, and the values that their parameters take; `all` is only a target."""
    folder = copy_repository(tmp_path_factory.mktemp("rules") / "repository")
    rules: dict[str, Any] = {}
    values: dict[str, dict[str, list[Any]]] = {}
    for overlay in overlays(folder):
        with workflow(folder, overlay) as (parsed, opened):
            rules |= {rule.name: rule for rule in parsed.rules if rule.name != "all"}
            for job in jobs(opened):
                taken = values.setdefault(job.rule.name, {})
                for name, value in job.rule.params._allitems():
                    # Snakemake makes plain text of what is no function; its own kind is the rule's.
                    found = getattr(job.params, name) if callable(value) else value
                    taken.setdefault(name, []).append(found)
    return rules, values


@pytest.fixture
def rules(read: tuple[dict[str, Any], Any]) -> dict[str, Any]:
    return read[0]


def spoken(rule: Any) -> str:
    """The command that a rule runs, such as `relational task`."""
    if "{params.drawing}" in (rule.shellcmd or ""):
        return f"figures {rule.name.removeprefix('figures_').replace('_', '-')}"
    if listed := re.match(r"python -m memgen ([a-z ]*)\{params\.stage\}", rule.shellcmd or ""):
        return f"{listed[1]}{rule.params.stage}"
    words = re.match(r"python -m memgen ((?:[a-z][a-z-]* )+)", rule.shellcmd or "")
    assert words, f"{rule.name} runs no command of memgen"
    return words[1].strip()


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
        record, log, benchmark = (
            strip_wildcard_constraints(str(path)) for path in (rule.output.record, *rule.log, rule.benchmark)
        )
        job = re.fullmatch(rf"results/provenance/jobs/{name}/(.*)\.json", record)
        assert job, f"{name} has its record elsewhere: {record}"
        assert log == f"logs/{name}/{job[1]}.log", name
        assert benchmark == f"results/benchmarks/{name}/{job[1]}.tsv", name
        # Two jobs of one rule never share these files.
        assert set(re.findall(r"\{(\w+)\}", job[1])) == set(rule.wildcard_names), name
        assert rule.conda_env, f"{name} has no environment"


def test_every_environment_holds_what_its_rules_import_and_no_more(rules):
    tool = loaded("environments")
    imported: dict[str, set[str]] = {}
    for rule in rules.values():
        # The kernels import torch only for a stage that does.
        files = {*closure("memgen.__main__"), *closure(COMMANDS[spoken(rule)].module)}
        found = imported.setdefault(Path(str(rule.conda_env)).stem, set())
        found.update(*map(third_party, files - {module_file("memgen.jobs.kernels")}))
    for found in imported.values():
        found.discard("pydantic-core")  # pydantic alone calls what imports it
    for (name, package), reason in UNSEEN.items():
        assert package not in imported[name], reason
        imported[name].add(package)
    assert imported == {name: {*tool.EVERY, *packages} for name, (_, packages) in tool.ENVIRONMENTS.items()}


def test_every_rule_runs_one_stage_of_its_name_depends_on_its_code_and_every_stage_has_one(rules):
    stages = {command: [] for command, entry in COMMANDS.items() if entry.kind == "stage"}
    for name, rule in rules.items():
        command = spoken(rule)
        assert ENDING in rule.shellcmd and rule.shellcmd.count("2> ") == 1, name
        assert rule.params.code == code(command), f"{name}: code=code({command!r})"
        stages[command].append(name)
    # A rule bears the name of its command; only what `use rule` takes over has another beside it.
    for command, names in stages.items():
        assert command.replace(" ", "_").replace("-", "_") in names, command


def is_safe(value: Any) -> bool:
    """Whether a value may be in a command as it is: quoted already, or numbers."""
    if isinstance(value, (list, tuple)):
        return all(is_safe(part) for part in value)
    return isinstance(value, (Quoted, int, float)) and not isinstance(value, bool)


def unquoted(command: str, values: dict[str, list[Any]]) -> Iterator[str]:
    """Fields of a rule's command through which a text could become more than one argument."""
    for _, text, form, _ in Formatter().parse(command):
        if text is None or text == "threads" or (form or "").endswith("q"):
            continue
        kind, _, rest = text.partition(".")
        parameter = rest.partition("[")[0]
        given = values.get(parameter, []) if kind == "params" else []
        shown = [Formatter().get_field(rest, (), {parameter: value})[0] for value in given]
        if not shown or not all(map(is_safe, shown)):
            yield text


def test_nothing_reaches_a_shell_unquoted(read):
    """Of every rule there is a job: what no job shows cannot be checked."""
    rules, values = read
    assert len(rules) > 80
    assert {name for name, rule in rules.items() if "{params" in rule.shellcmd} <= set(values)
    found = {name: [*unquoted(rule.shellcmd, values.get(name, {}))] for name, rule in rules.items()}
    assert {name: fields for name, fields in found.items() if fields} == {}


def test_plain_snakemake_refuses_what_the_study_refuses(repository):
    twice = repository / "overlay.yaml"
    twice.write_text("language: {}\nlanguage: {}\n")
    message = "overlay.yaml, line 2: key 'language' is given twice"
    with pytest.raises(WorkflowError, match=message), workflow(repository, twice):
        pass
    asked = ["--cores", "1", "--dry-run", "--config", "language={device: tpu}"]
    status, said = ran([sys.executable, "-m", "snakemake", *asked], repository)
    assert status != 0 and "Traceback" not in said
    assert "config.yaml + the command line: language.device: 'tpu' is not allowed" in said


def test_a_gpu_is_asked_of_this_machine_and_not_of_a_cluster(repository, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    overlay = repository / "overlay.yaml"
    overlay.write_text("language: {device: cuda}\n")
    with workflow(repository, overlay) as (parsed, _):
        parsed._dag = SimpleNamespace(needrun_jobs=lambda: [])
        there, here = (
            SimpleNamespace(common_settings=SimpleNamespace(local_exec=local)) for local in (False, True)
        )
        parsed._executor_plugin = there
        parsed._onstart(None)
        parsed._executor_plugin = here
        with pytest.raises(WorkflowError, match="no GPU that torch can use; allowed: cpu"):
            parsed._onstart(None)


def test_a_deployed_environment_keeps_its_own_python(repository):
    with workflow(repository):
        assert str(Path(sys.executable).parent) in shell._process_prefix
    deployment = DeploymentSettings(deployment_method={DeploymentMethod.CONDA})
    with workflow(repository, deployment=deployment):
        assert shell._process_prefix.startswith("export PYTHONPATH=workflow MEMGEN_CONFIGURATION=")
        assert "export PATH=" not in shell._process_prefix


def test_a_figure_is_made_alone_and_a_wrong_name_tells_the_nearest(repository, monkeypatch):
    monkeypatch.setenv("MEMGEN_FIGURE", "explorer")
    with workflow(repository) as (parsed, _):
        assert parsed.globals["targets"] == ["figures/explorer.html"]
    monkeypatch.setenv("MEMGEN_FIGURE", "explorers")
    message = "figure 'explorers': there is none of that name; nearest: explorer"
    with pytest.raises(WorkflowError, match=message), workflow(repository):
        pass


#: Nothing but what a study must say: all else is a default.
REQUIRED = {
    "relational": {
        "hierarchies": {"ti_n9": {"n": 9}, "exc_mid_n9": {"n": 9, "exceptions": ["5:3"]}},
        "theory": {"conjunctivity": [0, 0.1, 0.3, 0.5, 0.6, 0.8, 0.9], "ridge": [0, 0.01, 0.05, 1]},
    },
    "language": {
        "models": {"small-lm": {"source": "corpus", "seed": 0}},
        "items": ["poker"],
        "methods": {
            "probe": {"kind": "ridge", "ridge": [0.1], "pooling": "last"},
            "lora": {"kind": "lora", "epochs": 2, "batch": 4, "rate": 0.1, "lora_rank": [4]},
        },
    },
    # The study trains the network that it scores for fewer steps than one of no settings but its own.
    "longtail": {"clusters": {"memorization": {"learners": {"network": {"settings": [0.001]}}}}},
    "irrelevant": {
        "runs": {"logistic": {"learner": "logistic", "sizes": [{}]}},
        "extraction": {"model": "small-lm"},
    },
    "published": {"source": "imitation"},
}


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every command of such a study but for figures."""
    folder = copy_repository(tmp_path_factory.mktemp("required") / "repository")
    imitate(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(REQUIRED))
    with workflow(folder) as (_, opened):
        return [job.shellcmd for job in jobs(opened) if job.shellcmd and "memgen figures" not in job.shellcmd]


@pytest.fixture
def bound(memgen, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], Job]:
    """The job that a command line would have; nothing is run."""
    jobs: list[Job] = []
    monkeypatch.setattr(Job, "run", lambda job, **_: jobs.append(job))
    monkeypatch.setattr(cli, "closure", lambda module: ())

    def read(words: list[str]) -> Job:
        assert memgen(*words)[0] == 0, words
        return jobs.pop()

    return read


def defaults(job: Job) -> Iterator[str]:
    """Flags of keys of the configuration for which the stage has a default."""
    for name, part in inspect.signature(job.function).parameters.items():
        told = meaning(part.annotation) or ""
        filled = part.default is not None or "; by default " in told  # of another argument's kind
        if told and part.default is not inspect.Parameter.empty and filled:
            yield flag(name, part.annotation)


def parameters(job: Job) -> dict[str, Any]:
    return {name: value for name, value in job.arguments.items() if job.roles[name] == "parameter"}


def test_what_is_not_given_is_what_the_study_gives(commands, bound):
    left_out: set[tuple[str, str]] = set()
    for command in commands:
        words = shlex.split(command.partition("-m memgen ")[2].partition(" 2> ")[0])
        study = bound(words)
        given, keep = words[:2], True
        for word in words[2:]:
            keep = word not in defaults(study) if word.startswith("--") else keep
            given += [word] if keep else []
        left_out |= {(words[1], word) for word in set(words) - set(given) if word.startswith("--")}
        assert parameters(bound(given)) == parameters(study), command
    assert len(left_out) > 100, left_out
