"""Phase diagrams: over conjunctivity and ridge, over the hierarchy's shape, and where the boundary lies."""

from typing import Annotated

import cyclopts
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from memgen.errors import BadInput
from memgen.figures.labels import PAIR_CLASSES, PALETTE
from memgen.figures.panels import draw_map, key, margin_bar, note, panel_letters
from memgen.figures.style import (
    MARKERS_OF_MODELS,
    NOTHING,
    SERIES,
    Conjunctivity,
    Hierarchy,
    Ridge,
    figure,
    new_figure,
)
from memgen.jobs.arguments import Count
from memgen.relational.tables import CRITICAL_PLACEMENT, PHASE, PLACEMENT

OfMap = Annotated[
    Count,
    cyclopts.Parameter(help="Number of items of the panels over position and span; must be in the table."),
]


@figure
def phase_representation(*, table: Annotated[pl.DataFrame, PHASE], hierarchy: Hierarchy) -> Figure:
    """Draw accuracy and lowest margin of every pair class over conjunctivity and ridge, for one hierarchy.

    Share answered right (above) and lowest margin (below) of each pair class of {hierarchy} over
    conjunctivity and effective ridge. The black line is where the first pair of the class turns wrong.
    Boundary pairs turn wrong before cross pairs, and pairs within a side never. Ridge acts like
    conjunctivity on untrained pairs (both enter through gamma) but not on trained ones, where only ridge
    forgets. Last panel: these lines together, grey where any pair is wrong. In the white corner the
    exception is remembered and nothing else is wrong: representations balance both, but narrowly.
    """
    rows = table.filter(pl.col("hierarchy") == hierarchy)
    if rows.is_empty():
        raise BadInput(f"holds no hierarchy {hierarchy!r}")
    classes = [name for name in PAIR_CLASSES if name in set(rows["pair_class"])]
    figure, axes = new_figure(2, len(classes) + 1, height=3.0, sharex=True, sharey=True)
    lowest = float(rows["lowest_margin"].abs().max())  # type: ignore[arg-type]
    limits = {"accuracy": _least(rows), "lowest_margin": lowest}
    meshes = {}
    for column, name in zip(axes.T, classes, strict=False):
        of_class = rows.filter(pl.col("pair_class") == name)
        for panel, quantity in zip(column, ("accuracy", "lowest_margin"), strict=True):
            if not of_class["accuracy"].null_count():
                meshes[quantity] = _draw_phases(panel, of_class, quantity, limits[quantity])
            else:
                panel.axis("off")
                note(panel, 0.5, 0.5, "no right\nanswer", 7, ha="center", va="center")
        column[0].set_title(name)
        column[1].set_xlabel("conjunctivity α")
    together, below = axes[:, -1]
    _draw_balance(together, rows.drop_nulls("accuracy"))
    together.set_title("all classes")
    together.set_xlabel("conjunctivity α")
    together.xaxis.set_tick_params(labelbottom=True)
    below.axis("off")
    wrong = set(rows.filter(pl.col("lowest_margin") < 0).drop_nulls("accuracy")["pair_class"])
    turning = [key(name, PAIR_CLASSES[name][0], lw=1) for name in classes if name in wrong]
    below.legend(handles=turning, loc="upper center", title="first pair wrong of")
    panel_letters(axes[0])
    for row in axes:
        row[0].set_ylabel("effective ridge")
    figure.colorbar(meshes["accuracy"], ax=axes[0], label="accuracy", aspect=12)
    margin_bar(figure, meshes["lowest_margin"], axes[1], "lowest margin", (0.1, 1))
    return figure


def _least(rows: pl.DataFrame) -> float:
    """Lower end of a scale of accuracies: 0.5, or 0 where any is below."""
    return 0.5 if float(rows["accuracy"].min()) >= 0.5 else 0.0  # type: ignore[arg-type]


def _draw_phases(axes: Axes, rows: pl.DataFrame, quantity: str, limit: float) -> QuadMesh:
    """One quantity as colour; a line where the first pair of the class turns wrong."""
    alpha, ridge, values = _on_grid(rows, quantity)
    mesh = draw_map(axes, alpha, ridge, values, quantity, limit, linear=0.02)
    _, _, lowest = _on_grid(rows, "lowest_margin")
    if lowest.min() < 0 < lowest.max():
        axes.contour(alpha, ridge, lowest, levels=[0.0], colors="black", linewidths=0.8)
    _phase_axes(axes)
    return mesh


