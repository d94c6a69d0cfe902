"""Jobs of a study on SLURM: `snakemake --executor memgen-slurm`.

The executor of snakemake-executor-plugin-slurm submits the jobs. This subclass asks for their states itself,
cancels what an earlier run of the same folder left, and leaves no job behind. It overrides only methods that
Snakemake's interface for executors names. docs/cluster.md says why; tests/hpc tries it on a real SLURM.

Settings are those of that plugin, under ``--memgen-slurm-``. How often states are asked for is said by
Snakemake's ``--seconds-between-status-checks``; the plugin's settings for that have no effect.
"""

import atexit
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import snakemake_executor_plugin_slurm as slurm
from snakemake_executor_plugin_slurm import ExecutorSettings, common_settings
from snakemake_interface_common.exceptions import WorkflowError

from . import jobs

__all__ = ["Executor", "ExecutorSettings", "common_settings"]

#: Seconds after which a job that SLURM does not list, although it answers, has ended.
FORGOTTEN = 60.0


class Executor(slurm.Executor):  # type: ignore[misc]
    """Submits jobs to SLURM, and loses none of them."""

    def __post_init__(self, test_mode: bool = False) -> None:
        """Cancel the jobs that an earlier run of this folder left, so that none is computed twice."""
        if self.workflow.executor_settings.array_jobs:
            raise WorkflowError("--memgen-slurm-array-jobs: states of array jobs are not told apart")
        super().__post_init__(test_mode)
        self.prefix = jobs.prefix(Path.cwd())
        self.run_uuid: str = f"{self.prefix}_{self.run_uuid}"  # the name of each job
        self.unlisted: dict[str, float] = {}
        try:
            earlier = jobs.cancel(self.prefix)
        except OSError as problem:
            raise WorkflowError(str(problem)) from None
        if earlier:
            self.logger.warning(f"Cancelled {earlier} jobs that an earlier run left on SLURM.")
        # Also those that are being submitted, or asked for, when the run is interrupted.
        atexit.register(self.cancel_jobs)

    def run_jobs(self, jobs: list[Any]) -> None:
        """Submit jobs; from then on SIGTERM cancels all jobs, as Ctrl-C does."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        super().run_jobs(jobs)

    def cancel_jobs(self, active_jobs: object = None) -> None:
        """Cancel all jobs of this run, known to Snakemake or not."""
        try:
            jobs.cancel(self.prefix, patience=60)
        except OSError as problem:
            print(f"memgen: error: {problem}", file=sys.stderr)  # at the exit Snakemake's logger has ended

    async def check_active_jobs(self, active_jobs: list[Any]) -> AsyncIterator[Any]:
        """Report the jobs that have ended, and yield the others: all of them where SLURM does not answer.

        What SLURM has forgotten has ended. Its outputs, which appear whole or not at all, tell Snakemake how.
        """
        asked = {job.external_jobid for job in active_jobs}
        states = jobs.states(self.run_uuid, asked) if asked else {}
        if states is None:
            self.logger.warning("SLURM does not answer; the jobs are left as they are, and it is asked again")
            states = dict.fromkeys(asked, "UNKNOWN")
        now = time.monotonic()
        self.unlisted = {number: self.unlisted.get(number, now) for number in asked - states.keys()}
        for job in active_jobs:
            number, log = job.external_jobid, job.aux["slurm_logfile"]
            state = states.get(number)
            if state == "COMPLETED" or now - self.unlisted.get(number, now) > FORGOTTEN:
                self.report_job_success(job)
                if not self.workflow.executor_settings.keep_successful_logs:
                    log.unlink(missing_ok=True)
            elif state in jobs.FAILED:
                self.report_job_error(job, msg=f"SLURM job {number}: {state}. ", aux_logs=[str(log)])
            else:
                yield job
