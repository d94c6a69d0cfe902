"""The doctor: what it finds is there, what it misses comes with a way to get it, and nothing is written."""

import json

import pytest

from memgen import __main__ as cli
from repository import ROOT


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, str | None]]:
    with pytest.raises(SystemExit) as ended:
        cli.run(["doctor", "--json", *arguments])
    assert not ended.value.code
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_bare_machine_is_told_what_it_lacks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    found = findings(capsys)
    for name in ("git", "SLURM", "conda", "Chromium", "results", "published responses"):
        assert found[name]["state"] == "missing" and found[name]["enables"] and found[name]["command"], name
    assert list(tmp_path.iterdir()) == []


def test_weights_of_the_configuration_are_looked_for(tmp_path, monkeypatch, capsys):
    (tmp_path / "config.yaml").write_bytes((ROOT / "config.yaml").read_bytes())
    (tmp_path / "paper.yaml").write_bytes((ROOT / "configs/paper.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    (tmp_path / "results/language/models/minilm").mkdir(parents=True)
    found = findings(capsys)
    assert found["weights of minilm"]["state"] == "here"
    assert found["weights of smollm2"]["command"] == "make study ARGS=results/language/models/smollm2"
    found = findings(capsys, "--config", "paper.yaml")
    missing = found["weights of llama32-1b"]
    assert missing["state"] == "missing" and str(missing["command"]).startswith("hf download meta-llama/")
    assert not any("small-lm" in name for name in found)
