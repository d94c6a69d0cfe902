"""Figures of the language study: they show what the tables hold, and are refused where one lacks it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import assert_draws, assert_sound, drawn, points, shown
from memgen.errors import BadInput
from memgen.figures.language.accuracy_by_class import accuracy_by_class
from memgen.figures.language.baselines import baselines as draw_baselines
from memgen.figures.language.conjunctivity import conjunctivity
from memgen.figures.language.exception_effect import exception_effect
from memgen.figures.language.language_summary import language_summary
from memgen.figures.language.margin_heatmaps import margin_heatmaps
from memgen.figures.language.own_kernel import own_kernel
from memgen.figures.language.predicted_margins import predicted_margins
from memgen.figures.language.response_bias import response_bias
from memgen.figures.language.symbolic_distance import symbolic_distance
from memgen.language.fits.stages.baselines import baselines
from memgen.language.fits.stages.fit import fit
from memgen.language.fits.stages.predictions import predictions
from memgen.language.fits.stages.relation import relation
from memgen.language.fits.tables import BASELINES, PREDICTIONS
from memgen.language.responses.rows import GEOMETRY_RUNS, RESPONSES
from memgen.language.responses.tables import EFFECTS, GEOMETRY
from memgen.language.stages.summaries import accuracy, distance, effects, geometry
from memgen.relational.hierarchy import Hierarchy
from synthetic_responses import response_rows, theory_margins

HIERARCHIES = {"plain": Hierarchy(6), "exc": Hierarchy(6, ((3, 1),))}
SHOWN = {"hierarchies": ["plain", "exc"]}
CELL = {**SHOWN, "method": "lora"}
FIGURES: dict[str, tuple[Callable[..., None], dict[str, str], dict[str, object]]] = {
    "accuracy": (accuracy_by_class, {"accuracy": "accuracy.csv"}, CELL),
    "distance": (symbolic_distance, {"distance": "distance.csv"}, CELL),
    "heatmaps": (
        margin_heatmaps,
        {"predictions": "predictions.parquet", "fit": "fit.csv"},
        {**CELL, "items": "fake"},
    ),
    "predicted": (
        predicted_margins,
        {"predictions": "predictions.parquet", "fit": "fit.csv"},
        {**CELL, "items": "fake"},
    ),
    "baselines": (draw_baselines, {"baselines": "baselines.csv"}, SHOWN),
    "bias": (response_bias, {"effects": "effects.csv"}, SHOWN),
    "effect": (exception_effect, {"effects": "effects.csv"}, SHOWN),
    "summary": (
        language_summary,
        {"predictions": "predictions.parquet"},
        {
            "items": "fake",
            "plain": "plain",
            "exceptional": "exc",
            "models": ["small", "other"],
            "methods": ["lora"],
        },
    ),
    "kernel": (own_kernel, {"geometry": "geometry.csv", "fit": "fit.csv"}, SHOWN),
    "conjunctivity": (conjunctivity, {"geometry": "geometry.csv", "relation": "relation.csv"}, {}),
}


def measures(responses: pl.DataFrame) -> pl.DataFrame:
    """Measures of representations for every run, made up."""
    keys = [name for name in GEOMETRY_RUNS.columns if name in RESPONSES.columns]
    runs = responses.select(keys).unique().sort(keys)
    random = np.random.default_rng(0)
    names = [name for name in GEOMETRY_RUNS.columns if name not in keys]
    values = {name: random.uniform(0.1, 0.9, runs.height) for name in names}
    frame = runs.with_columns(pl.Series(name, column) for name, column in values.items())
    post = pl.when(pl.col("phase") == "pre").then(pl.col("ridge_correlation"))
    return frame.with_columns(post.alias("ridge_correlation")).select(list(GEOMETRY_RUNS.columns))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    random = np.random.default_rng(1)
    frames = []
    for model, gamma in (("small", 0.5), ("other", 2.0)):
        for items in ("fake", "poker"):
            for name, hierarchy in HIERARCHIES.items():
                for phase, size in (("pre", 0.1), ("post", 3.0)):
                    margins = theory_margins(hierarchy, gamma, 0.9, size)
                    frames.append(
                        response_rows(
                            hierarchy,
                            lambda seed, reverse, m=margins: m + random.normal(scale=0.3, size=len(m)),
                            range(3),
                            name=name,
                            phase=phase,
                            model=model,
                            items=items,
                            method="lora",
                            hyperparameter=8.0,
                        )
                    )
    table = pl.concat(frames)
    responses = folder / "responses.parquet"
    RESPONSES.write(table, responses)
    accuracy(responses=responses, out=folder / "accuracy.csv")
    distance(responses=responses, out=folder / "distance.csv")
    effects(responses=responses, out=folder / "effects.csv")
    fit(responses, out=folder / "fit.csv")
    baselines(responses=responses, out=folder / "baselines.csv")
    predictions(responses, fits=folder / "fit.csv", out=folder / "predictions.parquet")
    GEOMETRY_RUNS.write(measures(table), folder / "measures.parquet")
    geometry(blocks=[folder / "measures.parquet"], fits=folder / "fit.csv", out=folder / "geometry.csv")
    relation(geometry=folder / "geometry.csv", fits=folder / "fit.csv", out=folder / "relation.csv")
    return folder


def of(name: str, tables: Path, folder: Path) -> Figure:
    """One of the figures, with what it draws."""
    draw, inputs, options = FIGURES[name]
    given: dict[str, object] = {key: tables / file for key, file in inputs.items()}
    if draw is language_summary:
        given = {key: [path] for key, path in given.items()}
    return drawn(draw, folder, **given, **options)


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled_and_nothing_is_clipped(name: str, tables: Path, tmp_path: Path) -> None:
    figure = of(name, tables, tmp_path)
    assert_sound(figure)
    assert any(len(points(axes)) or axes.images for axes in shown(figure))


def test_a_figure_is_the_same_bytes_each_time(tables: Path, tmp_path: Path) -> None:
    draw, inputs, options = FIGURES["predicted"]
    for attempt in ("one", "two"):
        paths = {kind: tmp_path / attempt / f"figure.{kind}" for kind in ("pdf", "png")}
        (tmp_path / attempt).mkdir()
        draw(**{key: tables / file for key, file in inputs.items()}, **options, **paths)
    for kind in ("pdf", "png"):
        one, two = (tmp_path / attempt / f"figure.{kind}" for attempt in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def cells_of(tables: Path) -> list[pl.DataFrame]:
    """Predictions of the figures with a panel per cell, from top to bottom, then left to right."""
    frame = PREDICTIONS.read(tables / "predictions.parquet").filter(items="fake")
    models = sorted(set(frame["model"]))
    return [frame.filter(model=model, hierarchy=name) for model in models for name in HIERARCHIES]


def test_predicted_margins_are_those_of_untrained_pairs(tables: Path, tmp_path: Path) -> None:
    panels = shown(of("predicted", tables, tmp_path))
    for axes, cell in zip(panels, cells_of(tables), strict=True):
        untrained = cell.filter(~pl.col("pair_class").is_in(["train", "exception"]))
        assert_draws(axes, (untrained, "predicted", "observed"))


def test_heatmaps_hold_observed_above_and_predicted_below_the_diagonal(tables: Path, tmp_path: Path) -> None:
    panels = [axes for axes in shown(of("heatmaps", tables, tmp_path)) if axes.images]
    for axes, cell in zip(panels, cells_of(tables), strict=True):
        square = np.asarray(axes.images[0].get_array())
        observed, predicted = cell["observed"].to_numpy(), cell["predicted"].to_numpy()
        higher, lower = cell["higher"].to_numpy(), cell["lower"].to_numpy()
        np.testing.assert_allclose(square[higher, lower], observed / np.abs(observed).max())
        np.testing.assert_allclose(square[lower, higher], predicted / np.abs(observed).max())


def test_conjunctivity_draws_each_cell_against_its_gamma(tables: Path, tmp_path: Path) -> None:
    frame = GEOMETRY.read(tables / "geometry.csv").drop_nulls(["alpha", "gamma"])
    for axes, phase in zip(shown(of("conjunctivity", tables, tmp_path)), ("pre", "post"), strict=True):
        assert_draws(axes, (frame.filter(phase=phase), "alpha", "gamma"))


def test_baselines_draw_every_predictor_and_the_lead_over_each(tables: Path, tmp_path: Path) -> None:
    frame = BASELINES.read(tables / "baselines.csv")
    panels = shown(of("baselines", tables, tmp_path))
    for (left, right), name in zip((panels[:2], panels[2:]), HIERARCHIES, strict=True):
        rows = frame.filter(hierarchy=name)
        for axes, column in ((left, "held_out_correlation"), (right, "difference_to_theory")):
            np.testing.assert_allclose(np.sort(points(axes)[:, 0]), rows[column].drop_nulls().sort())


def test_bias_and_effect_draw_every_cell_once(tables: Path, tmp_path: Path) -> None:
    """Their points lie at the table's values; the height says which cell it is."""
    effects = EFFECTS.read(tables / "effects.csv")
    panels = shown(of("bias", tables, tmp_path))
    wanted = [(value, kind) for value in ("yes_share", "bias") for kind in ("fake", "poker")]
    for axes, (value, kind) in zip(panels, wanted, strict=True):
        expected = effects.filter(items=kind)[value].drop_nulls().sort()
        np.testing.assert_allclose(np.sort(points(axes)[:, 0]), expected)


