"""The chain of a result, folded: jobs of one rule that serve one thing are one step.

A step says what made it, when, from which commit and how long that took, so that the chain of a figure that
stands on two hundred jobs fits on one screen.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from memgen.jobs.digests import canonical
from memgen.provenance.reading import is_external
from memgen.provenance.run import Run, inputs


@dataclass(frozen=True)
class Step:
    """Jobs of one rule.

    Parameters
    ----------
    rule : str
    records : tuple of str
        Their records, sorted.
    needs : tuple of str
        Rules of the jobs whose outputs they read, in the order in which they read them.
    leaves : tuple of str
        Files that they read and no job made.
    """

    rule: str
    records: tuple[str, ...]
    needs: tuple[str, ...]
    leaves: tuple[str, ...]


def steps(run: Run, record: str) -> dict[str, Step]:
    """Steps of the chain that ends with a job, by their rule, that job's first and makers after.

    Parameters
    ----------
    run : Run
    record : str
        Record of the last job.
    """
    by_rule: dict[str, list[str]] = {}
    for name in run.chain([record]):
        by_rule.setdefault(run.records[name]["recipe"]["rule"], []).append(name)
    found: dict[str, Step] = {}
    pending = [run.records[record]["recipe"]["rule"]]
    while pending:
        rule = pending.pop(0)
        if rule in found:
            continue
        needs: dict[str, None] = {}
        leaves: dict[str, None] = {}
        for name in by_rule[rule]:
            for path, _ in inputs(run.records[name]):
                maker = run.maker(path)
                if maker is None:
                    leaves[path] = None
                else:
                    needs[run.records[maker]["recipe"]["rule"]] = None
        found[rule] = Step(rule, tuple(by_rule[rule]), tuple(needs), tuple(sorted(leaves)))
        pending.extend(needs)
    return found


def tree(run: Run, record: str) -> str:
    """The chain as a tree, from the result to what it stands on; a step is drawn out where it first appears.

    Parameters
    ----------
    run : Run
    record : str
        Record of the last job.

    Returns
    -------
    str
        One line per step: its rule, how many jobs, what was varied, when, commit and time.
    """
    found = steps(run, record)
    lines: list[tuple[str, str]] = []
    drawn: set[str] = set()

    def draw(rule: str, first: str, further: str) -> None:
        step = found[rule]
        known = rule in drawn
        drawn.add(rule)
        children = [] if known else [*step.needs, *step.leaves]
        title = f"{first}{rule}{f' x {len(step.records)}' if len(step.records) > 1 else ''}"
        again = known and (step.needs or step.leaves)
        lines.append((title, "see above" if again else about(run, step.records)))
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
    starts = sorted(str(part.get("start")) for part in executions)
    commits = {
        f"{part['commit'][:9]}{'+edits' if part.get('dirty') else ''}" if part.get("commit") else "no commit"
        for part in executions
    }
    took = sum(seconds(part) for part in executions)
    commit = commits.pop() if len(commits) == 1 else f"{len(commits)} commits"
    return f"{starts[0].replace('T', ' ').removesuffix('Z')}  {commit}  {duration(took)}"


def seconds(execution: Mapping[str, Any]) -> float:
    """Time that a job took; 0 where its record does not say."""
    try:
        start, end = (datetime.datetime.fromisoformat(execution[key]) for key in ("start", "end"))
        return (end - start).total_seconds()
    except (KeyError, TypeError, ValueError):
        return 0.0


def duration(took: float) -> str:
    """Seconds as people say them."""
    minutes, rest = divmod(round(took), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def as_json(run: Run, record: str) -> dict[str, Any]:
    """The whole chain, unfolded: every job with its recipe, code, outputs, execution and needs."""
    jobs = {
        name: {
            **{
                key: run.records[name][key] for key in ("recipe_id", "recipe", "code", "outputs", "execution")
            },
            "needs": run.needs(name),
        }
        for name in run.chain([record])
    }
    return {"record": record, "jobs": jobs}


def as_dot(run: Run, record: str) -> str:
    """The steps as a graph in the language of Graphviz, data flowing downwards."""
    found = steps(run, record)
    lines = ["digraph provenance {", '  node [shape=box, fontname="sans-serif"];']
    for rule, step in found.items():
        count = f" x {len(step.records)}" if len(step.records) > 1 else ""
        lines.append(f"  {_quoted(rule)} [label={_quoted(rule + count)}];")
        lines += [f"  {_quoted(need)} -> {_quoted(rule)};" for need in step.needs]
        lines += [f"  {_quoted(leaf)} [shape=note];" for leaf in step.leaves]
        lines += [f"  {_quoted(leaf)} -> {_quoted(rule)};" for leaf in step.leaves]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return canonical(text).decode()