def _draw_balance(axes: Axes, rows: pl.DataFrame) -> None:
    """Of every class, in its colour, the line where its first pair turns wrong; grey where any is wrong."""
    for name in PAIR_CLASSES:
        of_class = rows.filter(pl.col("pair_class") == name)
        if of_class.height:
            alpha, ridge, lowest = _on_grid(of_class, "lowest_margin")
            if lowest.min() < 0 < lowest.max():
                axes.contourf(alpha, ridge, lowest, levels=[-np.inf, 0], colors=[PALETTE["grey"]], alpha=0.35)
                axes.contour(alpha, ridge, lowest, levels=[0.0], colors=[PAIR_CLASSES[name][0]], linewidths=1)
    _phase_axes(axes)


def _on_grid(rows: pl.DataFrame, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Conjunctivity, ridge, and a quantity of one class over both, shape (ridges, conjunctivities)."""
    alpha, ridge = (rows[name].unique().sort().to_numpy() for name in ("alpha", "ridge"))
    return alpha, ridge, rows.sort("ridge", "alpha")[quantity].to_numpy().reshape(len(ridge), len(alpha))


def _phase_axes(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.set_xticks([0, 0.5], ["0", "0.5"])
    axes.set_xticks(np.arange(0, 1, 0.1), minor=True)


@figure
def phase_placement(
    *,
    table: Annotated[pl.DataFrame, PLACEMENT],
    n: OfMap,
    conjunctivity: Conjunctivity,
    ridge: Ridge,
    span: Annotated[
        Count, cyclopts.Parameter(help="Span of the exceptions in the panels over their number.")
    ],
) -> Figure:
    """Draw the lowest margin of pairs around exceptions over the hierarchy's shape.

    Lowest margin of cross pairs (above) and boundary pairs (below) at conjunctivity {conjunctivity} and ridge
    {ridge}, over the shape of the hierarchy: position and span of one exception among {n} items (a), number
    of items and span with the exception in the middle (b), number of items and of exceptions (c). Red: some
    pair of the class is answered wrong. Grey: no such pair. Errors need room: they vanish where the loop is
    near an end of the chain or nearly as long as it, and come with the number of items.
    """
    rows = table.filter((pl.col("alpha") == conjunctivity) & (pl.col("ridge") == ridge))
    if rows.filter(pl.col("n") == n).is_empty():
        raise BadInput(f"holds no n {n} at conjunctivity {conjunctivity}, ridge {ridge}")
    # Of hierarchies with several loops, those as far from the top as from the bottom.
    length = pl.col("number") * pl.col("span") + (pl.col("number") - 1) * 2
    centred = pl.col("position") == (pl.col("n") - 1 - length) // 2
    one = rows.filter(pl.col("number") == 1)
    columns = [
        (f"one exception, {n} items", one.filter(pl.col("n") == n), "position", "span"),
        ("one exception, centred", one.filter(centred), "n", "span"),
        (f"span {span}, centred", rows.filter((pl.col("span") == span) & centred), "n", "number"),
    ]
    labels = {
        "position": "position (rank of the loser)",
        "span": "span (steps)",
        "n": "number of items",
        "number": "number of exceptions",
    }
    shown = rows.filter(pl.col("pair_class").is_in(["cross", "boundary"]))
    limit = float(shown["lowest_margin"].abs().max())  # type: ignore[arg-type]
    figure, axes = new_figure(2, 3, height=3.3)
    for row, name in zip(axes, ("cross", "boundary"), strict=True):
        for panel, (_, chosen, across, up) in zip(row, columns, strict=True):
            of_class = chosen.filter(pl.col("pair_class") == name)
            mesh = _draw_shapes(panel, of_class, across, up, limit)
            panel.set_ylabel(labels[up])
        margin_bar(figure, mesh, row, f"{name}: lowest margin", (0.01, 0.1))
    for top, bottom, (title, _, across, _) in zip(axes[0], axes[-1], columns, strict=True):
        top.set_title(title)
        bottom.set_xlabel(labels[across])
    panel_letters(axes[0])
    return figure


def _draw_shapes(axes: Axes, rows: pl.DataFrame, across: str, up: str, limit: float) -> QuadMesh:
    """One square per hierarchy; grey where it has no pair of the class."""
    x, y = rows[across].unique().sort().to_list(), rows[up].unique().sort().to_list()
    values = np.full((len(y), len(x)), np.nan)
    for one, other, value in rows.select(across, up, "lowest_margin").iter_rows():
        values[y.index(other), x.index(one)] = value
    axes.set_facecolor(NOTHING)
    mesh = draw_map(axes, x, y, values, "lowest_margin", limit, linear=0.004)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    return mesh


@figure
def critical_placement(*, table: Annotated[pl.DataFrame, CRITICAL_PLACEMENT], n: OfMap) -> Figure:
    """Draw where the pairs next to an exception begin to be answered wrong.

    Conjunctivity beyond which the cross pair next to the exception is answered wrong, without ridge. With
    the exception in the middle (a, b) it falls as the inverse square of the number of items, for every
    span. Below the dashed lines, as steep, the exception is remembered and no pair at all is wrong. Over span
    and position among {n} items (c) it is lowest for short exceptions in the middle. Grey: no conjunctivity
    makes that pair wrong, because too little of the chain is left outside the loop on one side.
    """
    every = table.filter(pl.col("n") == n)
    if every.is_empty():
        raise BadInput(f"holds no n {n}")
    wanted = table.filter(pl.col("n") != n)["span"].unique().to_list()
    sizes = table.filter(pl.col("centred") & pl.col("gamma").is_not_null() & pl.col("span").is_in(wanted))
    figure, axes = new_figure(1, 3, height=2.4, gridspec_kw={"width_ratios": [1, 1, 1.25]})
    left, middle, right = axes[0]
    _draw_sizes(left, sizes, "gamma")
    _draw_sizes(middle, sizes, "alpha")
    left.set(ylabel="critical γ*", title="exception in the middle")
    middle.set_ylabel("critical conjunctivity α*")
    left.plot([], [], color=PALETTE["black"], lw=0.8, ls="--", label="nothing wrong below")
    left.legend(loc="lower left")
    mesh = _draw_positions(right, every)
    right.set_title(f"{n} items; grey: no crossing")
    figure.colorbar(mesh, ax=right, label="critical conjunctivity α*")
    panel_letters(axes[0])
    return figure


def _draw_sizes(axes: Axes, rows: pl.DataFrame, quantity: str) -> None:
    """Centred exceptions, a line per span."""
    spans = rows["span"].unique().sort().to_list()
    for colour, marker, span in zip(SERIES, MARKERS_OF_MODELS, spans, strict=False):
        line = rows.filter(pl.col("span") == span).sort("n")
        axes.plot(line["n"], line[quantity], color=colour, marker=marker, ms=2.5, label=f"span {span}")
        axes.plot(line["n"], line[f"balance_{quantity}"], color=colour, lw=0.8, ls="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    last = rows.filter(pl.col("span") == spans[0]).sort("n").tail(1)
    n, value = last["n"][0], last[quantity][0]
    axes.axline((n, value), (n / 10, value * 100), color=PALETTE["grey"], lw=0.6, zorder=0)
    axes.set_xlabel("number of items n (grey: $n^{-2}$)")


def _draw_positions(axes: Axes, rows: pl.DataFrame) -> QuadMesh:
    """Every span and position; grey where there is no crossing."""
    n = rows["n"][0]
    values = np.full((n - 2, n - 2), np.nan)
    corner = np.array([-0.5, 0.5, 0.5, -0.5])
    for span, position, alpha in rows.select("span", "position", "alpha").iter_rows():
        values[span - 2, position] = np.nan if alpha is None else alpha
        if alpha is None:
            x, y = position + corner, span + np.sort(corner)
            axes.fill(x, y, facecolor=NOTHING, edgecolor="white", lw=0.3)
    mesh = axes.pcolormesh(range(n - 2), range(2, n), values, cmap="viridis", rasterized=True)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set(xlabel="position (rank of the loser)", ylabel="span (steps)")
    return mesh
