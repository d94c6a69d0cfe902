"""Put the present claims and the first figure into README.md (`make readme`, after `make study`).

Claims that ask the same of several models and kinds of item stand in one row per method, with the range of
what was found and the cells in which the verdict is another; results/claims.csv holds every one.
"""

import csv
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

START, END = "<!-- claims: written by `make readme` -->", "<!-- end of claims -->"
FIGURE = "rank_profiles.png"
CELL = re.compile(
    r"(?P<what>.*) \((?P<method>[^,()]+), (?P<model>[^,()]+), (?P<items>[^;()]+); (?P<unit>\w+)\)"
)


def number(text: str) -> str:
    """A value with four significant digits, or a dash."""
    return f"{float(text):.4g}" if text else "–"


def span(texts: list[str]) -> str:
    """One value, or the smallest and the largest of several."""
    values = sorted({float(text) for text in texts if text})
    if len(values) < 2:
        return number(str(values[0]) if values else "")
    return f"{values[0]:.3g} to {values[-1]:.3g}"


def verdicts(rows: list[dict[str, str]]) -> str:
    """The verdict, or the most frequent of several and where it is another."""
    (most, count), *_ = Counter(row["verdict"] for row in rows).most_common()
    if len(rows) == 1:
        return most
    others = [
        f"{match['model']} {match['items']} {row['verdict']}"
        for row in rows
        if row["verdict"] != most and (match := CELL.fullmatch(row["claim"]))
    ]
    return f"{most}: {count} of {len(rows)}" + (f" ({'; '.join(others)})" if others else "")


def groups(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Rows by what they claim; those of several models and kinds of item together."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        match = CELL.fullmatch(row["claim"])
        name = f"{match['what']} ({match['method']}; {match['unit']})" if match else row["claim"]
        found.setdefault(name, []).append(row)
    return found


def table(claims: Path) -> str:
    """Claims as Markdown, a table per paper."""
    with claims.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    papers: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        papers.setdefault(row["paper"].partition(";")[0], []).append(row)
    parts = []
    for paper, of_paper in papers.items():
        counts = Counter(row["verdict"] for row in of_paper)
        spoken = {"agrees": "agree", "differs": "differ", "not tested": "not tested"}
        told = ", ".join(f"{counts[verdict]} {spoken[verdict]}" for verdict in spoken if counts[verdict])
        lines = [f"<details><summary>{paper}: {told}</summary>", "", "| claim | published | ours | verdict |"]
        lines.append("|---|---|---|---|")
        for name, same in groups(of_paper).items():
            error = f" ± {float(same[0]['standard_error']):.2g}" if same[0]["standard_error"] else ""
            ours = number(same[0]["ours"]) + error if len(same) == 1 else span([row["ours"] for row in same])
            cells = [name, span([row["published_value"] for row in same]), ours, verdicts(same)]
            lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
        parts.append("\n".join([*lines, "", "</details>"]))
    return "\n\n".join(parts)


def main() -> None:
    """Rewrite the block between the two marks, and copy the figure."""
    claims, figure = Path("results/claims.csv"), Path("figures") / FIGURE
    for path in (claims, figure):
        if not path.is_file():
            sys.exit(f"make readme: {path} is missing; run make study first")
    text = Path("README.md").read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    Path("README.md").write_text(f"{before}{START}\n\n{table(claims)}\n\n{END}{after}")
    shutil.copyfile(figure, Path("docs") / FIGURE)


if __name__ == "__main__":
    main()
