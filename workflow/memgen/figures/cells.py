"""Figures with a panel or a row for every cell, a group of runs that differ only in seed and reversal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from memgen.errors import BadInput
from memgen.figures.labels import PAIR_CLASSES, model_label
from memgen.figures.panels import class_keys, equality, frame_exceptions, key, legend, pair_axes
from memgen.figures.style import MARGIN_COLOURS, MARKERS, PAGE, SERIES, new_figure
from memgen.language.fits.tables import GAMMA_RANGE
from memgen.language.responses.tables import KEY

#: Columns that name a cell.
CELL = list(KEY)
#: Columns that name a row of panels; a column of panels is a hierarchy.
_ROW = ["method", "model", "items", "hyperparameter", "source"]
UNTRAINED = ~pl.col("pair_class").is_in(["train", "exception"])


def present(names: Sequence[str], frame: pl.DataFrame) -> list[str]:
    """Those of some hierarchies that a table has rows of; one at least."""
    found = [name for name in names if name in set(frame["hierarchy"])]
    if not found:
        raise BadInput(f"no rows of {', '.join(names)}; allowed: hierarchies that were run")
    return found


def with_number(name: str, hyperparameter: float | None) -> str:
    """A name, and the hyperparameter behind it if there is one."""
    return name if hyperparameter is None else f"{name} {hyperparameter:g}"


def smallest(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the smallest hyperparameter of each model and method."""
    least = pl.col("hyperparameter").min().over("source", "model", "method")
    return frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == least))


def cell_grid(
    frame: pl.DataFrame, hierarchies: Sequence[str], panel: float
) -> tuple[Figure, Any, list[tuple[Axes, pl.DataFrame]]]:
    """Figure with a panel, of a height in inches, per cell: a row per model, items and method.

    Its columns are hierarchies, from left to right; those without rows are left out. The cells are the panel
    and the rows of each; panels without a cell are hidden.
    """
    rows = frame.select(_ROW).unique().sort(_ROW)
    columns = present(hierarchies, frame)
    mixed = "published" in set(frame["source"])
    width = min(PAGE, 1.2 + 1.75 * len(columns))
    figure, axes = new_figure(len(rows), len(columns), width=width, height=panel * len(rows) + 0.7)
    cells = []
    for across, row in zip(axes, rows.iter_rows(named=True), strict=True):
        of_row = frame.join(pl.DataFrame([row], schema=rows.schema), on=_ROW, how="semi", nulls_equal=True)
        ours = " (ours)" if mixed and row["source"] == "study" else ""
        method = with_number(row["method"], row["hyperparameter"])
        label = f"{model_label(row['model'], lines=2)}{ours}, {row['items']}\n{method}"
        across[0].set_ylabel(label, fontsize=6)
        for axis, hierarchy in zip(across, columns, strict=True):
            of_cell = of_row.filter(pl.col("hierarchy") == hierarchy)
            if not of_cell.is_empty():
                cells.append((axis, of_cell))
            elif axis is across[0]:  # it carries the label of its row
                axis.set(xticks=[], yticks=[], frame_on=False)
            else:
                axis.axis("off")
    for axis, hierarchy in zip(axes[0], columns, strict=True):
        axis.set_title(hierarchy, fontsize=7)
    return figure, axes, cells


def heatmaps(
    frame: pl.DataFrame, hierarchies: Sequence[str], panel: float, *, shrink: float,
    fits: pl.DataFrame | None = None,
) -> Figure:  # fmt: skip
    """Figure of observed margins of every cell above the diagonal, and of the theory's below it.

    With fits, accuracy on trained pairs and the largest margin are said too. `shrink` is the length of the
    colour bar as a share of the figure's height.
    """
    figure, axes, cells = cell_grid(frame, hierarchies, panel)
    for axis, pairs in cells:
        image = _draw_square(axis, pairs)
        text = gamma_label(pairs)
        if fits is not None:
            text += f", largest {np.abs(pairs['observed'].to_numpy()).max():.2f}, {train_label(fits, pairs)}"
        axis.set_xlabel(text, fontsize=5.5)
    label = "margin / largest observed (unitless)"
    figure.colorbar(image, ax=axes, label=label, location="right", shrink=shrink, aspect=40)
    figure.set_layout_engine("constrained", h_pad=0.08)  # squares leave their labels too little room
    figure.suptitle("observed above the diagonal, theory at the fitted γ below", fontsize=7)
    return figure


def _draw_square(axes: Axes, pairs: pl.DataFrame) -> AxesImage:
    """Observed margins above the diagonal, the theory's below it, mirrored; scaled to the largest."""
    n = pairs["n"][0]
    grid = np.full((n, n), np.nan)
    higher, lower = pairs["higher"].to_numpy(), pairs["lower"].to_numpy()
    observed = pairs["observed"].to_numpy()
    limit = np.nanmax(np.abs(observed))
    grid[higher, lower] = observed / limit
    grid[lower, higher] = pairs["predicted"].fill_null(float("nan")).to_numpy() / limit
    image = axes.imshow(grid, cmap=MARGIN_COLOURS, vmin=-1, vmax=1)
    frame_exceptions(axes, pairs, 1.0, mirrored=True)
    pair_axes(axes, range(0, n, 2), range(0, n, 2))
    return image


