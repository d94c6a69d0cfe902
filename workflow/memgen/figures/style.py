"""One look for every figure, and one way to make a stage of it.

Colours are Okabe and Ito's, which colour-blind readers can tell apart. Files are the same, byte for byte, for
the same data and matplotlib: they carry the id of the recipe that made them, and no date or version. Pair
classes have the same colour everywhere.
"""

import functools
import inspect
import json
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from itertools import cycle
from pathlib import Path
from string import ascii_lowercase
from typing import Annotated, Any, Literal

import cyclopts
import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from memgen.jobs.stage import Output, recipe_urn, stage

#: Names of hierarchies; on the command line `--hierarchy`.
Hierarchies = Annotated[list[str], cyclopts.Parameter(name="--hierarchy")]

#: Width of a text column and of a page, inches.
COLUMN = 3.4
PAGE = 7.0

#: Height of the line below a figure, inches, and digits of the recipe's id in it.
FOOT = 0.16
SHORT = 10

PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#999999",
}

#: Colour and marker of each pair class.
PAIR_CLASSES = {
    "train": (PALETTE["black"], "s"),
    "exception": (PALETTE["vermilion"], "D"),
    "loop": (PALETTE["purple"], "v"),
    "boundary": (PALETTE["orange"], "^"),
    "cross": (PALETTE["blue"], "o"),
    "within": (PALETTE["green"], "P"),
    "test": (PALETTE["sky"], "o"),
}

#: Diverging colour map for margins: blue answers by rank, red against it.
MARGIN_COLOURS = "RdBu"

matplotlib.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        "font.size": 7,
        "axes.titlesize": 8,
        "axes.labelsize": 7,
        "xtick.labelsize": 6,
        "ytick.labelsize": 6,
        "legend.fontsize": 6,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "lines.linewidth": 1.2,
        "lines.markersize": 3.5,
        "figure.constrained_layout.use": True,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
    }
)


def new_figure(
    rows: int = 1, columns: int = 1, *, width: float = PAGE, height: float = 2.4, **options: Any
) -> tuple[Figure, Any]:
    """Figure with a grid of axes.

    Parameters
    ----------
    rows, columns : int
        Size of the grid.
    width, height : float
        Size of the whole figure, inches.
    **options
        Passed to `matplotlib.pyplot.subplots`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : numpy.ndarray of matplotlib.axes.Axes, shape (rows, columns)
    """
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, **options)
    return figure, axes


def class_handles(present: Iterable[str], **look: Any) -> list[Line2D]:
    """Handles of a legend of pair classes, in their fixed order.

    Parameters
    ----------
    present : iterable of str
        Classes that the figure shows.
    **look
        How the lines look, such as lw=0 for markers alone.
    """
    shown = set(present)
    return [
        Line2D([], [], color=colour, marker=marker, label=name, **look)
        for name, (colour, marker) in PAIR_CLASSES.items()
        if name in shown
    ]


def shared_legend(figure: Figure, panels: Iterable[Axes], ncols: int) -> None:
    """Put one legend below a figure: what its panels show, each label once."""
    found: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=ncols)


def item(rank: int) -> str:
    """Name of an item by its rank, counted from 0 as on the command line: I0 is the strongest."""
    return f"I{rank}"


