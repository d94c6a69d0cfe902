"""How often `memgen provenance compare` takes an honest run for a different one, and what it finds.

Writes bench/results/verdicts.csv. The units of every mean that provenance.lock.json holds are drawn anew, as
often as the lock has units, in 1,000 pairs of honest runs: from a normal distribution with the mean and the
spread of the cell, and as shares of right answers, which take few values. Then one mean of otherwise honest
runs is shifted by some standard deviations of its units.
"""

from collections.abc import Iterator

import numpy as np

from memgen.provenance.cells import FAMILYWISE, Limits, Mean
from memgen.provenance.comparison import Comparison
from memgen.provenance.reference import read_lock
from report import save

PAIRS = 1_000
DRAWS = ("normal", "shares")
SHIFTS = (1, 2, 3, 4, 6, 8, 12, 24, 48)
UNITS = (3, 5, 10, 20)


def drawn(mean: Mean, draw: str, runs: int, random: np.random.Generator) -> np.ndarray:
    """Units of a mean in some runs, shape (runs, units).

    A share has as many answers as give its spread; of units that all agree, the share is drawn from Jeffreys'
    posterior, since another run may well have units that do not.
    """
    size = (runs, mean.units)
    deviation = mean.error * mean.units**0.5
    if draw == "normal" or not 0 <= mean.mean <= 1:
        return random.normal(mean.mean, deviation, size)
    answers = max(1, round(mean.mean * (1 - mean.mean) / deviation**2)) if mean.spread else 4
    right = mean.mean * mean.units * (1 if mean.spread else answers)
    wrong = mean.units * (1 if mean.spread else answers) - right
    share = mean.mean if mean.spread else random.beta(right + 0.5, wrong + 0.5)
    return random.binomial(min(answers, 1_000), share, size) / min(answers, 1_000)


def estimated(units: np.ndarray) -> Iterator[Mean]:
    """Mean of each run, from its units."""
    errors = units.std(axis=1, ddof=1) / units.shape[1] ** 0.5
    for mean, error in zip(units.mean(axis=1).tolist(), errors.tolist(), strict=True):
        yield Mean(mean, error, units.shape[1])


def false_alarms(means: list[Mean], draw: str, pairs: int, seed: int = 0) -> np.ndarray:
    """Whether each pair of honest runs differs anywhere, shape (pairs,), bool."""
    random = np.random.default_rng(seed)
    one = [list(estimated(drawn(mean, draw, pairs, random))) for mean in means]
    other = [list(estimated(drawn(mean, draw, pairs, random))) for mean in means]
    alarms = np.zeros(pairs, dtype=bool)
    for pair in range(pairs):
        limits = Limits.of(runs[pair] for runs in one)
        alarms[pair] = any(limits.exceeded(a[pair], b[pair]) for a, b in zip(one, other, strict=True))
    return alarms


def power(limits: Limits, units: int, shift: float, pairs: int = PAIRS, seed: int = 0) -> float:
    """Share of runs in which a mean is found that was shifted by some standard deviations."""
    random = np.random.default_rng(seed)
    one, other = random.standard_normal((2, pairs, units))
    found = [limits.exceeded(*both) for both in zip(estimated(one), estimated(other + shift), strict=True)]
    return float(np.mean(found))


def main() -> None:
    """Simulate, print and write the table."""
    comparison = Comparison(read_lock())
    means, limits = comparison.means, comparison.limits
    print(f"{limits.count} means, {limits.agreeing} of units that agree; familywise error {FAMILYWISE:.0%}")
    rows = []
    for draw in DRAWS:
        alarms = false_alarms(means, draw, PAIRS)
        share, error = float(alarms.mean()), float(alarms.std() / PAIRS**0.5)
        print(f"{draw}: {share:.4f} of {PAIRS} honest pairs have a false alarm, standard error {error:.4f}")
        rows.append({"case": f"honest, {draw}", "units": None, "shift": 0.0, "share": share})
    print("power       " + "".join(f"{shift:>7}" for shift in SHIFTS) + "  standard deviations")
    for units in UNITS:
        shares = [power(limits, units, shift) for shift in SHIFTS]
        print(f"{units:>3} units   " + "".join(f"{share:>7.3f}" for share in shares))
        rows += [
            {"case": "shifted", "units": units, "shift": float(shift), "share": share}
            for shift, share in zip(SHIFTS, shares, strict=True)
        ]
    save("verdicts", rows)


if __name__ == "__main__":
    main()
