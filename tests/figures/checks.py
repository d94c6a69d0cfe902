"""What a figure shows, read off its axes, for tests that a wrong plot fails."""

import importlib
import itertools
import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from memgen.__main__ import run
from memgen.errors import BadInput
from memgen.figures import style
from memgen.figures.table import Entry
from memgen.jobs.entries import find
from memgen.tables.schema import Table


def made_up(table: Table, given: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Rows of a table: some of their columns as given, and the others made up."""
    constants = {pl.Int64: 1, pl.String: "x", pl.Boolean: False}
    for name, part in table.columns.items():
        if name not in given.columns:
            number = part.dtype == pl.Float64
            values = random.random(given.height) if number else [constants[part.dtype]] * given.height
            given = given.with_columns(pl.Series(name, values))
    return given.select(list(table.columns)).cast(table.schema)  # type: ignore[arg-type]


def stage(name: str) -> Callable[..., None]:
    """The figure of a name."""
    entry = find("figures", name.replace("_", "-"))
    assert entry is not None, name
    return cast("Callable[..., None]", getattr(importlib.import_module(entry.module), entry.function))


def files(folder: Path) -> dict[str, Path]:
    return {kind: folder / f"figure.{kind}" for kind in ("pdf", "png")}


def drawn(name: str, folder: Path, **arguments: Any) -> Figure:
    """The figure that a stage hands to `style.save`, laid out; its pdf and png hold nothing of use."""
    kept: list[Figure] = []

    def keep(figure: Figure, *, pdf: Path, png: Path, **rows: object) -> None:
        figure.canvas.draw()
        kept.append(figure)
        plt.close(figure)
        for path in (pdf, png):
            path.write_bytes(b"not drawn")

    draw = stage(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(draw.__wrapped__.__globals__, "save", keep)  # type: ignore[attr-defined]
        draw(**arguments, **files(folder))
    (figure,) = kept
    return figure


def pictured(entry: Entry, wildcards: dict[str, str], study: Path, folder: Path) -> Figure:
    """The figure of an entry as its command saves it into a folder, from the tables of a finished study."""
    stem = folder / entry.name.format(**wildcards)
    kept: list[Figure] = []
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(style.plt, "close", kept.append)
        patch.chdir(study)
        run([*shlex.split(entry.command(wildcards)), "--pdf", f"{stem}.pdf", "--png", f"{stem}.png"])
    assert not ended.value.code
    (figure,) = kept
    plt.close(figure)
    return figure


def texts(figure: Figure) -> list[tuple[str, Any]]:
    """Every text of a laid-out figure that is drawn, with its box, pixels."""
    found: list[Text] = []
    draw = Text.draw

    def told(text: Text, renderer: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            found.append(text)
        draw(text, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", told)
        FigureCanvasAgg(figure).draw()
    # A slanted text fills little of its box.
    return [(text.get_text(), text.get_window_extent()) for text in found if text.get_rotation() % 90 == 0]


def collisions(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie over one another by more than a pixel."""
    found = []
    for (one, box), (other, second) in itertools.combinations(texts(figure), 2):
        shared = Bbox.intersection(box, second)
        if shared is not None and min(shared.width, shared.height) > 1:
            found.append((one, other))
    return found


def cut_off(figure: Figure) -> list[str]:
    """Texts that reach beyond what is saved."""
    width, height = figure.bbox.width, figure.bbox.height
    foot = style.FOOT * figure.dpi
    return [
        text
        for text, box in texts(figure)
        if box.x0 < -1 or box.x1 > width + 1 or box.y0 < -foot - 1 or box.y1 > height + 1
    ]


def keys_shown(figure: Figure, config: dict[str, Any]) -> list[str]:
    """Texts that name a model, a hierarchy or invented names by their key in the configuration."""
    language = config["language"]
    keys = {*config["relational"]["hierarchies"], *language["models"], "fake"}
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, sorted(keys)))})(?![\w-])")
    said = {title.get_text() for title in figure.texts if " · memgen" in title.get_text()}
    return [text for text, _ in texts(figure) if text not in said and pattern.search(text)]


