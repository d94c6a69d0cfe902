"""The table of claims: what a paper says, what this study finds, and whether the two agree.

Each study writes its own claims; ``memgen claims`` puts them into one file.
"""

import math

import polars as pl

from memgen.tables import Column, Table

VERDICTS = ("agrees", "differs", "not tested")

CLAIMS = Table(
    "claims",
    {
        "claim": Column(pl.String, "what is claimed, in one sentence"),
        "paper": Column(pl.String, "source of the claim"),
        "figure": Column(pl.String, "figure of this study that shows it", nullable=True),
        "published_value": Column(
            pl.Float64, "value that the source gives, where it gives one", nullable=True
        ),
        "ours": Column(pl.Float64, "value found here", nullable=True),
        "standard_error": Column(
            pl.Float64, "standard error of ours; empty where it is exact", nullable=True
        ),
        "tolerance": Column(pl.Float64, "largest deviation that counts as agreement", nullable=True),
        "verdict": Column(pl.String, "whether the two agree", allowed=VERDICTS),
        "command": Column(pl.String, "command that shows the value"),
    },
)


def verdict(
    published: float | None, ours: float | None, tolerance: float | None, standard_error: float | None = None
) -> str:
    """Verdict on a claim that one number equals another.

    Parameters
    ----------
    published, ours : float or None
        The two values; without either there is nothing to test.
    tolerance : float or None
        Largest deviation that counts as agreement, apart from sampling error.
    standard_error : float, optional
        Standard error of `ours`; four of them are added to the tolerance.

    Returns
    -------
    {"agrees", "differs", "not tested"}
    """
    if published is None or ours is None or tolerance is None or not math.isfinite(ours):
        return "not tested"
    return "agrees" if abs(ours - published) <= tolerance + 4 * (standard_error or 0.0) else "differs"
