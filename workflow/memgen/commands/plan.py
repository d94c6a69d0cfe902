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
from statistics import fmean
from typing import Annotated

from memgen.configuration.layers import load
from memgen.errors import BadInput
from memgen.jobs.arguments import Range
from memgen.jobs.stage import command
from memgen.planning.rates import ASSUMED, RATES, SHARES
from memgen.planning.schedule import MOST, Job, Schedule, critical_path, scheduled

TOOL = Path("tools/dag.py")
MOST_ATTEMPTS = 3
"""Of a job before Snakemake gives it up: `retries` in the profiles is two."""


def _jobs(overlays: Sequence[Path]) -> list[Job]:
    command = [sys.executable, str(TOOL), *map(str, overlays)]
    variables = {**os.environ, "PYTHONPATH": "workflow"}
    answer = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if answer.returncode:
        last = answer.stderr.strip().splitlines()[-1:] or ["no message"]
        raise BadInput(f"{TOOL}: Snakemake finds no jobs: {last[0]}")
    return [Job.of(found) for found in json.loads(answer.stdout)]


def _time(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def _by_model_and_method(jobs: Sequence[Job]) -> list[str]:
    """What groups of jobs take, a line each, and their sum."""
    groups: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        study, _, stage = job.rule.partition("_")
        model = job.wildcards.get("model", "")
        what = job.wildcards.get("method", stage) if model else study
        groups[model or "no model", what].append(job)
    head = ("model", "method", "jobs", "runs", "GPU h", "core h", "memory GB", "GPU memory GB", "disk GB")
    rows: list[tuple[str, ...]] = [head]
    for names, found in [*sorted(groups.items()), (("all", ""), jobs)]:
        gpu = sum(job.seconds * job.gpus for job in found) / 3600
        core = sum(job.seconds * job.cpus for job in found if not job.gpus) / 3600
        peaks = (max(job.memory_mb for job in found), max(job.gpu_memory_mb for job in found))
        sizes = [f"{size / 1000:.1f}" for size in (*peaks, sum(job.disk_mb for job in found))]
        runs = f"{sum(job.runs for job in found):,}"
        rows.append((*names, f"{len(found)}", runs, f"{gpu:,.1f}", f"{core:,.1f}", *sizes))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = [[f"{cell:{'<>'[place > 1]}{widths[place]}}" for place, cell in enumerate(row)] for row in rows]
    return ["  ".join(row).rstrip() for row in aligned]


def _basis(device: str) -> list[str]:
    """Where the rates of a device come from: one line each."""
    entries = [(f"{work}, {on}: {rate.seconds:g} s a {rate.unit}", rate.basis)
               for (work, on), rate in RATES.items() if on in ("cpu", device)]  # fmt: skip
    entries += [(f"memory of {work}, {on}: {share.copies:g} copies of the weights", share.basis)
                for (work, on), share in SHARES.items() if on in ("cpu", device)]  # fmt: skip
    return [f"  {what}; {basis}" for what, basis in entries]


def _lost(jobs: Sequence[Job], schedules: Sequence[Schedule]) -> list[str]:
    """What failures cost on average: of all work, of GPUs, by rule; and what is tried too often."""
    rows = []
    for name, held in (("all work", [1] * len(jobs)), ("work of GPUs", [job.gpus for job in jobs])):
        total = sum(job.seconds * number for job, number in zip(jobs, held, strict=True))
        lost = [
            sum(seconds * number for seconds, number in zip(schedule.lost, held, strict=True))
            for schedule in schedules
        ]
        if total:
            worst = f"at most {max(lost) / total:.2%}"
            rows.append(f"  lost of {name}: {_time(fmean(lost))}, {fmean(lost) / total:.2%} ({worst})")
    by_rule: dict[str, float] = defaultdict(float)
    for schedule in schedules:
        for job, seconds in zip(jobs, schedule.lost, strict=True):
            by_rule[job.rule] += seconds / len(schedules)
    costly = sorted(by_rule, key=lambda rule: -by_rule[rule])[:3]
    rows += [f"    {rule}: {_time(by_rule[rule])}" for rule in costly if by_rule[rule]]
    again = f"needs more than {MOST_ATTEMPTS} attempts, so that the study is started again"
    for most, meaning in ((MOST_ATTEMPTS + 1, again), (MOST, f"does not end within {MOST} attempts")):
        attempts = [max(tried) for tried in zip(*(schedule.attempts for schedule in schedules), strict=True)]
        if often := {job.rule for job, tried in zip(jobs, attempts, strict=True) if tried >= most}:
            rows.append(f"  {meaning}: {', '.join(sorted(often))}")
    return rows


@command
def plan(
    *,
    config: list[Path] | None = None,
    gpus: Annotated[int, Range(0, 100_000)] | None = None,
    cores: Annotated[int, Range(1, 1_000_000)] | None = None,
    simulate: bool = False,
    failures_per_hour: Annotated[float, Range(0, 60)] = 0.02,
    seeds: Annotated[int, Range(1, 1000)] = 10,
    rates: bool = False,
) -> None:
    """Predict the jobs, time and memory of a study; nothing is run.

    Parameters
    ----------
    config
        Overlays on config.yaml, later ones winning.
    gpus
        GPUs that there are; by default 8 where the configuration says `device: cuda`, else none.
    cores
        Processors that there are; by default 64 beside GPUs, else those of this machine.
    simulate
        Simulate failures, and print what they cost.
    failures_per_hour
        Failures of each running job, by a lost node or a time limit, at any moment.
    seeds
        Number of simulations, with seeds 0, 1, …; means are printed.
    rates
        Print what each number is computed from, and where it was measured.
    """
    if not Path("Snakefile").is_file() or not TOOL.is_file():
        raise BadInput(f"{Path.cwd()}: holds no Snakefile; run this in the folder of the repository")
    overlays = config or []
    checked = load([Path("config.yaml"), *overlays])
    jobs = _jobs(overlays)
    device = checked.get("language", {}).get("device", "cpu")
    on = "cuda" if any(job.gpus for job in jobs) else device
    print("\n".join(_by_model_and_method(jobs)))
    chain = [jobs[place] for place in critical_path(jobs)]
    took = _time(sum(job.seconds for job in chain))
    print(f"\ncritical path: {took}, {len(chain)} jobs; longest:")
    for job in sorted(chain, key=lambda job: -job.seconds)[:3]:
        names = ", ".join(f"{key}={value}" for key, value in job.wildcards.items())
        print(f"  {_time(job.seconds)}  {job.rule} {names}".rstrip())
    gpus = gpus if gpus is not None else 8 if on == "cuda" else 0
    if not gpus and any(job.gpus for job in jobs):
        raise BadInput("--gpus: 0 is not allowed where jobs ask for one; allowed: at least 1")
    cores = cores or (64 if on == "cuda" else len(os.sched_getaffinity(0)))
    undisturbed = scheduled(jobs, gpus, cores)
    there = f"{gpus} GPUs and {cores} cores" if gpus else f"{cores} cores"
    print(f"finished after {_time(undisturbed.seconds)} on {there}")
    if undisturbed.gpu_seconds:
        print(f"the last job on a GPU has ended after {_time(undisturbed.gpu_seconds)}")
    bases = [rate.basis for (_, where), rate in RATES.items() if where in ("cpu", on)]
    assumed = bases.count(ASSUMED)
    print(f"{assumed} of {len(bases)} rates are assumed, the others measured; --rates lists them")
    if simulate:
        schedules = [scheduled(jobs, gpus, cores, failures_per_hour, number) for number in range(seeds)]
        failed = fmean(schedule.failures for schedule in schedules)
        what = f"{failures_per_hour:g} failures an hour of each running job, {seeds} seeds"
        print(f"\nwith {what}: {failed:.1f} failures")
        print("\n".join(_lost(jobs, schedules)))
        ends = [schedule.seconds for schedule in schedules]
        print(f"  finished after {_time(fmean(ends))} (at most {_time(max(ends))})")
    if rates:
        print("\nrates and memory", *_basis(on), sep="\n")
