"""Where a figure, or any other result, comes from: its chain, folded, as text, graph, page or JSON.

Jobs of one rule that serve one thing are one step, so that the chain of a figure with two hundred
jobs fits on one screen.
"""

import datetime
import html as html_format
import json as json_format
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.digests import canonical, file_digest
from memgen.jobs.stage import command
from memgen.provenance.reading import is_external
from memgen.provenance.run import Run, inputs, output_named, read_run


@dataclass(frozen=True)
class Step:
    """Jobs of one rule: their records, the rules whose outputs they read, and what no job made."""

    records: tuple[str, ...]
    needs: tuple[str, ...]
    leaves: tuple[str, ...]

    def titled(self, rule: str, times: str = "x") -> str:
        """The rule, and how many jobs it has if there are several."""
        return f"{rule} {times} {len(self.records)}" if len(self.records) > 1 else rule


def steps(run: Run, record: str) -> dict[str, Step]:
    """Steps of the chain that ends with a job, by their rule, that job's first and makers after."""
    by_rule: dict[str, list[str]] = {}
    for name in run.chain([record]):
        by_rule.setdefault(run.records[name]["recipe"]["rule"], []).append(name)
    found: dict[str, Step] = {}
    pending = [run.records[record]["recipe"]["rule"]]
    while pending:
        rule = pending.pop(0)
        if rule in found:
            continue
        read = dict.fromkeys(path for name in by_rule[rule] for path, _ in inputs(run.records[name]))
        makers = {path: run.maker(path) for path in read}
        needs = dict.fromkeys(run.records[maker]["recipe"]["rule"] for maker in makers.values() if maker)
        leaves = sorted(path for path, maker in makers.items() if maker is None)
        found[rule] = Step(tuple(by_rule[rule]), tuple(needs), tuple(leaves))
        pending.extend(needs)
    return found


def tree(run: Run, record: str) -> str:
    """The chain as a tree, from the result to what it depends on; a step is drawn out where it first appears.

    One line per step: its rule, how many jobs, when the first began, commit and time.
    """
    found = steps(run, record)
    lines: list[tuple[str, str]] = []
    drawn: set[str] = set()

    def draw(rule: str, first: str, further: str) -> None:
        step = found[rule]
        known = rule in drawn
        drawn.add(rule)
        children = [] if known else [*step.needs, *step.leaves]
        again = known and (step.needs or step.leaves)
        lines.append((first + step.titled(rule), "see above" if again else about(run, step.records)))
        for number, child in enumerate(children):
            last = number == len(children) - 1
            begin, go_on = ("└─ ", "   ") if last else ("├─ ", "│  ")
            if child in found and child in step.needs:
                draw(child, further + begin, further + go_on)
            else:
                where = "outside the study, not checked" if is_external(child) else "given to the study"
                lines.append((f"{further}{begin}{child}", where))

    draw(run.records[record]["recipe"]["rule"], "", "")
    width = max(len(title) for title, _ in lines)
    return "\n".join(f"{title:<{width}}  {text}".rstrip() for title, text in lines)


def about(run: Run, records: Iterable[str]) -> str:
    """When some jobs ran, from which commit, and how long they took together."""
    executions = [run.records[name]["execution"] for name in records]
    start = min(str(part.get("start")) for part in executions)
    commits = {
        f"{part['commit'][:9]}{'+edits' if part.get('dirty') else ''}" if part.get("commit") else "no commit"
        for part in executions
    }
    commit = commits.pop() if len(commits) == 1 else f"{len(commits)} commits"
    minutes, rest = divmod(round(sum(map(_seconds, executions))), 60)
    hours, minutes = divmod(minutes, 60)
    took = f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{start.replace('T', ' ').removesuffix('Z')}  {commit}  {took}"


def _seconds(execution: Mapping[str, Any]) -> float:
    """Time that a job took; 0 where its record does not say."""
    try:
        start, end = (datetime.datetime.fromisoformat(execution[key]) for key in ("start", "end"))
        return (end - start).total_seconds()
    except (KeyError, TypeError, ValueError):
        return 0.0


