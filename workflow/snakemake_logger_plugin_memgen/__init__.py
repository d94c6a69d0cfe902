"""What a run shows: on a terminal a line for each running rule, elsewhere a line for each finished job.

Both say how much time is left. Snakemake finds a logger by the name of its module (`--logger memgen`), which
`memgen study` passes. A dry run's table of jobs says how long each rule will take. Warnings, errors and
Snakemake's last words are printed as always; its log file holds everything.
"""

import logging
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

BENCHMARKS = Path("results/benchmarks")
WORDS = {"kind": "items"}
"""Wildcards whose name in the rules is not their word."""
#: Beginnings of the messages without an event that a reader wants.
SAID = ("Nothing to be done", "This was a dry-run", "Complete log")


class LogHandler(LogHandlerBase):  # type: ignore[misc]
    """Shows a run as it goes; called by Snakemake with its records, one at a time."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True  # with Snakemake's own the records of starting jobs would not come
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin with nothing planned, nothing running and nothing done."""
        # Snakemake imports every installed logger before the Snakefile says which package is its own.
        from memgen.planning.timings import Estimates

        self.console = Console(stderr=True)
        self.estimates = Estimates(BENCHMARKS)
        self.planned: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.running: dict[int, tuple[str, float, float]] = {}
        self.jobs: dict[int, str] = {}
        self.expected: dict[int, float] = {}
        self.by_rule: dict[str, float] = defaultdict(float)
        self.finished_s = self.begun = 0.0
        self.live: Live | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one record."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self._planned(record.stats)  # type: ignore[attr-defined]
        elif event == LogEvent.JOB_INFO:
            self._started(record)
        elif event == LogEvent.JOB_FINISHED:
            self._ended(record.job_id, well=True)  # type: ignore[attr-defined]
        elif event in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
            self._ended(getattr(record, "jobid", -1), well=False)
            self._say(record)
        elif event == LogEvent.ERROR or record.levelno >= logging.WARNING:
            self._say(record)
        elif event is None and hasattr(record, "expected"):
            self.expected = record.expected
        elif event is None and str(record.msg).startswith(SAID):
            self._say(record)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stop()
        super().close()

    def _say(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if text and text != "None":
            style = "red" if record.levelno >= logging.ERROR else ""
            self.console.print(Text(text, style=style), soft_wrap=True)

    def _planned(self, stats: dict[str, int]) -> None:
        self.planned = Counter({rule: count for rule, count in stats.items() if rule != "total"})
        if self.common_settings.dryrun:
            # Snakemake says this before the jobs and once more after them, when all have been heard of.
            if self.by_rule:
                self._table()
            return
        self.begun = time.monotonic()
        if self.console.is_terminal:
            shown = {"get_renderable": self._view, "console": self.console, "refresh_per_second": 2}
            self.live = Live(**shown, transient=True, redirect_stdout=sys.stdout.isatty())
            self.live.start()

    def _started(self, record: Any) -> None:
        seconds = self.estimates.seconds(record.rule_name, record.benchmark, record.resources)
        if self.common_settings.dryrun:
            self.by_rule[record.rule_name] += seconds
        else:
            self.running[record.jobid] = (record.rule_name, time.monotonic(), seconds)
            wildcards = getattr(record, "wildcards", None) or {}
            chosen = ", ".join(f"{WORDS.get(key, key)} {value}" for key, value in wildcards.items())
            rule = record.rule_name.replace("_", " ")
            self.jobs[record.jobid] = f"{rule}: {chosen}" if chosen else rule

    def _ended(self, job: int, well: bool) -> None:
        if job not in self.running:
            return
        rule, start, seconds = self.running.pop(job)
        what = self.jobs.pop(job)
        if well:
            self.done[rule] += 1
            self.finished_s += self.expected.get(job, seconds)
            if not self.console.is_terminal:
                now = time.monotonic()
                of = f"{self.done.total()} of {self.planned.total()}"
                parts = [of, what, f"{now - start:.0f} s", self._left(now)]
                self.console.print(Text("  ".join(filter(None, parts))), soft_wrap=True)
            if self.done.total() == self.planned.total():
                self._stop()

    def _stop(self) -> None:
        if self.live is not None:
            live, self.live = self.live, None
            live.stop()

    def _left(self, now: float) -> str:
        """Time left: what is expected of the rest, at the pace seen so far."""
        from memgen.planning.timings import in_words

        total = sum(self.expected.values())
        begun = [(now - start, expected) for _, start, expected in self.running.values()]
        done = self.finished_s + sum(min(spent, expected) for spent, expected in begun)
        if not total or done < 0.02 * total:
            return f"about {in_words(total)} of one core's time in all" if total else ""
        return f"about {in_words((now - self.begun) * (total - done) / done)} left" if done < total else ""

    def _view(self) -> Group:
        """What stands at the bottom of the terminal."""
        now = time.monotonic()
        rows = Table.grid(padding=(0, 2))
        rules: dict[str, list[float]] = defaultdict(list)
        for rule, start, _ in self.running.values():
            rules[rule].append(now - start)
        for rule, spent in sorted(rules.items()):
            of = f"{self.done[rule]} of {self.planned[rule]} done"
            rows.add_row(Text(rule, style="bold"), of, f"{len(spent)} running, {max(spent):.0f} s")
        done, total = self.done.total(), self.planned.total()
        overall = Table.grid(padding=(0, 2))
        part = sum(self.expected.values())
        share = self.finished_s / part if part else done / max(total, 1)
        minutes, seconds = divmod(int(now - self.begun), 60)
        bar = ProgressBar(total=1, completed=min(share, 1), width=30)
        overall.add_row(bar, f"{done} of {total} jobs", f"{minutes}:{seconds:02d}", self._left(now))
        return Group(rows, overall)

    def _table(self) -> None:
        from memgen.planning.timings import in_words

        width = max(map(len, self.planned))
        lines = ["Job stats:", f"{'job':<{width}}  count  expected", f"{'-' * width}  -----  --------"]
        for rule, count in sorted(self.planned.items()):
            spent = self.by_rule[rule]
            lines.append(f"{rule:<{width}}  {count:5d}  {in_words(spent) if spent else '–':>8}")
        total = in_words(sum(self.by_rule.values()))
        lines.append(f"{'total':<{width}}  {self.planned.total():5d}  {total:>8} of one core's time")
        self.console.print(Text("\n".join(lines) + "\n"), soft_wrap=True)
