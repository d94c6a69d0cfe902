"""The table of claims: what a paper says, what this study finds, and whether the two agree.

Each study writes its own claims; ``memgen claims`` puts them into one file.
"""

import math
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from memgen.tables import Column, Table

VERDICTS = ("agrees", "differs", "not tested")

CLAIMS = Table(
    "claims",
    {
        "study": Column(pl.String, "study that tests the claim"),
        "claim": Column(pl.String, "what is claimed, in one sentence"),
        "paper": Column(pl.String, "source of the claim"),
        "figure": Column(pl.String, "figure of this study that shows it", nullable=True),
        "model": Column(pl.String, "language model that is tested, where one is", nullable=True),
        "items": Column(pl.String, "its kind of item: real, fake or poker", nullable=True),
        "method": Column(pl.String, "how it was trained, as the configuration names it", nullable=True),
        "published_value": Column(
            pl.Float64, "value that the source gives, where it gives one", nullable=True
        ),
        "ours": Column(pl.Float64, "value found here", nullable=True),
        "standard_error": Column(
            pl.Float64, "standard error of ours; empty where it is exact", nullable=True
        ),
        "tolerance": Column(pl.Float64, "largest deviation that counts as agreement", nullable=True),
        "verdict": Column(pl.String, "whether the two agree", allowed=VERDICTS),
        "command": Column(pl.String, "command that prints ours"),
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


def shell_command(*words: object) -> str:
    """A command of this package as one types it, every word quoted for the shell where it must be."""
    return shlex.join(["memgen", *map(str, words)])


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim, and what is found here.

    Parameters
    ----------
    study : str
        Study that tests it.
    claim : str
        What is claimed, in one sentence, without the model, items and method that it is tested on.
    paper : str
        Source of the claim.
    command : str
        Command that prints `ours`.
    figure : str, optional
        Figure of this study that shows it.
    model, items, method : str, optional
        Language model, kind of item and method, where the claim is tested on one of each.
    published_value : float, optional
        Value that the source gives, where it gives one.
    ours : float, optional
        Value found here; None where the tables cannot tell.
    standard_error : float, optional
        Standard error of `ours`; None where it is exact.
    tolerance : float, optional
        Largest deviation that counts as agreement.
    judged : {"agrees", "differs", "not tested"}, optional
        Verdict of a claim that is not about two equal numbers, such as one about a direction; where it is
        None, `verdict` compares the two values.
    """

    study: str
    claim: str
    paper: str
    command: str
    figure: str | None = None
    model: str | None = None
    items: str | None = None
    method: str | None = None
    published_value: float | None = None
    ours: float | None = None
    standard_error: float | None = None
    tolerance: float | None = None
    judged: str | None = None

    @property
    def verdict(self) -> str:
        """Whether the two agree."""
        if self.judged is not None:
            return self.judged
        return verdict(self.published_value, self.ours, self.tolerance, self.standard_error)


def write_claims(found: Iterable[Claim], path: Path) -> None:
    """Write claims as a table, one row each, in their order.

    Parameters
    ----------
    found : iterable of Claim
    path : pathlib.Path
        File of `CLAIMS`.
    """
    rows = [[getattr(claim, column) for column in CLAIMS.columns] for claim in found]
    CLAIMS.write(pl.DataFrame(rows, schema=CLAIMS.schema, orient="row"), path)
