"""Slow and exact references."""

import mpmath

mpmath.mp.dps = 50


def binomial(k: int, n: int, p: mpmath.mpf) -> mpmath.mpf:
    return mpmath.binomial(n, k) * p**k * (1 - p) ** (n - k)


def precise_cluster_error(samples: int, kept: int, agreeing: mpmath.mpf) -> mpmath.mpf:
    """Error of the nearest neighbour on a singleton's cluster, from the number of ties one by one."""
    half = [mpmath.binomial(kept, b) / mpmath.mpf(2) ** kept for b in range(kept + 1)]
    wrong = mpmath.mpf(0)
    for b in range(kept + 1):
        below, equal = mpmath.fsum(half[:b]), half[b]
        right = mpmath.fsum(
            mpmath.binomial(samples - 1, ties) * equal**ties * below ** (samples - 1 - ties) / (ties + 1)
            for ties in range(samples)
        )
        wrong += binomial(b, kept, agreeing) * (1 - right)
    return wrong


def precise_symbol_error(
    references: int, samples: int, dimension: int, noise: mpmath.mpf, fraction: mpmath.mpf
) -> mpmath.mpf:
    """Error of the lookup learner, summed over a reference's samples and those that cover a position."""
    q = noise / 2

    def majority(k: int) -> mpmath.mpf:
        wrong = mpmath.fsum(binomial(b, k, q) for b in range(k + 1) if 2 * b > k)
        if k % 2 == 0:
            wrong += binomial(k // 2, k, q) / 2
        return q + (1 - 2 * q) * wrong

    errors = [majority(k) for k in range(samples + 1)]
    total = mpmath.mpf(0)
    for seen in range(samples + 1):
        chance = binomial(seen, samples, mpmath.mpf(1) / references)
        for position in range(1, dimension + 1):
            covering = mpmath.mpf(dimension - position + 1) / dimension
            for k in range(seen + 1):
                error = errors[k]
                if seen == 1 and k == 1:
                    error = fraction * errors[1] + (1 - fraction) / 2
                total += chance * binomial(k, seen, covering) * error / dimension
    return total
