"""What jobs ask for follows the model and the attempt, covers what was measured, and limits nothing here."""

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from memgen.configuration.layers import load
from memgen.engine.checkpoints import MINUTES
from memgen.language import work
from memgen.planning.resources import KEPT_SECONDS, MARGIN, SNAKEMAKE_MB, Need, memory_asked, minutes_asked
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