def panel_letters(panels: Iterable[Axes]) -> None:
    """Letters a, b, c, … at the upper left corner of some panels, in their order; z is followed by a."""
    for panel, letter in zip(panels, cycle(ascii_lowercase), strict=False):
        panel.annotate(
            letter,
            (0, 1),
            xytext=(-4, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=9,
            fontweight="bold",
            ha="right",
            va="bottom",
        )


def _metadata(kind: Literal["pdf", "png"], title: str, rows: str = "") -> dict[str, str | None]:
    """Metadata of a file: its title, the recipe's name, and nothing that differs between two runs."""
    urn = recipe_urn()
    if kind == "pdf":
        return {"CreationDate": None, "Creator": None, "Producer": None, "Title": title, "Keywords": urn}
    stated = {"Title": title, "Source": urn, "Rows": rows}
    return {"Software": None, **{name: text for name, text in stated.items() if text}}


def _foot(figure: Figure, title: str) -> Bbox:
    """Write title, repository and short id below a figure; what is to be saved, inches."""
    urn = recipe_urn()
    width, height = figure.get_size_inches()
    parts = [title, "memgen", *([urn.rpartition(":")[2][:SHORT]] if urn else [])]
    # Outside of the figure, so that no layout has to know of it.
    strip = Rectangle((0, -FOOT / height), 1, FOOT / height, transform=figure.transFigure, color="white")
    figure.add_artist(strip)
    figure.text(
        1 - 0.04 / width,
        -0.62 * FOOT / height,
        " · ".join(parts),
        fontsize=4.5,
        color="#666666",
        ha="right",
        va="center",
    )
    return Bbox([[0, -FOOT], [width, height]])


#: A picture, and, of a table that other figures share, the rows that it draws; see `save`.
Drawn = Figure | tuple[Figure, Mapping[Path, pl.DataFrame]]


def figure(draw: Callable[..., Drawn]) -> Callable[..., None]:
    """Make a stage of a function that reads tables and draws them: it takes `pdf` and `png` too.

    What its docstring says between the first line and the parameters is the figure's caption, in which
    ``{name}`` stands for an argument; see `memgen.figures.table`.
    """

    @functools.wraps(draw)
    def drawn(*, pdf: Path, png: Path, **given: Any) -> None:
        made = draw(**given)
        picture, rows = made if isinstance(made, tuple) else (made, None)
        save(picture, pdf=pdf, png=png, rows=rows)

    # What is called, and shown by --help, is the whole stage; its caption is markup for pages.
    del drawn.__wrapped__
    outputs = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("pdf", "png")]
    parameters = [*inspect.signature(draw).parameters.values(), *outputs]
    drawn.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    drawn.__annotations__ = {
        **typing.get_type_hints(draw, include_extras=True),
        **{part.name: Output for part in outputs},
        "return": None,
    }
    text = inspect.cleandoc(draw.__doc__ or "")
    first, tables = text.partition("\n")[0], text.partition("\nParameters\n")[2]
    files = "".join(f"\n{part.name}\n    Figure as {part.name.upper()}." for part in outputs)
    drawn.__doc__ = f"{first}\n\nParameters\n{tables}{files}"
    return stage(drawn)


def save(figure: Figure, *, pdf: Path, png: Path, rows: Mapping[Path, pl.DataFrame] | None = None) -> None:
    """Save a figure as PDF and PNG with the recipe's name inside and its short id at the foot, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    pdf, png : pathlib.Path
        Vector file, and picture at 200 dots per inch.
    rows : mapping of pathlib.Path to polars.DataFrame, optional
        Of a table that other figures share, the rows that this one draws, with the columns that name them.
        The PNG then holds the values of these columns, so that what differs in other rows is not held
        against this figure; see `memgen.provenance.comparison`.
    """
    drawn = {
        str(path): {name: frame[name].unique().sort().to_list() for name in frame.columns}
        for path, frame in (rows or {}).items()
    }
    # A job writes beside its target, `memgen.jobs.outputs`; what is written down is the target's name.
    title = re.sub(r"^\.(.+)\.partial-\d+.*$", r"\1", png.stem)
    area = _foot(figure, title)
    figure.savefig(pdf, format="pdf", metadata=_metadata("pdf", title), bbox_inches=area)
    figure.set_layout_engine("none")  # the layout stays as it is
    figure.savefig(
        png,
        format="png",
        dpi=200,
        metadata=_metadata("png", title, json.dumps(drawn) if drawn else ""),
        bbox_inches=area,
    )
    plt.close(figure)
