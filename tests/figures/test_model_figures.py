"""Figures of language models, ours and published: they show what the tables hold, or are refused."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from checks import (
    assert_draws,
    assert_labelled,
    assert_nothing_clipped,
    assert_refused,
    assert_sound,
    drawn,
    made_up,
    points,
    shown,
)
from memgen.language.fits.baselines import baselines
from memgen.language.fits.tables import BASELINES, FIT, PREDICTIONS
from memgen.language.fits.theory import fit, predictions
from memgen.language.responses.tables import ACCURACY, EFFECTS, KEY, RESPONSES
from memgen.language.stages.summaries import accuracy, effects
from memgen.language.tables import COST_CURVE, REPRESENTATIONS
from memgen.published.compare import compare
from memgen.published.conversion import convert
from memgen.published.explain import explain
from memgen.published.tables import COMPARISON, EQUITY_CLASSES, EQUITY_SUITS, EXPLANATIONS_SUMMARY, TRANSFER
from memgen.published.transfer import transfer
from memgen.relational.hierarchy import Hierarchy
from memgen.tables.schema import Table
from published_imitation import imitated
from synthetic_responses import noisy, response_rows, theory_margins

HIERARCHIES = {"plain": Hierarchy(6), "exc": Hierarchy(6, ((3, 1),))}
NAMES = list(HIERARCHIES)
WORDS: dict[str, Any] = {"words": ["plain=6 items", "exc=6 items, 3 beats 1", "lora=LoRA"]}
PROBES: dict[str, Any] = {"probes": ["probe"]}
SHOWN: dict[str, Any] = {"hierarchies": NAMES, **WORDS}
FAKE: dict[str, Any] = {**SHOWN, "items": "fake"}
OURS: dict[str, Any] = {**FAKE, "methods": ["lora", "probe"], "ours": ["small"]}
#: Files of each figure, a list of ours and the published ones where it ends in "*", and its options.
FIGURES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "baselines": ({"baselines": "baselines.csv"}, SHOWN),
    "geometry": ({"representations": "representations.csv", "curve": "curve.csv"}, {}),
    "exception_effect": ({"effects": "effects.csv"}, {**SHOWN, **PROBES}),
    "language_summary": (
        {"predictions": "predictions.parquet*"},
        {"items": "fake", "plain": "plain", "exceptional": "exc", "models": ["small", "other"],
         "methods": ["lora"], **PROBES, **WORDS},
    ),
    "published_accuracy": ({"accuracy": "accuracy.csv*"}, FAKE),
    "published_comparison": ({"comparison": "comparison.csv"}, WORDS),
    "published_predicted": ({"predictions": "predictions.parquet*", "fits": "fit.csv*"}, OURS),
    "published_heatmaps": ({"predictions": "predictions.parquet*"}, OURS),
    "published_regularization": ({"accuracy": "published_accuracy.csv", "fit": "published_fit.csv"}, FAKE),
    "published_explanations": ({"summary": "summary.csv"}, {**SHOWN, "items": ["fake"], "method": "full"}),
    "published_transfer": ({"transfer": "transfer.parquet"}, WORDS),
}  # fmt: skip
#: Figures whose panels end where their points do not.
CUT = {"published_explanations", "published_transfer"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table of two models of ours, and of the published ones, all made up."""
    folder = tmp_path_factory.mktemp("tables")
    random = np.random.default_rng(1)
    cells = product((("small", 0.5), ("other", 2.0)), ("fake", "poker"), NAMES, (("pre", 0.1), ("post", 3.0)))
    own = []
    for number, ((model, gamma), items, name, (phase, size)) in enumerate(cells):
        margins = noisy(theory_margins(HIERARCHIES[name], gamma, 0.9, size), 0.3, number)
        cell = {"model": model, "items": items, "method": "lora", "hyperparameter": 8.0}
        own.append(response_rows(HIERARCHIES[name], margins, range(3), name=name, phase=phase, **cell))
    converted = []
    for name, hierarchy in HIERARCHIES.items():
        imitated(name, hierarchy, "fake").write_parquet(folder / "file.parquet")
        converted.append(convert(folder / "file.parquet", name, "fake").collect())
    ours, published = folder / "ours.parquet", folder / "published.parquet"
    for source, path, frames in (("ours", ours, own), ("published", published, converted)):
        RESPONSES.write(pl.concat(frames), path)
        fits = folder / f"{source}_fit.csv"
        accuracy(responses=path, out=folder / f"{source}_accuracy.csv")
        fit(path, out=fits)
        predictions(path, fits=fits, out=folder / f"{source}_predictions.parquet")
    effects(responses=ours, out=folder / "effects.csv")
    baselines(responses=ours, out=folder / "baselines.csv")
    networks = pl.DataFrame({"model": ["small", "small", "other", "other"], "initialization": [None, 0] * 2})
    read_of = pl.DataFrame(
        {"pooling": ["last", "tail"], "features": ["difference", "raw"], "mixing": [0.5, None]}
    )
    representations = made_up(REPRESENTATIONS, networks.join(read_of, how="cross"), random)
    REPRESENTATIONS.write(representations, folder / "representations.csv")
    curve = pl.DataFrame([[0.0, 0.9]] * len(COST_CURVE.columns), schema=COST_CURVE.schema)
    COST_CURVE.write(curve, folder / "curve.csv")
    explain(responses=[published], out=folder / "explanations.parquet", summary=folder / "summary.csv")
    transfer(responses=[published, ours], out=folder / "transfer.parquet")
    compare(ours=ours, published=published, out=folder / "comparison.csv")
    return folder


