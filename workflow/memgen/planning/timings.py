"""What jobs took, by the files that they leave: a table at the end of a run, and what the next will take."""

import csv
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any


def timings(folder: Path) -> str:
    """Table of jobs, seconds and memory per rule, the most expensive first, and their totals.

    The folder holds Snakemake's benchmarks, ``<rule>/<job>.tsv``: ``s`` (wall seconds), ``max_rss`` (MB) and
    ``cpu_time`` (seconds). Where there is none, the table is empty.
    """
    rules: dict[str, list[dict[str, float]]] = defaultdict(list)
    for path in sorted(folder.glob("*/*.tsv")):
        rules[path.parent.name] += _rows(path)
    every = [row for rows in rules.values() for row in rows]
    if not every:
        return ""
    width = max(map(len, [*rules, "total"]))

    def line(name: str, rows: list[dict[str, float]]) -> str:
        wall, cpu, peak = (
            sum(row["s"] for row in rows),
            sum(row["cpu_time"] for row in rows),
            max(row["max_rss"] for row in rows),
        )
        return f"{name:<{width}}  {len(rows):4d}  {wall:6.1f}  {cpu:6.1f}  {peak:7.0f}"

    ordered = sorted(rules.items(), key=lambda item: -sum(row["s"] for row in item[1]))
    head = f"{'rule':<{width}}  jobs  wall s   cpu s  peak MB"
    return "\n".join([head, *(line(*item) for item in ordered if item[1]), line("total", every)])


def seconds_of(path: Path) -> float | None:
    """Wall time of one benchmark, seconds; None if there is none, or it is not one of Snakemake's."""
    try:
        found = _rows(path)
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return found[-1]["s"] if found else None


def _rows(path: Path) -> list[dict[str, float]]:
    """Numbers of a benchmark; Snakemake writes ``-`` or ``NA`` for a job too short to be sampled."""

    def number(text: str | None) -> float:
        try:
            return 0.0 if text in (None, "-", "NA") else float(text or "nan")
        except ValueError:
            return 0.0

    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [{name: number(row.get(name)) for name in ("s", "max_rss", "cpu_time")} for row in rows]


def failures(logs: Path, records: Path, since: float) -> str:
    """Last words of each job that failed; Snakemake itself says its command and its exit status.

    That is a line for each of the logs (``<rule>/<job>.log``) that was written `since` the run began, seconds
    since the epoch, of a job that has no record (``<rule>/<job>.json``).
    """
    found = []
    for path in sorted(logs.glob("*/*.log")):
        job = path.relative_to(logs)
        if path.stat().st_mtime >= since and not records.joinpath(job.parent, f"{job.stem}.json").exists():
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            found += [f"{path}: {lines[-1]}"] if lines else []
    return "\n".join(found)


class Estimates:
    """Seconds of jobs before they are run: a job's own last time, else its rule's mean, else the plan's.

    The folder holds the benchmarks of an earlier run, if there was one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mean = functools.cache(self._mean_of_rule)

    def seconds(self, rule: str, benchmark: str | None, resources: Mapping[str, Any]) -> float:
        """Expected wall time of one job, by its benchmark's file and its resources (``expected_s``)."""
        before = seconds_of(Path(benchmark)) if benchmark else None
        if before is None:
            before = self._mean(rule)
        expected = resources.get("expected_s", 0)
        return before if before is not None else float(expected if isinstance(expected, int | float) else 0)

    def of_jobs(self, jobs: Iterable[Any]) -> dict[int, float]:
        """Expected wall time by the numbers of Snakemake's jobs."""
        return {job.jobid: self.seconds(job.rule.name, job.benchmark, job.resources) for job in jobs}

    def _mean_of_rule(self, rule: str) -> float | None:
        found = [seconds_of(path) for path in sorted((self._folder / rule).glob("*.tsv"))]
        known = [value for value in found if value is not None]
        return fmean(known) if known else None


def in_words(seconds: float) -> str:
    """A time as people say it, to the precision that an estimate deserves."""
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