def as_json(run: Run, record: str) -> dict[str, Any]:
    """The whole chain, unfolded: every job with its recipe, code, outputs, execution and needs."""
    keys = ("recipe_id", "recipe", "code", "outputs", "execution")
    jobs = {
        name: {**{key: run.records[name][key] for key in keys}, "needs": run.needs(name)}
        for name in run.chain([record])
    }
    return {"record": record, "jobs": jobs}


def as_dot(run: Run, record: str) -> str:
    """The steps as a graph in the language of Graphviz, data flowing downwards."""
    lines = ["digraph provenance {", '  node [shape=box, fontname="sans-serif"];']
    for rule, step in steps(run, record).items():
        lines.append(f"  {_quoted(rule)} [label={_quoted(step.titled(rule))}];")
        lines += [f"  {_quoted(leaf)} [shape=note];" for leaf in step.leaves]
        lines += [f"  {_quoted(need)} -> {_quoted(rule)};" for need in (*step.needs, *step.leaves)]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return canonical(text).decode()


_WIDTH, _HEIGHT, _GAP, _RISE = 210, 38, 18, 44
_STYLE = """
body { font: 14px/1.45 sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
svg { max-width: 100%; height: auto; } code { font-size: 12px; overflow-wrap: anywhere; }
svg rect { fill: #eef4fa; stroke: #0072b2; } svg a:hover rect { fill: #cfe3f3; }
svg .leaf rect { fill: #fff6e0; }
svg text { font: 12px sans-serif; fill: #222; } svg path { fill: none; stroke: #888; }
section { border-top: 1px solid #ccc; } section:target { background: #fdf8e4; }
td { vertical-align: top; padding: 1px 12px 1px 0; }
"""


def page(run: Run, output: str) -> str:
    """One HTML file that draws how an output was made, each step a link to its jobs; it loads nothing."""
    record = run.makers[output]
    found = steps(run, record)
    title = html_format.escape(output)
    return "\n".join(
        [
            f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>',
            f"<style>{_STYLE}</style>\n<h1>{title}</h1>",
            f"<p>recipe <code>{run.records[record]['recipe_id']}</code>, sha256 "
            f"<code>{run.records[record]['outputs'][output]}</code>. Click a step to see its jobs.</p>",
            _drawing(found),
            *(_section(run, rule, step) for rule, step in found.items()),
            "</html>",
        ]
    )


def _layers(found: dict[str, Step]) -> list[list[str]]:
    """Rules by their depth: the first layer needs nothing, every step is below all that it needs."""
    depth: dict[str, int] = {}

    def of(rule: str, above: frozenset[str] = frozenset()) -> int:
        if rule not in depth:
            needs = [need for need in found[rule].needs if need not in above and need != rule]
            depth[rule] = max([1 + of(need, above | {rule}) for need in needs] + [bool(found[rule].leaves)])
        return depth[rule]

    rows: list[list[str]] = [[] for _ in range(max(of(rule) for rule in found) + 1)]
    for rule in found:
        rows[depth[rule]].append(rule)
    return rows


