"""A row for each component, an empty one without exception."""

import pytest

from memgen.relational.tables import CRITICAL


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
