"""Tables of the study: columns that others rely on, values of the theory, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.longtail.stages.claims import claims, paper_numbers
from memgen.longtail.stages.classify import classify
from memgen.longtail.stages.error import error
from memgen.longtail.stages.memorize import memorize
from memgen.longtail.stages.simulations import subgroups
from memgen.longtail.stages.singletons import compress, mislabel, pruned
from memgen.longtail.stages.summaries import checks, summary
from memgen.longtail.summary import numbers
from memgen.longtail.tables import (
    CLASSIFIERS,
    COMPRESSION,
    CURVES,
    MEMORIZATION,
    MISLABELLED,
    SCALING,
    SCORES,
    SPECTRA,
    SUBGROUPS,
)
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS


def test_spectra_add_up(written: dict[str, Any]) -> None:
    table = SPECTRA.read(written["spectra"])
    assert set(table["prior"]) == {"zipf", "geometric:0.9", "words"}
    assert table.filter(prior="words")["domain"].unique().to_list() == [30]
    for _, rows in table.group_by("prior"):
        assert rows["multiplicity"].to_list()[:21] == list(range(21))
        assert rows["points"].sum() <= rows["domain"][0] + 1e-9 and rows["mass"].sum() <= 1 + 1e-12
    scaling = SCALING.read(written["scaling"])
    assert scaling["asymptotic"].null_count() == scaling.height - 2, "Zipf, seen once, two sizes"


def test_classifiers_say_what_they_spent(written: dict[str, Any]) -> None:
    runs = pl.concat([CLASSIFIERS.read(path) for path in written["runs"]])
    assert runs.height == 3 * 8
    private = runs.filter((pl.col("learner") == "private_network") & (pl.col("setting") > 0))
    assert private["epsilon"].null_count() == 0 and (private["epsilon"] > 0).all()
    assert runs.filter(pl.col("learner") != "private_network")["epsilon"].null_count() == 3 * 6
    tight = runs.filter(learner="neighbours", setting=1)
    assert (tight["fitted_singletons"] == 1).all() and (tight["train_error"] == 0).all()
    samples = runs.group_by("seed").agg(pl.col("singletons").n_unique())
    assert samples["singletons"].to_list() == [1, 1, 1], "the same samples for every learner"
    curves = CURVES.read(written["curves"])
    assert curves.height == 8 and (curves["seeds"] == 3).all()
    row = curves.filter(learner="ridge", setting=10).row(0, named=True)
    same = runs.filter(learner="ridge", setting=10)
    assert row["test_error"] == pytest.approx(same["test_error"].mean())
    assert row["test_standard_error"] == pytest.approx(same["test_error"].std() / 3**0.5)


def test_memorization_is_averaged_by_multiplicity_and_seed(written: dict[str, Any]) -> None:
    for scores, averages in zip(written["scores"], written["memorization"], strict=True):
        each, means = SCORES.read(scores), MEMORIZATION.read(averages)
        assert each.height == means["examples"].sum()
        once = means.filter(multiplicity=1).sort("setting", "method")
        rows = each.filter(multiplicity=1).group_by("setting", "method", "seed").agg(pl.col("score").mean())
        expected = rows.group_by("setting", "method").agg(pl.col("score").mean()).sort("setting", "method")
        assert once["score"].to_list() == pytest.approx(expected["score"].to_list())
        assert once["expected"].to_list() == pytest.approx([0.9] * once.height)


def test_claims_checks_and_their_numbers(
    written: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "claims.csv"
    names = ("costs", "subgroups", "curves", "mislabelled", "compression")
    claims(**{name: written[name] for name in names}, out=out)
    table = CLAIMS.read(out)
    verdicts = dict(table.filter("leads").select("id", "verdict").iter_rows())
    assert len(verdicts) == 6 and verdicts["numbers-stated"] == "agrees"
    assert verdicts["privacy-subgroups"] == "contradicts", "a rare group that is hardly seen has less to lose"
    assert verdicts["subgroups-pay"] == "not tested", "no such mixture in this small study"
    paper_numbers(costs=written["costs"], json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["agree"] == said["of"] == 10
    assert [row["stated"] for row in said["numbers"]][:4] == [0.47, 0.17, 0.15, 0.07]
    names = ("scaling", "simulation", "tradeoff", "privacy", "noise")
    checks(**{name: written[name] for name in names}, out=tmp_path / "checks.csv")
    assert set(CHECKS.read(tmp_path / "checks.csv")["outcome"]) == {"holds"}
    for path in [written[name] for name in ("simulation", "privacy", "curves", *names[-2:])]:
        summary(table=path, json=True)
        assert "null" not in capsys.readouterr().out
    summary(table=written["scaling"])
    assert "share_above_bound" in capsys.readouterr().out
    for path in (tmp_path / "none.csv", written["costs"]):
        with pytest.raises(BadInput, match="allowed"):
            numbers(path)


def test_exactly_one_source_of_frequencies_is_asked_for() -> None:
    for given in [{"domain": 5}, {"prior": "zipf"}, {"prior": "zipf", "frequencies": Path(__file__)}]:
        with pytest.raises(BadInput, match=r"exactly one|domain: missing"):
            error(samples=5, **given)


def test_simulated_costs_of_subgroups_agree_with_the_closed_forms(tmp_path: Path) -> None:
    subgroups(
        mixture="test", groups=["common", "rare", "long"], priors=["zipf", "zipf", "lognormal:2"],
        domains=[60, 60, 200], weights=[8, 1, 3], samples=600, repeats=3000, out=tmp_path / "subgroups.csv",
    )  # fmt: skip
    table = SUBGROUPS.read(tmp_path / "subgroups.csv")
    assert table.unique("group")["weight"].sum() == pytest.approx(1)
    deviation = ((table["cost_simulated"] - table["cost_closed"]) / table["standard_error"]).abs()
    assert table.height == 3 * 10 and deviation.max() < 4
    limited = table.filter(learner="limited")["cost_closed"]
    assert limited[1] > limited[0], "the rarer group pays more"


def test_noisy_labels_cost_as_the_theory_says_without_similarity(tmp_path: Path) -> None:
    """In many dimensions clusters are orthogonal: singletons are worth what the closed form says."""
    mislabel(
        structures=["gaussian"], spreads=[0.1], ridges=[0.01], label_keep=[0, 0.6, 1], seeds=40, domain=60,
        samples=60, dimensions=3000, labels=10, tests=1, out=tmp_path / "mislabelled.csv",
    )  # fmt: skip
    table = MISLABELLED.read(tmp_path / "mislabelled.csv")
    deviation = (table["cost"] - table["cost_closed"]) / table["cost_standard_error"]
    assert deviation.abs().max() < 4 and table["best"].all()
    assert table["fitted_wrong"][:2].to_list() == [1, 1] and table["fitted_wrong"][2] is None


def test_pruning_keeps_the_largest_weights(tmp_path: Path) -> None:
    weights = np.array([[3.0, -4.0], [0.5, 1.0]])
    assert pruned(weights, 0.5).tolist() == [[3, -4], [0, 0]]
    assert pruned(weights, 1.0).tolist() == weights.tolist()
    compress(
        structures=["gaussian"], spreads=[0.7], kept=[1, 0.1], seeds=20, domain=60, samples=80,
        dimensions=200, labels=10, tests=2, out=tmp_path / "compression.csv",
    )  # fmt: skip
    table = COMPRESSION.read(tmp_path / "compression.csv")
    assert table.filter(kept=1)["loss"].to_list() == [0] * 4
    loss = dict(table.filter(kept=0.1).select("group", "loss").iter_rows())
    extra = dict(table.filter(kept=0.1).select("group", "extra_loss").iter_rows())
    assert extra["once"] == pytest.approx(loss["once"] - loss["often"]) and extra["often"] is None
    assert extra["once"] > 0


def test_a_spread_that_is_none_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    given: dict[str, Any] = {"structure": "hypercube", "spread": 1.5, "learner": "ridge", "settings": [1.0]}
    given |= {"domain": 40, "samples": 40, "dimensions": 60, "seeds": 1, "out": tmp_path / "out.parquet"}
    with pytest.raises(BadInput, match=r"spread of hypercube: 1.5 is not allowed"):
        classify(tests=1, **given)
    with pytest.raises(BadInput, match=r"spread of hypercube: 1.5 is not allowed"):
        memorize(subsample_count=9, scores=tmp_path / "scores.parquet", **given)
    assert not list(tmp_path.iterdir())
