"""One hierarchy and one learner in words: what goes wrong, since when, and a drawing of the ranks."""

from typing import Annotated

import numpy as np

from memgen.jobs.arguments import Conjunctivity, NonNegative, Range
from memgen.jobs.stage import command
from memgen.relational import crossing
from memgen.relational import ranks as exact
from memgen.relational.arguments import Floats
from memgen.relational.behaviour import TIE, Pairs
from memgen.relational.hierarchy import Hierarchy

WIDTH = 48
"""Columns of the drawing."""
LISTED = 10
"""Mistakes that are listed; the number of the others is printed."""


@command
def explain(
    *exceptions: str, n: Annotated[int, Range(3, 31)] = 9, alpha: Conjunctivity, ridge: NonNegative = 0.0
) -> None:
    """Explain in two sentences and a drawing what a learner makes of an exception.

    Parameters
    ----------
    exceptions
        Exceptions as WINNER:LOSER, items numbered from 0 (strongest), such as 7:5.
    n
        Number of items, 3 to 31 as in the explorer.
    alpha
        Conjunctivity of the representation, 0 (additive) to less than 1.
    ridge
        Effective ridge.
    """
    hierarchy = Hierarchy.of(n, exceptions)
    pairs = Pairs.of(hierarchy)
    ranks = exact.ranks(n, hierarchy.exceptions, alpha, ridge)
    new = ~pairs.trained & (pairs.truth != 0)
    margins = np.where(new, ranks[pairs.higher] - ranks[pairs.lower], np.inf)
    wrong = [int(index) for index in np.argsort(margins) if margins[index] < -TIE * np.ptp(ranks)]
    beats = [f"{winner} beats {loser}" for winner, loser in hierarchy.exceptions]
    order = f"but {' and '.join(beats)}" if beats else "without exception"
    gamma, of = float(exact.gamma(alpha, ridge)), int(new.sum())
    print(f"{n} items, each taught to beat the next, {order}. At conjunctivity {alpha:g} and ridge {ridge:g}")
    print(f"(gamma {gamma:.3g}) the learner answers {of - len(wrong)} of {of} new pairs right.")
    if wrong:
        print("Learning an exception raises the ranks around its winner and lowers those around its loser,")
        print("so that pairs beside it are answered against the order.")
    print(f"\n{'item':>4}  rank (target units; stronger to the right)")
    print("\n".join(_drawn(ranks)))
    if wrong:
        margin = {(int(pairs.higher[i]), int(pairs.lower[i])): margins[i] for i in wrong}
        print(f"\n{'wrong':>8}  margin  from conjunctivity")
        for pair in crossing.critical_pairs(n, exceptions, ridge, list(margin)[:LISTED]):
            start = f"{max(pair.alpha, 0):.3f}" if pair.alpha is not None else "0"
            both = pair.higher, pair.lower
            print(f"{f'{both[0]} v {both[1]}':>8}  {margin[both]:.3f}  {start}")
        if len(wrong) > LISTED:
            print(f"and {len(wrong) - LISTED} more; memgen relational margins lists all pairs")
    there = f"exceptions={hierarchy.label.replace(' ', ',')}&n={n}&alpha={alpha}&ridge={ridge}"
    print(f"\nTo play with it: figures/explorer.html#{there}")


def _drawn(ranks: Floats) -> list[str]:
    """A line for each item, its rank as a mark beside the line of zero."""
    largest = max(float(np.abs(ranks).max()), TIE)
    rows = []
    for item, rank in enumerate(ranks.tolist()):
        row = [" "] * (WIDTH + 1)
        row[WIDTH // 2] = "|"
        row[round((rank / largest + 1) / 2 * WIDTH)] = "o"
        rows.append(f"{item:>4}  {''.join(row)}  {rank + 0.0:.3f}")
    return rows
