"""What the rule files build commands with: no value becomes more than one argument."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.jobs import rules
from memgen.jobs.rules import Quoted, before_each_job, figure_alone, flags, one_of, repeated, words

# Whatever an argument of a process can hold: any character but the null one and what is no UTF-8.
TEXT = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(
        [
            "a;id>pwned;b.txt", "$(id)", "`id`", "a b", "", "'", '"', "\\", "\n", "a\n", "-x", "--out", "*",
            "~", "#x", "!!", "&", "|", "{x}", "{{", "$HOME", "\\'", "é", "5:3", "=", "--a=b",
        ]
    ),
)  # fmt: skip


def arguments(text: str) -> list[str]:
    """What a program is given where a shell reads this text after its name."""
    printed = subprocess.run(
        ["sh", "-c", f'printf "%s\\0" end {text}'], capture_output=True, check=True, cwd="/", env={}
    ).stdout.decode()
    assert printed.startswith("end\0")
    return printed.split("\0")[1:-1]


@given(values=st.lists(TEXT, max_size=4))
def test_hostile_values_come_out_of_a_shell_unchanged(values):
    assert arguments(words(values)) == values
    told = [
        word for value in values for word in ([f"--flag={value}"] if value[:1] == "-" else ["--flag", value])
    ]
    assert arguments(repeated("--flag", values)) == told
    hyphen = any(value.startswith("-") for value in values)
    expected = told if hyphen else ["--flag", *values] if values else []
    assert arguments(flags({"flag": values})) == expected
    assert all(isinstance(part, Quoted) for part in (words(values), repeated("--f", values), flags(f=values)))


def test_flags_are_named_by_keys():
    options = {"memorization_limit": 0.5, "rank": [4, 8], "none": None, "nothing": [], "path": Path("a b")}
    assert flags(options) == "--memorization-limit 0.5 --rank 4 8 --path 'a b'"
    assert flags({"a": 1}, b=True, c=False) == "--a 1 --b --no-c"
    assert flags({"shift": [-0.5, 1]}) == "--shift=-0.5 --shift 1"
    assert flags() == ""
    for key in ("a b", "a;id", "", "-x"):
        with pytest.raises(ValueError, match="not the name of a flag"):
            flags({key: 1})


def test_a_figure_alone_is_found_or_the_nearest_are_told():
    targets = ["results/a.csv", "figures/task.pdf", "figures/task.png", "figures/explorer.html"]
    assert figure_alone(targets, "task") == ["figures/task.pdf", "figures/task.png"]
    assert figure_alone(targets, "") == targets
    for wrong, near in (("explorrer", "explorer"), ("a", "task"), ("\n??", "explorer, task")):
        with pytest.raises(BadInput) as caught:
            figure_alone(targets, wrong)
        assert str(caught.value).endswith(f"nearest: {near}") and "\n" not in str(caught.value)
    assert one_of(["a.b", "c"]) == r"a\.b|c" and one_of([]) == "(?!)"


def test_jobs_run_with_the_python_that_runs_snakemake(tmp_path):
    interpreter = tmp_path / "two words {braces} $HOME;id it's/python"
    interpreter.parent.mkdir()
    interpreter.write_text('#!/bin/sh\necho "the right one, $PYTHONPATH"\n')
    interpreter.chmod(0o755)
    for environment in ({"PATH": os.defpath}, {}):
        prefix = before_each_job(str(interpreter)).format()  # Snakemake formats it too
        done = subprocess.run(["sh", "-c", f"{prefix} python"], env=environment, stdout=subprocess.PIPE)
        assert done.stdout == b"the right one, workflow\n"


def test_digests_that_are_kept_are_those_found_anew_and_a_damaged_file_is_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = rules._digests.__wrapped__()
    (kept,) = (tmp_path / rules.KEPT).glob("*.json")
    assert rules._digests.__wrapped__() == found
    for damage in ("{", "[1]", "null"):
        kept.write_text(damage)
        assert rules._digests.__wrapped__() == found, damage
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("a file in the place of the folder: nothing can be kept")
    assert rules._digests.__wrapped__() == found
