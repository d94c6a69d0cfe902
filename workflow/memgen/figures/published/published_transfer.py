"""Gamma fitted on one hierarchy put to the test on the others."""

import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from memgen.figures.style import PALETTE, figure, new_figure
from memgen.jobs.stage import Input
from memgen.published.tables import TRANSFER


@figure
def published_transfer(*, transfer: Input) -> Figure:
    """Draw how well gamma fitted on one hierarchy predicts another, against a fit to the other itself.

    Each point is one model, method and pair of hierarchies: how much of the variance gamma explains when
    fitted on another hierarchy (only the scale is fitted anew), against a fit to the hierarchy itself. On
    the grey line nothing is lost. Crosses: margins proportional to the distance in rank, without theory.

    Parameters
    ----------
    transfer
        Transfer between hierarchies.
    """
    frame = TRANSFER.read(transfer).filter(~pl.col("at_edge"))
    frame = frame.filter(pl.col("r2_own").is_not_null(), pl.col("r2_rescaled").is_not_null())
    columns = frame.select("source", "method").unique().sort("source", "method").rows()
    links = ["straight", "saturating"]
    figure, axes = new_figure(len(links), len(columns), height=3.8, sharex=True, sharey=True)
    kinds = sorted(set(frame["items"]))
    colours = {kind: list(PALETTE.values())[1 + number] for number, kind in enumerate(kinds)}
    for across, link in zip(axes, links, strict=True):
        for axis, (source, method) in zip(across, columns, strict=True):
            for kind in kinds:
                rows = frame.filter(link=link, source=source, method=method, items=kind)
                axis.plot(rows["r2_own"], rows["r2_rescaled"], "o", ms=1.8, alpha=0.5, color=colours[kind])
                axis.plot(rows["r2_own"], rows["r2_distance"], "x", ms=2, alpha=0.3, color=colours[kind])
            axis.plot([-1, 1], [-1, 1], color=PALETTE["grey"], lw=0.6, zorder=0)
            axis.set(xlim=(-0.3, 1.03), ylim=(-0.6, 1.05))
            axis.set_title(f"{method}{' (ours)' if source == 'study' else ''}", fontsize=6.5)
        across[0].set_ylabel(f"{link} link")
    figure.supxlabel("r² of γ fitted on the hierarchy itself (share of variance)", fontsize=7)
    figure.supylabel("r² carried over from another hierarchy", fontsize=7)
    handles = [Line2D([], [], color=colours[kind], marker="o", lw=0, label=kind) for kind in kinds]
    handles.append(
        Line2D([], [], color=PALETTE["grey"], marker="x", lw=0, label="distance in rank, no theory")
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    return figure
