"""The records of a run read together: which job made what, from what.

Everything here comes from the records; no other file is opened.
"""

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from memgen.provenance.findings import Finding
from memgen.provenance.names import rule_and_wildcards
from memgen.provenance.reading import RefusedRecord, read_record

JOBS = Path("results/provenance/jobs")

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Records by their path in the study.

    Parameters
    ----------
    records : mapping of str to mapping
        Records that have the form of one and agree with their digests.
    makers : mapping of str to str
        The record that claims each output; the first one where there are two.
    findings : tuple of Finding
        What is wrong with the records themselves.
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
        """Some records and all that they stand on, directly or not, sorted."""
        found: set[str] = set()
        pending = list(records)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self.needs(name))
        return sorted(found)

    def cycle(self) -> list[str]:
        """Records that stand on each other in a circle; empty where there are none."""
        sorter = graphlib.TopologicalSorter({name: self.needs(name) for name in self.records})
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            return list(error.args[1])
        return []

    def ends(self) -> list[str]:
        """Outputs that no job reads, sorted."""
        read = {path for record in self.records.values() for path, _ in inputs(record)}
        return sorted(set(self.makers) - read)


def inputs(record: Record) -> list[tuple[str, str]]:
    """Path and digest of every input of a record, in its order."""
    parts = record["recipe"]["inputs"].values()
    return [(part["path"], part["sha256"]) for files in parts for part in files]


def read_run(study: Path = Path()) -> Run:
    """Read every record of a study.

    Parameters
    ----------
    study : pathlib.Path, optional
        Its folder, which holds ``results/provenance/jobs/<rule>/<wildcards>.json``; the present one by
        default.

    Returns
    -------
    Run
    """
    records: dict[str, Record] = {}
    makers: dict[str, str] = {}
    findings = []
    shared: dict[Any, Any] = {}
    for path in sorted((study / JOBS).rglob("*.json")):
        name = path.relative_to(study).as_posix()
        try:
            if path.is_symlink():
                raise RefusedRecord("RECORD-INVALID", f"{path}: is a link; a job writes a file")
            record = read_record(path)
        except RefusedRecord as problem:
            findings.append(Finding(problem.kind, name, str(problem).removeprefix(f"{path}: ")))
            continue
        # Most jobs of a rule have one code: ten thousand records then stay small.
        record["code"] = shared.setdefault(tuple(record["code"].items()), record["code"])
        records[name] = record
        findings += _misplaced(name, record)
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


def _misplaced(name: str, record: Record) -> list[Finding]:
    rule, wildcards = record["recipe"]["rule"], record["recipe"]["wildcards"]
    if rule_and_wildcards(Path(name)) == (rule, wildcards):
        return []
    job = ", ".join(f"{key}={value}" for key, value in wildcards.items())
    return [Finding("RECORD-MISPLACED", name, f"is the record of {rule} {job}".rstrip())]
