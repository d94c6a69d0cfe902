"""Play the jobs of a study on some GPUs and processors: when it ends, and what failures cost.

Knows jobs, what they take and what they wait for; knows no study. Jobs that the longest chain of others
waits for go first. A job that fails goes on after the parts of it that were kept.
"""

import graphlib
import heapq
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

MOST = 100
"""Attempts of a job in a simulation: one that keeps nothing may never end, and is then let through."""


class Job(NamedTuple):
    """One job of the plan: its wall time without failures, and the places of the jobs that it waits for.

    It holds `gpus` and `cpus` meanwhile, and has `runs` runs of a model in it. Its `parts`, of equal length,
    are kept as they end; every attempt takes `starting` seconds before its first part.
    """

    rule: str
    wildcards: Mapping[str, str]
    seconds: float
    after: tuple[int, ...] = ()
    gpus: int = 0
    cpus: int = 1
    runs: int = 0
    parts: int = 1
    starting: float = 0.0
    memory_mb: float = 0.0
    gpu_memory_mb: float = 0.0
    disk_mb: float = 0.0

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Job":
        """A job as `tools/dag.py` writes it."""
        has = found["resources"]
        return cls(
            rule=found["rule"],
            wildcards=found["wildcards"],
            seconds=float(has["expected_s"]),
            after=tuple(found["after"]),
            gpus=int(has.get("gpu", 0)),
            cpus=int(has["cpus_per_task"]),
            runs=int(has["runs"]),
            parts=int(has["parts"]),
            starting=float(has["starting_s"]),
            memory_mb=float(has["mem_mb"]),
            gpu_memory_mb=float(has.get("gpu_memory_mb", 0)),
            disk_mb=float(has["disk_mb"]),
        )


class Schedule(NamedTuple):
    """A simulated schedule: seconds to the last end, and to that of the last job that holds a GPU.

    Of each job, `lost` seconds had to be spent again, in so many `attempts`.
    """

    seconds: float
    gpu_seconds: float
    failures: int
    lost: tuple[float, ...]
    attempts: tuple[int, ...]


def in_order(jobs: Sequence[Job]) -> list[int]:
    """Places of the jobs, each after those that it waits for; ValueError if jobs wait for each other."""
    sorter = graphlib.TopologicalSorter({place: job.after for place, job in enumerate(jobs)})
    try:
        return list(sorter.static_order())
    except graphlib.CycleError:
        raise ValueError("jobs wait for each other") from None


def followers(jobs: Sequence[Job]) -> list[list[int]]:
    """Of each job, the places of those that wait for it."""
    found: list[list[int]] = [[] for _ in jobs]
    for place, job in enumerate(jobs):
        for other in job.after:
            found[other].append(place)
    return found


def tails(jobs: Sequence[Job]) -> list[float]:
    """Of each job, seconds of the longest chain that begins with it."""
    following, found = followers(jobs), [0.0] * len(jobs)
    for place in reversed(in_order(jobs)):
        found[place] = jobs[place].seconds + max((found[other] for other in following[place]), default=0.0)
    return found


def critical_path(jobs: Sequence[Job]) -> list[int]:
    """Places of the longest chain of jobs that wait for each other, first to last."""
    if not jobs:
        return []
    following, length = followers(jobs), tails(jobs)
    chain = [max(range(len(jobs)), key=lambda place: length[place])]
    while following[chain[-1]]:
        chain.append(max(following[chain[-1]], key=lambda place: length[place]))
    return chain


def attempts(job: Job, rate: float, rng: np.random.Generator) -> tuple[list[float], float]:
    """Lengths of a job's attempts, at most `MOST`, the last of which ends it, and the seconds lost in them.

    It fails at a `rate` per second while it runs, at any time (a Poisson process).
    """
    work = job.seconds - job.starting
    done, lengths, lost = 0, list[float](), 0.0
    while True:
        left = job.starting + work * (job.parts - done) / job.parts
        until = rng.exponential(1 / rate) if rate > 0 else math.inf
        if until >= left or len(lengths) + 1 >= MOST:
            return [*lengths, left], lost
        lengths.append(until)
        ended = max(0, math.floor((until - job.starting) * job.parts / work)) if work > 0 else 0
        lost += until - ended * work / job.parts
        done += ended


def scheduled(
    jobs: Sequence[Job], gpus: int, cpus: int, failures_per_hour: float = 0.0, seed: int = 0
) -> Schedule:
    """Simulate when each job of a study begins and ends on so many GPUs and processors.

    Failures are those of each running job, drawn by the seed. ValueError is raised if a job holds more than
    there is.
    """
    for job in jobs:
        if job.gpus > gpus or job.cpus > cpus:
            raise ValueError(f"a job of {job.rule} holds {job.gpus} GPUs and {job.cpus} processors")
    rng = np.random.default_rng(seed)
    rate = failures_per_hour / 3600
    # Drawn in the order of the jobs, so that the number of GPUs does not change which of them fail.
    drawn = [attempts(job, rate, rng) for job in jobs]
    waiting, following, length = [len(job.after) for job in jobs], followers(jobs), tails(jobs)
    ready = [(-length[place], place) for place, number in enumerate(waiting) if number == 0]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    free, now, last = [gpus, cpus], 0.0, 0.0
    tried = [0] * len(jobs)
    while ready or running:
        held = []
        while ready:
            job = jobs[ready[0][1]]
            entry = heapq.heappop(ready)
            if job.gpus > free[0] or job.cpus > free[1]:
                held.append(entry)
                continue
            free[0] -= job.gpus
            free[1] -= job.cpus
            heapq.heappush(running, (now + drawn[entry[1]][0][tried[entry[1]]], entry[1]))
            tried[entry[1]] += 1
        for entry in held:
            heapq.heappush(ready, entry)
        now, place = heapq.heappop(running)
        free[0] += jobs[place].gpus
        free[1] += jobs[place].cpus
        if tried[place] < len(drawn[place][0]):
            heapq.heappush(ready, (-length[place], place))
            continue
        if jobs[place].gpus:
            last = now
        for other in following[place]:
            waiting[other] -= 1
            if waiting[other] == 0:
                heapq.heappush(ready, (-length[other], other))
    return Schedule(
        now,
        last,
        sum(len(lengths) - 1 for lengths, _ in drawn),
        tuple(lost for _, lost in drawn),
        tuple(len(lengths) for lengths, _ in drawn),
    )