def test_summary_draws_the_pairs_around_the_middle_with_the_theorys(tables: Path, tmp_path: Path) -> None:
    frame = PREDICTIONS.read(tables / "predictions.parquet").filter(items="fake")
    frame = frame.filter(pl.col("higher") + pl.col("lower") == 5).sort("higher", descending=True)
    panels = shown(of("summary", tables, tmp_path))
    assert [axes.get_title() for axes in panels] == ["small, lora", "other, lora"]
    for axes, model in zip(panels, ("small", "other"), strict=True):
        rows = frame.filter(model=model)
        assert [label.get_text() for label in axes.get_xticklabels()] == ["2 v 3", "1 v 4", "0 v 5"]
        observed = np.sort(points(axes)[:, 1])
        np.testing.assert_allclose(observed, rows["observed"].sort())
        lines = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3]
        for line, name in zip(lines, HIERARCHIES, strict=True):
            np.testing.assert_allclose(line, rows.filter(hierarchy=name)["predicted"])


def test_a_gamma_beyond_its_range_is_drawn_open(tables: Path, tmp_path: Path) -> None:
    """Its marker is hollow at the range's end, and the bar reaches from there to the end that is known."""
    edge = pl.when(pl.col("model") == "small")
    frame = GEOMETRY.read(tables / "geometry.csv").with_columns(
        edge.then(None).otherwise("gamma").alias("gamma"),
        edge.then(pl.lit("low")).otherwise(None).alias("gamma_at_edge"),
        edge.then(None).otherwise("gamma_low").alias("gamma_low"),
        edge.then(0.1).otherwise("gamma_high").alias("gamma_high"),
    )
    GEOMETRY.write(frame, tmp_path / "geometry.csv")
    figure = drawn(
        conjunctivity, tmp_path, geometry=tmp_path / "geometry.csv", relation=tables / "relation.csv"
    )
    axes = shown(figure)[0]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == frame.filter(model="small", phase="pre").height
    assert {float(line.get_ydata()[0]) for line in hollow} == {1e-3}
    bars = [path for part in axes.collections for path in part.get_segments() if path[0][0] == path[1][0]]
    assert sum(bool(np.allclose(bar[:, 1], [1e-3, 0.1])) for bar in bars) == len(hollow)


