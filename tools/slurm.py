"""Snakemake on SLURM: `python tools/slurm.py ...` is `python -m snakemake ...`, but for four guards.

    1. Jobs that an earlier run of this study left behind are cancelled first, so that none is computed twice.
    2. A status query that fails, because the controller is away, leaves all jobs as they were: the plugin
       would forget them and wait for ever. "CANCELLED by 0" is CANCELLED. What SLURM has forgotten has
       ended: its outputs, which appear whole or not at all, tell Snakemake how.
    3. Jobs are asked for at least every MEMGEN_POLL_SECONDS, 30 by default; the plugin slows down to 180.
    4. SIGTERM cancels the jobs as Ctrl-C does, and nothing is left on the cluster when the run ends.

The process that submits is patched, and no job. `memgen study --executor slurm` calls this; docs/cluster.md
says why, and tests/hpc shows each of these on a real SLURM.
"""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import snakemake_executor_plugin_slurm as plugin
from snakemake.cli import main
from snakemake.scheduling.job_scheduler import JobScheduler

from memgen import cluster
from memgen.errors import BadInput

POLL = float(os.environ.get("MEMGEN_POLL_SECONDS", "30"))
LEASE = Path(".study.run")
FORGOTTEN = 60.0
"""Seconds after which a job that SLURM does not list, although it answers, has ended."""


class States:
    """States of the jobs of this run; knows which are asked for, and since when each is missing."""

    def __init__(self) -> None:
        self.ask = plugin.query_job_status
        self.check = plugin.Executor.check_active_jobs
        self.active: set[str] = set()
        self.missing: dict[str, float] = {}

    async def active_jobs(self, executor: Any, jobs: list[Any]) -> AsyncIterator[Any]:
        """Remember which jobs are asked for."""
        self.active = {job.external_jobid for job in jobs}
        async for job in self.check(executor, jobs):
            yield job

    async def query(self, command: str, logger: Any) -> tuple[dict[str, str], float]:
        """States by number; none where nobody answers."""
        states, took = await self.ask(command, logger)
        if states is None:
            logger.warning("SLURM does not answer; the jobs are left as they are, and it is asked again")
            await asyncio.sleep(1)
            return {}, 0.0
        now = time.monotonic()
        found = {number: state.split()[0] for number, state in states.items() if state}
        self.missing = {
            number: self.missing.get(number, now) for number in self.active if number not in found
        }
        gone = {number: "COMPLETED" for number, since in self.missing.items() if now - since > FORGOTTEN}
        return {**found, **gone}, took


def guard() -> None:
    """Put the guards in place."""
    states = States()
    plugin.query_job_status = states.query
    plugin.Executor.check_active_jobs = lambda executor, jobs: states.active_jobs(executor, jobs)
    # Where squeue is asked for, the plugin would turn to sacct if finished jobs are soon forgotten.
    plugin.get_min_job_age = lambda: sys.maxsize

    async def sleep(executor: Any) -> None:
        await asyncio.sleep(min(POLL, executor.next_seconds_between_status_checks))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    plugin.Executor.sleep = sleep
    JobScheduler.exit_gracefully = interrupted


def run(arguments: list[str]) -> None:
    """Run Snakemake with the guards, on one machine at a time."""
    if any(argument in ("-n", "--dry-run", "--dryrun") for argument in arguments):
        main(arguments)
    if shutil.which("squeue") is None:
        raise BadInput(
            "--executor: slurm: there is no squeue here; allowed: on a login node of a SLURM cluster"
        )
    with cluster.sole_run(LEASE):
        submit(arguments)


def submit(arguments: list[str]) -> None:
    """Cancel what an earlier run left, run Snakemake, and leave no job behind."""
    name = cluster.prefix(Path.cwd())
    earlier = cluster.cancel(name)
    if earlier:
        print(f"memgen: cancelled {earlier} jobs that an earlier run left on the cluster", file=sys.stderr)
    guard()
    try:
        main(
            [
                *arguments,
                *("--slurm-jobname-prefix", name),
                *("--slurm-status-command", cluster.status_command()),
            ]
        )
    finally:
        # Also those that were being submitted, or asked for, at the moment of the interruption.
        cluster.cancel(name, patience=60)


if __name__ == "__main__":
    try:
        run(sys.argv[1:])
    except (BadInput, TimeoutError) as problem:
        print(f"memgen: error: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
