"""What differs between two runs, causes first.

A job's own difference (parameters, sources, environment, a file that the study was given, or other outputs
for no reason of these) is a cause. What a job wrote otherwise because it read something else is a
consequence, and is only counted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.stage import command
from memgen.provenance.judging import TABLES, judge_files
from memgen.provenance.reference import families, read_lock
from memgen.provenance.run import JOBS, Record, Run, inputs, read_run


@dataclass(frozen=True)
class Cause:
    """One difference, the records of the jobs that have it, and how many of them wrote something else.

    Its kind is recipe, code, environment, leaf, outputs, or missing.
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


def _listed(found: Mapping[tuple[str, str], list[str]], changed: set[str]) -> list[Cause]:
    """Causes, from the jobs that have each and those that wrote something else."""
    return [Cause(*cause, tuple(jobs), len(changed.intersection(jobs))) for cause, jobs in found.items()]


@command
def diff(before: Path, after: Path = Path(), /) -> None:
    """Print what differs between two runs, causes before consequences; exit 0 only if nothing does.

    A line names a cause (recipe, code, environment, leaf: a file that was given to the study, or outputs that
    differ for no such reason) and the jobs that have it. Jobs that differ only in what they read are counted.

    Parameters
    ----------
    before
        Folder of a study that ran, or a lock such as provenance.lock.json.
    after
        Folder of another; the present one by default.
    """
    run = _run_in(after)
    numbers: list[str] = []
    if before.is_file():
        found, consequences = from_lock(before, run)
    else:
        earlier = _run_in(before)
        found, consequences = causes(earlier, run)
        numbers = list(_first_numbers(earlier, before, after)) if found else []
    print(*found, *numbers, sep="\n", end="\n" if found else "")
    if consequences:
        print(f"and in consequence the outputs of {consequences} more jobs")
    if found:
        raise SystemExit(1)
    print(f"no difference: {len(run.records)} jobs")


def _run_in(study: Path) -> Run:
    if not (study / JOBS).is_dir():
        raise BadInput(f"{study}: holds no {JOBS}; allowed: the folder of a study that ran, or its lock")
    run = read_run(study)
    if run.findings:
        raise BadInput(f"{study}: {run.findings[0]}")
    return run


def causes(one: Run, other: Run) -> tuple[list[Cause], int]:
    """Causes of the difference between two runs, and how many jobs differ only in consequence.

    Causes that changed an output come first, then in the order of the first job that has each.
    """
    order = one.in_order()
    order += [name for name in other.in_order() if name not in one.records]
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    changed = {name for name in order if name in one.records and name in other.records
               and one.records[name]["outputs"] != other.records[name]["outputs"]}  # fmt: skip
    consequences = 0
    for name in order:
        if name not in other.records or name not in one.records:
            which = "first" if name in one.records else "second"
            found["missing", f"only in the {which} run"].append(name)
            continue
        before, after = one.records[name], other.records[name]
        own = list(_own(one, before, after))
        if not own and name in changed:
            if dict(inputs(before)) != dict(inputs(after)):
                consequences += 1
            else:
                outputs = ", ".join(_unequal(before["outputs"], after["outputs"]))
                own.append(("outputs", f"{outputs} for the same recipe, code and environment"))
        for cause in own:
            found[cause].append(name)
    place = {name: number for number, name in enumerate(order)}
    listed = sorted(_listed(found, changed), key=lambda cause: (not cause.changed, place[cause.jobs[0]]))
    return listed, consequences


def _own(one: Run, before: Record, after: Record) -> Iterator[tuple[str, str]]:
    """Differences of a job that do not come from another job."""
    recipes = [{"stage": job["recipe"]["stage"], **job["recipe"]["parameters"]} for job in (before, after)]
    yield from (("recipe", text) for text in _changes(*recipes))
    read, reads = dict(inputs(before)), dict(inputs(after))
    for path in _unequal(read, reads):
        if path not in read or path not in reads:
            yield "recipe", f"{'reads' if path in reads else 'does not read'} {path}"
        elif one.maker(path) is None:
            yield "leaf", path
    if before["code_digest"] != after["code_digest"]:
        for path in _unequal(before["code"], after["code"]) or [before["stage"]["module"]]:
            yield "code", path
    yield from (("environment", text) for text in _changes(_environment(before), _environment(after)))


def _environment(record: Record) -> dict[str, Any]:
    """What a job ran on, on one level: ``packages.numpy`` and the like."""
    found: dict[str, Any] = {"threads": record["execution"]["threads"]}
    for part, value in record["environment"].items():
        if isinstance(value, dict):
            found |= {f"{part}.{key}": entry for key, entry in value.items()}
        elif part == "pools" and isinstance(value, list):
            keys = ("internal_api", "version", "architecture", "num_threads")
            pools = (pool for pool in value if isinstance(pool, dict))
            found[part] = "; ".join(" ".join(str(pool.get(key)) for key in keys) for pool in pools)
        else:
            found[part] = value
    return found


def _unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ, sorted."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Each key whose values differ, and both of them in short."""
    for key in _unequal(one, other):
        texts = (str(values.get(key)) for values in (one, other))
        yield f"{key} {' -> '.join(text if len(text) <= 60 else f'{text[:57]}…' for text in texts)}"


def _first_numbers(one: Run, study: Path, other_study: Path) -> Iterator[str]:
    """The first table that differs between two runs, with row and column, where both files are there."""
    replicates = families(one, one.records)
    for output in (output for name in one.in_order() for output in one.records[name]["outputs"]):
        before, after = study / output, other_study / output
        if before.suffix in TABLES and before.is_file() and after.is_file():
            verdict, text = judge_files(before, after, replicates)
            if verdict != "identical":
                yield f"numbers      {output}: {verdict}{f', {text}' if text else ''}"
                return


def from_lock(path: Path, run: Run) -> tuple[list[Cause], int]:
    """As `causes`, from a lock to a run: it knows digests of recipes and sources, and no environment."""
    locked = read_lock(path)["outputs"]
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    changed, consequences = set[str](), 0
    for name in run.in_order():
        record = run.records[name]
        outputs = {output: locked[output] for output in record["outputs"] if output in locked}
        if not outputs:
            found["missing", "only in the run"].append(name)
            continue
        if any(entry["sha256"] != record["outputs"][output] for output, entry in outputs.items()):
            changed.add(name)
        entry = next(iter(outputs.values()))
        if entry["code_digest"] != record["code_digest"]:
            found["code", "its sources"].append(name)
        elif changed.intersection(run.needs(name)):
            consequences += name in changed
        elif entry["recipe_id"] != record["recipe_id"]:
            found["recipe", "its parameters or inputs"].append(name)
        elif name in changed:
            found["outputs", "for the same recipe and code"].append(name)
    listed = _listed(found, changed)
    if missing := sorted(output for output in locked if output not in run.makers):
        others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        listed.append(Cause("missing", f"only in the lock: {missing[0]}{others}", (str(path),), 0))
    return listed, consequences
