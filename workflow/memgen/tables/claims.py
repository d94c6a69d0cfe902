"""The table of claims: what is claimed, what this study finds, and whether the two agree.

Each study writes its own claims; ``memgen claims`` puts them into one file. A claim says beforehand what it
expects: a value on one side of a threshold, or within a margin of a value. It agrees or contradicts where the
independent units decide, and is undecided otherwise: by Student's t for means of numbers, by an exact test
for shares and for units that all give one value, corrected by Holm within its family. Its cells are the same
statistic of single models and kinds of item, without a verdict. Identities that only a bug can break are
`checks`.
"""

import math
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from memgen.tables.schema import Column, Table
from memgen.tables.statistics import holm, sign_flip_p, student_p, units_to_decide, within_bounds

VERDICTS = ("agrees", "contradicts", "undecided", "exploratory", "not tested")

UNITS = (
    "exact",
    "finetuning seeds",
    "probe seeds",
    "pretraining seeds",
    "training seeds",
    "simulated draws",
    "sizes",
    "networks",
)

LEVEL = 0.05
"""Of every test, after Holm's correction."""

ROUNDING = 1e-12
"""Standard error, relative to the value, that is rounding."""

MOST_FLIPPED = 16
"""Units of which all assignments of signs are counted; of more, Student's t is as good."""

THIS_STUDY = "this study"
"""Source of what was derived or asked first here."""

KEY = ("study", "claim", "model", "items", "method")
"""Columns that name a claim: no two rows share them."""

