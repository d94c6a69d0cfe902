"""The command reference: the help of every command and stage, as the command line prints it."""

import contextlib
import io
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTRODUCTION = """\
# Commands

What `memgen … --help` prints. A **stage** reads and writes files, and is what a rule of the workflow
calls: it takes `--record` and `--threads` too. A **command** answers a person. Bad input ends with one
line and exit status 2.
"""


def commands() -> str:
    """The help of every command and stage, as the command line prints it."""
    from memgen.jobs.entries import entries, studies

    lines = [INTRODUCTION]
    for study in ["", *studies()]:
        lines += ["", f"## memgen {study}" if study else "## memgen"]
        for name, entry in entries(study).items():
            called = [*([study] if study else []), name]
            lines += ["", f"### memgen {' '.join(called)}", "", f"*A {entry.kind}.*", "", "```text"]
            lines += [help_of(called), "```"]
    return "\n".join(lines) + "\n"


def help_of(called: list[str]) -> str:
    """What a command prints when asked for help, without the option that asked.

    Parameters
    ----------
    called : list of str
        Its name, such as relational ranks.
    """
    from memgen.__main__ import run

    printed = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "86"
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            run([*called, "--help"])
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
    text = re.sub(r"╭─ Commands ─.*?╯\n", "", printed.getvalue(), flags=re.DOTALL)
    return "\n".join(_here(line.rstrip()) for line in text.strip().splitlines())


def _here(line: str) -> str:
    """A line with paths from the repository on, as wide as before where it ends in the frame."""
    shorter = line.replace(f"{ROOT}/", "")
    return shorter[:-1] + " " * (len(line) - len(shorter)) + "│" if shorter.endswith("│") else shorter
