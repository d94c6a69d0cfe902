"""Pages of the documentation that are generated: configuration, commands, API, and galleries of figures.

Each says what the program itself says; by hand are only the introductions.
"""

import contextlib
import io
import os
import re
import shutil
from pathlib import Path
from typing import Any

from configuration_page import configuration
from gallery import GALLERIES, ROOT, gallery

COMMANDS = """\
# Commands

What `memgen … --help` prints. A **stage** reads and writes files, and is what a rule of the workflow
calls: it takes `--record` and `--threads` too. A **command** answers a person. Bad input ends with one
line and exit status 2.
"""
API = """\
# API

What is meant to be imported, from the docstrings. Functions take plain numbers and arrays, broadcast like
numpy, and raise `memgen.errors.BadInput`, one line, where an argument is out of range. [The theory from
Python](../api.md) shows the most useful of them at work.
"""
#: What people import: headings, in the order of the page, and modules.
MODULES = {
    "Results for notebooks": "notebooks.theory notebooks.models notebooks.result",
    "Transitive inference": "relational.ranks relational.crossing relational.kernels relational.memorization "
    "relational.behaviour relational.hierarchy relational.networks",
    "The long tail": "longtail.learners longtail.spectrum longtail.priors longtail.bounds",
    "Irrelevant information": "irrelevant.bounds",
    "Fitting models": "language.fits.least_squares",
    "Common": "tables.statistics jobs.seeding tables.schema errors",
}


def write(docs: Path) -> None:
    """Write every generated page into `reference/` and `_generated/` of a folder, both ignored by git."""
    (docs / "reference").mkdir(exist_ok=True)
    pages = {"configuration": configuration(), "commands": commands(), "api": api()}
    for name, text in pages.items():
        (docs / "reference" / f"{name}.md").write_text(text, encoding="utf-8")
    pictures = docs / "_generated" / "figures"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    page, extra = ROOT / "figures/explorer.html", docs / "_generated" / "extra"
    shutil.rmtree(extra, ignore_errors=True)
    extra.mkdir()
    frame = ""
    if page.is_file():
        shutil.copyfile(page, extra / "explorer.html")
        element = '<iframe src="explorer.html" title="Explorer" class="explorer"></iframe>'
        frame = f"```{{raw}} html\n{element}\n```\n"
    (docs / "_generated" / "explorer.md").write_text(frame, encoding="utf-8")
    for study in GALLERIES:
        text = gallery(study, pictures)
        (docs / "_generated" / f"figures-{study}.md").write_text(text, encoding="utf-8")


def api() -> str:
    """What people import, from the docstrings."""
    lines = [API]
    for title, modules in MODULES.items():
        lines += ["", f"## {title}"]
        for name in (f"memgen.{module}" for module in modules.split()):
            lines += [
                "",
                f"### {name}",
                "",
                "```{eval-rst}",
                f".. automodule:: {name}",
                "   :members:",
                "```",
            ]
    return "\n".join(lines) + "\n"


def plain_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep marks of a docstring's prose from being read as markup: names such as k_ and |x|, or e*."""
    marks = re.compile(r"(?<=[A-Za-z0-9)])_(?=[\s,.;)]|$)|\|(?=\S)|(?<=\S)\|")
    lines[:] = [marks.sub(r"\\\g<0>", line) for line in lines]


def commands() -> str:
    """The help of every command and stage, as the command line prints it."""
    from memgen.jobs.entries import entries, studies

    lines = [COMMANDS]
    for study in ["", *studies()]:
        lines += ["", f"## memgen {study}" if study else "## memgen"]
        for name, entry in entries(study).items():
            called = [*([study] if study else []), name]
            lines += ["", f"### memgen {' '.join(called)}", "", f"*A {entry.kind}.*", "", "```text"]
            lines += [_help_of(called), "```"]
    return "\n".join(lines) + "\n"


def _help_of(called: list[str]) -> str:
    """What a command prints when asked for help, without the option that asked."""
    from memgen.__main__ import run

    printed = io.StringIO()
    os.environ["COLUMNS"] = "86"
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        run([*called, "--help"])
    text = re.sub(r"╭─ Commands ─.*?╯\n", "", printed.getvalue(), flags=re.DOTALL)
    return "\n".join(_here(line.rstrip()) for line in text.strip().splitlines())


def _here(line: str) -> str:
    """A line with paths from the repository on, as wide as before where it ends in the frame."""
    shorter = line.replace(f"{ROOT}/", "")
    return shorter[:-1] + " " * (len(line) - len(shorter)) + "│" if shorter.endswith("│") else shorter
