"""Write the claims into docs/claims.md, and a short table of them into README.md (`make readme`)."""

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS, VERDICTS

START, END = "<!-- claims: written by `make readme` -->", "<!-- end of claims -->"
FIGURE = "rank_profiles.png"
OTHERS = ("language_summary.png", "three_studies.png")
"""Drawn where the configuration holds what they show."""

Row = dict[str, Any]


def number(value: float | None) -> str:
    """A value with three significant digits, or a dash."""
    return "–" if value is None else f"{value:.3g}"


def line(cells: list[str]) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def grouped(rows: list[Row], *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by the values of some columns, in the order in which they first appear."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def counts(rows: list[Row]) -> list[str]:
    """How many rows have each verdict, in the order of `VERDICTS`."""
    of = Counter(row["verdict"] for row in rows)
    return [str(of[verdict]) for verdict in VERDICTS]


def value(row: Row) -> str:
    """Our value with its 95% interval, and the units behind it."""
    interval = "" if row["lower"] is None else f" [{number(row['lower'])}, {number(row['upper'])}]"
    return number(row["ours"]) + interval


def short(rows: list[Row], checks: list[Row]) -> str:
    """Verdicts counted by paper and study."""
    held = sum(row["outcome"] == "holds" for row in checks)
    lines = [
        f"{len(rows)} claims, from a run with portable kernels, which every x86-64 processor with AVX2 "
        f"repeats byte for byte. {len(checks)} mathematical identities are also checked; {held} hold "
        "(`results/checks.csv`).",
        "",
        line(["source of the claim", *VERDICTS, "read on"]),
        "|---" * (2 + len(VERDICTS)) + "|",
    ]
    for (paper, study), same in grouped(rows, "paper", "study").items():
        lines.append(line([paper, *counts(same), f"[{study}](docs/claims.md#{study})"]))
    return "\n".join(lines)


def leading(rows: list[Row]) -> str:
    """Of models, the pooled claim of every method, and how many of its cells have which verdict."""
    tested = [row for row in rows if row["method"]]
    methods = sorted({row["method"] for row in tested})
    titles = ["claim", *methods, "cells: " + " / ".join(VERDICTS[:3])]
    lines = ["## Language models in short", "", line(titles), "|---" * len(titles) + "|"]
    for (claim,), same in grouped(tested, "claim").items():
        pooled = {row["method"]: row for row in same if row["leads"]}
        shown = [
            f"{pooled[method]['verdict']}: {value(pooled[method])}" if method in pooled else "–"
            for method in methods
        ]
        lines.append(line([claim, *shown, " / ".join(counts([row for row in same if not row["leads"]])[:3])]))
    return "\n".join(lines)


def whole(rows: list[Row]) -> str:
    """Every claim, a table per study: the pooled claim of each method, and below it its cells."""
    parts = [
        "# Claims",
        "Written by `make readme` from `results/claims.csv`, whose columns say more. Ours has its 95% "
        "interval by Student's t over the units; p is corrected by Holm within its family (5% decides). A "
        "pooled claim is bold, its cells stand below it. Undecided: in brackets the units that would decide "
        "at 80% power. Where all units agree, the interval has no width. The command prints our value.",
    ]
    if any(row["method"] for row in rows):
        parts.append(leading(rows))
    for (study,), same in grouped(rows, "study").items():
        cells = [name for name in ("model", "items", "method") if any(row[name] for row in same)]
        titles = ["claim", "source", *cells, "published", "expected", "ours", "units", "p"]
        titles += ["verdict", "would have failed", "figure", "command"]
        lines = [f"## {study}", "", line(titles), "|---" * len(titles) + "|"]
        for row in same:
            needed = row["seeds_to_decide"]
            asked = f" ({needed})" if needed is not None else ""
            units = row["unit"] if row["n_units"] is None else f"{row['n_units']} {row['unit']}"
            lines.append(
                line(
                    [
                        f"**{row['claim']}**" if row["leads"] else row["claim"],
                        row["paper"],
                        *(row[name] or "–" for name in cells),
                        number(row["published_value"]),
                        row["expected"],
                        value(row),
                        units,
                        number(row["p_holm"]),
                        row["verdict"] + asked,
                        row["would_fail"],
                        row["figure"],
                        f"`{row['command']}`",
                    ]
                )
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Rewrite the block between the two marks of README.md, docs/claims.md and the figures."""
    claims, checks, figure = Path("results/claims.csv"), Path("results/checks.csv"), Path("figures") / FIGURE
    readme = Path("README.md")
    for path in (claims, checks, figure):
        if not path.is_file():
            sys.exit(f"make readme: {path} is missing; run make study first")
    try:
        rows, held = CLAIMS.read(claims).rows(named=True), CHECKS.read(checks).rows(named=True)
    except BadInput as error:
        sys.exit(f"make readme: {error}")
    text = readme.read_text()
    if text.count(START) != 1 or text.count(END) != 1 or text.index(END) < text.index(START):
        sys.exit(f"make readme: README.md must hold {START} and {END}, each once, in this order")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    Path("docs/claims.md").write_text(whole(rows))
    readme.write_text(f"{before}{START}\n\n{short(rows, held)}\n\n{END}{after}")
    shutil.copyfile(figure, Path("docs") / FIGURE)
    for name in OTHERS:
        if (figure.parent / name).is_file():
            shutil.copyfile(figure.parent / name, Path("docs") / name)


if __name__ == "__main__":
    main()