def test_a_row_keeps_its_label_where_its_first_panel_is_empty(tables: Path, tmp_path: Path) -> None:
    frame = PREDICTIONS.read(tables / "predictions.parquet")
    kept = frame.filter((pl.col("model") == "small") | (pl.col("hierarchy") == "exc"))
    PREDICTIONS.write(kept, tmp_path / "predictions.parquet")
    figure = drawn(
        predicted_margins,
        tmp_path,
        predictions=tmp_path / "predictions.parquet",
        fit=tables / "fit.csv",
        items="fake",
        **CELL,
    )
    labels = [axes.get_ylabel() for axes in figure.axes if axes.axison and axes.get_ylabel()]
    assert [label.split(",")[0] for label in labels] == ["other", "small"]


@pytest.mark.parametrize(
    "name", [name for name, (_, _, options) in FIGURES.items() if "hierarchies" in options]
)
def test_hierarchies_that_were_not_run_are_refused(name: str, tables: Path, tmp_path: Path) -> None:
    draw, inputs, options = FIGURES[name]
    paths = {kind: tmp_path / f"figure.{kind}" for kind in ("pdf", "png")}
    given = {key: tables / file for key, file in inputs.items()}
    with pytest.raises(BadInput, match="no rows of nowhere; allowed: ") as caught:
        draw(**given, **{**options, "hierarchies": ["nowhere"]}, **paths)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())
