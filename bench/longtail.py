"""Speed of the long-tail study against a loop over repeats, and its size at ten million points.

Writes bench/results/longtail.csv. The baseline is the loop that one would write first: each repeat draws its
sample by searching the cumulated frequencies, and each learner answers every point of the domain with
whole-array operations. It is given the same learners and the same sample for all of them. Neither uses more
than one thread.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.simulation import simulate
from memgen.longtail.specs import parse_learner
from report import measured, save_limits

SIZE, REPEATS, LABELS = 50_000, 50, 10
LEARNERS = [
    "optimal", "ignore:1", "ignore:2", "flip:0.1", "flip:0.3", "limited:0.25", "limited:0.5",
    "exponential:0.5", "exponential:1", "exponential:2", "randomized_response:1", "randomized_response:2",
    "majority:0.8", "majority_ignore:0.8", "majority:0.5", "majority_ignore:0.5",
]  # fmt: skip
LARGE = 10_000_000


def loop(
    frequency: np.ndarray, samples: int, names: list[str], repeats: int, rng: np.random.Generator
) -> np.ndarray:
    """Errors, shape (repeats, learners), by a loop over repeats that draws by searchsorted."""
    cumulated, domain = np.cumsum(frequency), len(frequency)
    specs = [parse_learner(name, LABELS) for name in names]
    errors = np.empty((repeats, len(specs)))
    for repeat in range(repeats):
        truth = rng.integers(0, LABELS, domain)
        points = np.searchsorted(cumulated, rng.random(samples) * cumulated[-1], side="right")
        count = np.bincount(points, minlength=domain)
        votes: dict[float, np.ndarray] = {}
        for place, spec in enumerate(specs):
            value = spec.parameter or 0.0
            guess = rng.integers(0, LABELS, domain)
            if spec.kind == "optimal":
                answer = np.where(count > 0, truth, guess)
            elif spec.kind == "ignore":
                answer = np.where(count > value, truth, guess)
            elif spec.kind == "limited":
                kept = rng.random(domain) < value * LABELS / (LABELS - 1)
                answer = np.where((count > 1) | ((count == 1) & kept), truth, guess)
            elif spec.kind.startswith("majority"):
                if value not in votes:
                    drawn = rng.integers(0, LABELS, samples)
                    observed = np.where(rng.random(samples) < value, truth[points], drawn)
                    table = np.bincount(points * LABELS + observed, minlength=domain * LABELS)
                    table = table.reshape(domain, LABELS)
                    votes[value] = np.argmax(table + 0.5 * rng.random(table.shape), axis=1)
                seldom = 1 if spec.kind == "majority_ignore" else 0
                answer = np.where(count > seldom, votes[value], guess)
            else:
                wrong = (truth + rng.integers(1, LABELS, domain)) % LABELS
                chance = rng.random(domain)
                if spec.kind == "flip":
                    kept = chance >= value
                elif spec.kind == "exponential":
                    kept = chance < 1 / (1 + (LABELS - 1) * np.exp(-value / 2 * count))
                else:
                    kept = (count > 1) | (chance < 1 / (1 + (LABELS - 1) * np.exp(-value)))
                answer = np.where(count > 0, np.where(kept, truth, wrong), guess)
            errors[repeat, place] = frequency[answer != truth].sum()
    return errors


def seconds(run: Callable[[], object], rounds: int) -> float:
    """Least processor time of some rounds, seconds: what other programs do does not count."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def simulation(names: list[str]) -> tuple[float, float]:
    """Seconds of ours and of the loop, both within 4 standard errors of the closed forms."""
    drawn = frequencies("zipf", SIZE)
    frequency = drawn.expanded()
    simulate(drawn, SIZE, LABELS, names, 2, np.random.default_rng(0))  # compiles
    ours = seconds(lambda: simulate(drawn, SIZE, LABELS, names, REPEATS, np.random.default_rng(1)), 3)
    theirs = seconds(lambda: loop(frequency, SIZE, names, REPEATS, np.random.default_rng(1)), 2)
    closed = np.array([Risk(drawn, SIZE, LABELS).error(name) for name in names])
    for errors in (
        simulate(drawn, SIZE, LABELS, names, REPEATS, np.random.default_rng(2)).error,
        loop(frequency, SIZE, names, REPEATS, np.random.default_rng(2)),
    ):
        deviation = np.abs(errors.mean(axis=0) - closed) / (errors.std(axis=0, ddof=1) / np.sqrt(REPEATS))
        assert deviation.max() < 4, "one of the two simulates something else"
    return ours, theirs


def error_at_ten_million() -> tuple[float, float]:
    """Wall seconds and peak GB of `memgen longtail error` at N = n = 10^7, in a process of its own."""
    command = [sys.executable, "-m", "memgen", "longtail", "error", "--prior", "zipf", "--labels", "10"]
    command += ["--domain", str(LARGE), "--samples", str(LARGE), "--memorization-limit", "0.5", "--json"]
    printed, taken, _, peak = measured(command)
    assert len(json.loads(printed)) == 5
    return taken, peak / 1000


def main() -> None:
    rows = []
    taken, memory = error_at_ten_million()
    rows.append(("error, N = n = 10^7", "wall time", taken, "s", 10.0, taken < 10))
    rows.append(("error, N = n = 10^7", "peak memory", memory, "GB", 2.0, memory < 2))
    for words, names in ((f"{len(LEARNERS)} learners", LEARNERS), ("optimal learner alone", LEARNERS[:1])):
        ours, theirs = simulation(names)
        what = f"simulation, N = n = 50,000, 50 repeats, {words}"
        rows.append((what, "processor time", ours, "s", 20.0, ours < 20))
        rows.append((what, "processor time of a loop over repeats", theirs, "s", None, None))
        wanted = 10.0 if names == LEARNERS else None
        faster = theirs / ours
        rows.append((what, "times faster than the loop", faster, "", wanted, wanted and faster >= wanted))
    save_limits("longtail", rows)


if __name__ == "__main__":
    main()
