"""The task table is the hierarchy, and is read back as it."""

import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.tables import TASK
from memgen.relational.tasks import read_tasks


def test_task_table_is_the_hierarchy(study, hierarchies_of_the_study):
    for name, (n, exceptions) in hierarchies_of_the_study.items():
        frame = TASK.read(study / f"{name}.parquet")
        hierarchy = Hierarchy.of(n, exceptions)
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


def test_tasks_are_read_back(study, hierarchies_of_the_study):
    found = read_tasks([study / f"{name}.parquet" for name in hierarchies_of_the_study])
    assert found == {name: Hierarchy.of(*held) for name, held in hierarchies_of_the_study.items()}


def test_a_hierarchy_given_twice_is_refused(study):
    with pytest.raises(BadInput, match="given twice"):
        read_tasks([study / "ti_n9.parquet", study / "ti_n9.parquet"])
