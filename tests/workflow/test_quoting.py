"""Nothing reaches a shell unquoted: every command of every rule, read as Snakemake reads it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

from memgen.jobs.rules import Quoted
from memgen.published.files import read_versions
from parsed import jobs, workflow
from repository import copy_repository


@dataclass
class Rule:
    """A rule's command, and the values that each of its parameters takes."""

    command: str
    parameters: dict[str, list[Any]] = field(default_factory=dict)


def overlays(folder: Path) -> list[Path]:
    """Configurations that between them have a job for every rule: hub, folder, GGUF file, published files."""
    held = folder / "held"
    for name in [*(row.file for row in read_versions()), "poker/preflop_equity.csv"]:
        (held / name).parent.mkdir(parents=True, exist_ok=True)
        (held / name).touch()
    own = folder / "my model"
    own.mkdir()
    for name, text in {"config.json": "{}", "model.safetensors": "", "tokenizer.json": "{}"}.items():
        (own / name).write_text(text)
    hub = {"source": "hub", "repository": "owner/name", "revision": "0" * 40}
    written = []
    for name, content in {
        "local": {
            "published": {"source": str(held)},
            "language": {
                "models": {
                    "hub-lm": hub,
                    "small-lm": {"source": "corpus", "seed": 0},
                    "own": {"source": "folder", "folder": str(own)},
                }
            },
        },
        "download": {"published": {"source": "download"}},
    }.items():
        written.append(folder / f"{name}.yaml")
        written[-1].write_text(yaml.safe_dump(content))
    return written


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rule]:
    folder = copy_repository(tmp_path_factory.mktemp("quoting") / "repository")
    (folder / "frequencies.txt").write_text("1\n2\n")
    found: dict[str, Rule] = {}
    for overlay in overlays(folder):
        with workflow(folder, overlay) as (parsed, opened):
            for rule in parsed.rules:
                if rule.shellcmd is not None:
                    found.setdefault(rule.name, Rule(rule.shellcmd))
            for job in jobs(opened):
                if job.rule.shellcmd is None:
                    continue
                values = found[job.rule.name].parameters
                for name, value in job.rule.params._allitems():
                    # Snakemake makes plain text of what is no function; its own kind is the rule's.
                    values.setdefault(name, []).append(
                        getattr(job.params, name) if callable(value) else value
                    )
    return found


def placeholders(command: str) -> Iterator[tuple[str, str]]:
    """Fields of a command with their format."""
    for _, name, spec, _ in Formatter().parse(command):
        if name is not None:
            yield name, spec or ""


def is_safe(value: Any) -> bool:
    """Whether a value may stand in a command as it is: quoted already, or numbers."""
    if isinstance(value, (list, tuple)):
        return all(is_safe(part) for part in value)
    return isinstance(value, (Quoted, int, float)) and not isinstance(value, bool)


def offenders(name: str, rule: Rule) -> list[str]:
    """Fields of a rule's command through which a text could become more than one argument."""
    found = []
    for text, spec in placeholders(rule.command):
        if text == "threads" or spec.endswith("q"):
            continue
        kind, _, rest = text.partition(".")
        parameter = rest.partition("[")[0]
        values = rule.parameters.get(parameter, []) if kind == "params" else []
        shown = [Formatter().get_field(rest, (), {parameter: value})[0] for value in values]
        if not shown or not all(is_safe(value) for value in shown):
            found.append(f"{name}: {{{text}}}")
    return found


def test_every_rule_has_a_job(rules):
    """What no job shows cannot be checked."""
    lacking = {name for name, rule in rules.items() if not rule.parameters and "{params" in rule.command}
    assert lacking == set()


def test_every_placeholder_is_quoted(rules):
    assert len(rules) > 80
    found = [line for name, rule in rules.items() for line in offenders(name, rule)]
    assert not found, "\n".join(found)
