"""Spectra, their scaling and what memorization is worth, from the closed forms."""

from typing import Any

import pytest

from memgen.longtail.tables import COSTS, SCALING, SPECTRA


def test_spectra_add_up(written: dict[str, Any]) -> None:
    table = SPECTRA.read(written["spectra"])
    assert set(table["prior"]) == {"zipf", "geometric:0.9", "words"}
    for _, rows in table.group_by("prior"):
        assert rows["multiplicity"].to_list()[:21] == list(range(21))
        assert rows["points"].sum() <= rows["domain"][0] + 1e-9 and rows["mass"].sum() <= 1 + 1e-12
    assert COSTS.read(written["costs"])["tau_1_n"][0] == pytest.approx(0.4717, abs=5e-5)
    scaling = SCALING.read(written["scaling"])
    assert scaling["asymptotic"].null_count() == scaling.height - 2, "Zipf, seen once, two sizes"
