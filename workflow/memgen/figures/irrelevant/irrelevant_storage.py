"""What must be stored: errors of learners that store their sample, simulated and in closed form.

Reads the simulation table and draws it; computes nothing.
"""

import polars as pl

from memgen.figures.irrelevant_names import draw_interval
from memgen.figures.style import PALETTE, new_figure, panel_letters, save
from memgen.irrelevant.tables import SIMULATION
from memgen.stage import Input, Output, stage


@stage
def irrelevant_storage(*, simulation: Input, pdf: Output, png: Output) -> None:
    """Draw the errors of the nearest neighbour and the lookup learner against what is stored.

    Parameters
    ----------
    simulation
        Simulation table.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
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
    save(figure, pdf=pdf, png=png)
