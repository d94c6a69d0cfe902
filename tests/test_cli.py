"""The command line: found by syntax tree, light to import, one line for bad input."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from memgen import __main__ as cli
from repository import ROOT


def memgen(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "memgen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )


def all_entries() -> list[tuple[str, cli.Entry]]:
    rooms = [
        (f"{room} {name}", entry)
        for room in cli.studies()
        for name, entry in cli.entries(cli.ROOT / cli.PACKAGE / room).items()
    ]
    return [*rooms, *cli.entries(cli.ROOT / cli.PACKAGE).items()]


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
    assert "relational" in answer.stdout and "study" in answer.stdout


@pytest.mark.parametrize("name", [name for name, _ in all_entries()])
def test_every_command_has_help(name: str) -> None:
    answer = memgen(*name.split(), "--help")
    assert answer.returncode == 0, answer.stderr
    entry = dict(all_entries())[name]
    assert entry.summary and entry.summary.split()[0] in answer.stdout
    assert ("--record" in answer.stdout) == (entry.kind == "stage")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no study or command 'nowhere'; allowed: "),
        (["relational", "nowhere"], "memgen relational: there is no command 'nowhere'; allowed: "),
        (["claims", "--tables", "none.csv", "--out", "x.csv"], "none.csv: no such file, given as --tables"),
        (["claims", "--out", "x.csv"], "tables"),
        (["claims", "--threads", "zero"], "--threads: 'zero' is not allowed"),
        (["relational", "ranks", "--n", "nine"], "nine"),
        (["study", "--cores", "0"], "--cores: 0 is not allowed"),
        (["study", "--config", "none.yaml"], "none.yaml: no such configuration file"),
    ],
)
def test_bad_input_gives_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    answer = memgen(*arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert message in answer.stderr
    assert answer.stderr.startswith("memgen: error: ")
    assert answer.stderr.count("\n") == 1


def test_study_outside_a_repository_is_refused(tmp_path: Path) -> None:
    answer = memgen("study", folder=tmp_path)
    assert answer.returncode == 2 and "holds no Snakefile" in answer.stderr
    assert not list(tmp_path.iterdir())


def test_theory_needs_no_torch() -> None:
    program = (
        "import sys; from memgen.__main__ import run; "
        "run(['relational', 'critical', '--n', '9', '--exception', '5:3', '--json']); "
        "assert not {'torch', 'transformers', 'snakemake', 'matplotlib'} & set(sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("room", [None, *cli.studies()])
def test_a_wanted_command_is_found_without_parsing_the_others(room: str | None) -> None:
    folder = cli.ROOT / cli.PACKAGE / (room or "")
    for name, entry in cli.entries(folder).items():
        assert cli.entries(folder, name)[name] == entry
    assert "nothing" not in cli.entries(folder, "nothing")
