"""How the figures of the study on irrelevant information call and colour things, and draw an interval."""

from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from memgen.errors import BadInput
from memgen.figures.style import PALETTE
from memgen.irrelevant.tables import AVERAGES

LEARNERS = {
    "logistic": ("logistic regression", PALETTE["blue"], "o"),
    "network": ("network", PALETTE["orange"], "s"),
    "transformer": ("transformer", PALETTE["green"], "^"),
}

DEFENCES = {
    "none": ("no defence", PALETTE["black"], "*"),
    "weight_decay": ("weight decay", PALETTE["blue"], "o"),
    "noise": ("clipped, noisy gradients", PALETTE["vermilion"], "D"),
    "early_stopping": ("early stopping", PALETTE["green"], "^"),
    "no_momentum": ("no momentum", PALETTE["purple"], "v"),
    "fewer_parameters": ("fewer hidden units", PALETTE["orange"], "s"),
}

ATTACKS = {
    "sign": ("sign, black box", PALETTE["blue"], "o"),
    "informed_sign": ("sign, cluster known", PALETTE["sky"], "P"),
    "coordinate_ascent": ("coordinate ascent, black box", PALETTE["orange"], "s"),
    "weight_signs": ("signs of the weights", PALETTE["green"], "^"),
    "gradient_inversion": ("one gradient", PALETTE["purple"], "v"),
    "prefix": ("prefix queries", PALETTE["vermilion"], "D"),
}


def draw_interval(
    panel: Axes, rows: pl.DataFrame, x: str, y: str, *, missing: bool = False, **looks: Any
) -> None:
    """Draw a measured column with its 95% interval, which a single seed does not have.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    rows : polars.DataFrame
        Columns x, y, y_low and y_high.
    x, y : str
    missing : bool, default=False
        Draw what is missing to 1 instead.
    **looks
        Passed to `matplotlib.axes.Axes.errorbar`.
    """
    value = rows[y]
    lower = (value - rows[f"{y}_low"]).fill_null(0.0)
    upper = (rows[f"{y}_high"] - value).fill_null(0.0)
    if missing:
        value, lower, upper = 1 - value, upper, lower
    panel.errorbar(rows[x], value, yerr=[lower, upper], elinewidth=0.6, capsize=1.5, capthick=0.6, **looks)


def undefended(table: pl.DataFrame, learner: str) -> pl.DataFrame:
    """Rows of a learner's largest undefended cluster task in which something can be learned."""
    rows = table.filter(
        (pl.col("learner") == learner)
        & (pl.col("defence") == "none")
        & (pl.col("task") == "clusters")
        & (pl.col("rho") > 0)
    )
    if not rows.height:
        return rows
    size = rows.sort("samples", "dimension", "seeds", maintain_order=True).row(-1, named=True)
    chosen = rows.filter((pl.col("samples") == size["samples"]) & (pl.col("dimension") == size["dimension"]))
    # Of two runs of one size, the one with more steps and attacks.
    runs = chosen.group_by("run", maintain_order=True).len().sort("len", maintain_order=True)
    return chosen.filter(pl.col("run") == runs["run"][-1])


def of_undefended(averages: Path, shown: pl.Expr) -> dict[str, pl.DataFrame]:
    """Rows of an averages table that are shown, of each learner without a defence.

    Raises
    ------
    BadInput
        If there is none.
    """
    table = AVERAGES.read(averages).filter(shown)
    parts = {learner: undefended(table, learner) for learner in LEARNERS}
    parts = {learner: rows for learner, rows in parts.items() if rows.height}
    if not parts:
        raise BadInput(f"{averages}: holds no undefended learner; allowed: one with rho > 0")
    return parts


def draw_leaked(panel: Axes, plain: pl.DataFrame) -> None:
    """Leaked bits of undefended learners against their sample's size; open where nothing can be learned."""
    for learner, (words, colour, marker) in LEARNERS.items():
        for zero, face in ((False, colour), (True, "none")):
            rows = plain.filter((pl.col("learner") == learner) & ((pl.col("rho") == 0) == zero))
            if rows.height:
                label = words + (", $\\rho$ = 0" if zero else "")
                draw_interval(
                    panel, rows, "storage_bits", "leaked_bits", fmt=marker, lw=0, color=colour, mfc=face,
                    label=label,
                )  # fmt: skip
    panel.set(xscale="log", yscale="log", xlabel="size of the sample $n\\,d$, bits")


def size_words(rows: pl.DataFrame) -> str:
    """Size of a task: n, d and rho."""
    row = rows.row(0, named=True)
    return f"$n$ = {row['samples']}, $d$ = {row['dimension']}, $\\rho$ = {row['rho']:g}"
