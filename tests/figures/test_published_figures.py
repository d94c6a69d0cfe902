"""Figures of the published responses: what their axes show is what the tables hold."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.axes import Axes

from checks import assert_draws, assert_labelled, assert_nothing_clipped, assert_sound, drawn, points, shown
from memgen.figures.published.published_accuracy import published_accuracy
from memgen.figures.published.published_comparison import published_comparison
from memgen.figures.published.published_equities import published_equities
from memgen.figures.published.published_explanations import published_explanations
from memgen.figures.published.published_heatmaps import published_heatmaps
from memgen.figures.published.published_predicted import published_predicted
from memgen.figures.published.published_regularization import published_regularization
from memgen.figures.published.published_transfer import published_transfer
from memgen.figures.style import PAIR_CLASSES
from memgen.language.fits.stages.fit import fit
from memgen.language.fits.stages.predictions import predictions
from memgen.language.fits.tables import FIT, PREDICTIONS
from memgen.language.published.conversion import convert
from memgen.language.published.stages.compare import compare
from memgen.language.published.stages.explain import explain
from memgen.language.published.stages.transfer import transfer
from memgen.language.published.tables import (
    COMPARISON,
    EQUITY_CLASSES,
    EQUITY_SUITS,
    EXPLANATIONS_SUMMARY,
    TRANSFER,
)
from memgen.language.responses.rows import KEY, RESPONSES
from memgen.language.responses.tables import ACCURACY
from memgen.language.stages.summaries import accuracy
from memgen.relational.hierarchy import Hierarchy
from published_imitation import imitated
from synthetic_responses import response_rows, theory_margins

HIERARCHIES = {"plain": Hierarchy(6), "exc": Hierarchy(6, ((3, 1),))}
NAMES = list(HIERARCHIES)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table of the published responses, made up, and of one model of ours."""
    folder = tmp_path_factory.mktemp("published")
    converted = []
    for name, hierarchy in HIERARCHIES.items():
        imitated(name, hierarchy, "fake").write_parquet(folder / "file.parquet")
        converted.append(convert(folder / "file.parquet", name, "fake").collect())
    RESPONSES.write(pl.concat(converted), folder / "published.parquet")
    random = np.random.default_rng(2)
    margins = {name: theory_margins(hierarchy, 0.5, 0.9, 3.0) for name, hierarchy in HIERARCHIES.items()}
    own = [
        response_rows(
            hierarchy,
            lambda seed, reverse, m=margins[name]: m + random.normal(scale=0.5, size=len(m)),
            range(3),
            name=name,
            model="small",
            method="full",
            hyperparameter=None,
        )
        for name, hierarchy in HIERARCHIES.items()
    ]
    RESPONSES.write(pl.concat(own), folder / "ours.parquet")
    for name in ("published", "ours"):
        responses = folder / f"{name}.parquet"
        accuracy(responses=responses, out=folder / f"{name}_accuracy.csv")
        fit(responses, out=folder / f"{name}_fit.csv")
        predictions(responses, fits=folder / f"{name}_fit.csv", out=folder / f"{name}_predictions.parquet")
    both = [folder / "published.parquet", folder / "ours.parquet"]
    explain(responses=both, out=folder / "explanations.parquet", summary=folder / "summary.csv")
    transfer(responses=both, out=folder / "transfer.parquet")
    compare(ours=both[1], published=both[0], out=folder / "comparison.csv")
    return folder


def weakest(frame: pl.DataFrame, *group: str, column: str = "hyperparameter") -> pl.DataFrame:
    """Rows of the smallest L2 and of the largest LoRA rank of each group; all of those that have neither."""
    kept = []
    for part in frame.partition_by(group):
        known = part[column].drop_nulls()
        if len(known):
            value = known.max() if part["method"][0] == "lora" else known.min()
            part = part.filter(pl.col(column) == value)
        kept.append(part)
    return pl.concat(kept)


def both(folder: Path, what: str) -> list[Path]:
    return [folder / f"published_{what}", folder / f"ours_{what}"]


def titled(axes: Axes) -> str:
    return axes.get_title() or axes.get_title("left")


def test_accuracy_draws_every_class_over_its_name(tables: Path, tmp_path: Path) -> None:
    figure = drawn(
        published_accuracy, tmp_path, accuracy=both(tables, "accuracy.csv"), items="fake", hierarchies=NAMES
    )
    assert_sound(figure)
    frame = pl.concat([ACCURACY.read(path) for path in both(tables, "accuracy.csv")])
    frame = weakest(frame.filter(pl.col("phase") == "post"), "source", "model", "method")
    assert [titled(axes) for axes in shown(figure)] == [f"{name}, fake" for name in NAMES]
    for axes, name in zip(shown(figure), NAMES, strict=True):
        of_name = frame.filter(pl.col("hierarchy") == name, pl.col("pair_class") != "loop")
        labels = [label.get_text() for label in axes.get_xticklabels()]
        seen = points(axes)
        assert len(seen) == len(of_name)
        for place, kind in enumerate(labels):
            here = seen[np.abs(seen[:, 0] - place) < 0.5][:, 1]
            expected = of_name.filter(pl.col("pair_class") == kind)["accuracy"]
            np.testing.assert_allclose(np.sort(here), expected.sort().to_numpy())


