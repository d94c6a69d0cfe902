"""The doctor: what it finds is there, what it misses comes with a way to get it, and nothing is written."""

import json
import shutil

from repository import ROOT


def test_a_bare_machine_is_told_what_it_lacks(tmp_path, monkeypatch, memgen):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    status, printed, _ = memgen("doctor", "--json")
    found = {row["name"]: row for row in json.loads(printed)}
    assert status == 0
    for name in ("git", "SLURM", "conda", "Chromium", "results", "published responses"):
        assert found[name]["state"] == "missing" and found[name]["enables"] and found[name]["command"], name
    assert list(tmp_path.iterdir()) == []


def test_weights_of_the_configuration_are_looked_for(tmp_path, monkeypatch, memgen):
    for name in ("config.yaml", "configs/paper.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    (tmp_path / "results/language/models/minilm").mkdir(parents=True)
    default, paper = (
        {row["name"]: row for row in json.loads(memgen("doctor", "--json", *more)[1])}
        for more in ([], ["--config", "paper.yaml"])
    )
    assert default["weights of minilm"]["state"] == "here"
    assert default["weights of smollm2"]["command"] == "make study ARGS=results/language/models/smollm2"
    missing = paper["weights of llama32-1b"]
    assert missing["state"] == "missing" and str(missing["command"]).startswith("hf download meta-llama/")
    assert not any("small-lm" in name for name in paper)
