"""Ranks and margins along conjunctivity, with and without an exception."""

import matplotlib as mpl
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from memgen.errors import BadInput
from memgen.figures.style import (
    MARGIN_COLOURS,
    PAIR_CLASSES,
    PALETTE,
    Hierarchies,
    figure,
    item,
    new_figure,
    panel_letters,
)
from memgen.jobs.stage import Input
from memgen.relational.tables import RANKS, SWEEP

#: Below this the scales of ranks and margins are linear, beyond it logarithmic.
LINEAR = 0.02


def _draw_profiles(axes: Axes, ranks: pl.DataFrame, colours: ScalarMappable) -> None:
    """One line per conjunctivity."""
    for (alpha,), profile in ranks.sort("alpha", "item").group_by("alpha", maintain_order=True):
        axes.plot(profile["item"], profile["rank"], "o-", ms=2, lw=0.9, color=colours.to_rgba(alpha))
    n = ranks["n"][0]
    axes.axhline(0, color=PALETTE["grey"], lw=0.5, zorder=0)
    axes.set_xticks(range(n), [item(rank) for rank in range(n)])
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
    axes.set(xlabel="item", ylabel="rank r (target units)")


def _draw_margins(axes: Axes, margins: pl.DataFrame, limit: float) -> AxesImage:
    """Upper triangle: margin of each pair, blue where the answer follows the order."""
    n = margins["n"][0]
    grid = np.full((n, n), np.nan)
    grid[margins["higher"].to_numpy(), margins["lower"].to_numpy()] = margins["margin"].to_numpy()
    scale = SymLogNorm(LINEAR, linscale=0.5, vmin=-limit, vmax=limit)
    image = axes.imshow(grid, cmap=MARGIN_COLOURS, norm=scale)
    for row in margins.filter(pl.col("pair_class") == "exception").iter_rows(named=True):
        corner = (row["lower"] - 0.5, row["higher"] - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, ec=PAIR_CLASSES["exception"][0], lw=1.2))
    axes.set_xticks(range(1, n, 2), [item(rank) for rank in range(1, n, 2)])
    axes.set_yticks(range(0, n - 1, 2), [item(rank) for rank in range(0, n - 1, 2)])
    axes.tick_params(length=0, labelsize=5, pad=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


@figure
def rank_profiles(
    *, ranks: Input, margins: Input, hierarchies: Hierarchies, conjunctivity: list[float], ridge: float
) -> Figure:
    """Draw rank profiles, and margin matrices at a few conjunctivities, one row per hierarchy.

    Exact ranks and margins of kernel ridge regression at ridge {ridge}. Left: one rank profile per
    conjunctivity. Right: the margin of every pair, higher-ranked item by row, blue where the answer follows
    the order and red where it does not; the exception is framed. Without an exception every pair is answered
    right. With one, the ranks around it are bent; as conjunctivity grows, red spreads to pairs that were
    never trained.

    Parameters
    ----------
    ranks
        Rank profiles of the sweep.
    margins
        Margins of the sweep.
    hierarchies
        Which hierarchies, from top to bottom.
    conjunctivity
        Which conjunctivities to show as matrices; each must be on the sweep's grid.
    ridge
        Which effective ridge; must be on the sweep's grid.
    """
    chosen = pl.col("hierarchy").is_in(hierarchies) & (pl.col("ridge") == ridge)
    profiles = RANKS.read(ranks).filter(chosen)
    matrices = SWEEP.read(margins).filter(chosen & pl.col("alpha").is_in(conjunctivity))
    expected = {(name, alpha) for name in hierarchies for alpha in conjunctivity}
    absent = expected - set(matrices.select("hierarchy", "alpha").iter_rows())
    if absent:
        raise BadInput(f"{margins}: holds no hierarchy, conjunctivity {sorted(absent)[0]} at ridge {ridge}")
    figure, axes = new_figure(
        len(hierarchies),
        1 + len(conjunctivity),
        height=1.65 * len(hierarchies) + 0.3,
        gridspec_kw={"width_ratios": [1.7] + [1] * len(conjunctivity)},
    )
    colours = ScalarMappable(Normalize(0, 1), mpl.colormaps["viridis"].with_extremes())
    limit = float(matrices["margin"].abs().max())  # type: ignore[arg-type]
    for row, name in zip(axes, hierarchies, strict=True):
        of_name = pl.col("hierarchy") == name
        _draw_profiles(row[0], profiles.filter(of_name), colours)
        row[0].set_title(name, loc="left")
        for panel, alpha in zip(row[1:], conjunctivity, strict=True):
            image = _draw_margins(panel, matrices.filter(of_name & (pl.col("alpha") == alpha)), limit)
            panel.set_title(f"conjunctivity {alpha:g}", fontsize=6.5)
    panel_letters(axes[:, 0])
    figure.colorbar(colours, ax=axes[:, 0], label="conjunctivity", location="left", shrink=0.7, aspect=30)
    figure.colorbar(image, ax=axes[:, -1], label="margin (target units, ±1 trained)", shrink=0.7, aspect=30)
    return figure
