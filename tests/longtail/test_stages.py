"""Stages end to end at small sizes: tables, claims and figures, and that they repeat byte for byte."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from memgen.claims import CLAIMS
from memgen.errors import BadInput
from memgen.longtail import classify, memorize, simulate, spectra, subgroups
from memgen.longtail.claims import claims
from memgen.longtail.summary import numbers, summary
from memgen.longtail.tables import (
    CLASSIFIERS,
    COSTS,
    CURVES,
    MEMORIZATION,
    SCALING,
    SCORES,
    SIMULATION,
    SPECTRA,
)
from memgen.longtail.trained import trained_scores

PRIORS = ["zipf", "geometric:0.9"]
SIZE = {"domain": 40, "samples": 50, "repeats": 300, "labels": 10}
DATA = {"prior": "zipf", "domain": 40, "samples": 40, "labels": 10, "dimensions": 60}
NETWORK = {"hidden": 8, "steps": 20}
TRAINED = {
    "ridge": ([0.1, 10.0], {}),
    "neighbours": ([1.0, 5.0], {}),
    "network": ([0.001, 0.3], NETWORK),
    "private_network": ([0.0, 2.0], {**NETWORK, "learning_rate": 1.0}),
}


def write_all(folder: Path) -> dict[str, Any]:
    """Every table of the study at a small size."""
    paths: dict[str, Any] = {
        name: folder / f"{name}.{kind}"
        for name, kind in {
            "spectra": "parquet", "scaling": "parquet", "costs": "csv", "simulation": "csv",
            "tradeoff": "csv", "privacy": "csv", "noise": "csv", "curves": "csv",
        }.items()
    }  # fmt: skip
    words = folder / "words.txt"
    words.write_text("\n".join(str(1 / rank) for rank in range(1, 31)))
    spectra.spectra(priors=PRIORS, frequencies=[words], domain=40, samples=60, out=paths["spectra"])
    spectra.scaling(
        priors=PRIORS, domain=20000, samples=[10, 100], multiplicities=[1, 2], out=paths["scaling"]
    )
    spectra.costs(
        prior="zipf",
        domain=[50000, 40],
        samples=[50000, 30],
        labels=10,
        memorization_limit=0.5,
        out=paths["costs"],
    )
    simulate.simulate(
        priors=PRIORS,
        frequencies=[words],
        domain=[40],
        samples=[50],
        repeats=[300],
        labels=10,
        learners=["optimal", "ignore:1", "flip:0.2", "majority:0.8"],
        out=paths["simulation"],
    )
    simulate.tradeoff(priors=PRIORS, memorization_limits=[0.0, 0.5, 0.9], out=paths["tradeoff"], **SIZE)
    simulate.privacy(priors=PRIORS, epsilons=[0.1, 1.0, 3.0], out=paths["privacy"], **SIZE)
    simulate.noise(priors=PRIORS, label_keep=[0.3, 1.0], out=paths["noise"], **SIZE)
    paths["subgroups"] = [folder / "subgroups.csv"]
    subgroups.subgroups(
        mixture="small",
        groups=["P1", "P2"],
        priors=["zipf", "zipf"],
        domains=[30, 30],
        weights=[5, 1],
        samples=90,
        labels=10,
        memorization_limit=0.5,
        repeats=300,
        out=paths["subgroups"][0],
    )
    paths["runs"], paths["memorization"], paths["scores"] = [], [], []
    for learner, (settings, options) in TRAINED.items():
        out = folder / f"classifiers_{learner}.parquet"
        classify.classify(
            structure="gaussian", spread=0.7, learner=learner, settings=settings, tests=2, seeds=3, out=out,
            **DATA, **options,
        )  # fmt: skip
        paths["runs"].append(out)
        if learner == "private_network":
            continue
        out, scores = folder / f"memorization_{learner}.parquet", folder / f"scores_{learner}.parquet"
        memorize.memorize(
            structure="gaussian", spread=0.7, learner=learner, settings=settings, seeds=3, subsample_count=12,
            subsample_share=0.7, out=out, scores=scores, **DATA, **options,
        )  # fmt: skip
        paths["memorization"].append(out)
        paths["scores"].append(scores)
    classify.curves(runs=paths["runs"], out=paths["curves"])
    return paths


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_all(tmp_path_factory.mktemp("longtail"))


def files(paths: dict[str, Any]) -> list[Path]:
    return [path for value in paths.values() for path in (value if isinstance(value, list) else [value])]


def test_tables_repeat_byte_for_byte(written: dict[str, Any], tmp_path: Path) -> None:
    again = write_all(tmp_path)
    for one, other in zip(files(written), files(again), strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_simulation_has_the_columns_that_others_rely_on(written: dict[str, Any]) -> None:
    table = pl.read_csv(written["simulation"])
    assert table.columns == [
        "prior", "domain", "samples", "learner", "parameter", "error_closed", "error_simulated",
        "standard_error", "repeats",
    ]  # fmt: skip
    assert set(table["prior"]) == {"zipf", "geometric:0.9", "words"}
    assert table.filter(pl.col("prior") == "words")["domain"].unique().to_list() == [30]
    deviation = (table["error_simulated"] - table["error_closed"]).abs() / table["standard_error"]
    assert deviation.max() < 4
    assert SIMULATION.read(written["simulation"]).height == 12


def test_spectra_add_up(written: dict[str, Any]) -> None:
    table = SPECTRA.read(written["spectra"])
    assert set(table["prior"]) == {"zipf", "geometric:0.9", "words"}
    for _, rows in table.group_by("prior"):
        assert rows["multiplicity"].to_list()[:21] == list(range(21))
        assert rows["points"].sum() <= rows["domain"][0] + 1e-9 and rows["mass"].sum() <= 1 + 1e-12
    assert COSTS.read(written["costs"])["tau_1_n"][0] == pytest.approx(0.4717, abs=5e-5)
    scaling = SCALING.read(written["scaling"])
    assert scaling["asymptotic"].null_count() == scaling.height - 2, "Zipf, seen once, two sizes"


def test_classifiers_tell_what_they_spent(written: dict[str, Any]) -> None:
    runs = pl.concat([CLASSIFIERS.read(path) for path in written["runs"]])
    assert runs.height == 3 * 8
    private = runs.filter((pl.col("learner") == "private_network") & (pl.col("setting") > 0))
    assert private["epsilon"].null_count() == 0 and (private["epsilon"] > 0).all()
    assert runs.filter(pl.col("learner") != "private_network")["epsilon"].null_count() == 3 * 6
    tight = runs.filter((pl.col("learner") == "neighbours") & (pl.col("setting") == 1))
    assert (tight["fitted_singletons"] == 1).all() and (tight["train_error"] == 0).all()
    assert (tight["lower_bound"] - tight["optimum"]).abs().max() == 0
    # The same samples for every learner.
    assert runs.group_by("seed").agg(pl.col("singletons").n_unique())["singletons"].to_list() == [1, 1, 1]
    curves = CURVES.read(written["curves"])
    assert curves.height == 8 and (curves["seeds"] == 3).all()
    row = curves.filter((pl.col("learner") == "ridge") & (pl.col("setting") == 10)).row(0, named=True)
    same = runs.filter((pl.col("learner") == "ridge") & (pl.col("setting") == 10))
    assert row["test_error"] == pytest.approx(same["test_error"].mean())
    assert row["test_standard_error"] == pytest.approx(same["test_error"].std() / 3**0.5)


def test_memorization_is_averaged_by_multiplicity(written: dict[str, Any]) -> None:
    for scores, averages in zip(written["scores"], written["memorization"], strict=True):
        each, means = SCORES.read(scores), MEMORIZATION.read(averages)
        assert each.height == means["examples"].sum()
        once = means.filter(pl.col("multiplicity") == 1).sort("setting", "method")
        rows = (
            each.filter(pl.col("multiplicity") == 1)
            .group_by("setting", "method", "seed")
            .agg(pl.col("score").mean())
        )
        expected = rows.group_by("setting", "method").agg(pl.col("score").mean()).sort("setting", "method")
        assert once["score"].to_list() == pytest.approx(expected["score"].to_list())
        assert once["expected"].to_list() == pytest.approx([0.9] * once.height)


def test_claims_and_their_numbers(
    written: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "claims.csv"
    names = (
        "costs",
        "scaling",
        "simulation",
        "tradeoff",
        "privacy",
        "noise",
        "subgroups",
        "curves",
        "memorization",
    )
    claims(**{name: written[name] for name in names}, out=out)
    table = CLAIMS.read(out)
    assert table["claim"].n_unique() == table.height
    verdicts = dict(table.select("claim", "verdict").iter_rows())
    paper = [claim for claim in verdicts if claim.startswith("Zipf, 50,000 points, 50,000 samples")]
    assert len(paper) == 4 and {verdicts[claim] for claim in paper} == {"agrees"}
    missing = [claim for claim in verdicts if claim.startswith("Zipf, 5,000 points")]
    assert {verdicts[claim] for claim in missing} == {"not tested"}, "no such row in this small study"
    assert "differs" not in table.filter(pl.col("claim").str.contains("standard errors"))["verdict"].to_list()
    for path in [written["simulation"], written["privacy"], written["curves"], *written["memorization"]]:
        summary(table=path, json=True)
        assert "null" not in capsys.readouterr().out
        assert None not in numbers(path).values()
    summary(table=written["scaling"])
    assert "share_above_bound" in capsys.readouterr().out
    for path in (tmp_path / "none.csv", written["costs"]):
        with pytest.raises(BadInput, match="allowed"):
            numbers(path)


FIGURES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    **{
        name: lambda paths, name=name: {name: paths[name]}  # type: ignore[misc]
        for name in (
            "spectra",
            "scaling",
            "simulation",
            "tradeoff",
            "privacy",
            "noise",
            "subgroups",
            "memorization",
        )
    },
    "classifiers": lambda paths: {"curves": paths["curves"]},
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(written: dict[str, Any], tmp_path: Path, name: str) -> None:
    draw = getattr(importlib.import_module(f"memgen.figures.longtail_{name}"), f"longtail_{name}")
    draw(**FIGURES[name](written), pdf=tmp_path / "one.pdf", png=tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as picture:
        colours = picture.convert("RGB").getcolors(1 << 24)
    assert len(colours or []) > 20 and (tmp_path / "one.pdf").stat().st_size > 5000


def test_one_currency_draws_both_studies(written: dict[str, Any], tmp_path: Path) -> None:
    from memgen.figures.longtail.longtail_currency import longtail_currency

    pairs = pl.DataFrame(
        {
            "hierarchy": ["exc"] * 4,
            "higher": [0, 0, 3, 3],
            "lower": [1, 1, 5, 5],
            "pair_class": ["train", "train", "exception", "exception"],
            "alpha": [0.3] * 4,
            "ridge": [0.1, 10.0] * 2,
            "score": [0.2, 0.1, 1.2, 0.4],
            "answer_gain": [0.0, 0.0, 1.0, 0.0],
        }
    )
    pairs.write_parquet(tmp_path / "pairs.parquet")
    targets = {"pdf": tmp_path / "one.pdf", "png": tmp_path / "one.png"}
    given = {"relational": tmp_path / "pairs.parquet", "longtail": written["memorization"], **targets}
    longtail_currency(hierarchy="exc", conjunctivity=0.3, **given)
    assert targets["pdf"].stat().st_size > 5000
    with pytest.raises(BadInput, match="no scores"):
        longtail_currency(hierarchy="other", conjunctivity=0.3, **given)
    pairs.drop("score").write_parquet(tmp_path / "pairs.parquet")
    with pytest.raises(BadInput, match="missing columns"):
        longtail_currency(hierarchy="exc", conjunctivity=0.3, **given)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"learner": "forest"}, "forest"),
        ({"settings": [0.0]}, "ridge > 0"),
        ({"labels": 1}, "labels"),
        ({"structure": "cube"}, "cube"),
        ({"spread": -1.0}, "spread"),
        ({"prior": "best"}, "best"),
    ],
)
def test_bad_classifiers_are_refused_and_leave_nothing(
    tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    arguments = {
        "structure": "gaussian",
        "spread": 0.7,
        "learner": "ridge",
        "settings": [1.0],
        **DATA,
        **change,
    }
    with pytest.raises(BadInput, match=part):
        classify.classify(tests=1, seeds=1, out=tmp_path / "out.parquet", **arguments)
    with pytest.raises(BadInput, match=part):
        memorize.memorize(
            seeds=1, subsample_count=9, subsample_share=0.5, out=tmp_path / "out.parquet",
            scores=tmp_path / "scores.parquet", **arguments,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_unknown_learners_are_not_trained() -> None:
    with pytest.raises(BadInput, match="allowed"):
        trained_scores("forest", [1.0], None, None, 2, None, None, 0)  # type: ignore[arg-type]


def test_sizes_must_come_in_threes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="as many of each"):
        simulate.simulate(
            priors=["zipf"], domain=[5, 6], samples=[5], repeats=[2], labels=2, learners=["optimal"],
            out=tmp_path / "out.csv",
        )  # fmt: skip
