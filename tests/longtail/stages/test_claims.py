"""Claims are read from the tables, and a command prints the numbers behind them."""

import json
from pathlib import Path
from typing import Any

import pytest

from memgen.errors import BadInput
from memgen.longtail.agreement import numbers
from memgen.longtail.stages.checks import checks
from memgen.longtail.stages.claims import claims, paper_numbers
from memgen.longtail.stages.summary import summary
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS


def test_claims_and_their_numbers(
    written: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "claims.csv"
    names = ("costs", "scaling", "subgroups", "curves", "memorization")
    claims(**{name: written[name] for name in names}, out=out)
    table = CLAIMS.read(out)
    verdicts = dict(table.filter("leads").select("id", "verdict").iter_rows())
    assert len(verdicts) == 5 and verdicts["numbers-stated"] == "agrees"
    assert verdicts["subgroups-pay"] == "not tested", "no such mixture in this small study"
    paper_numbers(costs=written["costs"], json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["agree"] == said["of"] == 4
    assert [row["stated"] for row in said["numbers"]] == [0.47, 0.17, 0.15, 0.07]
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
