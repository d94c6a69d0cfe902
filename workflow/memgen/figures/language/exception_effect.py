"""What the exception does to cross pairs: the change from the plain hierarchy, paired by seed.

Reads the table of effects and draws it; computes nothing but the ends of intervals.
"""

from typing import Annotated

import cyclopts
import polars as pl

from memgen.figures.dots import Dots, dot_figure
from memgen.figures.style import save
from memgen.language.responses.tables import EFFECTS
from memgen.stage import Input, Output, stage


@stage
def exception_effect(
    *,
    effects: Input,
    hierarchies: Annotated[list[str], cyclopts.Parameter(name="--hierarchy")],
    pdf: Output,
    png: Output,
) -> None:
    """Draw the exception's effect on margin and accuracy of cross pairs, with 95 % intervals over seeds.

    Parameters
    ----------
    effects
        Effects of every cell.
    hierarchies
        Which hierarchies; those without an exception, or without a plain one of their size, show nothing.
    pdf
        Figure as PDF.
    png
        Figure as PNG.
    """
    frame = EFFECTS.read(effects).filter(pl.col("phase") == "post").drop_nulls("exception_margin_effect")
    shown = [
        Dots(
            f"exception_{column}_effect",
            f"exception_{column}_effect_low",
            f"exception_{column}_effect_high",
            label,
            0.0,
        )
        for column, label in (
            ("margin", "change of the margin of cross pairs (logit units; ridge probes: target units)"),
            ("accuracy", "change of the accuracy on cross pairs (share right)"),
        )
    ]
    figure, handles = dot_figure(frame, shown, hierarchies, beside=("train_accuracy", "train"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    save(figure, pdf=pdf, png=png, rows={effects: frame.select(EFFECTS.held.cells)})
