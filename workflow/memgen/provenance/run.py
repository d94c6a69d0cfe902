"""The records of a run read together: which job made what, from what, and the output that a person names."""

import graphlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.closure import reached
from memgen.jobs.files import fault
from memgen.jobs.layers import label
from memgen.jobs.record import URN_PATTERN, rule_and_wildcards
from memgen.provenance.findings import Finding
from memgen.provenance.reading import read_record

JOBS = Path("results/provenance/jobs")
#: Suffixes of files that carry the id of their recipe.
FIGURES = frozenset({".png", ".pdf", ".svg"})
_LARGEST = 256 * 2**20

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Records that agree with their digests, by their path; the record that claims each output; findings.

    Where two records claim an output, its maker is the first.
    """

    records: Mapping[str, Record]
    makers: Mapping[str, str]
    findings: tuple[Finding, ...]

    def maker(self, path: str) -> str | None:
        """The record of the job that made a file, or the folder that it lies in."""
        for name in (path, *map(str, PurePosixPath(path).parents)):
            if name in self.makers:
                return self.makers[name]
        return None

    def needs(self, record: str) -> list[str]:
        """Records of the jobs whose outputs a job read, sorted."""
        makers = {self.maker(path) for path, _ in inputs(self.records[record])}
        return sorted(maker for maker in makers if maker is not None)

    def chain(self, records: Iterable[str]) -> list[str]:
        """Some records and all that they depend on, directly or not, sorted."""
        return sorted(reached(records, self.needs))

    def cycle(self) -> list[str]:
        """Records that depend on each other in a circle; empty if there are none."""
        sorter = graphlib.TopologicalSorter({name: self.needs(name) for name in self.records})
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            return list(error.args[1])
        return []

    def in_order(self) -> list[str]:
        """All records, makers before what they are read by; BadInput if they form a circle."""
        if self.cycle():
            raise BadInput(
                "the records of a run depend on each other in a circle; see `memgen provenance verify`"
            )
        needs = {name: self.needs(name) for name in sorted(self.records)}
        return list(graphlib.TopologicalSorter(needs).static_order())

    def ends(self) -> list[str]:
        """Outputs that no job reads, sorted."""
        read = {path for record in self.records.values() for path, _ in inputs(record)}
        return sorted(set(self.makers) - read)


def inputs(record: Record) -> list[tuple[str, str]]:
    """Path and digest of every input of a record, in its order."""
    parts = record["recipe"]["inputs"].values()
    return [(part["path"], part["sha256"]) for files in parts for part in files]


def read_run(study: Path = Path()) -> Run:
    """Read every record of the study in a folder, ``results/provenance/jobs/<rule>/<wildcards>.json``."""
    records: dict[str, Record] = {}
    makers: dict[str, str] = {}
    findings = []
    shared: dict[Any, Any] = {}
    for path in sorted((study / JOBS).rglob("*.json")):
        name = path.relative_to(study).as_posix()
        try:
            record = read_record(path)
        except BadInput as problem:
            kind = getattr(problem, "kind", "RECORD-INVALID")
            findings.append(Finding(kind, name, str(problem).removeprefix(f"{path}: ")))
            continue
        # Most jobs of a rule have one code: ten thousand records then stay small.
        record["code"] = shared.setdefault(tuple(record["code"].items()), record["code"])
        records[name] = record
        rule, wildcards = record["recipe"]["rule"], record["recipe"]["wildcards"]
        if rule_and_wildcards(Path(name)) != (rule, wildcards):
            job = ", ".join(f"{key}={value}" for key, value in wildcards.items())
            findings.append(Finding("RECORD-MISPLACED", name, f"is the record of {rule} {job}".rstrip()))
        for output in record["outputs"]:
            first = makers.setdefault(output, name)
            if first != name:
                findings.append(Finding("DUPLICATE-OUTPUT", output, f"claimed by {first} and {name}"))
    for output, name in makers.items():
        for parent in map(str, PurePosixPath(output).parents):
            if parent in makers:
                findings.append(
                    Finding("DUPLICATE-OUTPUT", output, f"claimed by {name}, inside that of {makers[parent]}")
                )
    return Run(records, makers, tuple(findings))


def output_named(run: Run, name: str) -> str:
    """The output that a name stands for; BadInput if there is none.

    A name is such as ``figures/task.pdf``, ``task``, ``results/claims.csv``, the id at a figure's foot, or
    any PNG, PDF or SVG file that carries the id of a recipe of this run.
    """
    path = Path(name)
    for guess in (label(path), path.as_posix(), *(f"figures/{name}{end}" for end in sorted(FIGURES))):
        if guess in run.makers:
            return guess
    recipes = {output: run.records[record]["recipe_id"] for output, record in run.makers.items()}
    if not path.exists():
        # The id at a figure's foot, or the whole line.
        if beginning := re.fullmatch(r"(?:.* )?([0-9a-f]{8,64})", name.strip().lower()):
            for output, recipe in recipes.items():
                if recipe.startswith(beginning[1]):
                    return output
            raise BadInput(f"{name}: no recipe of this run has an id that begins so")
        figures = sorted(one for one in recipes if one.startswith("figures/") and one.endswith(".pdf"))
        some = ", ".join([*figures[:3], "…"]) if figures else "an output of the study"
        raise BadInput(
            f"{name}: neither an output of this run nor a file; "
            f"allowed: {some}, or the first 8 digits of a recipe's id"
        )
    ids = recipe_ids(path)
    if not ids:
        raise BadInput(f"{name}: no record names it, and it carries no recipe's id")
    made = [output for output, recipe in recipes.items() if recipe in ids]
    if not made:
        raise BadInput(
            f"{name}: was made by the recipe {', '.join(sorted(ids))}, which this run does not hold"
        )
    return next((output for output in made if Path(output).suffix == path.suffix.lower()), made[0])


def recipe_ids(path: Path) -> set[str]:
    """Ids of recipes that a file's bytes name; BadInput if it cannot be read, or is larger than a figure."""
    wrong = fault(path)
    if wrong is None and path.stat().st_size > _LARGEST:
        wrong = f"larger than {_LARGEST >> 20} MB, which no figure is"
    if wrong is not None:
        raise BadInput(f"{path}: {wrong}")
    return {match.decode() for match in re.findall(URN_PATTERN.pattern.encode(), path.read_bytes())}
