"""Configuration of the block `language`: what a schema cannot say."""

import copy

import jsonschema
import pytest
import yaml

from memgen.errors import BadInput
from memgen.language.settings import blocks, cells, check, hierarchies
from repository import ROOT

WHEEL = {
    "source": "wheel",
    "package": "a",
    "version": "1",
    "wheel_sha256": "0" * 64,
    "weights": "a/model",
    "weights_sha256": "0" * 64,
}
CONFIG = {
    "relational": {"hierarchies": {"ti_n9": {"n": 9}, "long": {"n": 29}}},
    "language": {
        "models": {
            "minilm": WHEEL,
            "random-init": {"source": "random", "like": "minilm", "seed": 0},
            "small-lm": {"source": "corpus", "seed": 0},
            "control": {"source": "random", "like": "small-lm", "seed": 0},
        },
        "items": ["real", "fake"],
        "hierarchies": ["ti_n9"],
        "methods": {
            "probe": {"kind": "ridge", "ridge": [0.1], "pooling": "last"},
            "lora": {"kind": "lora", "epochs": 2, "batch": 4, "rate": 0.1, "items": ["fake"]},
        },
        "seeds": 5,
        "seeds_per_job": 2,
    },
}


def test_the_example_is_allowed_by_schema_and_check() -> None:
    schema = yaml.safe_load((ROOT / "workflow" / "schemas" / "language.schema.yaml").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(CONFIG["language"], schema)
    check(CONFIG)


def changed(path: str, value: object) -> dict:
    config = copy.deepcopy(CONFIG)
    *parents, last = path.split(".")
    block = config["language"]
    for key in parents:
        block = block[key]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return config


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("models.minilm.version", None, "the key 'version' is missing"),
        ("models.minilm.like", "minilm", "'like' does not go with source wheel"),
        ("models.minilm.weights", "a/../../b", "leaves the wheel"),
        ("models.random-init.like", "gpt", "'gpt' is no model with weights; allowed: minilm, small-lm"),
        ("models.random-init.like", "random-init", "allowed: minilm"),
        ("models.small-lm.seed", None, "the key 'seed' is missing"),
        ("models.small-lm.revision", "0" * 40, "'revision' does not go with source corpus"),
        ("methods.lora.l2", [1], "'l2' does not go with kind lora"),
        ("methods.lora.rate", None, "the key 'rate' is missing; required for kind lora"),
        (
            "methods.lora.models",
            ["minilm"],
            "'minilm' is no model that kind lora can train; allowed: small-lm",
        ),
        ("methods.lora.hierarchies", ["none"], "'none' is no hierarchy"),
        ("pretraining", {"width": 12, "heads": 4}, "12 is not 4 heads of even width"),
        ("hierarchies", ["none"], "'none' is no hierarchy; allowed: ti_n9, long"),
        ("hierarchies", None, "n = 29, but items 'real' name at most 28"),
    ],
)
def test_what_does_not_exist_is_refused(path: str, value: object, message: str) -> None:
    with pytest.raises(BadInput, match=message) as error:
        check(changed(path, value))
    assert "\n" not in str(error.value)


def test_blocks_cover_every_seed_once() -> None:
    assert blocks(CONFIG) == [(0, 1), (2, 3), (4, 4)]
    for size in (1, 4, 5, 9):
        covered = [
            s for first, last in blocks(changed("seeds_per_job", size)) for s in range(first, last + 1)
        ]
        assert covered == list(range(5))


def test_hierarchies_are_all_unless_listed() -> None:
    assert hierarchies(CONFIG) == ["ti_n9"]
    assert hierarchies(changed("hierarchies", None)) == ["ti_n9", "long"]


def test_every_cell_is_run_by_methods_that_can() -> None:
    found = cells(CONFIG)
    assert len(found) == len(set(found)) == 4 * 2 + 2
    assert {cell.model for cell in found if cell.method == "lora"} == {"small-lm", "control"}
    assert {cell.items for cell in found if cell.method == "lora"} == {"fake"}
    assert {cell.model for cell in found if cell.method == "probe"} == set(CONFIG["language"]["models"])