def both(tables: Path, file: str) -> list[Path]:
    return [tables / f"{source}_{file}" for source in ("published", "ours")]


def given(name: str, tables: Path, **other: Any) -> dict[str, Any]:
    """Arguments of a figure."""
    files, options = FIGURES[name]
    paths = {
        key: both(tables, file.rstrip("*")) if file.endswith("*") else tables / file
        for key, file in files.items()
    }
    return {**paths, **options, **other}


@pytest.fixture
def of(tables: Path, tmp_path: Path) -> Callable[..., Figure]:
    """Draws one of the figures, with other arguments than usual where they are given; it must be sound."""

    def draw(name: str, **other: Any) -> Figure:
        figure = drawn(name, tmp_path, **given(name, tables, **other))
        assert_labelled(figure)
        if name not in CUT:
            assert_nothing_clipped(figure)
        return figure

    return draw


Draw = Callable[..., Figure]


def test_what_was_not_run_is_refused(tables: Path, tmp_path: Path) -> None:
    nowhere = given("baselines", tables, hierarchies=["nowhere"])
    assert_refused("baselines", tmp_path / "new", r"baselines.csv: no rows of nowhere; allowed: ", **nowhere)


def read(table: Table, tables: Path, file: str, **chosen: Any) -> pl.DataFrame:
    """Some rows of ours and the published ones."""
    return pl.concat([table.read(path) for path in both(tables, file)]).filter(**chosen)


def weakest(frame: pl.DataFrame, *group: str, column: str = "hyperparameter") -> pl.DataFrame:
    """Rows of the smallest value of each group, of LoRA of the largest; all of those that have none."""
    kept = []
    for part in frame.partition_by(group):
        known = part[column].drop_nulls()
        if len(known):
            extreme = known.max() if part["method"][0] == "lora" else known.min()
            part = part.filter(pl.col(column) == extreme)
        kept.append(part)
    return pl.concat(kept)


def cells_drawn(tables: Path, methods: list[str]) -> list[pl.DataFrame]:
    """Predictions of some methods, of our model small and all published ones, from top left on by row.

    Each at its smallest value, LoRA of ours too: it has one.
    """
    frame = read(PREDICTIONS, tables, "predictions.parquet", items="fake")
    frame = frame.filter(pl.col("method").is_in(methods), pl.col("model") != "other")
    least = pl.col("hyperparameter").min().over("source", "model", "method")
    frame = frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == least))
    order = ["method", "model", "source"]
    rows = frame.sort(order, maintain_order=True).partition_by(order, maintain_order=True)
    return [part for row in rows for name in NAMES if len(part := row.filter(hierarchy=name))]


@pytest.mark.parametrize("methods", [["full"], ["lora", "probe"]])
def test_predicted_margins_are_those_of_the_untrained_pairs_of_each_cell(
    methods: list[str], tables: Path, of: Draw
) -> None:
    fits = read(FIT, tables, "fit.csv")
    panels = shown(of("published_predicted", methods=methods))
    for axes, cell in zip(panels, cells_drawn(tables, methods), strict=True):
        untrained = cell.filter(~pl.col("pair_class").is_in(["train", "exception"]))
        assert_draws(axes, (untrained, "predicted", "observed"))
        gamma = fits.join(cell.select(KEY).head(1), on=KEY, nulls_equal=True)["gamma"][0]
        assert axes.texts[0].get_text().startswith(f"γ = {gamma:.3g}\n")