def test_comparison_draws_every_pair_of_models(tables: Path, tmp_path: Path) -> None:
    figure = drawn(published_comparison, tmp_path, comparison=tables / "comparison.csv")
    assert_sound(figure)
    frame = COMPARISON.read(tables / "comparison.csv").filter(pl.col("accuracy").is_not_null())
    (axes,) = shown(figure)
    assert axes.get_title() == "small full v full"
    frame = weakest(frame, "published_model", "method", column="published_hyperparameter")
    assert_draws(axes, (frame, "published_accuracy", "accuracy"))


@pytest.mark.parametrize("methods", [["full"], ["full", "probe"]])
def test_predicted_draws_the_untrained_pairs_of_each_cell(
    tables: Path, tmp_path: Path, methods: list[str]
) -> None:
    figure = drawn(
        published_predicted,
        tmp_path,
        predictions=both(tables, "predictions.parquet"),
        fits=both(tables, "fit.csv"),
        items="fake",
        methods=methods,
        hierarchies=NAMES,
        ours=["small"],
    )
    assert_sound(figure)
    untrained = chosen(tables, methods).filter(~pl.col("pair_class").is_in(["train", "exception"]))
    fits = pl.concat([FIT.read(path) for path in both(tables, "fit.csv")])
    cells = in_panels(untrained)
    assert len(shown(figure)) == len(cells)
    for axes, cell in zip(shown(figure), cells, strict=True):
        assert_draws(axes, (cell, "predicted", "observed"))
        gamma = fits.join(cell.select(KEY).head(1), on=KEY, nulls_equal=True)["gamma"][0]
        assert axes.texts[0].get_text().startswith(f"γ = {gamma:.3g}\n")


def chosen(tables: Path, methods: list[str]) -> pl.DataFrame:
    """Predictions that heatmaps and scatter plots show: each model at its smallest hyperparameter."""
    frame = pl.concat([PREDICTIONS.read(path) for path in both(tables, "predictions.parquet")])
    frame = frame.filter(pl.col("method").is_in(methods))
    return weakest(frame, "source", "model", "method")


