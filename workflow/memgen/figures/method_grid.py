"""A grid of panels for one method: a row per kind of item, a column per hierarchy, a series per model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.errors import BadInput
from memgen.figures.names import spoken
from memgen.figures.style import PAGE, PALETTE, new_figure

_COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky", "black", "grey")
#: Colour and marker of each series, in order.
LINES = tuple(zip((PALETTE[name] for name in _COLOURS), "osD^vP*X", strict=True))


@dataclass(frozen=True)
class Series:
    """The runs of one model and hyperparameter, and how they look.

    Parameters
    ----------
    model : str
    hyperparameter : float or None
    colour, marker : str
    place : int
        Position among all series.
    """

    model: str
    hyperparameter: float | None
    colour: str
    marker: str
    place: int

    @property
    def label(self) -> str:
        """What the legend calls it."""
        number = "" if self.hyperparameter is None else f", {self.hyperparameter:g}"
        return f"{spoken(self.model)}{number}"


@dataclass(frozen=True)
class Grid:
    """A figure of panels, and the rows that each shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    axes : numpy.ndarray of matplotlib.axes.Axes
    series : list of Series
    frame : polars.DataFrame
    kinds, hierarchies : list of str
    repeats : int
        Panels per kind of item, one below the other.
    """

    figure: Figure
    axes: Any
    series: list[Series]
    frame: pl.DataFrame
    kinds: list[str]
    hierarchies: list[str]
    repeats: int

    def panels(self, repeat: int = 0) -> Iterator[tuple[Axes, list[tuple[Series, pl.DataFrame]]]]:
        """Each panel with the rows of each series; panels without rows are hidden."""
        for row, kind in enumerate(self.kinds):
            for column, hierarchy in enumerate(self.hierarchies):
                axis = self.axes[row * self.repeats + repeat, column]
                cell = self.frame.filter(pl.col("items") == kind, pl.col("hierarchy") == hierarchy)
                if cell.is_empty():
                    axis.set_visible(False)
                    continue
                found = []
                for one in self.series:
                    same = pl.col("hyperparameter").eq_missing(pl.lit(one.hyperparameter, pl.Float64))
                    rows = cell.filter(pl.col("model") == one.model, same)
                    if not rows.is_empty():
                        found.append((one, rows))
                yield axis, found

    def finish(self, *others: Line2D) -> None:
        """Titles and legend."""
        for axis, hierarchy in zip(self.axes[0], self.hierarchies, strict=True):
            axis.set_title(hierarchy)
        handles = [
            Line2D([], [], color=one.colour, marker=one.marker, lw=0, label=one.label) for one in self.series
        ]
        self.figure.legend(handles=[*handles, *others], loc="outside lower center", ncols=4)


def method_grid(
    frame: pl.DataFrame, method: str, hierarchies: Sequence[str], *, panel: float, repeats: int = 1
) -> Grid:
    """Figure with a panel per kind of item and hierarchy of one method, after training.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns that name a cell, and phase.
    method : str
    hierarchies : sequence of str
        From left to right; those without rows are left out.
    panel : float
        Height of a panel, inches.
    repeats : int, default=1
        Panels per kind of item, one below the other.

    Raises
    ------
    BadInput
        If there is no such row.
    """
    chosen = frame.filter(pl.col("method") == method, pl.col("phase") == "post", pl.col("source") == "study")
    names = [name for name in hierarchies if name in set(chosen["hierarchy"])]
    if not names:
        raise BadInput(
            f"method {method!r}: no rows of {', '.join(hierarchies)}; allowed: methods that were run"
        )
    keys = chosen.select("hyperparameter", "model").unique().sort("hyperparameter", "model", nulls_last=False)
    series = [
        Series(model, number, *LINES[place % len(LINES)], place)
        for place, (number, model) in enumerate(keys.rows())
    ]
    kinds = chosen["items"].unique().sort().to_list()
    height = panel * len(kinds) * repeats + 0.5
    width = PAGE if len(names) > 2 else 0.75 * PAGE
    figure, axes = new_figure(len(kinds) * repeats, len(names), width=width, height=height)
    return Grid(figure, axes, series, chosen, kinds, names, repeats)
