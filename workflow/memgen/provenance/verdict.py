"""Whether the files are intact, and whether the run gave what the lock says."""

import json as json_format
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from memgen.configuration.own_folder import layers, lock_path
from memgen.errors import BadInput
from memgen.jobs.stage import command
from memgen.provenance.cells import FAMILYWISE, VERDICTS
from memgen.provenance.comparison import FAILURES, Comparison, Judged
from memgen.provenance.findings import Finding, within
from memgen.provenance.reference import machine, read_lock
from memgen.provenance.run import JOBS, read_run
from memgen.provenance.verification import Verification

#: Causes that are named, and figures of each.
_CAUSES, _FIGURES = 4, 6
_KINDS = {"figure": "Figures", "claim": "Claims", "table": "Tables", "file": "Other files"}


@command
def compare(*, lock: Path | None = None, json: bool = False) -> None:
    """Compare the run with a lock, one line per figure, claim and other output.

    identical: the same bytes. equivalent: the same numbers within the tolerance of the table. consistent: of
    trained models, means that chance alone may have moved so far; the limit is set for all means together,
    so that an honest run fails once in a hundred. at the edge: a claim with a consistent value, decided in
    one run and undecided in the other. not compared: weights and features; tables computed from them are.
    Exit status 0: none is different or missing; 1: some are; 2: bad input.

    Parameters
    ----------
    lock
        The lock of another run; by default the committed one of this study.
    json
        Print JSON instead.
    """
    if lock is None and _no_lock():
        print(f"{lock_path()}: no such file: this configuration has no lock, so only the files were checked")
        return
    comparison = Comparison(read_lock(lock or lock_path()))
    judged = comparison.judged()
    counts = Counter(one.verdict for one in judged)
    if json:
        print(json_format.dumps([vars(one) for one in judged], indent=1))
    else:
        print(*judged, sep="\n")
        print(f"{comparison.limits.count} means compared at a familywise error of {FAMILYWISE:.0%}")
        print(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    if any(counts[verdict] for verdict in FAILURES):
        raise SystemExit(1)


def _no_lock() -> bool:
    """Whether this is a study with overlays for which nobody has written a lock."""
    return bool(layers()) and not lock_path().exists()


@command
def verdict(*, lock: Path | None = None, identical: bool = False, all: bool = False) -> None:
    """Report in at most 15 lines whether the files are intact and the study was reproduced.

    Exit status 0: reproduced; 1: something is different or missing; 2: damaged, not a finished run, or bad
    input.

    Parameters
    ----------
    lock
        The lock of another run; by default the committed one of this study.
    identical
        Demand that everything is identical: exit status 1 otherwise, and the first output that is not
        identical is printed first.
    all
        Print every finding and a line per figure, claim and other output after the answer.
    """
    if not JOBS.is_dir():
        raise BadInput(f"{JOBS}: no such folder; nothing has run here")
    found = Verification(read_run())
    findings = within(found.findings, "lock")
    if lock is None and _no_lock():
        print(f"Reproduced: not known; there is no {lock_path()}.", _files(found, findings), sep="\n")
        print(*(findings if all else []), sep="\n", end="\n" if all and findings else "")
        raise SystemExit(2 if findings else 0)
    comparison = Comparison(read_lock(lock or lock_path()))
    judged = comparison.judged()
    here = machine(found.records.values())
    others = [one for one in judged if one.verdict != "identical"]
    if others and (identical or here["kernels"] == comparison.lock["kernels"] == "portable"):
        first = f"{others[0].name} ({others[0].kind}, {others[0].verdict})"
        print(f"Not identical: {first} and {len(others) - 1} more.")
    failed = any(one.verdict in FAILURES for one in judged)
    print(*_answer(found, findings, judged, failed), sep="\n")
    print(
        f"Limit: {comparison.limits.count} means compared together; "
        f"an honest run fails with a probability of {FAMILYWISE:.0%}."
    )
    print(f"Ran on: {_machine(here)}. The lock: {_machine(comparison.lock)}.")
    print(f"Next: {_advice(bool(findings), failed)}")
    if all:
        print(*findings, *judged, sep="\n")
    if findings:
        raise SystemExit(2)
    if failed or (identical and others):
        raise SystemExit(1)


def _answer(
    found: Verification, findings: list[Finding], judged: list[Judged], failed: bool
) -> Iterator[str]:
    if findings:
        yield "Reproduced: not known, since files are damaged or the run is not finished."
    else:
        yield "Reproduced: no." if failed else "Reproduced: yes."
    yield _files(found, findings)
    yield from found.notes
    for kind, title in _KINDS.items():
        counts = Counter(one.verdict for one in judged if one.kind == kind)
        if counts:
            yield f"{title}: {', '.join(f'{counts[name]} {name}' for name in VERDICTS if counts[name])}."
    causes = list(_causes(judged))
    yield from causes[:_CAUSES]
    if len(causes) > _CAUSES:
        yield f"  and {len(causes) - _CAUSES} more (--all)"


def _files(found: Verification, findings: list[Finding]) -> str:
    if findings:
        return f"Files: {len(findings)} findings; the first: {findings[0]}"
    return f"Files: intact ({len(found.records)} jobs, {len(found.present)} files)."


def _causes(judged: Iterable[Judged]) -> Iterator[str]:
    """What is different or missing, each once, with the figures and the number of claims that it touches."""

    def cause(one: Judged) -> str:
        return one.cause or one.name

    failures = [one for one in judged if one.verdict in FAILURES]
    for name, group in groupby(sorted(failures, key=cause), key=cause):
        parts = list(group)
        first = next((one for one in parts if one.name == name), parts[0])
        figures = [one.name for one in parts if one.cause and one.kind == "figure"]
        more = f" and {len(figures) - _FIGURES} more" if len(figures) > _FIGURES else ""
        claims = sum(one.kind == "claim" and bool(one.cause) for one in parts)
        touched = f"; drawn in {', '.join(figures[:_FIGURES])}{more}" if figures else ""
        yield f"  {first.verdict}: {name}: {first.text}{touched}" + (f"; {claims} claims" if claims else "")


def _machine(where: Mapping[str, Any]) -> str:
    processor = where["processor"] or "processors that are not named"
    return f"{processor}, kernels {where['kernels'] or 'not named'}"


def _advice(damaged: bool, failed: bool) -> str:
    if damaged:
        return "`memgen provenance verify` lists every finding; `make study` rebuilds what is damaged."
    if failed:
        return (
            "`make verify ARGS=--all` lists everything; "
            "`memgen provenance diff provenance.lock.json .` finds what the two runs did differently."
        )
    return "nothing; `make deposit` packs the run."
