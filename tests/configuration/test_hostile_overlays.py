"""What somebody might lay over the configuration to break it: one line each, at once, and nothing is run."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from memgen.configuration import layers as configuration
from memgen.errors import BadInput
from memgen.language.settings import lineup, lineup_hierarchy
from repository import ROOT


def doubling(first: str, following: str) -> str:
    """Anchors each of which holds the one before it nine times."""
    lines = [f"a{n}: &a{n} {following.format(', '.join([f'*a{n - 1}'] * 9))}\n" for n in range(1, 30)]
    return f"a0: &a0 {first}\n{''.join(lines)}"


HUB = "language: {{models: {{a: {{source: hub, repository: {}, revision: {}}}}}}}\n"
OVERLAYS = {
    # What is no plain mapping.
    "anchor in itself": "language: &a {models: *a}\n",
    "bomb": doubling("{x: 1, y: 2}", "[{}]"),
    "bomb of merges": doubling("{k: 1}", "{{<<: [{}]}}"),
    "tower of aliases": "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [[[[*a{n - 1}]]]]\n" for n in range(1, 400)),
    "deep brackets": "a: " + "[" * 50_000,
    "many entries": "longtail: {priors: [" + ", ".join(["{}"] * 20_000) + "]}\n",
    "large file": "# " + "x" * 300_000 + "\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "key twice": "language: {}\nlanguage: {}\n",
    "python object": "a: !!python/object/apply:os.system ['touch pwned']\n",
    "bytes": "language: \x00\n",
    "binary": "language: {device: !!binary AAAA}\n",
    "key of a huge number": "0x" + "f" * 5000 + ": 1\n",
    "templates": "__use_yte__: true\n?exec: 1\n",
    # Numbers.
    "huge number": "language: {seeds: 0x" + "f" * 5000 + "}\n",
    "infinite": "relational: {theory: {ridge: [1e400]}}\n",
    "whole float": "language: {seeds: 10.0}\n",
    "truth": "language: {seeds: true}\n",
    # Names.
    "model with a newline": 'language: {models: {"a\\n": {source: corpus, seed: 0}}}\n',
    "long model": "language: {models: {" + "a" * 300 + ": {source: corpus, seed: 0}}}\n",
    "hierarchy above": 'relational: {hierarchies: {"../x": {n: 9}}}\n',
    "revision with a newline": HUB.format("a/b", '"' + "0" * 40 + '\n"'),
    "repository with a command": HUB.format("'a/b;id'", "0" * 40),
    "package that is an option": "language: {models: {minilm: {package: --index-url=x}}}\n",
    "version that is a path": "language: {models: {minilm: {version: ../1}}}\n",
    "weights above": "language: {models: {minilm: {weights: a/../../b}}}\n",
    "folder with a command": "language: {models: {a: {source: folder, folder: 'a;id>pwned'}}}\n",
    "folder without a model": "language: {models: {a: {source: folder, folder: docs}}}\n",
    "exception with a newline": 'relational: {hierarchies: {ti_n9: {exceptions: ["5:3\\n"]}}}\n',
    "currency of no hierarchy": "longtail: {currency: {hierarchy: nowhere}}\n",
    "networks named as margins": "relational: {hierarchies: {a_margins: {n: 9}}, "
    "networks: {hierarchies: [a_margins]}}\n",
    # Files.
    "frequencies with a command": "longtail: {frequency_files: ['a;id>pwned;b.txt']}\n",
    "frequencies above": "longtail: {frequency_files: ['a/../../b.txt']}\n",
    "frequencies in a folder": "longtail: {frequency_files: ['workflow']}\n",
    "frequencies without end": "longtail: {frequency_files: ['/dev/zero']}\n",
    "source that is an option": "published: {source: --help}\n",
    "source that is a file": "published: {source: README.md}\n",
}  # fmt: skip


@pytest.fixture
def refused(memgen, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    """The one line of `memgen study --config`, which must end before it takes the lock."""

    def reached(*_: object) -> NoReturn:
        raise AssertionError("the overlay was accepted")

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(fcntl, "flock", reached)
    monkeypatch.setattr(os, "execve", reached)

    def run(overlay: Path) -> str:
        status, printed, said = memgen("study", "--config", str(overlay))
        assert status == 2 and printed == ""
        assert said.count("\n") == 1 and said.startswith("memgen: error: ") and len(said) < 1000, said
        assert "allowed" in said or "required" in said, said
        return said

    return run


@pytest.mark.parametrize("name", OVERLAYS)
def test_hostile_overlay_is_refused_in_one_line_at_once(refused, tmp_path, name):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(OVERLAYS[name], encoding="utf-8")
    before = time.process_time()
    refused(overlay)
    # A guard against what grows without end, for a machine of any speed: nested anchors took minutes.
    assert time.process_time() - before < 10
    assert not (ROOT / "pwned").exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.symlink_to(path), "is a loop of links"),
        (lambda path: path.symlink_to("nowhere"), ""),
        (lambda path: path.write_bytes(b"a: \xe9\n"), ""),
        (lambda path: None, r"a\nb.yaml: no such"),
    ],
)
def test_overlay_that_is_no_file_is_refused(refused, tmp_path, make, said):
    path = tmp_path / "a\nb.yaml"
    make(path)
    assert said in refused(path)


def test_a_hierarchy_named_like_a_size_takes_no_place_of_it(tmp_path):
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
            lineup_hierarchy(config, items, name)
