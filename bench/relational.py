"""Speed of the theory against its baseline and its floor, in one process on one thread.

Writes bench/results/relational.csv. The baseline is scikit-learn's kernel ridge regression
in a loop over configurations, predicting the same pairs; it is timed on a part of them and scaled. The floor
is this machine's own speed in writing an array of the ranks' size, measured beside: into new memory, as the
ranks' array is, and into memory already in use. Times are the best of several repeats.
"""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from threadpoolctl import threadpool_limits

from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.ranks import margins, ranks, ranks_at
from report import save_limits

EXCEPTIONS = {"5:3": [(5, 3)], "8:0": [(8, 0)], "7:1": [(7, 1)]}
CONFIGURATIONS = 100_000
BASELINE = 500
MANY = 1_000_000
N = 9
Row = tuple[str, str, float, str, float | None, bool | None]
HIGHER, LOWER = np.triu_indices(N, 1)
"""Every pair; the other direction of each has the opposite sign."""


def best(function: Callable[[], object], repeats: int = 7) -> float:
    """Shortest of several times, seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def grid(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Conjunctivity and ridge of `count` different configurations."""
    stream = np.random.default_rng(0)
    return stream.uniform(0, 0.95, count), stream.uniform(0.001, 1, count)


def baseline(exceptions: list[tuple[int, int]], alpha: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """scikit-learn in a loop: predictions (configurations, pairs). The kernels' parts are made beforehand."""
    pairs = list(Hierarchy(N, tuple(exceptions)).training_pairs())
    train = np.array([*pairs, *[pair[::-1] for pair in pairs]])
    target = np.repeat([1.0, -1.0], len(pairs))
    test = np.stack([HIGHER, LOWER], axis=1)
    parts = [Exchangeable.canonical(value) for value in (0.0, 1.0)]
    additive, conjunctive = (part.matrix(train, train) for part in parts)
    toward, toward_conjunctive = (part.matrix(test, train) for part in parts)
    found = np.empty((alpha.size, len(test)))
    for row, (one, other) in enumerate(zip(alpha, ridge, strict=True)):
        model = KernelRidge(alpha=other, kernel="precomputed")
        model.fit((1 - one) * additive + one * conjunctive, target)
        found[row] = model.predict((1 - one) * toward + one * toward_conjunctive)
    return found


def against(what: str, ours: float, name: str, theirs: float, limit: float | None) -> list[Row]:
    """Our time, theirs, and how many times ours theirs is."""
    ratio = theirs / ours
    met = None if limit is None else ratio >= limit
    return [
        (what, "time", ours, "s", None, None),
        (what, f"time of {name}", theirs, "s", None, None),
        (what, "their time / ours", ratio, "", limit, met),
    ]


def sweeps() -> list[Row]:
    """1e5 configurations against the baseline."""
    alpha, ridge = grid(CONFIGURATIONS)
    few = slice(0, BASELINE)
    rows = []
    for name, exceptions in EXCEPTIONS.items():
        ours = margins(N, exceptions, alpha, ridge, HIGHER, LOWER)  # loads the compiled code, too
        deviation = np.abs(ours[few] - baseline(exceptions, alpha[few], ridge[few])).max()
        assert deviation < 1e-8, deviation
        slow = best(lambda e=exceptions: baseline(e, alpha[few], ridge[few]), 3) * CONFIGURATIONS / BASELINE
        every = best(lambda e=exceptions: margins(N, e, alpha, ridge, HIGHER, LOWER), 15)
        fast = best(lambda e=exceptions: ranks(N, e, alpha, ridge), 15)
        what = f"n = 9, {name}, {CONFIGURATIONS:.0e} configurations"
        theirs = f"scikit-learn ({BASELINE} timed, scaled)"
        rows += against(f"{what}: every pair", every, theirs, slow, 10_000)
        rows += against(f"{what}: ranks", fast, theirs, slow, None)
    return rows


def bandwidth() -> list[Row]:
    """1e6 configurations against the time to write as much memory."""
    alpha, ridge = grid(MANY)
    array = np.zeros((MANY, N))
    warm = best(lambda: array.fill(1.0), 15)
    fresh = best(lambda: np.full((MANY, N), 1.0), 15)
    rows = []
    for name, exceptions in EXCEPTIONS.items():
        what = f"n = 9, {name}, {MANY:.0e} configurations"
        new = best(lambda e=exceptions: ranks(N, e, alpha, ridge), 15)
        reused = best(lambda e=exceptions: ranks(N, e, alpha, ridge, out=array), 15)
        size = f"writing {array.nbytes / 1e6:.0f} MB"
        rows += against(f"{what}: new array", new, f"{size} of new memory", fresh, 1 / 8)
        rows += against(f"{what}: out=", reused, f"{size} of memory in use", warm, 1 / 8)
    return rows


def long_chain() -> list[Row]:
    """One rank vector of a long chain with 10 exceptions: time and memory against n."""
    sizes = [100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000]
    times, peaks = [], []
    for n in sizes:
        exceptions = [(n - 1 - 1000 * index, 7 * index + n // 100 * index) for index in range(10)]
        times.append(best(lambda n=n, e=exceptions: ranks_at(n, e, 1e-8), 5))
        tracemalloc.start()
        found = ranks_at(n, exceptions, 1e-8)
        peaks.append(tracemalloc.get_traced_memory()[1] / found.nbytes)
        tracemalloc.stop()
        del found
    exponent = float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
    million = sizes.index(1_000_000)
    floor, peak = best(lambda: np.full(1_000_000, 1.0)), peaks[million]
    what = "one rank vector of 10 exceptions"
    return [
        *against(f"{what}, n = 1e6", times[million], "writing 8 MB", floor, None),
        (what, "exponent of n in time, 1e5 to 1e7", exponent, "", 1.15, 0.9 <= exponent <= 1.15),
        (f"{what}, n = 1e6", "peak memory", peak, "bytes per byte of output", 20.0, peak < 20),
    ]


def main() -> None:
    """Measure, write and print."""
    with threadpool_limits(1):
        rows = [*sweeps(), *bandwidth(), *long_chain()]
    save_limits("relational", rows)


if __name__ == "__main__":
    main()
