"""Where a figure comes from: as a tree, as JSON, as a graph, as a page, and from a loose file."""

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import pytest

from memgen.__main__ import run
from memgen.errors import BadInput
from memgen.provenance.record import urn
from memgen.provenance.run import read_run
from memgen.provenance.show import steps
from recorded import FIGURE, TASK, forged

matplotlib.use("agg")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    with pytest.raises(SystemExit) as ended:
        run(["provenance", "show", *map(str, arguments)])
    assert not ended.value.code
    return capsys.readouterr().out


def test_a_chain_is_a_tree_with_when_commit_and_time(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(FIGURE.read_text())
    first, second, top, leaf = shown(capsys, "figures/task.pdf").splitlines()
    assert first == "figures/task.pdf  as the job wrote it"
    assert second == f"recipe {record['recipe_id']}, {FIGURE}"
    assert top.split()[0] == "figures_task" and record["execution"]["start"][:10] in top
    assert f"  {(record['execution']['commit'] or 'no commit')[:9]}" in top and "None" not in top
    assert leaf.startswith("└─ relational_task") and leaf.endswith(" s")
    assert shown(capsys, "task") == shown(capsys, "figures/task.pdf")


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for key, value in attributes if key in ("href", "src")]
        self.ids += [value or "" for key, value in attributes if key == "id"]


def test_the_page_is_one_file_with_a_link_for_every_step(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged(TASK, lambda record: record["recipe"].update(rule="<script>alert(1)</script>"))
    page = Page(shown(capsys, "task", "--html"))
    rules = set(steps(read_run(), FIGURE.as_posix()))
    assert {link.removeprefix("#") for link in page.links} == set(page.ids) == rules
    assert all(link.startswith("#") for link in page.links) and "script" not in page.tags


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_a_loose_figure_is_found_by_its_id(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    loose = tmp_path / f"Figure 1 (final).{suffix}"
    shutil.copy(study / f"figures/task.{suffix}", loose)
    assert shown(capsys, loose).startswith(f"figures/task.{suffix}  {loose}: as the job wrote it\n")
    loose.write_bytes(loose.read_bytes() + b" ")
    assert f"{loose}: not the bytes that the job wrote" in shown(capsys, loose)


def test_the_id_at_the_foot_is_enough(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = json.loads((study / "results/provenance/jobs/figures_task/job.json").read_text())["recipe_id"]
    for name in (recipe[:10], recipe[:10].upper(), f"task · memgen · {recipe[:10]}"):
        assert shown(capsys, name).startswith("figures/task.")
    with pytest.raises(BadInput, match=r"^0123456789: no recipe of this run has an id that begins so$"):
        shown(capsys, Path("0123456789"))


def test_what_is_no_output_is_refused(study: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(urn("0" * 64).encode())
    plain = tmp_path / "plain.png"
    plain.write_bytes(b"nothing")
    for name, message in (
        ("nonsense", "neither an output of this run nor a file; allowed: figures/task.pdf"),
        (str(other), f"was made by the recipe {'0' * 64}, which this run does not hold"),
        (str(plain), "no record names it, and it carries no recipe's id"),
        (str(tmp_path), "is a folder"),
    ):
        with pytest.raises(BadInput) as caught:
            run(["provenance", "show", name])
        assert message in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="only one of them is allowed"):
        run(["provenance", "show", "task", "--dot", "--html"])
