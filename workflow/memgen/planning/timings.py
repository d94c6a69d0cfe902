"""What a run says at its end: what each rule cost, or why jobs failed, from the files that they leave."""

import csv
from collections import defaultdict
from pathlib import Path


def timings(folder: Path) -> str:
    """Table of jobs, seconds and memory per rule.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``<rule>/<job>.tsv``, each with the columns ``s`` (wall seconds), ``max_rss`` (MB) and
        ``cpu_time`` (seconds) of Snakemake's benchmarks.

    Returns
    -------
    str
        One line per rule, the most expensive first, and a line of totals. Empty if nothing was measured.
    """
    jobs: dict[str, int] = defaultdict(int)
    wall: dict[str, float] = defaultdict(float)
    cpu: dict[str, float] = defaultdict(float)
    memory: dict[str, float] = defaultdict(float)
    for path in sorted(folder.glob("*/*.tsv")):
        rule = path.parent.name
        with path.open(newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                jobs[rule] += 1
                wall[rule] += _number(row.get("s"))
                cpu[rule] += _number(row.get("cpu_time"))
                memory[rule] = max(memory[rule], _number(row.get("max_rss")))
    if not jobs:
        return ""
    width = max(map(len, [*jobs, "total"]))
    lines = [f"{'rule':<{width}}  jobs  wall s   cpu s  peak MB"]
    for rule in sorted(jobs, key=lambda name: -wall[name]):
        lines.append(
            f"{rule:<{width}}  {jobs[rule]:4d}  {wall[rule]:6.1f}  {cpu[rule]:6.1f}  {memory[rule]:7.0f}"
        )
    total = (
        f"{'total':<{width}}  {sum(jobs.values()):4d}  {sum(wall.values()):6.1f}  {sum(cpu.values()):6.1f}"
    )
    return "\n".join([*lines, f"{total}  {max(memory.values()):7.0f}"])


def seconds_of(path: Path) -> float | None:
    """Wall time of one benchmark, seconds; None if there is none, or it is not one of Snakemake's."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            spent = [_number(row.get("s")) for row in csv.DictReader(stream, delimiter="\t")]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return spent[-1] if spent else None


def _number(text: str | None) -> float:
    """A benchmark entry; Snakemake writes ``-`` or ``NA`` for a job too short to be sampled."""
    try:
        return float(text or "nan") if text not in (None, "-", "NA") else 0.0
    except ValueError:
        return 0.0


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
            if lines:
                found.append(f"{path}: {lines[-1]}")
    return "\n".join(found)
