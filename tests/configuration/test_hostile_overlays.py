"""What somebody might lay over the configuration to break it: one line each, at once, and nothing is run."""

import fcntl
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest

from memgen import __main__ as cli
from memgen.configuration import layers as configuration
from memgen.errors import BadInput
from memgen.language import settings
from memgen.language.settings import lineup, lineup_hierarchy
from memgen.published.files import read_versions
from repository import ROOT

BOMB = "a0: &a0 {x: 1, y: 2}\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
MERGED_BOMB = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30)
)
TOWER = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [[[[*a{n - 1}]]]]\n" for n in range(1, 400))
GROUP = "{prior: zipf, domain: 3, weight: 1}"
HUB = "repository: owner/name, revision: 4e20de362430cd3b72f300e6b0f18e50e7166e08"

OVERLAYS = {
    # What is no plain mapping.
    "anchor in itself": "language: &a {models: *a}\n",
    "list in itself": "language: {models: &a [*a]}\n",
    "anchor around another": "relational: {figures: &a {readout: {hierarchy: &b [*a, *b]}}}\n",
    "bomb": BOMB,
    "bomb of merges": MERGED_BOMB,
    "tower of aliases": TOWER,
    "deep brackets": "a: " + "[" * 50_000,
    "deep braces": "{a: " * 5_000,
    "many entries": "longtail: {priors: [" + ", ".join(["{}"] * 20_000) + "]}\n",
    "many repeated entries": "longtail: {priors: [" + ", ".join(["{}"] * 9_000) + "]}\n",
    "large file": "# " + "x" * 300_000 + "\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "key twice": "language: {}\nlanguage: {}\n",
    "key twice inside": "language: {seeds: 1, seeds: 2}\n",
    "python object": "a: !!python/object/apply:os.system ['touch pwned']\n",
    "unknown alias": "a: *b\n",
    "tabs": "language:\n\tseeds: 1\n",
    "bytes": "language: \x00\n",
    "binary": "language: {device: !!binary AAAA}\n",
    "set": "language: {device: !!set {cpu}}\n",
    "date": "language: {device: 2020-01-01}\n",
    "key of a list": "? [a, b]\n: 1\n",
    "key of a huge number": "0x" + "f" * 5000 + ": 1\n",
    "templates": "__use_yte__: true\n?exec: 1\n",
    # Numbers.
    "huge number": "language: {seeds: 0x" + "f" * 5000 + "}\n",
    "huge decimal number": "language: {seeds: " + "9" * 5000 + "}\n",
    "huge conjunctivity": "relational: {figures: {readout: {ridge: 0x" + "f" * 5000 + "}}}\n",
    "infinite": "relational: {theory: {ridge: [1e400]}}\n",
    "not a number": "relational: {theory: {ridge: [.nan]}}\n",
    "whole float": "language: {seeds: 10.0}\n",
    "octal": "language: {seeds: 012}\n",
    "hexadecimal": "language: {seeds: 0x10}\n",
    "sixties": "language: {seeds: 1:30}\n",
    "underscored": "language: {seeds: 1_0}\n",
    "truth": "language: {seeds: true}\n",
    # Names.
    "model with a newline": 'language: {models: {"a\\n": {source: corpus, seed: 0}}}\n',
    "method with a newline": 'language: {methods: {"probe\\n": {kind: ridge, ridge: [1], pooling: last}}}\n',
    "hierarchy with a newline": 'relational: {hierarchies: {"x\\n": {n: 9}}}\n',
    "mixture with a newline": f'longtail: {{mixtures: {{"m\\n": {{samples: 5, groups: {{a: {GROUP}}}}}}}}}\n',
    "group with a newline": f'longtail: {{mixtures: {{m: {{samples: 5, groups: {{"a\\n": {GROUP}}}}}}}}}\n',
    "hierarchy with a separator": 'relational: {hierarchies: {"x\\u2028": {n: 9}}}\n',
    "hierarchy above": 'relational: {hierarchies: {"../x": {n: 9}}}\n',
    "hierarchy with braces": 'relational: {hierarchies: {"{x}": {n: 9}}}\n',
    "long model": "language: {models: {" + "a" * 300 + ": {source: corpus, seed: 0}}}\n",
    "very long model": "language: {models: {" + "a" * 2000 + ": {source: corpus, seed: 0}}}\n",
    "revision with a newline": 'language: {models: {a: {source: hub, repository: a/b, revision: "'
    + "0" * 40
    + '\\n"}}}\n',
    "repository with a command": "language: {models: {a: {source: hub, "
    + HUB.replace("owner/name", "'owner/name;id'")
    + "}}}\n",
    "repository with a newline": "language: {models: {a: {source: hub, "
    + HUB.replace("owner/name", '"owner/name\\n"')
    + "}}}\n",
    "package that is an option": "language: {models: {minilm: {package: --index-url=x}}}\n",
    "version that is a path": "language: {models: {minilm: {version: ../1}}}\n",
    "weights above": "language: {models: {minilm: {weights: a/../../b}}}\n",
    "weights with a newline": 'language: {models: {minilm: {weights: "a\\n"}}}\n',
    "exception with a newline": 'relational: {hierarchies: {ti_n9: {exceptions: ["5:3\\n"]}}}\n',
    "exception in other digits": 'relational: {hierarchies: {ti_n9: {exceptions: ["٥:٣"]}}}\n',
    "prior with a newline": 'longtail: {priors: ["zipf\\n"]}\n',
    "prior with a command": 'longtail: {priors: ["zipf;id"]}\n',
    "learner with a newline": 'longtail: {simulation: {learners: ["optimal\\n"]}}\n',
    "currency of no hierarchy": "longtail: {currency: {hierarchy: nowhere}}\n",
    "networks named as margins": "relational: {hierarchies: {a_margins: {n: 9}}, "
    "networks: {hierarchies: [a_margins]}}\n",
    # Files.
    "frequencies with a command": "longtail: {frequency_files: ['a;id>pwned;b.txt']}\n",
    "frequencies that are an option": "longtail: {frequency_files: ['--out']}\n",
    "frequencies above": "longtail: {frequency_files: ['a/../../b.txt']}\n",
    "frequencies in a folder": "longtail: {frequency_files: ['workflow']}\n",
    "frequencies without end": "longtail: {frequency_files: ['/dev/zero']}\n",
    "frequencies with a long name": "longtail: {frequency_files: ['" + "a" * 400 + "']}\n",
    "source with a command": "published: {source: 'a;id'}\n",
    "source with braces": "published: {source: '{x}'}\n",
    "source that is an option": "published: {source: --help}\n",
    "source with a newline": 'published: {source: "workflow\\n"}\n',
    "source that is a file": "published: {source: README.md}\n",
    "source with a long name": "published: {source: '" + "a" * 400 + "'}\n",
}  # fmt: skip


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """`memgen study --config`, which must end before it takes the lock."""

    def reached(*_: object) -> NoReturn:
        raise AssertionError("the overlay was accepted")

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(fcntl, "flock", reached)
    monkeypatch.setattr(os, "execve", reached)

    def run(overlay: Path) -> str:
        monkeypatch.setattr(sys, "argv", ["memgen", "study", "--config", str(overlay)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed, said = capfd.readouterr()
        assert ended.value.code == 2 and printed == ""
        assert said.count("\n") == 1 and said.startswith("memgen: error: ") and len(said) < 1000, said
        assert "allowed" in said or "required" in said, said
        return said

    return run


@pytest.mark.parametrize("name", OVERLAYS)
def test_hostile_overlay_is_refused_in_one_line_at_once(call: Any, tmp_path: Path, name: str) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(OVERLAYS[name], encoding="utf-8")
    before = time.process_time()
    call(overlay)
    # A guard against what grows without end, for a machine of any speed: nested anchors took minutes.
    assert time.process_time() - before < 10
    assert not (ROOT / "pwned").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "nothing", "missing", "latin", "odd name"])
