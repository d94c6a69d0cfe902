"""Say what a study takes before it is run: jobs, GPU-hours, memory, disk, and when it ends.

The jobs are Snakemake's own (`tools/dag.py`), what they take is computed from `planning.rates`, and nothing
else is known here. Needs no weights, no GPU and no network, and writes nothing.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from memgen.configuration.layers import load
from memgen.errors import BadInput
from memgen.jobs.stage import command
from memgen.planning.rates import ASSUMED, RATES, SHARES
from memgen.planning.schedule import MOST, Job, Played, critical_path, play

TOOL = Path("tools/dag.py")
MOST_ATTEMPTS = 3
"""Of a job before Snakemake gives it up: `retries` in the profiles is two."""


def _jobs(overlays: Sequence[Path]) -> list[Job]:
    answer = subprocess.run(
        [sys.executable, str(TOOL), *map(str, overlays)],
        env={**os.environ, "PYTHONPATH": "workflow"},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        last = answer.stderr.strip().splitlines()[-1:] or ["no message"]
        raise BadInput(f"{TOOL}: Snakemake finds no jobs: {last[0]}")
    return [Job.of(found) for found in json.loads(answer.stdout)]


def _time(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]


def _by_model_and_method(jobs: Sequence[Job]) -> list[str]:
    groups: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        model = job.wildcards.get("model", "")
        what = (
            job.wildcards.get("method", job.rule.partition("_")[2]) if model else job.rule.partition("_")[0]
        )
        groups[model or "no model", what].append(job)

    def row(names: tuple[str, str], found: Sequence[Job]) -> tuple[str, ...]:
        gpu = sum(job.seconds * job.gpus for job in found) / 3600
        core = sum(job.seconds * job.cpus for job in found if not job.gpus) / 3600
        return (
            *names,
            f"{len(found)}",
            f"{sum(job.runs for job in found):,}",
            f"{gpu:,.1f}",
            f"{core:,.1f}",
            f"{max(job.memory_mb for job in found) / 1000:.1f}",
            f"{max(job.gpu_memory_mb for job in found) / 1000:.1f}",
            f"{sum(job.disk_mb for job in found) / 1000:.1f}",
        )

    head = ("model", "method", "jobs", "runs", "GPU h", "core h", "memory GB", "GPU memory GB", "disk GB")
    return _table(head, [row(names, groups[names]) for names in sorted(groups)] + [row(("all", ""), jobs)])


def _basis(device: str) -> list[str]:
    """Where the rates of a device come from: one line each."""
    entries = [(f"{work}, {on}: {rate.seconds:g} s a {rate.unit}", rate.basis)
               for (work, on), rate in RATES.items() if on in ("cpu", device)]  # fmt: skip
    entries += [(f"memory of {work}, {on}: {share.copies:g} copies of the weights", share.basis)
                for (work, on), share in SHARES.items() if on in ("cpu", device)]  # fmt: skip
    return [f"  {what}; {basis}" for what, basis in entries]


def _lost(jobs: Sequence[Job], games: Sequence[Played]) -> list[str]:
    """What failures cost, means over games: of all work, of GPUs, by rule; and what is tried too often."""
    rows = []
    for name, held in (("all work", [1] * len(jobs)), ("work of GPUs", [job.gpus for job in jobs])):
        total = sum(job.seconds * number for job, number in zip(jobs, held, strict=True))
        lost = [
            sum(seconds * number for seconds, number in zip(played.lost, held, strict=True))
            for played in games
        ]
        if total:
            mean = sum(lost) / len(lost)
            rows.append(
                f"  lost of {name}: {_time(mean)}, {mean / total:.2%} (at most {max(lost) / total:.2%})"
            )
    by_rule: dict[str, float] = defaultdict(float)
    for played in games:
        for job, seconds in zip(jobs, played.lost, strict=True):
            by_rule[job.rule] += seconds / len(games)
    rows += [
        f"    {rule}: {_time(by_rule[rule])}"
        for rule in sorted(by_rule, key=lambda rule: -by_rule[rule])[:3]
        if by_rule[rule]
    ]
    for most, meaning in (
        (MOST_ATTEMPTS + 1, f"needs more than {MOST_ATTEMPTS} attempts, so that the study is started again"),
        (MOST, f"does not end within {MOST} attempts"),
    ):
        often = {
            job.rule
            for played in games
            for job, tries in zip(jobs, played.attempts, strict=True)
            if tries >= most
        }
        if often:
            rows.append(f"  {meaning}: {', '.join(sorted(often))}")
    return rows


@command
def plan(
    *,
    config: list[Path] | None = None,
    gpus: int = 8,
    cores: int = 64,
    simulate: bool = False,
    failures_per_hour: float = 0.02,
    seeds: int = 10,
    rates: bool = False,
) -> None:
    """Say what a study takes, and when it ends on some GPUs; nothing is run.

    Parameters
    ----------
    config
        Overlays on config.yaml, later ones winning.
    gpus
        GPUs that there are.
    cores
        Processors that there are.
    simulate
        Play it with failures, and say what they cost.
    failures_per_hour
        Failures of each running job, by a node lost or a time limit; at any moment.
    seeds
        It is played with the failures of seed 0, 1, …; what is printed are means.
    rates
        Say what each number is computed from, and where it was measured.
    """
    for name, value in (("--gpus", gpus), ("--cores", cores), ("--seeds", seeds)):
        if value < 1:
            raise BadInput(f"{name}: {value} is not allowed; allowed: a whole number of at least 1")
    if not 0 <= failures_per_hour <= 60:
        raise BadInput(f"--failures-per-hour: {failures_per_hour:g} is not allowed; allowed: 0 to 60")
    if not Path("Snakefile").is_file() or not TOOL.is_file():
        raise BadInput(f"{Path.cwd()}: holds no Snakefile; run this in the folder of the repository")
    overlays = config or []
    checked = load([Path("config.yaml"), *overlays])
    jobs = _jobs(overlays)
    device = checked.get("language", {}).get("device", "cpu")
    on = "cuda" if any(job.gpus for job in jobs) else device
    print("\n".join(_by_model_and_method(jobs)))
    chain = critical_path(jobs)
    longest = sorted(chain, key=lambda place: -jobs[place].seconds)[:3]
    print(
        f"\ncritical path: {_time(sum(jobs[place].seconds for place in chain))}, {len(chain)} jobs; longest:"
    )
    for place in longest:
        names = ", ".join(f"{key}={value}" for key, value in jobs[place].wildcards.items())
        print(f"  {_time(jobs[place].seconds)}  {jobs[place].rule} {names}".rstrip())
    undisturbed = play(jobs, gpus, cores)
    print(f"finished after {_time(undisturbed.seconds)} on {gpus} GPUs and {cores} cores")
    if undisturbed.gpu_seconds:
        print(f"the last job on a GPU has ended after {_time(undisturbed.gpu_seconds)}")
    assumed = sum(rate.basis == ASSUMED for (_, where), rate in RATES.items() if where in ("cpu", on))
    number = sum(where in ("cpu", on) for _, where in RATES)
    print(f"{assumed} of {number} rates are assumed, the others measured; --rates lists them")
    if simulate:
        games = [play(jobs, gpus, cores, failures_per_hour, number) for number in range(seeds)]
        print(
            f"\nwith {failures_per_hour:g} failures an hour of each running job, {seeds} seeds: "
            f"{sum(played.failures for played in games) / seeds:.1f} failures"
        )
        print("\n".join(_lost(jobs, games)))
        ends = [played.seconds for played in games]
        print(f"  finished after {_time(sum(ends) / seeds)} (at most {_time(max(ends))})")
    if rates:
        print("\nrates and memory")
        print("\n".join(_basis(on)))
