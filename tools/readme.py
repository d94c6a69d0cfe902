"""Write the claims into docs/claims.md, and a short table of them into README.md (`make readme`).

Those of a study with overlays go into a page of their own, such as docs/claims-hour.md, and nowhere else.
"""

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from memgen.configuration.own_folder import layers
from memgen.errors import BadInput
from memgen.figures.labels import model_label
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS, VERDICTS

START, END = "<!-- claims: written by `make readme` -->", "<!-- end of claims -->"
FIGURE = "rank_profiles.png"
OTHERS = ("language_summary.png", "three_studies.png")
"""Drawn where the configuration holds what they show."""

HOUR = "claims-hour.md"
"""Page of the study that has more seeds."""

HEADLINES = (
    "measured-slope-probe",
    "geometry-slope",
    "exception-found-probe",
    "mistakes-did-probe",
    "exception-generalized-probe",
    "balance-exists",
    "numbers-stated",
    "noise-must-be-fitted",
    "bits-recovered",
    "exposure-rises",
)
"""Claims that README.md names, where the study has them."""

Row = dict[str, Any]


def number(value: float | None) -> str:
    """A value with three significant digits, or a dash."""
    return "–" if value is None else f"{value:.3g}"


def line(cells: list[str]) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def value(row: Row) -> str:
    """Our value with its 95% interval."""
    interval = "" if row["lower"] is None else f" [{number(row['lower'])}, {number(row['upper'])}]"
    return number(row["ours"]) + interval


def units(row: Row) -> str:
    """What was drawn independently, and how often."""
    return row["unit"] if row["n_units"] is None else f"{row['n_units']} {row['unit']}"


def counted(rows: list[Row]) -> str:
    """How many claims have each verdict, in words."""
    of = Counter(row["verdict"] for row in rows)
    return ", ".join(f"{of[verdict]} {verdict.removesuffix('s')}" for verdict in VERDICTS if of[verdict])


def short(rows: list[Row], checks: list[Row]) -> str:
    """The claims that matter most, a sentence each, and how many there are of every verdict."""
    held = sum(row["outcome"] == "holds" for row in checks)
    named = {row["id"]: row for row in rows}
    open_ids = ", ".join(f"`{row['id']}`" for row in rows if row["verdict"] == "undecided")
    more = f" These need [the seeds of `configs/hour.yaml`](docs/{HOUR}): {open_ids}." if open_ids else ""
    lines = [
        f"{len(rows)} claims, specified in advance: {counted(rows)} ([all of them](docs/claims.md), or "
        f"`memgen claim`). {len(checks)} mathematical identities are also checked; {held} hold. The values "
        "are from a run with portable kernels, which every x86-64 processor with AVX2 repeats byte for byte. "
        "Only the abstract, public code and data of the first paper were read; results derived here are "
        f"marked.{more}",
        "",
        line(["finding", "value", "verdict"]),
        line(["---"] * 3),
    ]
    for row in (named[name] for name in HEADLINES if name in named):
        lines.append(line([row["claim"], f"{value(row)}, {units(row)}", row["verdict"]]))
    return "\n".join(lines)


def whole(rows: list[Row], cells: list[Row], overlays: list[str]) -> str:
    """Every claim in one table, and below it what stands behind each, and the cells of no claim."""
    parts = [
        "# Claims" + (f" with {' and '.join(overlays)}" if overlays else ""),
        f"{len(rows)} [claims](glossary.md#claim): {counted(rows)}. Written by `make readme` from "
        "`results/claims.csv`. Each is specified in advance and tested over independent "
        "[units](glossary.md#unit), in families by source (Holm, 5%); shares by exact tests. *Exploratory*: "
        "these data suggested it, so they do not test it. *Undecided*: in brackets the units that would "
        "decide at 80% power. `memgen claim ID` shows one with its cells, after "
        "`make study`. The command under a claim prints it again from the tables that it names. Words such "
        "as *cell*, *unit* and *fake* are in the [glossary](glossary.md).",
    ]
    table = [line(["claim", "found", "verdict", "study", "model"]), line(["---"] * 5)]
    for row in rows:
        models = ", ".join(map(model_label, (row["model"] or "").split(" + ")))
        needed = "" if row["seeds_to_decide"] is None else f" ({row['seeds_to_decide']})"
        name, verdict = f"[{row['id']}](#{row['id']})", row["verdict"] + needed
        table.append(line([name, value(row), verdict, row["study"], models]))
    parts.append("\n".join(table))
    study = ""
    for row in rows:
        if row["study"] != study:
            study = row["study"]
            parts.append(f"## {study}")
        p = "" if row["p_holm"] is None else f", p = {number(row['p_holm'])}"
        tested = ", ".join(row[name] for name in ("model", "items", "method") if row[name])
        parts.append(f"### {row['id']}")
        parts.append(f"{row['claim']}.")
        parts.append(
            f"- found {value(row)}, {units(row)}{f' ({tested})' if tested else ''}; expected "
            f"{row['expected']}; {row['verdict']}{p}\n"
            f"- would have failed: {row['would_fail']}\n"
            f"- source: {row['paper']}; figure `{row['figure']}`\n"
            f"- `{row['command']}`"
        )
        of = [cell for cell in cells if cell["id"] == row["id"]]
        if of:
            shown = (
                f"{', '.join(cell[name] for name in ('model', 'items') if cell[name]) or cell['claim']}: "
                f"{value(cell)}"
                for cell in of
            )
            parts.append("Cells, without a verdict: " + "; ".join(shown) + ".")
    claimed = {row["id"] for row in rows}
    if alone := [cell for cell in cells if cell["id"] not in claimed]:
        parts.append("## Intervals of no claim")
        parts.append("What these methods cannot decide, or what says too little to be claimed.")
        shown = [[cell["id"], cell["model"] or "", cell["items"] or "", value(cell)] for cell in alone]
        parts.append("\n".join(map(line, [["statistic", "model", "items", "found"], ["---"] * 4, *shown])))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Rewrite the block between the two marks of README.md, docs/claims.md and the figures."""
    claims, checks, figure = Path("results/claims.csv"), Path("results/checks.csv"), Path("figures") / FIGURE
    readme, overlays = Path("README.md"), layers()
    for path in (claims, checks, *([] if overlays else [figure])):
        if not path.is_file():
            sys.exit(f"make readme: {path} is missing; run make study first")
    try:
        rows, held = CLAIMS.read(claims).rows(named=True), CHECKS.read(checks).rows(named=True)
    except BadInput as error:
        sys.exit(f"make readme: {error}")
    leading = [row for row in rows if row["leads"]]
    page = whole(leading, [row for row in rows if not row["leads"]], overlays)
    if overlays:
        Path(f"docs/claims-{'-'.join(Path(name).stem for name in overlays)}.md").write_text(page)
        return
    text = readme.read_text()
    if text.count(START) != 1 or text.count(END) != 1 or text.index(END) < text.index(START):
        sys.exit(f"make readme: README.md must hold {START} and {END}, each once, in this order")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    Path("docs/claims.md").write_text(page)
    readme.write_text(f"{before}{START}\n\n{short(leading, held)}\n\n{END}{after}")
    shutil.copyfile(figure, Path("docs") / FIGURE)
    for name in OTHERS:
        if (figure.parent / name).is_file():
            shutil.copyfile(figure.parent / name, Path("docs") / name)


if __name__ == "__main__":
    main()
