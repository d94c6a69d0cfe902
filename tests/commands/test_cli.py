"""The command line: found by syntax tree, light to import, one line for bad input."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memgen.jobs import closure
from memgen.jobs import entries as commands
from repository import ROOT

ENVIRONMENT = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "workflow")}
ENTRIES = {
    f"{study} {name}".strip(): entry
    for study in ("", *commands.studies())
    for name, entry in commands.entries(study).items()
}


def test_every_line_of_the_help_names_a_command(memgen):
    status, printed, _ = memgen("--help")
    assert status == 0 and printed.rstrip().endswith(", ".join(commands.studies()))
    lines = [line.split()[1:] for line in printed.splitlines() if line.startswith("  memgen ")]
    assert all({words[0], " ".join(words[:2])} & set(ENTRIES) for words in lines)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_command_has_help(name, memgen):
    status, printed, _ = memgen(*name.split(), "--help")
    entry = ENTRIES[name]
    assert status == 0 and entry.summary and entry.summary.split()[0] in printed
    assert ("--record" in printed) == (entry.kind == "stage")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("nowhere", "there is no study or command 'nowhere'; allowed: "),
        ("relational nowhere", "memgen relational: there is no command 'nowhere'; allowed: "),
        ("study", "holds no Snakefile"),
        ("relational critical 7:5 --n 13", "'7:5': not expected here; values follow the name of an option"),
        ("claims --tables a\x1b[31m --out x.csv", r"a\x1b[31m: no such file, given as --tables"),
        ("relational ranks --n 012 --alpha 0", "'012' is not allowed; allowed: a whole number"),
        ("relational ranks --n 9 --alpha 0_1", "'0_1' is not allowed; allowed: a number"),
        ("relational task --name a --n 5 --out x --threads 99999", "allowed: 1 to 256"),
    ],
)
def test_bad_input_gives_one_line(call, message, memgen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, printed, said = memgen(*call.split(" "))
    assert status == 2 and printed == "" and message in said
    assert said.startswith("memgen: error: ") and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


RANKS = "$PYTHON -m memgen relational ranks --n 5 --alpha 0.3"
TASK = "$PYTHON -m memgen relational task --name a --n 5 --out"
DRAWN = "$PYTHON -m memgen figures task --tasks a.parquet --pdf a.pdf --png a.png"


@pytest.mark.parametrize(
    ("script", "said", "left"),
    [
        (f"{RANKS} > /dev/full", "disk is full", ""),
        (f"mkdir gone; cd gone; rmdir ../gone; {RANKS}", "the present folder is gone", ""),
        ("LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 $PYTHON -m memgen --help > /dev/null", "", ""),
        (f"PATH= {TASK} a.csv --record j/a/job.json", "", "a.csv j"),
        # A file that may not grow stands for a full disk; tables and figures are written by other libraries.
        (f"{TASK} a.parquet; ulimit -f 1; {TASK} b.parquet --record b.json", "disk is full", "a.parquet"),
        (f"{TASK} a.parquet; ulimit -f 1; {DRAWN}", "the disk is full", "a.parquet"),
    ],
)
def test_odd_surroundings_end_in_one_line_at_most(script, said, left, tmp_path):
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == (2 if said else 0) and said in done.stderr, done.stderr
    assert done.stderr.count("\n") == (1 if said else 0), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == left.split()


def test_a_command_is_found_by_its_path_and_by_no_other_name(tmp_path, monkeypatch):
    for name in ("", ".", "..", "__init__", "critical_table", "ranks/", "Ranks", "ranks\n"):
        assert commands.find("relational", name) is None
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(closure, "ROOT", tmp_path)
    for name, text in {
        "room/__init__.py": "",
        "room/parts/stages/one_thing.py": '@stage\ndef one_thing():\n    """Do it."""\n',
        "room/parts/stages/other.py": "@stage\ndef named_otherwise(): ...\ndef other(): ...\n",
        "commands/__init__.py": "",
        "commands/top.py": "@command\ndef top(): ...\n",
    }.items():
        path = tmp_path / "memgen" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    thing = commands.Entry("memgen.room.parts.stages.one_thing", "one_thing", "stage", "Do it.")
    assert commands.find("room", "one-thing") == thing
    assert set(commands.entries("room")) == {"one-thing", "named-otherwise"}
    assert list(commands.entries("")) == ["top"] and commands.studies() == ["room"]
    assert commands.find("room", "other") is commands.find("nowhere", "other") is None


def test_stages_lists_what_rules_call_and_explain_what_goes_wrong(memgen):
    assert "memgen relational sweep: " in memgen("stages")[1]
    assert "ranks:" not in memgen("stages", "relational")[1]
    task = ["--n", "13", "--alpha", "0.2"]
    listed = memgen("relational", "margins", *task, "--exception", "7:5", "--json")[1]
    wrong = {
        f"{pair['higher']} v {pair['lower']}  {pair['margin']:.3f}"
        for pair in json.loads(listed)["pairs"]
        if not pair["trained"] and pair["truth"] and pair["margin"] < 0
    }
    told = memgen("explain", "7:5", *task)[1]
    assert len(wrong) == 11 and "54 of 65" in told and sum(text in told for text in wrong) == 10
    assert "figures/explorer.html#exceptions=7:5&n=13&alpha=0.2" in told


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to finish words in")
@pytest.mark.parametrize(
    ("typed", "expected"), [("relational rank", "ranks"), ("relational ranks --exc", "--exception")]
)
def test_tab_finishes_words_in_bash(typed: str, expected: str, memgen, tmp_path: Path) -> None:
    program = tmp_path / "memgen"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m memgen "$@"\n')
    program.chmod(0o755)
    script = (
        f"{memgen('completion', 'bash')[1]}\nCOMP_WORDS=(memgen {typed}); COMP_CWORD={len(typed.split())}\n"
        'COMP_LINE="$*"; _memgen; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    found = {**ENVIRONMENT, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=found, check=True)
    assert answer.stdout.split() == [expected] and not answer.stderr


def test_the_doctor_tells_a_bare_machine_what_it_lacks_and_writes_nothing(tmp_path, monkeypatch, memgen):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    status, printed, _ = memgen("doctor", "--json")
    found = {row["name"]: row for row in json.loads(printed)}
    assert status == 0
    for name in ("git", "SLURM", "conda", "Chromium", "results", "published responses"):
        assert found[name]["state"] == "missing" and found[name]["enables"] and found[name]["command"], name
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_looks_for_the_weights_of_the_configuration(tmp_path, monkeypatch, memgen):
    for name in ("config.yaml", "configs/paper.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    (tmp_path / "results/language/models/minilm").mkdir(parents=True)
    default, paper = (
        {row["name"]: row for row in json.loads(memgen("doctor", "--json", *more)[1])}
        for more in ([], ["--config", "paper.yaml"])
    )
    assert default["weights of minilm"]["state"] == "here"
    assert default["weights of smollm2"]["command"] == "make study ARGS=results/language/models/smollm2"
    missing = paper["weights of llama32-1b"]
    assert missing["state"] == "missing" and str(missing["command"]).startswith("hf download meta-llama/")
    assert not any("small-lm" in name for name in paper)
