"""Panels that show the margins of one cell: a square of all pairs, and predicted against observed."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from memgen.figures.style import MARGIN_COLOURS, PAIR_CLASSES, PALETTE, item


def draw_square(axes: Axes, pairs: pl.DataFrame) -> AxesImage:
    """Observed margins above the diagonal, the theory's below it, mirrored; scaled to the largest."""
    n = pairs["n"][0]
    grid = np.full((n, n), np.nan)
    higher, lower = pairs["higher"].to_numpy(), pairs["lower"].to_numpy()
    observed = pairs["observed"].to_numpy()
    limit = np.nanmax(np.abs(observed))
    grid[higher, lower] = observed / limit
    grid[lower, higher] = pairs["predicted"].fill_null(float("nan")).to_numpy() / limit
    image = axes.imshow(grid, cmap=MARGIN_COLOURS, vmin=-1, vmax=1)
    for row in pairs.filter(pl.col("pair_class") == "exception").iter_rows(named=True):
        for x, y in ((row["lower"], row["higher"]), (row["higher"], row["lower"])):
            colour = PAIR_CLASSES["exception"][0]
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, ec=colour, lw=1.0))
    axes.set_xticks(range(0, n, 2), [item(rank) for rank in range(0, n, 2)])
    axes.set_yticks(range(0, n, 2), [item(rank) for rank in range(0, n, 2)])
    axes.tick_params(length=0, labelsize=5, pad=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


TRAINED = ("train", "exception")


def draw_points(axes: Axes, pairs: pl.DataFrame) -> None:
    """Predicted against observed margins of one cell, with the line of equality."""
    for (name,), group in pairs.group_by("pair_class", maintain_order=True):
        colour, marker = PAIR_CLASSES[name]
        axes.errorbar(
            group["predicted"],
            group["observed"],
            yerr=group["standard_error"].fill_null(0.0),
            fmt=marker,
            ms=2.5,
            lw=0,
            elinewidth=0.5,
            color=colour,
        )
    both = pl.concat([pairs["predicted"], pairs["observed"]])
    low, high = float(both.min()), float(both.max())  # type: ignore[arg-type]
    axes.plot([low, high], [low, high], color=PALETTE["grey"], lw=0.6, zorder=0)
    axes.tick_params(labelsize=5)
    # Few ticks, the same for both: at this width more run into one another.
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
