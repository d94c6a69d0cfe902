"""Put the present claims and the first figure into README.md (`make readme`, after `make study`)."""

import csv
import shutil
import sys
from pathlib import Path

START, END = "<!-- claims: written by `make readme` -->", "<!-- end of claims -->"
FIGURE = "rank_profiles.png"


def number(text: str) -> str:
    """A value with four significant digits, or a dash."""
    return f"{float(text):.4g}" if text else "–"


def table(claims: Path) -> str:
    """Claims as a Markdown table."""
    lines = ["| claim | source | published | ours | verdict |", "|---|---|---|---|---|"]
    with claims.open(newline="") as stream:
        for row in csv.DictReader(stream):
            error = f" ± {float(row['standard_error']):.2g}" if row["standard_error"] else ""
            cells = [row["claim"], row["paper"], number(row["published_value"]), number(row["ours"]) + error]
            lines.append(
                "| " + " | ".join([*(cell.replace("|", "/") for cell in cells), row["verdict"]]) + " |"
            )
    return "\n".join(lines)


def main() -> None:
    """Rewrite the block between the two marks, and copy the figure."""
    claims, figure = Path("results/claims.csv"), Path("figures") / FIGURE
    for path in (claims, figure):
        if not path.is_file():
            sys.exit(f"make readme: {path} is missing; run make study first")
    text = Path("README.md").read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    Path("README.md").write_text(f"{before}{START}\n{table(claims)}\n{END}{after}")
    shutil.copyfile(figure, Path("docs") / FIGURE)


if __name__ == "__main__":
    main()
