"""Claims are read from the tables, and a command prints the numbers behind them."""

from pathlib import Path
from typing import Any

import pytest

from memgen.errors import BadInput
from memgen.longtail.stages.claims import claims
from memgen.longtail.stages.summaries import checks, summary
from memgen.longtail.summary import numbers
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS


def test_claims_and_their_numbers(
    written: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "claims.csv"
    names = ("costs", "scaling", "subgroups", "curves", "memorization")
    claims(**{name: written[name] for name in names}, out=out)
    table = CLAIMS.read(out)
    assert table["claim"].n_unique() == table.height
    verdicts = dict(table.select("claim", "verdict").iter_rows())
    paper = [claim for claim in verdicts if claim.startswith("Zipf, 50,000 points, 50,000 samples")]
    assert len(paper) == 4 and {verdicts[claim] for claim in paper} == {"agrees"}
    missing = [claim for claim in verdicts if claim.startswith("Zipf, 5,000 points")]
    assert {verdicts[claim] for claim in missing} == {"not tested"}, "no such row in this small study"
    names = ("scaling", "simulation", "tradeoff", "privacy", "noise")
    checks(**{name: written[name] for name in names}, out=tmp_path / "checks.csv")
    assert set(CHECKS.read(tmp_path / "checks.csv")["outcome"]) == {"holds"}
    for path in [written["simulation"], written["privacy"], written["curves"], *written["memorization"]]:
        summary(table=path, json=True)
        assert "null" not in capsys.readouterr().out
        assert None not in numbers(path).values()
    summary(table=written["scaling"])
    assert "share_above_bound" in capsys.readouterr().out
    for path in (tmp_path / "none.csv", written["costs"]):
        with pytest.raises(BadInput, match="allowed"):
            numbers(path)