def in_panels(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Cells from top to bottom, then from left to right."""
    order = ["method", "model", "items", "hyperparameter", "source"]
    rows = frame.sort(order, maintain_order=True).partition_by(order, maintain_order=True)
    return [part for row in rows for name in NAMES if len(part := row.filter(pl.col("hierarchy") == name))]


def test_heatmaps_hold_observed_above_and_predicted_below_the_diagonal(tables: Path, tmp_path: Path) -> None:
    figure = drawn(
        published_heatmaps,
        tmp_path,
        predictions=both(tables, "predictions.parquet"),
        items="fake",
        methods=["full", "probe"],
        hierarchies=NAMES,
        ours=["small"],
    )
    assert_labelled(figure)
    panels = [axes for axes in shown(figure) if axes.images]
    cells = in_panels(chosen(tables, ["full", "probe"]))
    assert len(panels) == len(cells) == 8
    for axes, cell in zip(panels, cells, strict=True):
        square = np.asarray(axes.images[0].get_array())
        largest = np.abs(cell["observed"].to_numpy()).max()
        higher, lower = cell["higher"].to_numpy(), cell["lower"].to_numpy()
        np.testing.assert_allclose(square[higher, lower], cell["observed"].to_numpy() / largest)
        np.testing.assert_allclose(square[lower, higher], cell["predicted"].to_numpy() / largest)
        exceptions = cell.filter(pl.col("pair_class") == "exception").height
        assert len(axes.patches) == 2 * exceptions


def test_regularization_draws_every_hyperparameter(tables: Path, tmp_path: Path) -> None:
    figure = drawn(
        published_regularization,
        tmp_path,
        accuracy=tables / "published_accuracy.csv",
        fit=tables / "published_fit.csv",
        items="fake",
        hierarchies=NAMES,
    )
    assert_sound(figure)
    rates = ACCURACY.read(tables / "published_accuracy.csv").filter(phase="post", method="probe")
    fits = FIT.read(tables / "published_fit.csv").filter(pl.col("gamma_at_edge").is_null())
    grid = np.array(shown(figure), dtype=object).reshape(5, len(NAMES))
    for column, name in zip(grid.T, NAMES, strict=True):
        of_name = rates.filter(hierarchy=name)
        probe, lora = (fits.filter(hierarchy=name, method=method) for method in ("probe", "lora"))
        x = "hyperparameter"
        assert_draws(column[0], (of_name, x, "accuracy"))
        assert_draws(column[1], (of_name, x, "margin"))
        assert_draws(column[2], (probe, x, "gamma"))
        assert_draws(column[3], (probe, x, "memorization_weight"))
        assert_draws(column[4], (lora, x, "gamma"))


def test_explanations_draw_three_scores_of_each(tables: Path, tmp_path: Path) -> None:
    figure = drawn(
        published_explanations,
        tmp_path,
        summary=tables / "summary.csv",
        items=["fake"],
        method="full",
        hierarchies=NAMES,
    )
    assert_labelled(figure)
    frame = EXPLANATIONS_SUMMARY.read(tables / "summary.csv")
    frame = frame.filter(pl.col("r2").is_not_null(), source="published", method="full")
    rows = frame.select("margins", "explanation").unique().sort("margins", "explanation")
    labels = [label.get_text() for label in shown(figure)[0].get_yticklabels()]
    assert labels == [f"{b.replace('_', ' ')} ({a.replace('_', ' ')})" for a, b in rows.rows()]
    placed = frame.join(rows.with_row_index("place"), on=["margins", "explanation"])
    for axes, name in zip(shown(figure), NAMES, strict=True):
        of_name = placed.filter(hierarchy=name)
        assert_draws(axes, *((of_name, value, "place") for value in ("r2", "r2_seeds", "r2_pairs")))


def test_transfer_draws_the_theory_and_plain_distance(tables: Path, tmp_path: Path) -> None:
    figure = drawn(published_transfer, tmp_path, transfer=tables / "transfer.parquet")
    assert_labelled(figure)
    frame = TRANSFER.read(tables / "transfer.parquet").filter(~pl.col("at_edge"))
    frame = frame.filter(pl.col("r2_own").is_not_null(), pl.col("r2_rescaled").is_not_null())
    columns = frame.select("source", "method").unique().sort("source", "method").rows()
    panels = [(link, *column) for link in ("straight", "saturating") for column in columns]
    for axes, (link, source, method) in zip(shown(figure), panels, strict=True):
        assert axes.get_title() == method + (" (ours)" if source == "study" else "")
        rows = frame.filter(link=link, source=source, method=method)
        if len(rows):
            assert_draws(axes, (rows, "r2_own", "r2_rescaled"), (rows, "r2_own", "r2_distance"))


def test_equities_draw_each_class_and_each_entry(tmp_path: Path) -> None:
    kinds = [("pair", "pair"), ("pair", "suited"), ("suited", "offsuit")]
    random = np.random.default_rng(3)
    classes = pl.DataFrame(
        [
            (*kind, sharing, 10, float(random.uniform(0, 0.05)), 1.0, float(random.uniform()))
            for kind in kinds
            for sharing in (False, True)
        ],
        schema=EQUITY_CLASSES.schema,
        orient="row",
    )
    suits = pl.DataFrame(
        [
            (*kind, sharing, "AA", "KK", 0.6, 0.6 + float(random.normal(0, 0.05)),
             0.6 + float(random.normal(0, 0.01)), 0.001, "x", sharing, 0.6, 0.001, 4, True)
            for kind in kinds
            for sharing in (False, True)
        ],
        schema=EQUITY_SUITS.schema,
        orient="row",
    )  # fmt: skip
    EQUITY_CLASSES.write(classes, tmp_path / "classes.csv")
    EQUITY_SUITS.write(suits, tmp_path / "suits.csv")
    figure = drawn(
        published_equities, tmp_path, classes=tmp_path / "classes.csv", suits=tmp_path / "suits.csv"
    )
    assert_sound(figure)
    one, two, three = shown(figure)
    placed = classes.with_columns(
        pl.Series("place", [len(kinds) - 1 - kinds.index(row) for row in classes.select(
            "first_class", "second_class").rows()])
    )  # fmt: skip
    assert [label.get_text() for label in one.get_yticklabels()] == [f"{a} v {b}" for a, b in kinds[::-1]]
    assert_draws(one, (placed, "mean_absolute_difference", "place"))
    assert_draws(two, (placed, "share_beyond", "place"))
    off = suits.select(
        (pl.col("published") - pl.col("averaged")).abs().alias("x"),
        (pl.col("published") - pl.col("nearest")).abs().alias("y"),
    )
    assert_draws(three, (off, "x", "y"))


def test_a_wrong_plot_fails(tables: Path, tmp_path: Path) -> None:
    """The checks themselves: a missing point, a point elsewhere, a clipped one and a missing label."""
    frame = COMPARISON.read(tables / "comparison.csv").filter(pl.col("accuracy").is_not_null())
    frame = weakest(frame, "published_model", "method", column="published_hyperparameter")
    figure = drawn(published_comparison, tmp_path, comparison=tables / "comparison.csv")
    (axes,) = shown(figure)
    with pytest.raises(AssertionError):
        assert_draws(axes, (frame.head(-1), "published_accuracy", "accuracy"))
    with pytest.raises(AssertionError):
        assert_draws(axes, (frame, "accuracy", "published_accuracy"))
    axes.set_ylim(0.99, 1.0)
    with pytest.raises(AssertionError, match="points outside"):
        assert_nothing_clipped(figure)
    figure.supxlabel("")
    with pytest.raises(AssertionError, match="x has no label"):
        assert_labelled(figure)
    assert set(frame["pair_class"]) <= set(PAIR_CLASSES)
