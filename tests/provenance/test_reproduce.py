"""A figure made again from its commit, and judged."""

import json
import subprocess
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from memgen.provenance.judging import known_tables
from memgen.relational.tables import SWEEP
from memgen.tables.schema import Table, trained
from recorded import JOBS, forged, provenance, refused

#: As if the sweep were that of trained models: any margin will do.
LOOSE = trained(["hierarchy"], {})
DRAWN = JOBS / "figures_rank_profiles/job.json"
SWEPT = Path("results/relational/sweep.parquet")


def reproduced(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    return provenance("reproduce", *arguments), capfd.readouterr().out.splitlines()


def worktrees() -> int:
    answer = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True)
    return len(answer.stdout.splitlines())


def test_a_whole_chain_is_identical(real_run, tmp_path, capfd):
    out = tmp_path / "again"
    status, lines = reproduced(capfd, "figures/task.pdf", "--out", str(out))
    commit = json.loads(DRAWN.read_text())["execution"]["commit"]
    assert status == 0 and lines[0] == f"commit {commit}: 5 of 5 jobs run again"
    judged = [line for line in lines[1:] if not line.startswith("ran ")]
    assert len(judged) == 6 and {line.split()[0] for line in judged} == {"identical"}
    assert (out / "figures/task.pdf").read_bytes() == Path("figures/task.pdf").read_bytes()
    assert worktrees() == 1


def test_the_last_job_alone_uses_the_present_tables_and_the_commits_sources(real_run, capfd):
    """Sources edited since do not matter; an edited figure is found."""
    Path("workflow/memgen/figures/relational/profiles.py").write_text("broken(")
    figure = Path("figures/rank_profiles.png")
    with Image.open(figure) as image:
        Image.new("RGB", image.size, "white").save(figure)
    status, lines = reproduced(capfd, "rank_profiles", "--depth", "1")
    assert status == 1 and lines[0].endswith(": 1 of 6 jobs run again")
    assert "identical   figures/rank_profiles.pdf" in lines
    assert lines[-1].startswith("different   figures/rank_profiles.png: other pixels between ")


@pytest.mark.parametrize(("held", "verdict"), [(SWEEP.tolerance, "different"), (LOOSE, "consistent")])
def test_a_figure_of_consistent_tables_is_consistent(real_run, capfd, monkeypatch, held, verdict):
    """The recorded run is that of another machine: other margins, and so another picture."""
    SWEEP.write(SWEEP.read(SWEPT).with_columns(pl.col("margin") * 1.01), SWEPT)
    figure = Path("figures/rank_profiles.png")
    with Image.open(figure) as image:
        Image.new("RGB", image.size, "white").save(figure)
    monkeypatch.setitem(known_tables(), tuple(SWEEP.columns), Table(SWEEP.name, SWEEP.columns, held))
    status, lines = reproduced(capfd, "rank_profiles")
    judged = {line.split()[1].rstrip(":"): line.split()[0] for line in lines[1:]}
    assert judged[str(SWEPT)] == judged[str(figure)] == verdict
    assert status == (verdict == "different")


def test_what_cannot_be_made_again_is_refused(real_run):
    assert "allowed: a whole number of at least 1" in refused("reproduce", "task", "--depth", "0")
    assert "allowed for --out: a new folder" in refused("reproduce", "task", "--out", "figures")
    SWEPT.write_bytes(SWEPT.read_bytes() + b" ")
    assert f"{SWEPT}: is not what {DRAWN} read" in refused("reproduce", "rank_profiles", "--depth", "1")
    forged(DRAWN, lambda record: record["code"].update({"workflow/memgen/errors.py": "0" * 64}))
    assert "the commit's is not the source that ran" in refused("reproduce", "rank_profiles")
    forged(DRAWN, lambda record: record["execution"].update(commit="0" * 40))
    assert "git worktree add: fatal: " in refused("reproduce", "rank_profiles")
    forged(DRAWN, lambda record: record["execution"].update(commit="--help"))
    assert "'--help' is not a commit" in refused("reproduce", "rank_profiles")
    assert worktrees() == 1
