"""What differs between two runs, causes first.

A job's own difference (parameters, sources, environment, a file that the study was given, or other outputs
for no reason of these) is a cause. What a job wrote otherwise because it read something else is a
consequence, and is only counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.provenance.judging import judge_files
from memgen.provenance.lock_file import read_lock
from memgen.provenance.locking import families
from memgen.provenance.run import JOBS, Record, Run, inputs, read_run


@dataclass(frozen=True)
class Cause:
    """One difference, the jobs that have it of their own, and how many of them wrote something else.

    Parameters
    ----------
    kind : str
        recipe, code, environment, leaf, outputs, or missing.
    text : str
    jobs : tuple of str
        Their records, in the order in which they ran.
    changed : int
        Jobs among them with other outputs.
    """

    kind: str
    text: str
    jobs: tuple[str, ...]
    changed: int

    def __str__(self) -> str:
        """One line."""
        where = self.jobs[0] if len(self.jobs) == 1 else f"{len(self.jobs)} jobs, first {self.jobs[0]}"
        effect = f"{self.changed} with other outputs" if self.changed else "no other outputs"
        return f"{self.kind:<11}  {self.text}: {where} ({effect})"


def in_order(run: Run) -> list[str]:
    """Records, makers before what they are read by."""
    if run.cycle():
        raise BadInput("the records of a run stand on each other in a circle; see `memgen provenance verify`")
    depth: dict[str, int] = {}
    pending = sorted(run.records, reverse=True)
    while pending:
        name = pending[-1]
        needs = run.needs(name)
        waiting = [need for need in needs if need not in depth]
        if waiting:
            pending.extend(waiting)
        else:
            depth[name] = 1 + max((depth[need] for need in needs), default=0)
            pending.pop()
    return sorted(depth, key=lambda name: (depth[name], name))


def causes(one: Run, other: Run) -> tuple[list[Cause], int]:
    """Causes of the difference between two runs, and how many jobs differ only in consequence.

    Parameters
    ----------
    one, other : Run
        Before and after.

    Returns
    -------
    list of Cause
        In the order of the first job that has each; those that changed an output first.
    int
    """
    order = in_order(one)
    order += [name for name in in_order(other) if name not in one.records]
    found: dict[tuple[str, str], list[str]] = {}
    changed = {name for name in order if name in one.records and name in other.records
               and one.records[name]["outputs"] != other.records[name]["outputs"]}  # fmt: skip
    consequences = 0
    for name in order:
        if name not in other.records or name not in one.records:
            which = "only in the first run" if name in one.records else "only in the second run"
            found.setdefault(("missing", which), []).append(name)
            continue
        own = list(_own(one, other, name))
        if not own and name in changed:
            before, after = dict(inputs(one.records[name])), dict(inputs(other.records[name]))
            if before != after:
                consequences += 1
            else:
                outputs = ", ".join(
                    sorted(_unequal(one.records[name]["outputs"], other.records[name]["outputs"]))
                )
                own.append(("outputs", f"{outputs} for the same recipe, code and environment"))
        for cause in own:
            found.setdefault(cause, []).append(name)
    listed = [
        Cause(kind, text, tuple(names), len(changed.intersection(names)))
        for (kind, text), names in found.items()
    ]
    place = {name: number for number, name in enumerate(order)}
    return sorted(listed, key=lambda cause: (not cause.changed, place[cause.jobs[0]])), consequences


def _own(one: Run, other: Run, name: str) -> Iterator[tuple[str, str]]:
    """Differences of a job that do not come from another job."""
    before, after = one.records[name], other.records[name]
    for key in ("stage", "parameters"):
        old, new = before["recipe"][key], after["recipe"][key]
        if isinstance(old, str):
            old, new = {key: old}, {key: new}
        for part in _unequal(old, new):
            yield "recipe", f"{part} {_shown(old.get(part))} -> {_shown(new.get(part))}"
    read, reads = dict(inputs(before)), dict(inputs(after))
    for path in _unequal(read, reads):
        if path not in read or path not in reads:
            yield "recipe", f"{'reads' if path in reads else 'does not read'} {path}"
        elif one.maker(path) is None:
            yield "leaf", path
    if before["code_digest"] != after["code_digest"]:
        for path in _unequal(before["code"], after["code"]) or [before["stage"]["module"]]:
            yield "code", path
    for part, old, new in _environment(before, after):
        yield "environment", f"{part} {_shown(old)} -> {_shown(new)}"


def _environment(before: Record, after: Record) -> Iterator[tuple[str, Any, Any]]:
    old, new = before["environment"], after["environment"]
    for part in _unequal(old, new):
        if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
            for key in _unequal(old[part], new[part]):
                yield f"{part}.{key}", old[part].get(key), new[part].get(key)
        elif part == "pools":
            yield part, _pools(old[part]), _pools(new.get(part))
        else:
            yield part, old.get(part), new.get(part)
    if before["execution"]["threads"] != after["execution"]["threads"]:
        yield "threads", before["execution"]["threads"], after["execution"]["threads"]


def _pools(pools: Any) -> str:
    """Libraries that use threads, in short."""
    if not isinstance(pools, list):
        return str(pools)
    keys = ("internal_api", "version", "architecture", "num_threads")
    return "; ".join(" ".join(str(pool.get(key)) for key in keys) for pool in pools if isinstance(pool, dict))


def _unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ, sorted."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def first_numbers(one: Run, study: Path, other_study: Path) -> Iterator[str]:
    """The first table that differs between two runs, with row and column, where both files are there."""
    replicates = families(one, one.records)
    for name in in_order(one):
        for output in one.records[name]["outputs"]:
            before, after = study / output, other_study / output
            if before.is_file() and after.is_file():
                verdict, text = judge_files(before, after, replicates)
                if verdict != "identical" and output.endswith((".csv", ".parquet")):
                    yield f"numbers      {output}: {verdict}{f', {text}' if text else ''}"
                    return


def run_in(study: Path) -> Run:
    """The run in a folder.

    Raises
    ------
    BadInput
        If there is none, or one of its records is not to be trusted.
    """
    if not (study / JOBS).is_dir():
        raise BadInput(f"{study}: holds no {JOBS}; allowed: the folder of a study that ran, or its lock")
    run = read_run(study)
    if run.findings:
        raise BadInput(f"{study}: {run.findings[0]}")
    return run


def from_lock(path: Path, run: Run) -> tuple[list[Cause], int]:
    """As `causes`, from a lock to a run: it knows digests of recipes and sources, and no environment."""
    locked = read_lock(path)["outputs"]
    found: dict[tuple[str, str], list[str]] = {}
    changed: set[str] = set()
    missing = sorted(output for output in locked if output not in run.makers)
    consequences = 0
    for name in in_order(run):
        record = run.records[name]
        outputs = {output: locked[output] for output in record["outputs"] if output in locked}
        if not outputs:
            found.setdefault(("missing", "only in the run"), []).append(name)
            continue
        if any(entry["sha256"] != record["outputs"][output] for output, entry in outputs.items()):
            changed.add(name)
        entry = next(iter(outputs.values()))
        if entry["code_digest"] != record["code_digest"]:
            found.setdefault(("code", "its sources"), []).append(name)
        elif changed.intersection(run.needs(name)):
            consequences += name in changed
        elif entry["recipe_id"] != record["recipe_id"]:
            found.setdefault(("recipe", "its parameters or inputs"), []).append(name)
        elif name in changed:
            found.setdefault(("outputs", "for the same recipe and code"), []).append(name)
    listed = [
        Cause(kind, text, tuple(names), len(changed.intersection(names)))
        for (kind, text), names in found.items()
    ]
    if missing:
        listed.append(Cause("missing", f"only in the lock: {_some(missing)}", (str(path),), 0))
    return listed, consequences


def _some(names: Iterable[str]) -> str:
    first, *rest = names
    return f"{first} and {len(rest)} others" if rest else first
