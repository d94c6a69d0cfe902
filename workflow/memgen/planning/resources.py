"""What a job asks of the machine that runs it: processors, memory, time, GPUs.

A job's needs are what `planning.rates` says its work takes; what it asks for has a margin, and grows with
every attempt. On one machine nothing of this limits how many jobs run at once, unless ``--resources`` does.
Work that depends on the configuration comes from the study's own module.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from memgen.planning.rates import RULES, USUAL

#: Snakemake itself, which is started twice in a job of a cluster, MB.
SNAKEMAKE_MB = 600
MARGIN = 1.5
"""Of memory."""
SLACK = 3.0
"""Of time: other machines are slower, and rates are measured on few."""
STARTING_MINUTES = 10
KEPT_SECONDS = 600.0
"""How often a long training keeps where it stands."""


class Need(NamedTuple):
    """What the work of one job takes: wall time, memory of host and GPU, and what it leaves on disk.

    It holds `runs` of a model (a seed, an order of its items, a strength or rank), and `parts` of about equal
    length that are kept as they end: a job that is tried again goes on after them. Every attempt spends
    `starting` seconds before the first part: loading a model.
    """

    seconds: float
    memory_mb: float
    disk_mb: float = 1.0
    gpu_memory_mb: float = 0.0
    runs: int = 0
    parts: int = 1
    starting: float = 0.0


def parts_kept(seconds: float) -> int:
    """Parts of a training that keeps where it stands."""
    return max(1, int(seconds // KEPT_SECONDS))


def usual(rule: str) -> Need:
    """What a job of a rule takes whose work the configuration does not change much."""
    found = RULES.get(rule, USUAL)
    return Need(found.seconds, found.memory_mb, found.disk_mb)


def memory_asked(need: Need, attempt: int) -> int:
    """Memory that a job asks for, MB, in steps of 100."""
    return 100 * math.ceil((SNAKEMAKE_MB + MARGIN * need.memory_mb) * attempt / 100)


def minutes_asked(need: Need, attempt: int) -> int:
    """Time after which a job may be stopped, minutes."""
    return math.ceil((STARTING_MINUTES + SLACK * need.seconds / 60) * attempt)


def needs(rule: str, work: Callable[[Any], Need] | None = None, gpu: bool = False) -> dict[str, Any]:
    """Resources of a rule, as Snakemake takes them.

    `work` says what a job takes, by its wildcards; by default the table's entry for the rule does. Keys are
    ``mem_mb``, ``runtime`` (minutes), ``cpus_per_task``, ``disk_mb`` and, for jobs on a `gpu`, ``gpu`` and
    ``gpu_memory_mb``. For the plan alone: ``expected_s``, seconds without any margin, ``starting_s``,
    ``runs`` and ``parts``.
    """

    def need(wildcards: Any) -> Need:
        return work(wildcards) if work else usual(rule)

    found: dict[str, Any] = {
        "mem_mb": lambda wildcards, attempt: memory_asked(need(wildcards), attempt),
        "runtime": lambda wildcards, attempt: minutes_asked(need(wildcards), attempt),
        "cpus_per_task": 1,
        "disk_mb": lambda wildcards: math.ceil(need(wildcards).disk_mb),
        "expected_s": lambda wildcards: math.ceil(need(wildcards).seconds),
        "starting_s": lambda wildcards: math.ceil(need(wildcards).starting),
        "runs": lambda wildcards: need(wildcards).runs,
        "parts": lambda wildcards: need(wildcards).parts,
    }
    if gpu:
        found["gpu"] = 1
        found["gpu_memory_mb"] = lambda wildcards: math.ceil(need(wildcards).gpu_memory_mb)
    return found