def scatters(
    frame: pl.DataFrame, fits: pl.DataFrame, hierarchies: Sequence[str], panel: float, unit: str
) -> tuple[Figure, list[tuple[Axes, pl.DataFrame, str]]]:
    """Figure of predicted against observed margins of untrained pairs; panel, fit and gamma of each cell."""
    known = frame.filter(pl.col("predicted").is_not_null())
    figure, _, cells = cell_grid(known, hierarchies, panel)
    told = []
    for axis, pairs in cells:
        _draw_points(axis, pairs)
        told.append((axis, _fit_of(fits, pairs), gamma_label(pairs)))
    legend(figure, class_keys(frame["pair_class"]), side="upper")
    figure.supxlabel(f"margin predicted by the theory ({unit})", fontsize=7)
    figure.supylabel("margin observed (same units)", fontsize=7)
    return figure, told


def _draw_points(axes: Axes, pairs: pl.DataFrame) -> None:
    """Predicted against observed margins of one cell, with the line of equality."""
    for (name,), group in pairs.group_by("pair_class", maintain_order=True):
        colour, marker = PAIR_CLASSES[name]
        axes.errorbar(
            group["predicted"], group["observed"], yerr=group["standard_error"].fill_null(0.0), fmt=marker,
            ms=2.5, lw=0, elinewidth=0.5, color=colour,
        )  # fmt: skip
    both = pl.concat([pairs["predicted"], pairs["observed"]])
    equality(axes, float(both.min()), float(both.max()))  # type: ignore[arg-type]
    axes.tick_params(labelsize=5)
    # Few ticks, the same for both: at this width more run into one another.
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))


def _fit_of(fits: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The row of the fits that is of the cell of some pairs."""
    return fits.join(pairs.select(CELL).head(1), on=CELL, nulls_equal=True)


def train_label(fits: pl.DataFrame, pairs: pl.DataFrame) -> str:
    """Accuracy on the trained pairs of the cell that some rows belong to, in words."""
    known = _fit_of(fits, pairs)["train_accuracy"].drop_nulls()
    return f"train {known[0]:.2f}" if len(known) else "train unknown"


def gamma_label(pairs: pl.DataFrame) -> str:
    """Gamma of a cell's prediction in words; at an end of its range, that it lies beyond."""
    gamma = pairs["gamma"][0]
    if gamma is None:
        return "no fit"
    sign = "≤" if gamma == GAMMA_RANGE[0] else "≥" if gamma == GAMMA_RANGE[1] else "="
    return f"γ {sign} {gamma:.3g}"


@dataclass(frozen=True)
class Series:
    """The runs of one model and hyperparameter, how they look, and their place among all, from 0."""

    model: str
    hyperparameter: float | None
    colour: str
    marker: str
    place: int

    @property
    def label(self) -> str:
        """What the legend calls it."""
        number = "" if self.hyperparameter is None else f", {self.hyperparameter:g}"
        return f"{model_label(self.model)}{number}"


@dataclass(frozen=True)
class MethodGrid:
    """A figure of one method: a row of panels per kind of item, a column per hierarchy, a series per model.

    Panels of a kind of item may repeat, one below the other.
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
        """Titles, and a legend of the series and of what else there is."""
        for axis, hierarchy in zip(self.axes[0], self.hierarchies, strict=True):
            axis.set_title(hierarchy)
        handles = [key(one.label, one.colour, one.marker) for one in self.series]
        legend(self.figure, [*handles, *others], 4)


def method_grid(
    frame: pl.DataFrame, method: str, hierarchies: Sequence[str], *, panel: float, repeats: int = 1
) -> MethodGrid:
    """Figure of a method after training, panels of a height in inches per kind of item and hierarchy."""
    chosen = frame.filter(pl.col("method") == method, pl.col("phase") == "post", pl.col("source") == "study")
    names = present(hierarchies, chosen)
    keys = chosen.select("hyperparameter", "model").unique().sort("hyperparameter", "model", nulls_last=False)
    series = [
        Series(model, number, SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)], place)
        for place, (number, model) in enumerate(keys.rows())
    ]
    kinds = chosen["items"].unique().sort().to_list()
    height = panel * len(kinds) * repeats + 0.5
    width = PAGE if len(names) > 2 else 0.75 * PAGE
    figure, axes = new_figure(len(kinds) * repeats, len(names), width=width, height=height)
    return MethodGrid(figure, axes, series, chosen, kinds, names, repeats)
