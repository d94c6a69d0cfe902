"""What a run says at its end: what each rule cost, or why jobs failed, from the files that they leave."""

import csv
from collections import defaultdict
from pathlib import Path


def timings(folder: Path) -> str:
    """Table of jobs, seconds and memory per rule, the most expensive first, and their totals.

    Parameters
    ----------
    folder : pathlib.Path
        Holds Snakemake's benchmarks, ``<rule>/<job>.tsv``: ``s`` (wall seconds), ``max_rss`` (MB) and
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

    Parameters
    ----------
    logs, records : pathlib.Path
        Folders that hold ``<rule>/<job>.log`` and ``<rule>/<job>.json`` of each job.
    since : float
        When the run began, seconds since the epoch.

    Returns
    -------
    str
        A line for each log that was written since then of a job that has no record.
    """
    found = []
    for path in sorted(logs.glob("*/*.log")):
        job = path.relative_to(logs)
        if path.stat().st_mtime >= since and not records.joinpath(job.parent, f"{job.stem}.json").exists():
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            found += [f"{path}: {lines[-1]}"] if lines else []
    return "\n".join(found)
