"""One look for every figure, and the mark that makes a stage of a function that draws tables.

Colours are Okabe and Ito's, which colour-blind readers can tell apart. Files are the same, byte for byte, for
the same data and matplotlib: they carry the id of the recipe that made them, and no date or version.
"""

import functools
import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from memgen.errors import BadInput
from memgen.figures.labels import PALETTE
from memgen.jobs.arguments import metadata
from memgen.jobs.stage import Input, Inputs, Output, recipe_urn, stage
from memgen.tables.schema import Table

# What most figures are told, with what --help says of it.
Hierarchy = Annotated[str, cyclopts.Parameter(help="Which hierarchy.")]
Hierarchies = Annotated[
    list[str], cyclopts.Parameter(name="--hierarchy", help="Which hierarchies, in this order.")
]
Ridge = Annotated[float, cyclopts.Parameter(help="Which effective ridge; must be on the table's grid.")]
Conjunctivity = Annotated[float, cyclopts.Parameter(help="Which conjunctivity; must be on the table's grid.")]
Items = Annotated[str, cyclopts.Parameter(help="Which kind of item.")]
Method = Annotated[str, cyclopts.Parameter(help="Which method of training.")]
Words = Annotated[
    list[str],
    cyclopts.Parameter(help='What hierarchies and methods are called: "key=words", such as "lora=LoRA".'),
]

#: Width of a text column and of a page, inches.
COLUMN = 3.4
PAGE = 7.0

#: Height of the line below a figure, inches, and digits of the recipe's id in it.
FOOT = 0.16
SHORT = 10

#: Colours of series that have none of their own, in order, and two orders of their markers.
SERIES = [
    PALETTE[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky", "black", "grey")
]
MARKERS = "osD^vP*X"
MARKERS_OF_MODELS = "os^DvPX*"

#: Diverging colour map for margins, blue answers by rank, red against it; and where there is no value.
MARGIN_COLOURS = "RdBu"
NOTHING = "#DDDDDD"

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
    """Figure of a width and height in inches, with a grid of axes, shape (rows, columns).

    Parameters
    ----------
    rows, columns : int
    width, height : float
    **options
        Passed to `matplotlib.pyplot.subplots`.
    """
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, **options)
    return figure, axes


#: A picture, and, by argument, the rows that it draws of tables that other figures share; see `save`.
Drawn = Figure | tuple[Figure, Mapping[str, pl.DataFrame]]


def figure(draw: Callable[..., Drawn]) -> Callable[..., None]:
    """Make a stage of a function that draws tables: it takes their files, and `pdf` and `png`.

    An argument ``table: Annotated[polars.DataFrame, PHASE]`` is read from a file of that `Table`, one of
    ``Annotated[list[polars.DataFrame], PHASE]`` from several. What the docstring says after its first line
    is the figure's caption, in which ``{name}`` stands for an argument; see `memgen.figures.table`.

    Parameters
    ----------
    draw : callable
        Returns the picture, and the rows that it draws of a table which other figures share. What it
        refuses is said with the names of the files.
    """
    hints = typing.get_type_hints(draw, include_extras=True)
    tables = {
        name: kind for name, hint in hints.items() for kind in metadata(hint) if isinstance(kind, Table)
    }
    several = {name for name in tables if typing.get_origin(hints[name].__origin__) is list}

    @functools.wraps(draw)
    def drawn(*, pdf: Path, png: Path, **given: Any) -> None:
        paths = {name: given[name] if name in several else [given[name]] for name in tables}
        frames = {name: [tables[name].read(Path(path)) for path in paths[name]] for name in tables}
        try:
            made = draw(
                **given | {name: part if name in several else part[0] for name, part in frames.items()}
            )
        except BadInput as error:
            raise BadInput(f"{', '.join(str(part[0]) for part in paths.values())}: {error}") from None
        picture, rows = made if isinstance(made, tuple) else (made, {})
        cells = {
            name: [key for key in tables[name].tolerance.cells if key in rows[name].columns] for name in rows
        }
        held = {paths[name][0]: rows[name].select(cells[name]) for name in rows}
        save(picture, pdf=pdf, png=png, rows=held)

    # What is called, and shown by --help, is the whole stage; its caption is markup for pages.
    del drawn.__wrapped__
    for name, kind in tables.items():
        told = cyclopts.Parameter(help=f"Table: {kind.name}.")
        hints[name] = Annotated[Inputs if name in several else Input, told]
    for name in ("pdf", "png"):
        hints[name] = Annotated[Output, cyclopts.Parameter(help=f"Figure as {name.upper()}.")]
    outputs = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("pdf", "png")]
    parameters = [*inspect.signature(draw).parameters.values(), *outputs]
    drawn.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    drawn.__annotations__ = {**hints, "return": None}
    drawn.__doc__ = inspect.cleandoc(draw.__doc__ or "").partition("\n")[0]
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
    area = finish(figure, title)
    figure.savefig(pdf, format="pdf", metadata=_metadata("pdf", title), bbox_inches=area)
    stated = _metadata("png", title, json.dumps(drawn) if drawn else "")
    figure.savefig(png, format="png", dpi=200, metadata=stated, bbox_inches=area)
    plt.close(figure)


def _metadata(kind: Literal["pdf", "png"], title: str, rows: str = "") -> dict[str, str | None]:
    """Metadata of a file: its title, the recipe's name, and nothing that differs between two runs."""
    urn = recipe_urn()
    if kind == "pdf":
        return {"CreationDate": None, "Creator": None, "Producer": None, "Title": title, "Keywords": urn}
    stated = {"Title": title, "Source": urn, "Rows": rows}
    return {"Software": None, **{name: text for name, text in stated.items() if text}}


def finish(figure: Figure, title: str) -> Bbox:
    """Write title, repository and short id into a band below a figure; what is to be saved, inches."""
    urn = recipe_urn()
    width, height = figure.get_size_inches()
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the layout stays as it is
    # What is saved reaches below the figure; a legend at the figure's edge is not to follow it there.
    for legend in figure.legends:
        legend.set_bbox_to_anchor((0, 0, 1, 1), transform=figure.transFigure)
    parts = [title, "memgen", *([urn.rpartition(":")[2][:SHORT]] if urn else [])]
    # Outside of the figure, so that no layout has to know of it.
    strip = Rectangle((0, -FOOT / height), 1, FOOT / height, transform=figure.transFigure, color="white")
    figure.add_artist(strip)
    place = (1 - 0.04 / width, -0.62 * FOOT / height)
    figure.text(*place, " · ".join(parts), fontsize=4.5, color="#666666", ha="right", va="center")
    return Bbox([[0, -FOOT], [width, height]])
