"""What jobs took, what they are taken to need, and what they ask for, which limits nothing here."""

import os
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from memgen.configuration.layers import load
from memgen.engine.checkpoints import MINUTES
from memgen.language import work
from memgen.planning.resources import KEPT_SECONDS, MARGIN, SNAKEMAKE_MB, Need, memory_asked, minutes_asked
from memgen.planning.timings import Estimates, failures, timings
from repository import ROOT, called


@pytest.fixture
def config() -> dict[str, Any]:
    """The paper's configuration."""
    return load([ROOT / "config.yaml", ROOT / "configs/paper.yaml"])


def test_what_is_asked_for_grows_with_every_attempt():
    need = Need(seconds=1000, memory_mb=1000)
    for ask in (memory_asked, minutes_asked):
        assert [ask(need, attempt) for attempt in (2, 3)] == [2 * ask(need, 1), 3 * ask(need, 1)]
    assert memory_asked(need, 1) >= SNAKEMAKE_MB + MARGIN * need.memory_mb


def test_a_large_model_asks_for_thirty_times_the_weights_of_a_small_one(config):
    config["language"]["models"]["small"] = {**config["language"]["models"]["qwen35-4b"], "parameters": 134.5}
    parts = {"kind": "fake", "hierarchy": "ti_n9", "method": "lora", "seeds": "000-024"}
    small, large = (
        work.finetuning(config, SimpleNamespace(model=model, **parts)) for model in ("small", "qwen35-4b")
    )
    assert (large.gpu_memory_mb - 1000) / (small.gpu_memory_mb - 1000) == pytest.approx(4000 / 134.5)
    assert large.memory_mb > 2 * small.memory_mb
    assert large.seconds - large.starting == pytest.approx((small.seconds - small.starting) * 4000 / 134.5)


def test_a_long_training_is_taken_to_keep_what_it_keeps(config):
    assert KEPT_SECONDS == 60 * MINUTES
    config["language"]["device"] = "cpu"
    parts = {"kind": "fake", "hierarchy": "ti_n9", "seeds": "000-024"}
    for model, method in product(config["language"]["models"], ("full", "lora", "sequential")):
        need = work.finetuning(config, SimpleNamespace(model=model, method=method, **parts))
        assert (need.seconds - need.starting) / need.parts < 2 * KEPT_SECONDS


SNAKEFILE = """
import sys
sys.path.insert(0, {path!r})
from memgen.planning.resources import Need, needs
rule all:
    input: expand("{{part}}.txt", part=["a", "b"])
rule one:
    output: "{{part}}.txt"
    resources: **needs("one", lambda wildcards: Need(3600, 10_000_000, gpu_memory_mb=1e6), gpu=True)
    shell: "touch {{wildcards.part}}.begun; for i in $(seq 100); do "
           "[ -e a.begun ] && [ -e b.begun ] && break; sleep .1; done; "
           "[ -e a.begun ] && [ -e b.begun ] && touch {{output}}"
"""


def test_nothing_of_it_limits_how_many_jobs_run_here(tmp_path):
    """Each of two jobs ends only when the other has begun."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(path=str(ROOT / "workflow")))
    profile = str(ROOT / "profiles/default")
    done = called("snakemake", "--cores", "2", "--workflow-profile", profile, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def benchmark(path: Path, seconds: float) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t{100 * seconds}\t-\n")
    return str(path)


def test_adds_up_per_rule(tmp_path):
    for name, seconds in (("b/1", 2), ("b/2", 3), ("a/job", 1)):
        benchmark(tmp_path / f"{name}.tsv", seconds)
    lines = [line.split() for line in timings(tmp_path).splitlines()]
    assert lines[1:] == [
        ["b", "2", "5.0", "0.0", "300"],
        ["a", "1", "1.0", "0.0", "100"],
        ["total", "3", "6.0", "0.0", "300"],
    ]


def test_a_job_that_failed_has_the_last_word(tmp_path):
    logs, records = tmp_path / "logs", tmp_path / "jobs"
    for job, text in (("a/x=1.5", "begun\nmemgen: error: no room\n"), ("a/x=2", ""), ("b/job", "ended\n")):
        for path, content in ((logs / f"{job}.log", text), (records / f"{job}.json", "{}")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    assert failures(logs, records, 0) == ""
    for path in records.glob("a/*"):
        path.unlink()
    assert failures(logs, records, 0) == f"{logs / 'a/x=1.5.log'}: memgen: error: no room"
    os.utime(logs / "a/x=1.5.log", (5, 5))
    assert failures(logs, records, 6) == ""


def test_what_was_measured_comes_before_what_is_planned(tmp_path):
    mine = benchmark(tmp_path / "sweep/a.tsv", 4)
    benchmark(tmp_path / "sweep/b.tsv", 8)
    found = Estimates(tmp_path)
    assert found.seconds("sweep", mine, {"expected_s": 30}) == 4
    assert found.seconds("sweep", str(tmp_path / "sweep/c.tsv"), {"expected_s": 30}) == 6
    assert found.seconds("all", None, {}) == 0
    broken = benchmark(tmp_path / "fit/a.tsv", 1)
    Path(broken).write_bytes(b"\xff\xfe")
    assert found.seconds("fit", broken, {"expected_s": 30}) == 30
