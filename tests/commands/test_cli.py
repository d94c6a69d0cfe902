"""The command line: found by syntax tree, light to import, one line for bad input."""

import contextlib
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from memgen import __main__ as cli
from memgen.jobs import closure
from memgen.jobs import entries as commands
from repository import ROOT


def memgen(*arguments: str, folder: Path = ROOT, room: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command, which may write files of so many bytes."""
    limit = None if room is None else partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    return subprocess.run(
        [sys.executable, "-m", "memgen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )


ENTRIES = {
    f"{study} {name}".strip(): entry
    for study in ("", *commands.studies())
    for name, entry in commands.entries(study).items()
}


def test_help_lists_every_command_without_importing_any() -> None:
    program = (
        "import sys; from memgen.__main__ import run; run(['--help']); "
        "assert not {'numpy', 'polars', 'torch'} & set(sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "memgen claim" in answer.stdout and ", relational" in answer.stdout


@pytest.mark.parametrize("name", ENTRIES)
def test_every_command_has_help(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    with pytest.raises(SystemExit) as ended:
        cli.run([*name.split(), "--help"])
    printed, entry = capsys.readouterr().out, ENTRIES[name]
    assert ended.value.code == 0
    assert entry.summary and entry.summary.split()[0] in printed
    assert ("--record" in printed) == (entry.kind == "stage")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no study or command 'nowhere'; allowed: "),
        (["relational", "nowhere"], "memgen relational: there is no command 'nowhere'; allowed: "),
        (["..", "memgen"], "no study or command '..'; allowed: "),
        (["claims", "--tables", "none.csv", "--out", "x.csv"], "none.csv: no such file, given as --tables"),
        (["study"], "holds no Snakefile"),
        (["relational", "critical", "7:5", "--n", "13"], "'7:5': not expected here; values follow the name"),
        (["claims", "--tables", "a\x1b[31m", "--out", "x.csv"], r"a\x1b[31m: no such file"),
        (
            ["relational", "ranks", "--n", "012", "--alpha", "0"],
            "'012' is not allowed; allowed: a whole number",
        ),
        (["relational", "ranks", "--n", "9", "--alpha", "0_1"], "'0_1' is not allowed; allowed: a number"),
        (["relational", "ranks", "--n", "9", "--alpha", "0", "--ridge", "1e308"], "--ridge: 1e+308 is not"),
        (["relational", "task", "--name", "a", "--n", "5", "--out", "x", "--threads", "99999"], "1 to 256"),
    ],
)
def test_bad_input_gives_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    answer = memgen(*arguments, folder=tmp_path)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert message in answer.stderr
    assert answer.stderr.startswith("memgen: error: ")
    assert answer.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


RANKS = "relational ranks --n 5 --alpha 0.3"


@pytest.mark.parametrize(
    ("script", "said", "status"),
    [
        (f"$PYTHON -m memgen {RANKS} > /dev/full", "disk is full", 2),
        (f"mkdir gone; cd gone; rmdir ../gone; $PYTHON -m memgen {RANKS}", "the present folder is gone", 2),
        ("LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 $PYTHON -m memgen --help > /dev/null", "", 0),
        ("PATH= $PYTHON -m memgen relational task --name a --n 5 --out a.csv --record j/a/job.json", "", 0),
    ],
)
def test_odd_surroundings_end_in_one_line_at_most(
    script: str, said: str, status: int, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "workflow")}
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == status and said in done.stderr
    assert done.stderr.count("\n") == (1 if said else 0), done.stderr


@pytest.mark.parametrize("study", ["", *commands.studies()])
def test_a_command_is_found_by_its_name(study: str) -> None:
    for name, entry in commands.entries(study).items():
        assert commands.find(study, name) == entry
    for name in ("nothing", "", ".", "..", "__init__", "critical_table", "ranks/", "Ranks", "ranks\n"):
        assert commands.find(study, name) is None


def test_a_command_is_found_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_examples_of_the_help_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    lines = [line.strip() for line in cli.HELP.splitlines() if line.startswith("  memgen ")]
    asked = [re.split(r"\s{2,}", line)[0].split()[1:] for line in lines]
    calculators = [
        words for words in asked if words[0] in ("relational", "longtail", "irrelevant", "explain")
    ]
    assert len(calculators) >= 7
    for words in calculators:
        answer = memgen(*words)
        assert answer.returncode == 0 and re.search(r"\d", answer.stdout), words
    assert all({words[0], " ".join(words[:2])} & set(ENTRIES) for words in asked)


def test_stages_lists_what_rules_call_and_explain_what_goes_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*words: str) -> str:
        with contextlib.suppress(SystemExit):
            cli.run(list(words))
        return capsys.readouterr().out

    assert "memgen relational sweep: " in printed("stages") and "ranks:" not in printed(
        "stages", "relational"
    )
    task = ["--n", "13", "--alpha", "0.2"]
    listed = json.loads(printed("relational", "margins", *task, "--exception", "7:5", "--json"))["pairs"]
    wrong = {
        f"{pair['higher']} v {pair['lower']}  {pair['margin']:.3f}"
        for pair in listed
        if not pair["trained"] and pair["truth"] and pair["margin"] < 0
    }
    told = printed("explain", "7:5", *task)
    assert len(wrong) == 11 and "54 of 65" in told and sum(text in told for text in wrong) == 10
    assert "figures/explorer.html#exceptions=7:5&n=13&alpha=0.2" in told


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to finish words in")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["rel"], ["relational"]),
        (["relational", "rank"], ["ranks"]),
        (["relational", "ranks", "--exc"], ["--exception"]),
        (["relational", "ranks", "--n", "9"], []),
    ],
)
def test_tab_finishes_words_in_bash(typed: list[str], expected: list[str], tmp_path: Path) -> None:
    program = tmp_path / "memgen"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m memgen "$@"\n')
    program.chmod(0o755)
    words = shlex.join(["memgen", *typed])
    script = (
        f"{memgen('completion', 'bash').stdout}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed)}\n"
        'COMP_LINE="$*"; _memgen; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "workflow")}
    answer = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment, check=True, cwd=ROOT
    )
    assert answer.stdout.split() == expected and not answer.stderr


def test_a_full_disk_ends_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """A file that may not grow stands for it; tables and figures are written by other libraries."""
    run = ["relational", "task", "--name", "a", "--n", "5"]
    assert memgen(*run, "--out", "whole.parquet", folder=tmp_path).returncode == 0
    draw = ["figures", "task", "--tasks", "whole.parquet", "--pdf", "a.pdf", "--png", "a.png"]
    before = sorted(tmp_path.iterdir())
    for arguments in ([*run, "--out", "a.parquet", "--record", "a.json"], draw):
        answer = memgen(*arguments, folder=tmp_path, room=500)
        assert answer.returncode == 2, answer.stderr
        assert "the disk is full" in answer.stderr and len(answer.stderr.splitlines()) == 1
        assert sorted(tmp_path.iterdir()) == before
