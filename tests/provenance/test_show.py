"""Where a figure comes from: as a tree, as JSON, as a graph, as a page, and from a loose file."""

import html
import json
import re
import shutil
from pathlib import Path

import matplotlib
import pytest

from memgen.provenance.record import urn
from memgen.provenance.run import read_run
from memgen.provenance.show import steps
from recorded import FIGURE, TASK, forged, provenance, refused

matplotlib.use("agg")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert provenance("show", *arguments) == 0
    return capsys.readouterr().out


def test_a_chain_is_a_tree_with_when_commit_and_time(study, capsys):
    record = json.loads(FIGURE.read_text())
    *head, top, leaf = shown(capsys, "figures/task.pdf").splitlines()
    assert head == ["figures/task.pdf  as the job wrote it", f"recipe {record['recipe_id']}, {FIGURE}"]
    assert top.split()[0] == "figures_task" and record["execution"]["start"][:10] in top
    assert f"  {(record['execution']['commit'] or 'no commit')[:9]}" in top and "None" not in top
    assert leaf.startswith("└─ relational_task") and leaf.endswith(" s")
    assert shown(capsys, "task") == shown(capsys, "figures/task.pdf")


def test_the_page_is_one_file_with_a_link_for_every_step(study, capsys):
    forged(TASK, lambda record: record["recipe"].update(rule="<script>alert(1)</script>"))
    raw = shown(capsys, "task", "--html")
    page = html.unescape(raw)
    rules = set(steps(read_run(), FIGURE.as_posix()))
    links = re.findall(r"(?:href|src)=\"([^\"]*)", page)
    assert {link.removeprefix("#") for link in links} == set(re.findall(r" id=\"([^\"]*)", page)) == rules
    assert all(link.startswith("#") for link in links) and "<script" not in raw


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_a_loose_figure_is_found_by_its_id_and_the_id_alone_is_enough(study, tmp_path, capsys, suffix):
    loose = tmp_path / f"Figure 1 (final).{suffix}"
    shutil.copy(study / f"figures/task.{suffix}", loose)
    assert shown(capsys, loose).startswith(f"figures/task.{suffix}  {loose}: as the job wrote it\n")
    loose.write_bytes(loose.read_bytes() + b" ")
    assert f"{loose}: not the bytes that the job wrote" in shown(capsys, loose)
    recipe = json.loads(FIGURE.read_text())["recipe_id"]
    for name in (recipe[:10].upper(), f"task · memgen · {recipe[:10]}"):
        assert shown(capsys, name).startswith("figures/task.")


def test_what_is_no_output_is_refused(study, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(urn("0" * 64).encode())
    plain = tmp_path / "plain.png"
    plain.write_bytes(b"nothing")
    for name, message in (
        ("0123456789", "no recipe of this run has an id that begins so"),
        ("nonsense", "neither an output of this run nor a file; allowed: figures/task.pdf"),
        (other, f"was made by the recipe {'0' * 64}, which this run does not hold"),
        (plain, "no record names it, and it carries no recipe's id"),
        (tmp_path, "is a folder"),
    ):
        assert message in refused("show", name)
    assert "only one of them is allowed" in refused("show", "task", "--dot", "--html")