def test_heatmaps_hold_observed_above_and_predicted_below_the_diagonal(tables: Path, of: Draw) -> None:
    cells = cells_drawn(tables, ["lora", "probe"])
    panels = [axes for axes in shown(of("published_heatmaps")) if axes.images]
    assert len(cells) >= 4
    for axes, cell in zip(panels, cells, strict=True):
        square = np.asarray(axes.images[0].get_array())
        observed, predicted = cell["observed"].to_numpy(), cell["predicted"].to_numpy()
        higher, lower = cell["higher"].to_numpy(), cell["lower"].to_numpy()
        np.testing.assert_allclose(square[higher, lower], observed / np.abs(observed).max())
        np.testing.assert_allclose(square[lower, higher], predicted / np.abs(observed).max())
        assert len(axes.patches) == 2 * cell.filter(pair_class="exception").height


@pytest.mark.parametrize(
    ("name", "table", "columns"),
    [
        ("exception_effect", EFFECTS, ("yes_share", "exception_accuracy_effect", "exception_margin_effect")),
        ("baselines", BASELINES, ("correlation_by_seed", "difference_to_theory")),
    ],
)
def test_dot_plots_draw_every_cell_once(
    name: str, table: Table, columns: tuple[str, ...], tables: Path, of: Draw
) -> None:
    """Points lie at the table's values; the height says which cell it is."""
    frame = table.read(tables / f"{table.name}.csv")
    for axes, column in zip(shown(of(name)), columns, strict=True):
        rows = frame.filter(phase="post") if column.startswith("exception_") else frame
        np.testing.assert_allclose(np.sort(points(axes)[:, 0]), rows[column].drop_nulls().sort())


def test_models_that_differ_in_seed_alone_share_a_row_and_keep_their_markers(
    tables: Path, tmp_path: Path, of: Draw
) -> None:
    """A population has a marker per network, no bars, and one entry of the legend."""
    names = pl.col("model").replace({"small": "random-init", "other": "random-init-1"})
    EFFECTS.write(EFFECTS.read(tables / "effects.csv").with_columns(names), tmp_path / "effects.csv")
    axes = shown(of("exception_effect", effects=tmp_path / "effects.csv"))[0]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows == [f"MiniLM, untrained, LoRA, {words}" for words in ("poker hands", "invented names")]
    assert len(points(axes)) == EFFECTS.read(tmp_path / "effects.csv").height and not axes.collections


def test_summary_draws_the_pairs_around_the_middle_with_the_theorys(tables: Path, of: Draw) -> None:
    frame = read(PREDICTIONS, tables, "predictions.parquet", source="study", items="fake")
    frame = frame.filter(pl.col("higher") + pl.col("lower") == 5).sort("higher", descending=True)
    panels = {axes.get_title(): axes for axes in shown(of("language_summary"))}
    published = {f"made-up-{number} (published)\nfull finetuning" for number in (1, 2)}
    assert set(panels) == {"small\nLoRA", "other\nLoRA"} | published
    for model in ("small", "other"):
        axes, rows = panels[f"{model}\nLoRA"], frame.filter(model=model)
        assert [label.get_text() for label in axes.get_xticklabels()] == ["2 v 3", "1 v 4", "0 v 5"]
        np.testing.assert_allclose(np.sort(points(axes)[:, 1]), rows["observed"].sort())
        lines = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3]
        for line, name in zip(lines, HIERARCHIES, strict=True):
            np.testing.assert_allclose(line, rows.filter(hierarchy=name)["predicted"])


def test_accuracy_draws_every_class_over_its_name(tables: Path, of: Draw) -> None:
    frame = read(ACCURACY, tables, "accuracy.csv", phase="post", items="fake")
    frame = weakest(frame, "source", "model", "method").filter(pl.col("pair_class") != "loop")
    for axes, name in zip(shown(of("published_accuracy")), NAMES, strict=True):
        rows, seen = frame.filter(hierarchy=name), points(axes)
        assert len(seen) == len(rows)
        for place, label in enumerate(axes.get_xticklabels()):
            here = seen[np.abs(seen[:, 0] - place) < 0.5][:, 1]
            expected = rows.filter(pair_class=label.get_text())["accuracy"]
            np.testing.assert_allclose(np.sort(here), expected.sort())


