"""Numbers with their units, and a picture of them: what a cell of a notebook shows.

Knows tables and axes, no theory. The look is matplotlib's own: a notebook keeps the style that it has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from memgen.errors import BadInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
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
        """Name of a column with its unit, as it stands at an axis.

        Parameters
        ----------
        column : str
            One of the table's.
        """
        name = column.replace("_", " ")
        return f"{name} ({self.units[column]})" if self.units[column] else name

    @abstractmethod
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

    def _axes(self, axes: Axes | None) -> Axes:
        """The axes given, or new ones, with the title."""
        if axes is None:
            from matplotlib import pyplot as plt

            _, axes = plt.subplots(layout="constrained")
        axes.set_title(self.title)
        return axes

    def _repr_html_(self) -> str:
        """The table as a notebook shows it, units in its head."""
        shown = self.frame.rename({name: self.label(name) for name in self.frame.columns})
        return f"<p>{self.title}</p>{shown._repr_html_()}"


@dataclass(frozen=True)
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

    x: str = field(kw_only=True)
    y: str = field(kw_only=True)
    by: str = field(kw_only=True)
    logarithmic: bool = field(default=False, kw_only=True)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw y along x, one line per group; arguments as for `Result.plot`."""
        axes = self._axes(axes)
        for (name,), part in self.frame.group_by(self.by, maintain_order=True):
            label = f"{name:g}" if isinstance(name, float) else str(name)
            axes.plot(part[self.x], part[self.y], marker="o", markersize=4, label=label)
        axes.set(xlabel=self.label(self.x), ylabel=self.label(self.y))
        axes.legend(title=self.label(self.by))
        if self.logarithmic:
            axes.set_xscale("log")
        return axes


@dataclass(frozen=True)
class PairMatrix(Result):
    """A number for every pair of items, in columns `higher`, `lower` and `margin`, drawn as a triangle."""

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the margins by row and column, blue by the order and red against it; see `Result.plot`."""
        axes = self._axes(axes)
        n = int(self.frame["lower"].to_numpy().max()) + 1
        grid = np.full((n, n), np.nan)
        grid[self.frame["higher"].to_numpy(), self.frame["lower"].to_numpy()] = self.frame[
            "margin"
        ].to_numpy()
        limit = float(np.nanmax(np.abs(grid))) or 1.0
        image = axes.imshow(grid, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.figure.colorbar(image, ax=axes, label=self.label("margin"))
        axes.set(xlabel=self.label("lower"), ylabel=self.label("higher"))
        return axes


@dataclass(frozen=True)
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

    gamma: float = field(kw_only=True)
    scale: float = field(kw_only=True)
    correlation: float = field(kw_only=True)
    r2: float = field(kw_only=True)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw observed against predicted margins, a colour per pair class; see `Result.plot`."""
        axes = self._axes(axes)
        for (name,), part in self.frame.group_by("pair_class", maintain_order=True):
            axes.plot(part["predicted"], part["observed"], "o", label=str(name))
        ends = [
            float(self.frame["predicted"].to_numpy().min()),
            float(self.frame["predicted"].to_numpy().max()),
        ]
        axes.plot(ends, ends, color="grey", linewidth=1, zorder=0)
        axes.set(xlabel=self.label("predicted"), ylabel=self.label("observed"))
        axes.legend(title=self.label("pair_class"))
        return axes
