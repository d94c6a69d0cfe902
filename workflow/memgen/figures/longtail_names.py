"""How the figures of the long-tail study call and colour priors, learners and structures."""

from collections.abc import Iterable

import polars as pl
from matplotlib.axes import Axes

from memgen.figures.style import PALETTE

_PRIORS = {
    "zipf": ("Zipf", PALETTE["vermilion"], "o"),
    "uniform": ("uniform", PALETTE["black"], "s"),
    "geometric": ("geometric", PALETTE["blue"], "^"),
    "lognormal": ("lognormal", PALETTE["green"], "D"),
}
_OTHERS = [(PALETTE["purple"], "v"), (PALETTE["orange"], "P"), (PALETTE["sky"], "X"), (PALETTE["grey"], "*")]

#: Learners of the simulation: what people call them, colour and marker.
LEARNERS = {
    "optimal": ("optimal", PALETTE["black"], "*"),
    "ignore": ("ignores rare points", PALETTE["vermilion"], "o"),
    "flip": ("flips labels", PALETTE["orange"], "v"),
    "limited": ("limited memorization", PALETTE["purple"], "D"),
    "exponential": ("exponential mechanism", PALETTE["blue"], "s"),
    "randomized_response": ("randomized response", PALETTE["sky"], "P"),
    "majority": ("majority, noisy labels", PALETTE["green"], "^"),
    "majority_ignore": ("majority, ignores singletons", PALETTE["grey"], "X"),
}

#: Trained classifiers.
CLASSIFIERS = {
    "ridge": ("ridge classifier (ridge)", PALETTE["blue"], "o"),
    "neighbours": ("nearest neighbours (k)", PALETTE["green"], "^"),
    "network": ("network (weight decay)", PALETTE["orange"], "s"),
    "private_network": ("private network (noise)", PALETTE["vermilion"], "D"),
}

STRUCTURES = {"gaussian": "Gaussian clusters", "hypercube": "hypercube clusters"}


def prior_looks(names: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Label, colour and marker of each prior, in order; a second one of a kind gets another colour."""
    priors = list(dict.fromkeys(names))
    looks: dict[str, tuple[str, str, str]] = {}
    others = iter(_OTHERS * (1 + len(priors) // len(_OTHERS)))
    taken = set()
    for prior in priors:
        kind, _, parameter = prior.partition(":")
        name, colour, marker = _PRIORS.get(kind, (kind, "", ""))
        if not colour or kind in taken:
            colour, marker = next(others)
        taken.add(kind)
        looks[prior] = (f"{name} {parameter}".strip(), colour, marker)
    return looks


def draw_excess(
    panel: Axes, rows: pl.DataFrame, closed: str, simulated: str, look: tuple[str, str, str]
) -> None:
    """Draw excess error against a column: a line in closed form, and markers of drawn samples."""
    label, colour, marker = look
    panel.plot(rows[closed], rows["excess_closed"], color=colour, lw=0.8)
    panel.errorbar(
        rows[simulated], rows["excess_simulated"], yerr=rows["standard_error"], fmt=marker, color=colour,
        lw=0, elinewidth=0.7, label=label,
    )  # fmt: skip


def legend_with_size(panel: Axes, table: pl.DataFrame) -> None:
    """Legend of a panel, under the sizes of the domain and of the sample that a table is of."""
    size = table.row(0, named=True)
    title = f"N = {size['domain']:,}, n = {size['samples']:,}, {size['labels']} labels"
    panel.legend(title=title, title_fontsize=6)
