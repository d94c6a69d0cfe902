"""Write the claims into docs/claims.md, and a short table of them into README.md (`make readme`)."""

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from memgen.claims import CLAIMS, VERDICTS
from memgen.errors import BadInput

START, END = "<!-- claims: written by `make readme` -->", "<!-- end of claims -->"
FIGURE = "rank_profiles.png"
LINES = 4
"""Lines that one paper may have in README."""

Row = dict[str, Any]


def number(value: float | None) -> str:
    """A value with four significant digits, or a dash."""
    return "–" if value is None else f"{value:.4g}"


def line(cells: list[str]) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def grouped(rows: list[Row], *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by the values of some columns, in the order in which they first appear."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def short(rows: list[Row]) -> str:
    """Counts of verdicts: a line per paper and study, or per claim on models where there is room."""
    lines = [line(["paper", "claims", *VERDICTS, "read on"]), "|---" * (3 + len(VERDICTS)) + "|"]
    named = [{**row, "paper": row["paper"].partition(";")[0]} for row in rows]
    for (paper,), of_paper in grouped(named, "paper").items():
        parts = grouped(
            [{**row, "of": row["claim"] if row["model"] else ""} for row in of_paper], "study", "of"
        )
        if len(parts) > LINES:
            parts = grouped([{**row, "of": ""} for row in of_paper], "study", "of")
        for (study, claim), same in parts.items():
            counts = Counter(row["verdict"] for row in same)
            shown = [str(counts[verdict]) for verdict in VERDICTS]
            lines.append(
                line([paper, claim or f"{study}: all", *shown, f"[{study}](docs/claims.md#{study})"])
            )
    return "\n".join(lines)


def whole(rows: list[Row]) -> str:
    """Every claim, a table per study."""
    parts = ["# Claims", "Written by `make readme` from `results/claims.csv`; the command prints our value."]
    for (study,), same in grouped(rows, "study").items():
        cells = [name for name in ("model", "items", "method") if any(row[name] for row in same)]
        titles = ["claim", "paper", *cells, "published", "ours", "verdict", "figure", "command"]
        lines = [f"## {study}", "", line(titles), "|---" * len(titles) + "|"]
        for row in same:
            error = "" if row["standard_error"] is None else f" ± {row['standard_error']:.2g}"
            lines.append(
                line(
                    [
                        row["claim"],
                        row["paper"],
                        *(row[name] or "–" for name in cells),
                        number(row["published_value"]),
                        number(row["ours"]) + error,
                        row["verdict"],
                        row["figure"] or "–",
                        f"`{row['command']}`",
                    ]
                )
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Rewrite the block between the two marks of README.md, docs/claims.md and the figure."""
    claims, figure, readme = Path("results/claims.csv"), Path("figures") / FIGURE, Path("README.md")
    for path in (claims, figure):
        if not path.is_file():
            sys.exit(f"make readme: {path} is missing; run make study first")
    try:
        rows = CLAIMS.read(claims).rows(named=True)
    except BadInput as error:
        sys.exit(f"make readme: {error}")
    text = readme.read_text()
    if text.count(START) != 1 or text.count(END) != 1 or text.index(END) < text.index(START):
        sys.exit(f"make readme: README.md must hold {START} and {END}, each once, in this order")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{START}\n\n{short(rows)}\n\n{END}{after}")
    Path("docs/claims.md").write_text(whole(rows))
    shutil.copyfile(figure, Path("docs") / FIGURE)


if __name__ == "__main__":
    main()
