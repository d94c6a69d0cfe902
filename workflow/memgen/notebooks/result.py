"""Numbers with their units, and a picture of them: what a cell of a notebook shows.

Knows tables and axes, no theory. The look is matplotlib's own: a notebook keeps the style that it has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from memgen.errors import BadInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Result(ABC):
    """A table whose every column has a unit.

    Parameters
    ----------
    title : str
        What the numbers are, one line.
    frame : polars.DataFrame
        The numbers, one tidy row each.
    units : mapping of str to str
        Unit of each column; empty where it has none.
    """

    title: str
    frame: pl.DataFrame
    units: Mapping[str, str]

    def __post_init__(self) -> None:
        if list(self.units) != self.frame.columns:
            raise BadInput(f"units of {', '.join(self.units)}; allowed: of {', '.join(self.frame.columns)}")

    def label(self, column: str) -> str:
        """Name of a column with its unit, as it stands at an axis."""
        name = column.replace("_", " ")
        return f"{name} ({self.units[column]})" if self.units[column] else name

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the numbers; every kind of result says how.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to draw; by default a figure of its own.

        Returns
        -------
        matplotlib.axes.Axes
        """
        if axes is None:
            from matplotlib import pyplot as plt

            _, axes = plt.subplots(layout="constrained")
        axes.set_title(self.title)
        self._draw(axes)
        return axes

    @abstractmethod
    def _draw(self, axes: Axes) -> None:
        """Draw the numbers on axes that have their title."""

    def _repr_html_(self) -> str:
        """The table as a notebook shows it, units in its head."""
        shown = self.frame.rename({name: self.label(name) for name in self.frame.columns})
        return f"<p>{self.title}</p>{shown._repr_html_()}"


@dataclass(frozen=True, kw_only=True)
class Lines(Result):
    """Numbers along an axis, drawn as one line per group.

    Parameters
    ----------
    x, y : str
        Columns.
    by : str
        Column that tells the lines apart.
    logarithmic : bool, default=False
        Whether the axis of x is logarithmic.
    """

    x: str
    y: str
    by: str
    logarithmic: bool = False

    def _draw(self, axes: Axes) -> None:
        for (name,), part in self.frame.group_by(self.by, maintain_order=True):
            label = f"{name:g}" if isinstance(name, float) else str(name)
            axes.plot(part[self.x], part[self.y], marker="o", markersize=4, label=label)
        axes.set(xlabel=self.label(self.x), ylabel=self.label(self.y))
        axes.legend(title=self.label(self.by))
        if self.logarithmic:
            axes.set_xscale("log")


@dataclass(frozen=True, kw_only=True)
class PairMatrix(Result):
    """A number for every pair of items, in columns `higher`, `lower` and `margin`, drawn as a triangle.

    Blue: by the order; red: against it.
    """

    def _draw(self, axes: Axes) -> None:
        higher, lower, margin = (self.frame[name].to_numpy() for name in ("higher", "lower", "margin"))
        n = int(lower.max()) + 1
        grid = np.full((n, n), np.nan)
        grid[higher, lower] = margin
        limit = float(np.nanmax(np.abs(grid))) or 1.0
        image = axes.imshow(grid, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.figure.colorbar(image, ax=axes, label=self.label("margin"))
        axes.set(xlabel=self.label("lower"), ylabel=self.label("higher"))


@dataclass(frozen=True, kw_only=True)
class Fitted(Result):
    """The theory fitted to margins, in columns `pair_class`, `predicted` and `observed`.

    Parameters
    ----------
    gamma : float
        The one number of the theory.
    scale : float
        Observed units per unit of the target.
    correlation, r2 : float
        Pearson, and 1 - SSE/SST about the mean, over untrained pairs.
    """

    gamma: float
    scale: float
    correlation: float
    r2: float

    def _draw(self, axes: Axes) -> None:
        for (name,), part in self.frame.group_by("pair_class", maintain_order=True):
            axes.plot(part["predicted"], part["observed"], "o", label=str(name))
        predicted = self.frame["predicted"].to_numpy()
        ends = [predicted.min(), predicted.max()]
        axes.plot(ends, ends, color="grey", linewidth=1, zorder=0)
        axes.set(xlabel=self.label("predicted"), ylabel=self.label("observed"))
        axes.legend(title=self.label("pair_class"))