def assert_refused(name: str, folder: Path, message: str, **arguments: Any) -> None:
    """A figure is refused in one line, and no file of it is left."""
    folder.mkdir()
    with pytest.raises(BadInput, match=message) as caught:
        stage(name)(**arguments, **files(folder))
    assert "\n" not in str(caught.value) and not list(folder.iterdir())


def shown(figure: Figure) -> list[Axes]:
    """Panels that are not hidden, in the order in which they were made."""
    return [axes for axes in figure.axes if axes.axison]


def points(axes: Axes) -> np.ndarray:
    """Every finite point that is drawn with a marker in data coordinates, sorted, shape (points, 2)."""
    found = [
        np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)]).astype(float)
        for line in axes.lines
        if line.get_marker() not in (None, "None", "none", "", " ") and line.get_transform() == axes.transData
    ]
    everything = np.concatenate([*found, np.empty((0, 2))])
    return in_order(everything[np.isfinite(everything).all(axis=1)])


def in_order(pairs: Iterable[Iterable[float]] | np.ndarray) -> np.ndarray:
    """Points sorted by x, then y, to nine digits, shape (points, 2)."""
    array = np.asarray([tuple(pair) for pair in pairs], dtype=float).reshape(-1, 2)
    return array[np.lexsort(np.round(array.T[::-1], 9))]


def assert_draws(axes: Axes, *tables: tuple[pl.DataFrame, str, str]) -> None:
    """The points of a panel are the rows of some tables with x and y, no row more and no row less."""
    expected = [row for frame, x, y in tables for row in frame.select(x, y).drop_nulls().rows()]
    assert expected, "nothing expected in a panel that is shown"
    np.testing.assert_allclose(points(axes), in_order(expected), rtol=1e-9, atol=1e-12)


def assert_nothing_clipped(figure: Figure) -> None:
    """Every point lies inside its panel's limits, but for rounding."""
    for axes in shown(figure):
        seen = points(axes)
        inside = (axes.transData - axes.transAxes).transform(seen)
        outside = seen[((inside < -1e-9) | (inside > 1 + 1e-9)).any(axis=1)]
        assert not len(outside), f"{axes.get_title()}: {len(outside)} points outside, such as {outside[0]}"


def assert_labelled(figure: Figure) -> None:
    """Every axis says what it shows: by a label of its own, one that it shares, or ticks with names."""
    for axes in shown(figure):
        for name, of_all in (("x", figure.get_supxlabel()), ("y", figure.get_supylabel())):
            sharing = [axes, *(other for other in shown(figure) if _in_line(axes, other, name))]
            labels = [getattr(other, f"get_{name}label")() for other in sharing]
            shown_ticks = [getattr(other, f"get_{name}ticklabels")() for other in sharing]
            ticks = [tick.get_text() for other in shown_ticks for tick in other]
            named = any(re.search("[A-Za-z]", text.replace("mathdefault", "")) for text in ticks)
            bar = hasattr(axes, "_colorbar") and not any(ticks)
            assert of_all or any(labels) or named or bar, f"{axes.get_title()}: {name} has no label"


def _in_line(axes: Axes, other: Axes, name: str) -> bool:
    """Whether a label of one panel serves the other: both share the axis, or stand in line."""
    if getattr(axes, f"get_shared_{name}_axes")().joined(axes, other):
        return True
    one, two = axes.get_subplotspec(), other.get_subplotspec()
    if one is None or two is None:
        return False
    return bool(one.colspan == two.colspan if name == "x" else one.rowspan == two.rowspan)


def assert_sound(figure: Figure) -> None:
    """Labelled, and nothing clipped."""
    assert shown(figure)
    assert_labelled(figure)
    assert_nothing_clipped(figure)
