"""What the rules make of each published.source, without running them."""

import re
from pathlib import Path

import pytest

from memgen.configuration.layers import load
from memgen.errors import BadInput
from repository import ROOT


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("{source: nowhere}", "published.source: nowhere: no such folder"),
        ("{source: docs}", "published.source: docs: holds no published file"),
        ("{sources: here}", "unknown key 'sources'"),
        ("{source: download, items: [hockey]}", "'hockey' is not allowed"),
    ],
)
def test_a_wrong_source_is_refused(tmp_path: Path, monkeypatch, overlay: str, message: str) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "overlay.yaml").write_text(f"published: {overlay}")
    with pytest.raises(BadInput, match=re.escape(message)):
        load([ROOT / "config.yaml", tmp_path / "overlay.yaml"])