def test_overlay_that_is_no_file_is_refused(call: Any, tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a\nb.yaml" if kind == "odd name" else "overlay.yaml")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "nothing":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "latin":
        path.write_bytes(b"a: \xe9\n")
    said = call(path)
    words = {"folder": "is a folder", "pipe": "is not a regular file", "loop": "is a loop of links"}
    assert words.get(kind, "") in said


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("file is a folder", "is a folder"),
        ("file is a pipe", "is not a regular file"),
        ("file is a loop", "is a loop of links"),
        ("file is a link to nothing", "is a link to nothing"),
        ("folder is a pipe", "is not a folder"),
        ("folder is a link to nothing", "is a link to nothing"),
        ("matrix is a pipe", "is not a regular file"),
        ("source is a link to nothing", "is a link to nothing"),
        ("source is a pipe", "is not a folder"),
    ],
)
def test_published_files_that_are_none_are_refused(
    call: Any, tmp_path: Path, kind: str, message: str
) -> None:
    source = tmp_path / "held"
    first, second = (source / row.file for row in read_versions()[:2])
    what, _, thing = kind.partition(" is a ")
    if what != "source":
        first.parent.mkdir(parents=True)
        first.touch()
    path = {"file": second, "folder": source / "poker", "matrix": source / "poker/preflop_equity.csv"}.get(
        what, source
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    if thing == "folder":
        path.mkdir()
    elif thing == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if thing == "loop" else tmp_path / "nowhere")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"published: {{source: '{source}'}}\n")
    assert message in call(overlay)


def test_a_hierarchy_named_like_a_size_takes_no_place_of_it(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("relational: {hierarchies: {n9: {n: 11, exceptions: ['6:4']}}}\n")
    config = configuration.load([ROOT / "config.yaml", overlay])
    assert lineup(config, "fake", "ti_n9") == "n9" and lineup(config, "fake", "n9") == "n11"
    assert lineup_hierarchy(config, "fake", "n9") == {"n": 9, "exceptions": []}
    assert lineup_hierarchy(config, "fake", "n11")["n"] == 11
    assert lineup(config, "poker", "n9") == "n9"
    assert lineup_hierarchy(config, "poker", "n9") == {"n": 11, "exceptions": ["6:4"]}
    for items, name in (("poker", "n11"), ("fake", "ti_n9")):
        with pytest.raises(BadInput, match="there is no lineup"):
            settings.lineup_hierarchy(config, items, name)
