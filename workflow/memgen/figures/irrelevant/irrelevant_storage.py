"""What must be stored: errors of learners that store their sample, simulated and in closed form."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.irrelevant_names import draw_interval
from memgen.figures.style import PALETTE, figure, new_figure, panel_letters
from memgen.irrelevant.tables import SIMULATION
from memgen.jobs.stage import Input


@figure
def irrelevant_storage(*, simulation: Input) -> Figure:
    """Draw the errors of the nearest neighbour and the lookup learner against what is stored.

    Learners that store their sample. Left: nearest neighbours that store some positions of each sample, or
    flip stored bits; accuracy on clusters seen once. Right: error of the lookup learner in next-symbol
    prediction when it stores a share of the bits of references seen once. Lines: closed forms; points:
    simulations with 95% intervals.

    Parameters
    ----------
    simulation
        Simulation table.
    """
    table = SIMULATION.read(simulation).rename(
        {"error_simulated": "error"},
    )
    nearest = table.filter(pl.col("learner") == "nearest")
    whole = nearest["dimension"][0]
    panels = (
        (nearest.filter(pl.col("flip") == 0), "stored", f"positions stored of {whole}", True),
        (nearest.filter(pl.col("stored") == whole), "flip", "probability that a stored bit is flipped", True),
        (
            table.filter(pl.col("learner") == "lookup"),
            "stored_fraction",
            "share of singletons' bits stored, $\\varphi$",
            False,
        ),
    )
    figure, axes = new_figure(1, 3, height=2.4)
    for panel, (rows, x, words, accuracy) in zip(axes[0], panels, strict=True):
        ordered = rows.sort(x)
        closed = 1 - ordered["error_closed"] if accuracy else ordered["error_closed"]
        panel.plot(ordered[x], closed, color=PALETTE["black"], lw=0.8, label="closed form")
        draw_interval(
            panel, ordered, x, "error", missing=accuracy, fmt="o", lw=0, color=PALETTE["vermilion"],
            label="simulated",
        )  # fmt: skip
        panel.set(xlabel=words)
    panel_letters(axes[0])
    axes[0, 0].set(ylabel="accuracy on clusters seen once", ylim=(0, 1.02), title="nearest neighbour")
    axes[0, 1].set(ylabel="accuracy on clusters seen once", ylim=(0, 1.02), title="nearest neighbour")
    axes[0, 2].set(ylabel="next-symbol error", title="lookup learner")
    axes[0, 2].legend(loc="best")
    return figure