CLAIMS = Table(
    "claims",
    {
        "study": Column(pl.String, "study that tests the claim"),
        "id": Column(pl.String, "short name of the claim, shared by its cells"),
        "claim": Column(pl.String, "the claim in one sentence"),
        "paper": Column(pl.String, f"source of the claim; {THIS_STUDY!r} where it was derived here"),
        "figure": Column(pl.String, "figure of this study that shows it, without its suffix"),
        "family": Column(
            pl.String, "claims that are corrected together; empty for a single claim", nullable=True
        ),
        "leads": Column(pl.Boolean, "whether it is the claim; else one of its cells, which have no verdict"),
        "model": Column(pl.String, "language models that are tested, where one is", nullable=True),
        "items": Column(pl.String, "their kinds of item: real, fake or poker", nullable=True),
        "method": Column(pl.String, "how they were trained, as the configuration names it", nullable=True),
        "published_value": Column(
            pl.Float64, "value that the source gives for this model and method, if any", nullable=True
        ),
        "expected": Column(pl.String, "what the claim expects of ours"),
        "margin": Column(
            pl.Float64, "margin specified in advance: of equality, or of a missed bound", nullable=True
        ),
        "ours": Column(pl.Float64, "value found here", nullable=True),
        "standard_error": Column(
            pl.Float64, "standard error of ours over its units; empty where it is exact", nullable=True
        ),
        "unit": Column(pl.String, "what was drawn independently", allowed=UNITS),
        "n_units": Column(pl.Int64, "how many of them; empty where ours is exact", nullable=True),
        "lower": Column(
            pl.Float64,
            "lower end of the 95% interval, by Student's t; of shares within what a share can be",
            nullable=True,
        ),
        "upper": Column(pl.Float64, "its upper end", nullable=True),
        "p_value": Column(
            pl.Float64,
            "two-sided p of ours against the threshold. For equality: within the margin the larger of two "
            "one-sided tests (TOST), elsewhere the two-sided p against the nearer end. By Student's t; for "
            "shares and equal units by sign flips",
            nullable=True,
        ),
        "p_holm": Column(pl.Float64, "the same, corrected by Holm within the family", nullable=True),
        "verdict": Column(
            pl.String,
            f"whether the two agree, at {LEVEL:.0%} of p_holm; exploratory: these data suggested the claim, "
            "and do not test it; empty for a cell",
            allowed=VERDICTS,
            nullable=True,
        ),
        "seeds_to_decide": Column(
            pl.Int64,
            "units with which an undecided claim would be decided at 80% power, were ours and its spread the "
            "truth; empty where no number up to 100,000 suffices",
            nullable=True,
        ),
        "would_fail": Column(pl.String, "what would have made the claim fail"),
        "command": Column(pl.String, "command that prints ours"),
    },
    may_be_empty=True,
)


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
    id : str
        Short name, which its cells share.
    claim : str
        What is claimed, in one sentence, without the model, items and method that it is tested on.
    paper : str
        Source of the claim.
    figure : str
        Figure of this study that shows it.
    command : str
        Command that prints `ours`.
    would_fail : str
        What would have made it fail, in one sentence.
    sense : {"above", "below", "equal"}
        Where `ours` is expected: on one side of `threshold`, or within `margin` of it.
    threshold : float
    ours : float, optional
        Value found here; None where the tables cannot tell.
    standard_error : float, optional
        Of `ours` over its units; None where it is exact, or where there is but one unit.
    unit : str, default="exact"
        What was drawn independently, one of `UNITS`.
    n_units : int, optional
        How many; None where `ours` is exact.
    values : tuple of float, optional
        Value of each unit, where `ours` is their mean; needed for the exact test of shares.
    possible : tuple of float, optional
        Least and greatest value that a unit can have, of shares and differences of shares.
    lost : int, default=1
        Degrees of freedom that `ours` costs.
    margin : float, optional
        Stated beforehand. Of an equality, required; of a bound, by how much it may be missed.
    published_value : float, optional
        Value that the source gives for this model and method.
    model, items, method : str, optional
        Language model, kind of item and method, where the claim is tested on some.
    family : str, optional
        Claims of one family are corrected together.
    leads : bool, default=True
        Whether it is the claim; a cell below it has no verdict, and is not corrected for.
    exploratory : bool, default=False
        Whether these data suggested it.
    """

    study: str
    id: str
    claim: str
    paper: str
    figure: str
    command: str
    would_fail: str
    sense: Literal["above", "below", "equal"]
    threshold: float
    ours: float | None
    standard_error: float | None = None
    unit: str = "exact"
    n_units: int | None = None
    values: tuple[float, ...] | None = None
    possible: tuple[float, float] | None = None
    lost: int = 1
    margin: float | None = None
    published_value: float | None = None
    model: str | None = None
    items: str | None = None
    method: str | None = None
    family: str | None = None
    leads: bool = True
    exploratory: bool = False

    def __post_init__(self) -> None:
        if self.sense == "equal" and not (self.margin is not None and self.margin > 0):
            raise ValueError(f"{self.claim}: equality needs a margin specified in advance")
        if (self.unit == "exact") != (self.n_units is None):
            raise ValueError(f"{self.claim}: {self.n_units} units of what is {self.unit}")

    @property
    def expected(self) -> str:
        """What is expected of `ours`, in words."""
        if self.sense == "equal":
            return f"within {self.margin:g} of {self.threshold:g}"
        missed = f", missed by {self.margin:g} at most" if self.margin else ""
        return f"{self.sense} {self.threshold:g}{missed}"

    @property
    def _bound(self) -> float:
        """Threshold of a claim about a side, eased by its margin."""
        eased = self.margin or 0.0
        return self.threshold - eased if self.sense == "above" else self.threshold + eased

    @property
    def tested(self) -> bool:
        """Whether there is a value."""
        return self.ours is not None and math.isfinite(self.ours)

    @property
    def uncertain(self) -> bool:
        """Whether the value was estimated from several units, and has a standard error."""
        return self.tested and self.n_units is not None and _finite(self.standard_error) is not None

    @property
    def holds(self) -> bool:
        """Whether the value itself lies where it is expected."""
        assert self.ours is not None
        if self.sense == "equal":
            return abs(self.ours - self.threshold) <= (self.margin or 0.0)
        if self.margin:
            return self.ours >= self._bound if self.sense == "above" else self.ours <= self._bound
        return self.ours > self.threshold if self.sense == "above" else self.ours < self.threshold

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """95% interval of the value; of a share it lies within what is possible, and has a width."""
        if not self.uncertain:
            return None, None
        assert self.ours is not None
        least, greatest = self.possible or (-math.inf, math.inf)
        low, high = within_bounds(self.ours, self._error, self._freedom + 1, least, greatest)
        return float(low), float(high)

    @property
    def p_value(self) -> float | None:
        """P of the test that decides, uncorrected; see the column."""
        if not self.uncertain:
            return None
        return min(1.0, (2 if self._two_sided else 1) * max(self._one_sided()))

    @property
    def _error(self) -> float:
        """Standard error, 0 where it is but the rounding of equal values."""
        error = self.standard_error or 0.0
        return error if error > ROUNDING * max(1.0, abs(self.ours or 0.0)) else 0.0

    @property
    def _freedom(self) -> int:
        assert self.n_units is not None
        return max(1, self.n_units - self.lost)

    @property
    def _two_sided(self) -> bool:
        return self.sense != "equal" or not self.holds

    def _bounds(self) -> Sequence[tuple[float, int]]:
        """Each bound that the value must be told from, and the side of it on which it lies."""
        assert self.ours is not None
        if self.sense != "equal":
            return [(self._bound, 1 if self.ours >= self._bound else -1)]
        low, high = self.threshold - (self.margin or 0.0), self.threshold + (self.margin or 0.0)
        if self.holds:
            return [(low, 1), (high, -1)]
        return [(low, -1) if self.ours < self.threshold else (high, 1)]

    def _distances(self) -> Sequence[float]:
        """How far the value lies from each bound that it must be told from."""
        assert self.ours is not None
        return [side * (self.ours - bound) for bound, side in self._bounds()]

    @property
    def _by_signs(self) -> bool:
        """Whether the claim is about a share of few units, tested by sign flips."""
        few = self.values is not None and len(self.values) <= MOST_FLIPPED
        return few and self.possible is not None

    def _one_sided(self) -> Sequence[float]:
        if self._by_signs:
            return [
                sign_flip_p([side * (value - bound) for value in self.values or ()])
                for bound, side in self._bounds()
            ]
        if self._error == 0:
            return [0.5 ** (self._freedom + 1) if distance else 1.0 for distance in self._distances()]
        return [student_p(distance, self._error, self._freedom) / 2 for distance in self._distances()]

    def verdict(self, p_holm: float | None) -> str | None:
        """Whether the two agree; None for a cell.

        Parameters
        ----------
        p_holm : float or None
            `p_value`, corrected within the family; None where there is none.

        Returns
        -------
        str or None
            One of `VERDICTS`.
        """
        if not self.leads:
            return None
        if not self.tested:
            return "not tested"
        if self.exploratory:
            return "exploratory"
        if self.n_units is not None and (p_holm is None or p_holm >= LEVEL):
            return "undecided"
        return "agrees" if self.holds else "contradicts"

    def units_needed(self, p_holm: float | None, members: int = 1) -> int | None:
        """Units with which an undecided claim would be decided at 80% power.

        Parameters
        ----------
        p_holm : float or None
        members : int, default=1
            Claims of its family.
        """
        error, own = _finite(self.standard_error), self.p_value
        if self.verdict(p_holm) != "undecided" or error is None or own is None or p_holm is None:
            return None
        assert self.n_units is not None
        # Holm leaves this claim a part of the level only.
        level = LEVEL * (own / p_holm if 0 < p_holm < 1 else 1 / members)
        one_sided = level / 2 if self._two_sided else level
        # Signs of fewer units cannot reach the level, even where all agree.
        fewest = math.floor(-math.log2(one_sided)) + 1
        if self._error == 0:
            return fewest if min(self._distances()) > 0 else None
        deviation = error * math.sqrt(self.n_units)
        found = units_to_decide(self._distances(), deviation, one_sided, self.lost)
        return found if found is None or not self._by_signs else max(found, fewest)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def judged(found: Iterable[Claim]) -> pl.DataFrame:
    """Claims with their verdicts, corrected within each family.

    Parameters
    ----------
    found : iterable of Claim

    Returns
    -------
    polars.DataFrame
        Of `CLAIMS`, one row each, in their order.
    """
    claims = list(found)
    seen = Counter(tuple(getattr(claim, name) for name in KEY) for claim in claims)
    if twice := [key for key, count in seen.items() if count > 1]:
        raise ValueError(f"claimed twice: {twice[0]}")
    families: dict[object, list[int]] = defaultdict(list)
    corrected: list[float | None] = [None] * len(claims)
    sizes = [1] * len(claims)
    for index, claim in enumerate(claims):
        if claim.p_value is not None and claim.leads and not claim.exploratory:
            families[claim.family or index].append(index)
    for members in families.values():
        raw = [claims[index].p_value or 0.0 for index in members]
        for index, whole in zip(members, holm(raw), strict=True):
            corrected[index], sizes[index] = whole, len(members)
    rows = []
    for claim, p_holm, size in zip(claims, corrected, sizes, strict=True):
        lower, upper = claim.interval
        derived = {
            "lower": lower,
            "upper": upper,
            "p_value": claim.p_value,
            "p_holm": p_holm,
            "verdict": claim.verdict(p_holm),
            "seeds_to_decide": claim.units_needed(p_holm, size),
            "ours": _finite(claim.ours),
            "standard_error": _finite(claim.standard_error),
        }
        rows.append([derived[name] if name in derived else getattr(claim, name) for name in CLAIMS.columns])
    return pl.DataFrame(rows, schema=CLAIMS.schema, orient="row")


def write_claims(found: Iterable[Claim], path: Path) -> None:
    """Write claims as a table, one row each, in their order.

    Parameters
    ----------
    found : iterable of Claim
    path : pathlib.Path
        File of `CLAIMS`.
    """
    CLAIMS.write(judged(found), path)
