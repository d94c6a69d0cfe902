"""Every configuration is accepted whole or refused in one line."""

import copy
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from memgen.configuration import layers as configuration
from memgen.errors import BadInput
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
    """Paths of every entry of a configuration."""
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


def assert_one_line(error: BadInput) -> None:
    text = str(error)
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
        assert_one_line(error)
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
        assert_one_line(error)


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.stem)
def test_overlays_are_accepted(path):
    configuration.load([ROOT / "config.yaml", path])


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"bogus": {}}, "the top level: unknown key 'bogus'; allowed: "),
        ({"relational": {"bogus": 1}}, "relational: unknown key 'bogus'; allowed: "),
        ({"relational": None}, "the key 'relational' is missing"),
        ({"relational": {3: 4}}, "the key 3 is not text"),
        ({"language": {"device": "tpu"}}, "language.device: 'tpu' is not allowed; allowed: one of "),
        ({"relational": {"theory": {"ridge": [math.inf]}}}, "theory.ridge[0]: inf is not allowed"),
        ({"relational": {"hierarchies": {"ti_n9": {"n": 2}}}}, "hierarchies.ti_n9.n: 2 is not allowed"),
        ({"relational": {"hierarchies": {"ti_n9": {"exceptions": ["3:5"]}}}}, "3:5"),
        ({"relational": {"hierarchies": {"Bad Name": {"n": 9}}}}, "'Bad Name' is not allowed as a name"),
        ({"relational": {"figures": {"rank_profiles": {"hierarchies": ["nowhere"]}}}}, "'nowhere' is not"),
        ({"language": {"models": {"x": {"source": "random", "like": "nowhere", "seed": 0}}}}, "nowhere"),
    ],
    ids=str,
)
def test_names_what_is_wrong(overlay, message):
    with pytest.raises(BadInput) as caught:
        configuration.check(configuration.merge(BASE, overlay))
    assert_one_line(caught.value)
    assert message in str(caught.value)


def test_null_in_an_overlay_removes_a_key(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("relational: {hierarchies: {exc_far_n11: null}}\n")
    hierarchies = configuration.load([ROOT / "config.yaml", overlay])["relational"]["hierarchies"]
    assert "exc_far_n11" not in hierarchies and hierarchies["ti_n9"] == {"n": 9, "exceptions": []}


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
        if rules.get("type") == "object" and isinstance(rules.get("additionalProperties"), dict):
            assert "pattern" in rules["propertyNames"], path
        for inner in ("items", "additionalProperties", "propertyNames"):
            if isinstance(rules.get(inner), dict):
                walk(rules[inner], f"{path}.*")

    walk(configuration.schema(), "")


def test_merge_keys_and_plain_numbers_are_read(tmp_path):
    path = tmp_path / "overlay.yaml"
    path.write_text("a: &a {x: 1e-3, y: -0.5}\nb: {<<: *a, y: 2, z: [0, 10, .5, 1.]}\nc: {<<: [*a]}\n")
    read = configuration.read(path)
    assert read["b"] == {"x": 0.001, "y": 2, "z": [0, 10, 0.5, 1.0]} and read["c"] == read["a"]
    with pytest.raises(BadInput, match="given twice; allowed: each layer once"):
        configuration.load([path, path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "holds a list; allowed: a YAML mapping"),
        ("a: [1\n", "overlay.yaml, line 2: "),
        ("language: {}\nlanguage: {}\n", "line 2: key 'language' is given twice"),
        ("a: !!python/object:os.system {}\n", "could not determine a constructor"),
    ],
)
def test_file_that_is_no_mapping(tmp_path, text, message):
    path = tmp_path / "overlay.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        configuration.read(path)
    assert_one_line(caught.value)
    assert message in str(caught.value)


def test_base_configuration_is_plain_yaml():
    """Snakemake reads the same file with its own loader."""
    assert yaml.safe_load((ROOT / "config.yaml").read_text()) == BASE
