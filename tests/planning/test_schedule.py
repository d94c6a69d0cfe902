"""Schedules of a study on GPUs: bounds that hold for every one, and what failures cost."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.planning.schedule import Job, attempts, critical_path, in_order, scheduled, tails


@st.composite
def studies(draw: st.DrawFn) -> list[Job]:
    """Jobs, each waiting for some of those before it."""
    jobs: list[Job] = []
    for place in range(draw(st.integers(1, 12))):
        after = draw(st.sets(st.integers(0, place - 1), max_size=3)) if place else set()
        seconds, gpus, parts = draw(st.tuples(st.floats(1, 1e4), st.integers(0, 1), st.integers(1, 5)))
        jobs.append(Job("rule", {}, seconds, tuple(sorted(after)), gpus=gpus, parts=parts))
    return jobs


@given(studies(), st.integers(1, 4), st.integers(1, 4))
def test_finishing_time_lies_between_its_bounds(jobs, gpus, cpus):
    schedule = scheduled(jobs, gpus, cpus)
    work = sum(job.seconds for job in jobs)
    chain = sum(jobs[place].seconds for place in critical_path(jobs))
    on_gpus = sum(job.seconds * job.gpus for job in jobs)
    lowest = max(chain, work / cpus, on_gpus / gpus)
    assert schedule.gpu_seconds <= schedule.seconds
    assert lowest * (1 - 1e-9) <= schedule.seconds <= work * (1 + 1e-9)
    assert schedule.failures == 0 and not any(schedule.lost)


@given(studies())
def test_enough_processors_finish_with_the_critical_path(jobs):
    chain = critical_path(jobs)
    assert all(one in jobs[other].after for one, other in itertools.pairwise(chain))
    assert scheduled(jobs, 99, 99).seconds == pytest.approx(max(tails(jobs)))


@given(studies(), st.integers(0, 3))
def test_failures_are_drawn_by_the_seed_and_cost_what_they_lose(jobs, seed):
    one, again = (scheduled(jobs, 2, 2, failures_per_hour=0.5, seed=seed) for _ in range(2))
    assert one == again
    assert one.failures == sum(one.attempts) - len(jobs)
    work = sum(job.seconds for job in jobs) + sum(one.lost)
    assert work / 2 * (1 - 1e-9) <= one.seconds <= work * (1 + 1e-9)


def test_what_is_kept_is_not_lost():
    """A failure at a uniform moment costs half a part on average, and the start of the job."""
    rng = np.random.default_rng(0)
    rate = 1 / 40_000
    for parts, starting in ((1, 0.0), (10, 0.0), (10, 50.0)):
        job = Job("rule", {}, 1000.0 + starting, parts=parts, starting=starting)
        drawn = [attempts(job, rate, rng) for _ in range(40_000)]
        lost = np.array([seconds for _, seconds in drawn])
        assert all(sum(lengths) == pytest.approx(job.seconds + gone) for lengths, gone in drawn[:500])
        # To first order in the rate, which is small: failures x what each costs.
        expected = rate * job.seconds * (500 / parts + starting)
        assert lost.mean() == pytest.approx(expected, rel=0.15)


def test_jobs_that_can_never_begin_are_refused():
    with pytest.raises(ValueError, match="wait for each other"):
        in_order([Job("a", {}, 1, (1,)), Job("b", {}, 1, (0,))])
    with pytest.raises(ValueError, match="holds 2 GPUs"):
        scheduled([Job("a", {}, 1, gpus=2)], 1, 1)