def _drawing(found: dict[str, Step]) -> str:
    rows = _layers(found)
    leaves = list(dict.fromkeys(leaf for step in found.values() for leaf in step.leaves))
    rows[0] += leaves
    width = max(len(row) for row in rows) * (_WIDTH + _GAP) + _GAP
    height = len(rows) * (_HEIGHT + _RISE)
    place = {}
    for level, row in enumerate(rows):
        left = (width - len(row) * (_WIDTH + _GAP) + _GAP) / 2
        for number, name in enumerate(row):
            place[name] = (left + number * (_WIDTH + _GAP), level * (_HEIGHT + _RISE) + 4)
    lines = [f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">']
    for rule, step in found.items():
        for need in (*step.needs, *step.leaves):
            (x, y), (to_x, to_y) = place[need], place[rule]
            x, to_x, y = x + _WIDTH / 2, to_x + _WIDTH / 2, y + _HEIGHT
            middle = (y + to_y) / 2
            lines.append(f'<path d="M{x} {y} C{x} {middle} {to_x} {middle} {to_x} {to_y}"/>')
    for rule, step in found.items():
        box = _box(place[rule], step.titled(rule, "×"))
        lines.append(f'<a href="#{html_format.escape(rule)}">{box}</a>')
    lines += [f'<g class="leaf">{_box(place[leaf], leaf)}</g>' for leaf in leaves]
    return "\n".join([*lines, "</svg>"])


def _box(place: tuple[float, float], text: str) -> str:
    x, y = place
    shown = text if len(text) < 32 else f"…{text[-30:]}"
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
        f'<text x="{x + _WIDTH / 2}" y="{y + 23}" text-anchor="middle">{html_format.escape(shown)}</text>'
    )


def _section(run: Run, rule: str, step: Step) -> str:
    title = html_format.escape(rule)
    lines = [f'<section id="{title}"><h2>{title}</h2>']
    lines.append(f"<p>{html_format.escape(about(run, step.records))}</p>")
    for name in step.records:
        record = run.records[name]
        rows = [
            *(("wrote", *pair) for pair in record["outputs"].items()),
            *(("read", *pair) for pair in inputs(record)),
            *(("parameter", key, str(value)) for key, value in record["recipe"]["parameters"].items()),
            *(("source", *pair) for pair in record["code"].items()),
            ("recipe", record["recipe_id"], f"memgen {record['stage']['name']}"),
        ]
        cells = [[html_format.escape(text) for text in row] for row in rows]
        opened = " open" if len(step.records) == 1 else ""
        lines.append(f"<details{opened}><summary>{html_format.escape(name)}</summary><table>")
        lines += ["<tr><td>{}</td><td>{}</td><td><code>{}</code></td></tr>".format(*row) for row in cells]
        lines.append("</table></details>")
    return "\n".join([*lines, "</section>"])


@command
def show(figure: str, /, *, json: bool = False, dot: bool = False, html: bool = False) -> None:
    """Print how a figure was made, down to the study's given files.

    Jobs of one rule are one line, with how many they are, when the first began, the commit that they ran from
    and the time that they took together.

    Parameters
    ----------
    figure
        A figure or other result of this run, such as figures/task.pdf or task, or the recipe id in
        its footer.
        A PNG, PDF or SVG file from anywhere is found by its recipe id.
    json
        Print every job as JSON instead.
    dot
        Print the steps in the language of Graphviz instead.
    html
        Print one HTML page instead: the steps drawn, each a link to its jobs.
    """
    if json + dot + html > 1:
        raise BadInput("--json, --dot, --html: only one of them is allowed")
    run = read_run()
    output = output_named(run, figure)
    record = run.makers[output]
    if html:
        print(page(run, output))
    elif dot:
        print(as_dot(run, record))
    elif json:
        print(json_format.dumps({"output": output, **as_json(run, record)}, indent=1))
    else:
        content = run.records[record]
        print(f"{output}  {_as_recorded(Path(figure), Path(output), content['outputs'][output])}")
        print(f"recipe {content['recipe_id']}, {record}")
        print(tree(run, record))
    if run.findings:
        print("memgen: some records are not to be trusted; see `memgen provenance verify`", file=sys.stderr)


def _as_recorded(given: Path, output: Path, recorded: str) -> str:
    """Whether a file has the bytes that the job wrote."""
    path = given if given.is_file() else output
    if not path.exists():
        return "is not there; its record is"
    elsewhere = "" if path.resolve() == output.resolve() else f"{path}: "
    same = file_digest(path) == recorded
    return f"{elsewhere}{'as the job wrote it' if same else 'not the bytes that the job wrote'}"
