"""The stages: what they write is the theory, and reading it back loses nothing."""

import numpy as np
import polars as pl
import pytest
import yaml
from tests.relational.reference import regression

from memgen.claims import CLAIMS
from memgen.closure import ROOT
from memgen.errors import BadInput
from memgen.relational.claims import claims
from memgen.relational.critical import critical_table
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable
from memgen.relational.ranks import ranks_at
from memgen.relational.settings import check
from memgen.relational.sweep import sweep
from memgen.relational.tables import CRITICAL, RANKS, SWEEP, TASK
from memgen.relational.task import read_tasks, task

HIERARCHIES = {
    "ti_n9": (9, []),
    "exc_mid_n9": (9, ["5:3"]),
    "exc_far_n11": (11, ["7:3"]),
    "two_n15": (15, ["5:3", "11:9"]),
    "edge_n5": (5, ["2:0"]),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Every table of the study, as the rules make them."""
    folder = tmp_path_factory.mktemp("relational")
    for name, (n, exceptions) in HIERARCHIES.items():
        task(name=name, n=n, exceptions=exceptions, out=folder / f"{name}.parquet")
    tasks = [folder / f"{name}.parquet" for name in HIERARCHIES]
    sweep(
        tasks=tasks,
        conjunctivity=[0.0, 0.2, 0.3, 0.9],
        ridge=[0.0, 0.05],
        out=folder / "sweep.parquet",
        ranks=folder / "ranks.parquet",
    )
    critical_table(tasks=tasks, out=folder / "critical.csv")
    claims(
        margins=folder / "sweep.parquet",
        ranks=folder / "ranks.parquet",
        critical=folder / "critical.csv",
        out=folder / "claims.csv",
    )
    return folder


def test_task_table_is_the_hierarchy(study):
    for name, (n, exceptions) in HIERARCHIES.items():
        frame = TASK.read(study / f"{name}.parquet")
        hierarchy = Hierarchy.parse(n, exceptions)
        pairs = frame.select("first", "second").rows()
        assert pairs == list(hierarchy.ordered_pairs())
        assert frame["truth"].to_list() == [hierarchy.truth(*pair) for pair in pairs]
        assert frame["pair_class"].to_list() == [hierarchy.pair_class(*pair) for pair in pairs]
        assert frame["trained"].sum() == 2 * (n - 1 + len(exceptions))
        trained = frame.filter("trained")
        assert trained["target"].to_list() == trained["truth"].to_list()
        assert (
            frame.filter(~pl.col("trained"))["target"].null_count() == frame.filter(~pl.col("trained")).height
        )


def test_tasks_are_read_back(study):
    found = read_tasks([study / f"{name}.parquet" for name in HIERARCHIES])
    assert found == {name: Hierarchy.parse(n, exceptions) for name, (n, exceptions) in HIERARCHIES.items()}


def test_sweep_holds_the_predictions_of_the_regression(study):
    frame = SWEEP.read(study / "sweep.parquet")
    assert frame.height == 8 * sum(n * (n - 1) // 2 for n, _ in HIERARCHIES.values())
    for (name, alpha, ridge), rows in frame.group_by("hierarchy", "alpha", "ridge"):
        hierarchy = Hierarchy.parse(*HIERARCHIES[name])
        test = rows.select("higher", "lower").to_numpy()
        expected = regression(hierarchy.n, hierarchy.exceptions, Exchangeable.canonical(alpha), ridge, test)
        np.testing.assert_allclose(rows["margin"].to_numpy(), expected, atol=1e-9)
        np.testing.assert_allclose(rows["gamma"].to_numpy(), 2 * (alpha + ridge) / (1 - alpha), rtol=1e-15)
        assert rows["pair_class"].to_list() == [hierarchy.pair_class(*pair) for pair in test.tolist()]


def test_ranks_table_holds_the_ranks(study):
    frame = RANKS.read(study / "ranks.parquet")
    for (name, gamma, _), rows in frame.group_by("hierarchy", "gamma", "alpha"):
        hierarchy = Hierarchy.parse(*HIERARCHIES[name])
        expected = ranks_at(hierarchy.n, hierarchy.exceptions, gamma)
        np.testing.assert_array_equal(rows.sort("item")["rank"].to_numpy(), expected)


def test_critical_table_has_a_row_for_each_component(study):
    frame = CRITICAL.read(study / "critical.csv")
    assert frame["hierarchy"].to_list() == [
        "ti_n9",
        "exc_mid_n9",
        "exc_far_n11",
        "two_n15",
        "two_n15",
        "edge_n5",
    ]
    assert frame["component"].to_list() == [None, "3-5", "3-7", "3-5", "9-11", "0-2"]
    by_name = {row["hierarchy"]: row for row in frame.iter_rows(named=True)}
    assert by_name["exc_mid_n9"]["alpha"] == pytest.approx(1 / 3, abs=1e-12)
    assert by_name["ti_n9"]["alpha"] is None and by_name["edge_n5"]["gamma"] is None
    assert by_name["ti_n9"]["exceptions"] == ""


def test_every_claim_of_the_theory_is_tested_and_agrees(study):
    frame = CLAIMS.read(study / "claims.csv")
    assert frame["verdict"].to_list() == ["agrees"] * frame.height and frame.height >= 9


def test_claims_are_read_from_the_tables(study, tmp_path):
    """A wrong table gives a wrong verdict; a table without the point gives none."""
    spoiled = SWEEP.read(study / "sweep.parquet").with_columns(pl.col("margin") + 1e-6)
    SWEEP.write(spoiled, tmp_path / "sweep.parquet")
    bent = RANKS.read(study / "ranks.parquet").with_columns(pl.col("rank") * (1 + pl.col("item")))
    RANKS.write(bent, tmp_path / "ranks.parquet")
    wrong = CRITICAL.read(study / "critical.csv").with_columns(pl.col("gamma") * 1.01, pl.col("alpha") * 1.01)
    CRITICAL.write(wrong, tmp_path / "critical.csv")
    paths = {"margins": "sweep.parquet", "ranks": "ranks.parquet", "critical": "critical.csv"}
    claims(**{key: tmp_path / name for key, name in paths.items()}, out=tmp_path / "claims.csv")
    verdicts = CLAIMS.read(tmp_path / "claims.csv")["verdict"].to_list()
    assert verdicts.count("differs") >= 7

    for table, name in ((SWEEP, "sweep.parquet"), (RANKS, "ranks.parquet"), (CRITICAL, "critical.csv")):
        table.write(table.read(study / name).filter(pl.col("hierarchy") == "edge_n5"), tmp_path / name)
    claims(**{key: tmp_path / name for key, name in paths.items()}, out=tmp_path / "claims.csv")
    assert "not tested" in CLAIMS.read(tmp_path / "claims.csv")["verdict"].to_list()


def test_tables_are_the_same_bytes_each_time(study, tmp_path):
    tasks = [study / f"{name}.parquet" for name in HIERARCHIES]
    for attempt in ("one", "two"):
        folder = tmp_path / attempt
        sweep(
            tasks=tasks,
            conjunctivity=[0.1],
            ridge=[0.0],
            out=folder / "sweep.parquet",
            ranks=folder / "ranks.parquet",
        )
    for name in ("sweep.parquet", "ranks.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_hierarchy_given_twice_is_refused(study):
    with pytest.raises(BadInput, match="given twice"):
        read_tasks([study / "ti_n9.parquet", study / "ti_n9.parquet"])


def test_settings_refuse_what_a_schema_cannot():
    check({"relational": {"hierarchies": {"good": {"n": 9, "exceptions": ["5:3"]}, "plain": {"n": 3}}}})
    for exceptions, message in (
        (["9:3"], "relational.hierarchies.bad: exception 9:3: ranks must be 0 to 8"),
        (["4:3"], "plus 2"),
        (["5:3", "05:3"], "given twice"),
    ):
        with pytest.raises(BadInput, match=message):
            check({"relational": {"hierarchies": {"bad": {"n": 9, "exceptions": exceptions}}}})


def test_every_key_of_the_schema_is_described():
    schema = yaml.safe_load((ROOT / "schemas/relational.schema.yaml").read_text(encoding="utf-8"))

    def walk(node, path):
        assert "description" in node, path
        if node.get("type") == "object" and "properties" in node:
            assert node["additionalProperties"] is False, path
        for key, part in node.get("properties", {}).items():
            walk(part, f"{path}.{key}")
        for key in ("items", "additionalProperties", "propertyNames"):
            if isinstance(node.get(key), dict):
                walk(node[key], f"{path}.{key}")

    walk(schema, "relational")
