"""The API reference: what people import, from the docstrings."""

import re
from typing import Any

INTRODUCTION = """\
# API

What is meant to be imported, from the docstrings. Functions take plain numbers and arrays, broadcast like
numpy, and raise `memgen.errors.BadInput`, one line, where an argument is out of range. [The theory from
Python](../api.md) shows the most useful of them at work.
"""

#: What people import, in the order of the page, and what for.
MODULES = {
    "Results for notebooks": ["notebooks.theory", "notebooks.models", "notebooks.result"],
    "Transitive inference": [
        f"relational.{name}"
        for name in (
            "ranks",
            "crossing",
            "kernels",
            "memorization",
            "behaviour",
            "hierarchy",
            "pairs",
            "networks",
        )
    ],
    "The long tail": [f"longtail.{name}" for name in ("learners", "spectrum", "priors", "bounds")],
    "Irrelevant information": ["irrelevant.bounds"],
    "Fitting models": ["language.fits.least_squares"],
    "Common": ["statistics", "seeding", "tables", "errors"],
}


def api() -> str:
    """What people import, from the docstrings."""
    lines = [INTRODUCTION]
    for title, modules in MODULES.items():
        lines += ["", f"## {title}"]
        for module in modules:
            name = f"memgen.{module}"
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
    lines[:] = [
        re.sub(r"(?<=[A-Za-z0-9)])_(?=[\s,.;)]|$)|\|(?=\S)|(?<=\S)\|", r"\\\g<0>", line) for line in lines
    ]
