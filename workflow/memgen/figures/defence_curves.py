"""Accuracy on what was seen once against the bits recovered of it, a curve along each defence's strength."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from memgen.figures.irrelevant_names import DEFENCES, draw_interval


def draw_defences(panel: Axes, rows: pl.DataFrame, note: Callable[[Mapping[str, Any]], str | None]) -> None:
    """Draw every defence that the rows hold, joined along its strength.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    rows : polars.DataFrame
        Of the averages table, one run.
    note : callable
        What to write beside the point of a row; None for nothing.
    """
    for kind, (words, colour, marker) in DEFENCES.items():
        part = rows.filter(pl.col("kind") == kind).sort("strength")
        if not part.height:
            continue
        across = [
            (part["bits_recovered"] - part["bits_recovered_low"]).fill_null(0.0),
            (part["bits_recovered_high"] - part["bits_recovered"]).fill_null(0.0),
        ]
        draw_interval(
            panel, part, "bits_recovered", "accuracy_singleton", xerr=across, fmt=f"{marker}:", lw=0.7,
            ms=7 if kind == "none" else 3.5, color=colour, label=words,
        )  # fmt: skip
        for row in part.iter_rows(named=True):
            text = note(row)
            if text is not None:
                panel.annotate(
                    text, (row["bits_recovered"], row["accuracy_singleton"]), xytext=(5, -6),
                    textcoords="offset points", fontsize=5, color=colour,
                )  # fmt: skip
