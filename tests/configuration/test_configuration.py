"""Every configuration is accepted whole or refused in one line, at once, and nothing is run."""

import copy
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from memgen.configuration import layers as configuration
from memgen.errors import BadInput
from memgen.language.settings import lineup, lineup_hierarchy
from repository import ROOT

BASE = configuration.read(ROOT / "config.yaml")
OVERLAYS = sorted((ROOT / "configs").glob("*.yaml"))
MANY = 5 * settings().max_examples

WORDS = st.sampled_from(["", "5:3", "3:5", "9:0", "cuda", "ti_n9", "../../etc", "minilm", "{x}", "a b"])
NUMBERS = st.booleans() | st.integers(-(10**12), 10**12) | st.floats()
KEYS = st.text(max_size=6) | st.integers() | st.none()
VALUES = st.recursive(
    st.none() | NUMBERS | WORDS | st.text(max_size=8) | st.dates(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, part in parts for place in [(*path, key), *places(part, (*path, key))]]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The default configuration with one to three changes anywhere in it."""
    config = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(config)))
        parent = config
        for key in path[:-1]:
            parent = parent[key]
        kind = draw(st.sampled_from(["replace", "delete", "rename", "add", "nudge"]))
        if kind == "delete":
            del parent[path[-1]]
        elif kind == "rename" and isinstance(parent, dict):
            parent[draw(st.text(max_size=8))] = parent.pop(path[-1])
        elif kind == "add" and isinstance(parent[path[-1]], dict):
            parent[path[-1]][draw(st.text(max_size=8))] = draw(VALUES)
        elif kind == "nudge" and isinstance(parent[path[-1]], (int, float)):
            parent[path[-1]] *= draw(st.sampled_from([-1, 0, 0.5, 1.0, 2, 1000]))
        else:
            parent[path[-1]] = draw(VALUES)
        if not places(config):
            break
    return config


def assert_one_line(text: str) -> None:
    assert len(text.splitlines()) == 1, text
    assert "allowed" in text or "required" in text or "must" in text, text
    assert len(text) < 1000, text


@settings(max_examples=MANY)
@given(config=mutated())
def test_mutated_configuration_is_accepted_or_refused_in_one_line(config):
    before = copy.deepcopy(config)
    try:
        accepted = configuration.check(config, "config.yaml")
    except BadInput as error:
        assert_one_line(str(error))
    else:
        assert configuration.check(accepted) == accepted
    assert repr(config) == repr(before)


@settings(max_examples=MANY)
@given(data=st.data())
def test_damaged_file_is_read_or_refused_in_one_line(tmp_path, data):
    text = bytearray((ROOT / "config.yaml").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        position = data.draw(st.integers(0, len(text) - 1))
        text[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path / "damaged.yaml"
    path.write_bytes(bytes(text))
    try:
        configuration.load([path])
    except BadInput as error:
        assert_one_line(str(error))


def nested(first: str, following: str, count: int) -> str:
    """Anchors each of which holds the one before it."""
    lines = [f"a{n}: &a{n} {following.replace('@', f'*a{n - 1}')}\n" for n in range(1, count)]
    return f"a0: &a0 {first}\n{''.join(lines)}"


NINE = ", ".join("@" * 9)
MODEL = "language: {{models: {{a: {{{}}}}}}}\n"
MINILM = "language: {{models: {{minilm: {{{}}}}}}}\n"
HIERARCHIES = "relational: {{hierarchies: {{{}}}}}\n"
FREQUENCIES = "longtail: {{frequency_files: ['{}']}}\n"
#: What somebody might lay over the configuration to break it, and a part of the line that refuses it.
REFUSED = [
    # What is no plain mapping.
    ("- a\n- b\n", "holds a list; allowed: a YAML mapping"),
    ("a: [1\n", "overlay.yaml, line 2: "),
    ("language: {}\nlanguage: {}\n", "line 2: key 'language' is given twice"),
    ("language: &a {models: *a}\n", "an anchor contains itself"),
    (nested("{x: 1, y: 2}", f"[{NINE}]", 30), "every alias written out"),
    (nested("{k: 1}", f"{{<<: [{NINE}]}}", 30), "every alias written out"),
    (nested("[1]", "[[[[@]]]]", 400), "levels deep"),
    ("a: " + "[" * 50_000, "levels deep"),
    ("longtail: {priors: [" + ", ".join(["{}"] * 20_000) + "]}\n", "entries"),
    ("# " + "x" * 300_000 + "\n", "is larger than"),
    ("a: !!python/object/apply:os.system ['touch pwned']\n", "could not determine a constructor"),
    ("language: \x00\n", "allowed: a YAML mapping"),
    ("language: {device: !!binary AAAA}\n", "language.device"),
    ("0x" + "f" * 5000 + ": 1\n", ""),
    ("__use_yte__: true\n?exec: 1\n", "__use_yte__"),
    # Keys and numbers.
    ("bogus: {}\n", "the top level: unknown key 'bogus'; allowed: "),
    ("relational: null\n", "the key 'relational' is missing"),
    ("relational: {3: 4}\n", "the key 3 is not text"),
    ("language: {device: tpu}\n", "language.device: 'tpu' is not allowed; allowed: one of "),
    ("language: {seeds: 0x" + "f" * 5000 + "}\n", "language.seeds"),
    ("language: {seeds: 10.0}\n", "language.seeds: 10.0 is not allowed"),
    ("relational: {theory: {ridge: [1e400]}}\n", "relational.theory.ridge[0]: inf is not allowed"),
    # Names.
    ('language: {models: {"a\\n": {source: corpus, seed: 0}}}\n', "does not print"),
    ("language: {models: {" + "a" * 300 + ": {source: corpus, seed: 0}}}\n", "is not allowed as a name"),
    (HIERARCHIES.format('"../x": {n: 9}'), "'../x' is not allowed as a name"),
    (HIERARCHIES.format('ti_n9: {exceptions: ["3:5"]}'), "3:5"),
    (MODEL.format(f"source: hub, repository: 'a/b;id', revision: {'0' * 40}"), "repository"),
    (MINILM.format("package: --index-url=x"), "minilm.package"),
    (MINILM.format("weights: a/../../b"), "minilm.weights"),
    ("longtail: {currency: {hierarchy: nowhere}}\n", "nowhere"),
    ("relational: {figures: {rank_profiles: {hierarchies: [nowhere]}}}\n", "'nowhere' is not computed by"),
    ("relational: {hierarchies: {a_margins: {n: 9}}, networks: {hierarchies: [a_margins]}}\n", "_margins"),
    # Files.
    (FREQUENCIES.format("a/../../b.txt"), "b.txt"),
    (FREQUENCIES.format("workflow"), "workflow"),
    (FREQUENCIES.format("/dev/zero"), "/dev/zero"),
    ("published: {source: --help}\n", "published.source"),
    ("published: {source: README.md}\n", "README.md"),
]


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
        assert status == 2 and printed == "" and said.startswith("memgen: error: ")
        assert_one_line(said)
        return said

    return run


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=range(len(REFUSED)))
def test_hostile_overlay_is_refused_in_one_line_at_once(refused, tmp_path, text, message):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    before = time.process_time()
    assert message in refused(overlay)
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


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.stem)
def test_overlays_are_accepted(path):
    configuration.load([ROOT / "config.yaml", path])


def test_null_in_an_overlay_removes_a_key_and_numbers_and_merge_keys_are_read(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("relational: {hierarchies: {exc_far_n11: null}}\n")
    hierarchies = configuration.load([ROOT / "config.yaml", overlay])["relational"]["hierarchies"]
    assert "exc_far_n11" not in hierarchies and hierarchies["ti_n9"] == {"n": 9, "exceptions": []}
    with pytest.raises(BadInput, match="given twice; allowed: each layer once"):
        configuration.load([overlay, overlay])
    overlay.write_text("a: &a {x: 1e-3, y: -0.5}\nb: {<<: *a, y: 2, z: [0, 10, .5, 1.]}\nc: {<<: [*a]}\n")
    read = configuration.read(overlay)
    assert read["b"] == {"x": 0.001, "y": 2, "z": [0, 10, 0.5, 1.0]} and read["c"] == read["a"]
    # Snakemake reads the same file with its own loader.
    assert yaml.safe_load((ROOT / "config.yaml").read_text()) == BASE


def test_every_key_is_described_and_limited():
    """The schema is the reference of the configuration: descriptions, bounds of numbers, forms of texts."""

    def walk(rules: Any, path: str) -> None:
        for key, rule in rules.get("properties", {}).items():
            assert rule.get("description"), f"{path}.{key} has no description"
            walk(rule, f"{path}.{key}")
        if rules.get("type") in ("integer", "number"):
            assert {"minimum", "exclusiveMinimum"} & set(rules), f"{path} has no lower bound"
        if rules.get("type") == "string":
            assert "pattern" in rules or "enum" in rules, path
        for inner in ("items", "additionalProperties", "propertyNames"):
            if isinstance(rules.get(inner), dict):
                walk(rules[inner], f"{path}.*")

    walk(configuration.schema(), "")


def test_a_hierarchy_named_like_a_size_takes_no_place_of_it(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("relational: {hierarchies: {n9: {n: 11, exceptions: ['6:4']}}}\n")
    config = configuration.load([ROOT / "config.yaml", overlay])
    assert lineup(config, "fake", "ti_n9") == lineup(config, "poker", "n9") == "n9"
    assert lineup(config, "fake", "n9") == "n11"
    assert lineup_hierarchy(config, "fake", "n9") == {"n": 9, "exceptions": []}
    assert lineup_hierarchy(config, "fake", "n11")["n"] == 11
    assert lineup_hierarchy(config, "poker", "n9") == {"n": 11, "exceptions": ["6:4"]}
    for items, name in (("poker", "n11"), ("fake", "ti_n9")):
        with pytest.raises(BadInput, match="there is no lineup"):
            lineup_hierarchy(config, items, name)
