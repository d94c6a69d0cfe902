"""What the exception does to cross pairs: the change from the plain hierarchy, paired by seed."""

import polars as pl

from memgen.figures.dots import Dots, dot_figure
from memgen.figures.style import Drawn, Hierarchies, figure
from memgen.jobs.stage import Input
from memgen.language.responses.tables import EFFECTS


@figure
def exception_effect(*, effects: Input, hierarchies: Hierarchies) -> Drawn:
    """Draw the exception's effect on margin and accuracy of cross pairs, with 95 % intervals over seeds.

    What the exception does to cross pairs: the change of their margin and accuracy from the plain hierarchy
    of the same size, paired by seed, with 95 % intervals over seeds (Student's t). Left of the line, the
    exception costs. Numbers at the right: mean accuracy on the trained pairs. For teams the two hierarchies
    share items and prompts, for poker only the seed.

    Parameters
    ----------
    effects
        Effects of every cell.
    hierarchies
        Which hierarchies; those without an exception, or without a plain one of their size, show nothing.
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
    return figure, {effects: frame.select(EFFECTS.held.cells)}
