"""The chain of a result as one page: drawn, every step a link to its jobs. No script, nothing loaded."""

import html
from collections.abc import Iterable

from memgen.provenance.run import Run, inputs
from memgen.provenance.steps import Step, about, steps

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
    """One HTML file that draws how a result was made.

    Parameters
    ----------
    run : Run
    output : str
        An output of the run.
    """
    record = run.makers[output]
    found = steps(run, record)
    parts = [_section(run, step) for step in found.values()]
    title = html.escape(output)
    return "\n".join(
        [
            f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>',
            f"<style>{_STYLE}</style>\n<h1>{title}</h1>",
            f"<p>recipe <code>{run.records[record]['recipe_id']}</code>, sha256 "
            f"<code>{run.records[record]['outputs'][output]}</code>. Click a step to see its jobs.</p>",
            _drawing(found),
            *parts,
            "</html>",
        ]
    )


def _layers(found: dict[str, Step]) -> list[list[str]]:
    """Rules by their depth: the first layer needs nothing, every step stands below all that it needs."""
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
        count = f" × {len(step.records)}" if len(step.records) > 1 else ""
        lines.append(f'<a href="#{html.escape(rule)}">{_box(place[rule], rule + count)}</a>')
    lines += [f'<g class="leaf">{_box(place[leaf], leaf)}</g>' for leaf in leaves]
    return "\n".join([*lines, "</svg>"])


def _box(place: tuple[float, float], text: str) -> str:
    x, y = place
    shown = text if len(text) < 32 else f"…{text[-30:]}"
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
        f'<text x="{x + _WIDTH / 2}" y="{y + 23}" text-anchor="middle">{html.escape(shown)}</text>'
    )


def _section(run: Run, step: Step) -> str:
    lines = [f'<section id="{html.escape(step.rule)}"><h2>{html.escape(step.rule)}</h2>']
    lines.append(f"<p>{html.escape(about(run, step.records))}</p>")
    opened = " open" if len(step.records) == 1 else ""
    for name in step.records:
        record = run.records[name]
        parameters = {key: str(value) for key, value in record["recipe"]["parameters"].items()}
        lines += [
            f"<details{opened}><summary>{html.escape(name)}</summary><table>",
            _rows("wrote", record["outputs"].items()),
            _rows("read", inputs(record)),
            _rows("parameter", parameters.items()),
            _rows("source", record["code"].items()),
            _rows("recipe", [(record["recipe_id"], f"memgen {record['stage']['name']}")]),
            "</table></details>",
        ]
    return "\n".join([*lines, "</section>"])


def _rows(what: str, pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(
        f"<tr><td>{what}</td><td>{html.escape(key)}</td><td><code>{html.escape(value)}</code></td></tr>"
        for key, value in pairs
    )
