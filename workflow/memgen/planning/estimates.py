"""How long a job will take: what it took last time, else its rule's mean then, else what the plan says."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from memgen.planning.timings import seconds_of


class Estimates:
    """Seconds of jobs, before they are run.

    Parameters
    ----------
    folder : pathlib.Path
        Benchmarks of an earlier run, ``<rule>/<job>.tsv``; it may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._means: dict[str, float | None] = {}

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

    def _mean(self, rule: str) -> float | None:
        if rule not in self._means:
            found = [seconds_of(path) for path in sorted((self._folder / rule).glob("*.tsv"))]
            known = [value for value in found if value is not None]
            self._means[rule] = fmean(known) if known else None
        return self._means[rule]


def in_words(seconds: float) -> str:
    """A time as people say it, to the precision that an estimate deserves."""
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
