"""Every rule declares its record, its sources, its log, benchmark and environment, and says what it does."""

import re

import pytest

from memgen.closure import closure
from memgen.commands import Entry, entries, studies
from repository import ROOT

RULES = {
    match[1]: match[2]
    for path in sorted((ROOT / "workflow/rules").glob("*.smk"))
    for match in re.finditer(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", path.read_text(), re.MULTILINE)
}


def commands() -> dict[str, Entry]:
    """Stages by the rule that calls them."""
    return {
        f"{study}_{name}".lstrip("_").replace("-", "_"): entry
        for study in ("", *studies())
        for name, entry in entries(study).items()
    }


def test_rules_were_found() -> None:
    assert {"relational_task", "language_features", "figures_task", "claims"} <= set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_complete(rule: str) -> None:
    body = RULES[rule]
    assert re.match(r'    """[A-Z].*\."""\n', body), "a docstring of one sentence or more"
    for part in ("input:", "output:", "log:", "benchmark:", "conda:", "shell:"):
        assert f"    {part}" in body, part
    assert "script:" not in body and "run:" not in body
    assert f"results/provenance/jobs/{rule}/" in body
    assert "--record {output.record:q} --threads {threads} 2> {log:q}" in re.sub(r'"\s+"', "", body)
    entry = commands()[rule]
    assert entry.kind == "stage"
    assert f'code=code("{entry.module}")' in body, "the closure of the module that defines the stage"
    spoken = "claims" if rule == "claims" else rule.replace("_", " ", 1).replace("_", "-")
    assert f"python -m memgen {spoken} " in re.sub(r'"\s+"', "", body)


def test_every_stage_has_a_rule() -> None:
    stages = {name for name, entry in commands().items() if entry.kind == "stage"}
    assert stages - set(RULES) == set()


@pytest.mark.parametrize("rule", RULES)
def test_closure_holds_the_stage_itself(rule: str) -> None:
    entry = commands()[rule]
    files = {path.name for path in closure(entry.module)}
    assert {f"{entry.module.rpartition('.')[2]}.py", "stage.py"} <= files