def panels_of(name: str, tables: Path) -> list[list[tuple[pl.DataFrame, str, str]]]:
    """What each panel of a figure must draw: rows of tables, with their columns across and up."""
    if name == "geometry":
        frame = REPRESENTATIONS.read(tables / "representations.csv")
        difference, raw = (frame.filter(features=features) for features in ("difference", "raw"))
        seen = [(difference, "alpha"), (difference, "near_margin_predicted"), (raw, "near_margin_predicted")]
        return [[(rows, across, "near_margin")] for rows, across in seen]
    if name == "published_comparison":
        frame = COMPARISON.read(tables / "comparison.csv").filter(pl.col("accuracy").is_not_null())
        frame = weakest(frame, "published_model", "method", column="published_hyperparameter")
        models = [frame.filter(model=model) for model in ("other", "small")]
        return [[(rows, "published_accuracy", "accuracy")] for rows in models]
    if name == "published_explanations":
        frame = EXPLANATIONS_SUMMARY.read(tables / "summary.csv")
        frame = frame.filter(pl.col("r2").is_not_null(), source="published", method="full")
        place = pl.struct("margins", "explanation").rank("dense").cast(pl.Float64) - 1
        parts = [frame.with_columns(place=place).filter(hierarchy=hierarchy) for hierarchy in NAMES]
        return [[(rows, score, "place") for score in ("r2", "r2_seeds", "r2_pairs")] for rows in parts]
    if name == "published_transfer":
        frame = TRANSFER.read(tables / "transfer.parquet").filter(~pl.col("at_edge"))
        keys = [pl.col("link") != "straight", "source", "method"]
        parts = (
            frame.drop_nulls(["r2_own", "r2_rescaled"]).sort(keys).partition_by("link", "source", "method")
        )
        return [[(rows, "r2_own", "r2_rescaled"), (rows, "r2_own", "r2_distance")] for rows in parts]
    rates = ACCURACY.read(tables / "published_accuracy.csv").filter(phase="post", method="probe")
    fits = FIT.read(tables / "published_fit.csv").filter(pl.col("gamma_at_edge").is_null())
    probe, lora = (fits.filter(method=method) for method in ("probe", "lora"))
    drawn_rows = [(rates, "accuracy"), (rates, "margin"), (probe, "gamma"), (probe, "memorization_weight")]
    return [
        [(rows.filter(hierarchy=hierarchy), "hyperparameter", value)]
        for rows, value in [*drawn_rows, (lora, "gamma")]
        for hierarchy in NAMES
    ]


@pytest.mark.parametrize(
    "name",
    ["geometry", "published_comparison", "published_explanations", "published_transfer",
     "published_regularization"],
)  # fmt: skip
def test_panels_draw_the_rows_of_their_tables_and_no_other(name: str, tables: Path, of: Draw) -> None:
    for axes, rows in zip(shown(of(name)), panels_of(name, tables), strict=True):
        assert_draws(axes, *rows)


def test_equities_draw_each_class_and_each_entry(tmp_path: Path) -> None:
    kinds = pl.DataFrame(
        {"first_class": ["suited", "pair", "pair"], "second_class": ["offsuit", "suited", "pair"]}
    )
    rows = kinds.with_row_index("place").join(pl.DataFrame({"shares_rank": [False, True]}), how="cross")
    random = np.random.default_rng(3)
    classes, suits = (made_up(table, rows, random) for table in (EQUITY_CLASSES, EQUITY_SUITS))
    paths = {"classes": tmp_path / "classes.csv", "suits": tmp_path / "suits.csv"}
    EQUITY_CLASSES.write(classes.reverse(), paths["classes"])
    EQUITY_SUITS.write(suits, paths["suits"])
    figure = drawn("published_equities", tmp_path, **paths)
    assert_sound(figure)
    one, two, three = shown(figure)
    labels = [label.get_text() for label in one.get_yticklabels()]
    assert labels == ["suited v offsuit", "pair v suited", "pair v pair"]
    placed = classes.with_columns(rows["place"])
    assert_draws(one, (placed, "mean_absolute_difference", "place"))
    assert_draws(two, (placed, "share_beyond", "place"))
    off = suits.select((pl.col("averaged", "nearest") - pl.col("published")).abs())
    assert_draws(three, (off, "averaged", "nearest"))
