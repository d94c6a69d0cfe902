"""Figures with a panel or a series for every cell, a group of runs that differ only in seed and reversal."""

from collections.abc import Mapping, Sequence
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
from memgen.figures.labels import ITEMS, MODELS, PAIR_CLASSES, method_label, model_label
from memgen.figures.panels import class_keys, equality, frame_exceptions, key, legend, pair_axes
from memgen.figures.style import MARGIN_COLOURS, MARKERS, NOTHING, PAGE, SERIES, new_figure
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


def smallest(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the smallest hyperparameter of each model and method."""
    least = pl.col("hyperparameter").min().over("source", "model", "method")
    return frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == least))


def first_of_each(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the first of those models that have one name."""
    models = sorted(set(frame["model"]), key=lambda name: (len(name), name), reverse=True)
    return frame.filter(pl.col("model").is_in(list({model_label(name): name for name in models}.values())))


def _order(row: Mapping[str, Any], called: Mapping[str, str]) -> int:
    """Place of a method and a model: as in the configuration, pretrained before untrained."""
    methods, models = [*called, row["method"]], [*MODELS.values(), model_label(row["model"])]
    return 100 * methods.index(row["method"]) + models.index(model_label(row["model"]))


@dataclass(frozen=True)
class Series:
    """The runs of models of one name by one method, how they are drawn, and their place among all, from 0."""

    label: str
    colour: str
    marker: str
    place: float
    rows: pl.DataFrame

    @property
    def key(self) -> Line2D:
        """Handle of the legend."""
        return key(self.label, self.colour, self.marker)

    @property
    def of_models(self) -> list[pl.DataFrame]:
        """Rows of each model; of several, seeds of one architecture, no mean is drawn."""
        return self.rows.partition_by("model", maintain_order=True)


def series(frame: pl.DataFrame, called: Mapping[str, str]) -> list[Series]:
    """Series of a table with the columns of a cell: a name of models and a name of methods each.

    They are in the order of the configuration, pretrained models before untrained ones.
    """
    keys = ["source", "model", "method", "hyperparameter"]
    several = pl.col("hyperparameter").n_unique().over("method") > 1
    told = frame.with_columns(several=several).select(*keys, "several").unique().sort(pl.all())
    rows = sorted(told.rows(named=True), key=lambda row: _order(row, called))
    labels: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        label = f"{model_label(row['model'])}, {method_label(row, called, several=row['several'])}"
        labels.setdefault(label, []).append({name: row[name] for name in keys})
    schema = {name: frame.schema[name] for name in keys}
    return [
        Series(
            label,
            SERIES[place % len(SERIES)],
            MARKERS[place % len(MARKERS)],
            (place + 0.5) / len(labels) - 0.5,
            frame.join(pl.DataFrame(part, schema=schema), on=keys, how="semi", nulls_equal=True),
        )
        for place, (label, part) in enumerate(labels.items())
    ]


def cell_grid(
    frame: pl.DataFrame, hierarchies: Sequence[str], called: Mapping[str, str], panel: float, *, turned: bool
) -> tuple[Figure, Any, list[tuple[Axes, pl.DataFrame]]]:
    """Figure with a panel, of a height in inches, per cell: a row per model, items and method.

    Its columns are hierarchies, from left to right; those without rows are left out. Turned, rows and
    columns change places. The cells are the panel and the rows of each; panels without a cell are hidden.
    """
    rows = frame.select(_ROW).unique().sort(_ROW)
    place = pl.Series([_order(row, called) for row in rows.iter_rows(named=True)], dtype=pl.Int64)
    rows = rows[place.arg_sort().to_list()]
    columns = present(hierarchies, frame)
    if turned:
        figure, grid = new_figure(len(columns), len(rows), height=panel * len(columns) + 0.7)
        axes = grid.T
    else:
        width = min(PAGE, 1.2 + 1.75 * len(columns))
        figure, axes = new_figure(len(rows), len(columns), width=width, height=panel * len(rows) + 0.7)
    mixed = "published" in set(frame["source"])
    cells = []
    for across, row in zip(axes, rows.iter_rows(named=True), strict=True):
        of_row = frame.join(pl.DataFrame([row], schema=rows.schema), on=_ROW, how="semi", nulls_equal=True)
        ours = " (ours)" if mixed and row["source"] == "study" else ""
        several = frame.filter(method=row["method"])["hyperparameter"].n_unique() > 1
        label = f"{model_label(row['model'])}{ours}\n{method_label(row, called, several=several)}"
        label = label.replace(", ", ",\n")
        if turned:
            across[0].set_title(label, fontsize=6)
        else:
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
        if turned:
            axis.set_ylabel(called.get(hierarchy, hierarchy), fontsize=7)
        else:
            axis.set_title(called.get(hierarchy, hierarchy), fontsize=7)
    return figure, axes, cells


def heatmaps(
    frame: pl.DataFrame, hierarchies: Sequence[str], called: Mapping[str, str], panel: float,
    *, shrink: float, turned: bool = False,
) -> Figure:  # fmt: skip
    """Figure of observed margins of every cell above the diagonal, and of the theory's below it.

    `shrink` is the length of the colour bar as a share of the figure's height.
    """
    figure, axes, cells = cell_grid(frame, hierarchies, called, panel, turned=turned)
    for axis, pairs in cells:
        image = _draw_square(axis, pairs)
        axis.set_xlabel(gamma_label(pairs), fontsize=5.5)
    label = "margin / largest observed (unitless)"
    figure.colorbar(image, ax=axes, label=label, location="right", shrink=shrink, aspect=40)
    figure.set_layout_engine("constrained", h_pad=0.08)  # squares leave their labels too little room
    figure.suptitle("observed above the diagonal, theory at the fitted γ below; grey: no value", fontsize=7)
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
    axes.set_facecolor(NOTHING)
    image = axes.imshow(grid, cmap=MARGIN_COLOURS, vmin=-1, vmax=1)
    frame_exceptions(axes, pairs, 1.0, mirrored=True)
    pair_axes(axes, range(0, n, 2), range(0, n, 2))
    return image


def scatters(
    frame: pl.DataFrame, hierarchies: Sequence[str], called: Mapping[str, str], panel: float, unit: str
) -> tuple[Figure, list[tuple[Axes, pl.DataFrame]]]:
    """Figure of predicted against observed margins of untrained pairs; panel and pairs of each cell."""
    known = frame.filter(pl.col("predicted").is_not_null())
    figure, _, cells = cell_grid(known, hierarchies, called, panel, turned=False)
    for axis, pairs in cells:
        _draw_points(axis, pairs)
    legend(figure, class_keys(frame["pair_class"]), side="upper")
    figure.supxlabel(f"margin predicted by the theory ({unit})", fontsize=7)
    figure.supylabel("margin observed (same units)", fontsize=7)
    return figure, cells


def _draw_points(axes: Axes, pairs: pl.DataFrame) -> None:
    """Predicted against observed margins of one cell, with the line of equality."""
    for (name,), group in pairs.group_by("pair_class", maintain_order=True):
        colour, marker = PAIR_CLASSES[name]
        axes.errorbar(
            group["predicted"], group["observed"], yerr=group["half_width"].fill_null(0.0), fmt=marker,
            ms=2.5, lw=0, elinewidth=0.5, color=colour,
        )  # fmt: skip
    both = pl.concat([pairs["predicted"], pairs["observed"]])
    equality(axes, float(both.min()), float(both.max()))  # type: ignore[arg-type]
    axes.tick_params(labelsize=5)
    # Few ticks, the same for both: at this width more run into one another.
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))


def fit_of(fits: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The row of the fits that is of the cell of some pairs."""
    return fits.join(pairs.select(CELL).head(1), on=CELL, nulls_equal=True)


def gamma_label(pairs: pl.DataFrame) -> str:
    """Gamma of a cell's prediction in words; at an end of its range, that it lies beyond."""
    gamma = pairs["gamma"][0]
    if gamma is None:
        return "no fit"
    sign = "≤" if gamma == GAMMA_RANGE[0] else "≥" if gamma == GAMMA_RANGE[1] else "="
    return f"γ {sign} {gamma:.3g}"


def cells_of_items(frame: pl.DataFrame, hierarchies: Sequence[str]) -> list[tuple[str, str, pl.DataFrame]]:
    """Kind of item, hierarchy and rows of every combination of the two that was run, in a fixed order."""
    kinds = [*ITEMS, *sorted(set(frame["items"]) - set(ITEMS))]
    parts = ((kind, name, frame.filter(items=kind, hierarchy=name)) for kind in kinds for name in hierarchies)
    return [part for part in parts if not part[2].is_empty()]
