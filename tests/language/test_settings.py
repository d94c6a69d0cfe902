"""Configuration of the block `language`: what types cannot say."""

import copy

import pytest

from memgen.configuration import layers as configuration
from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE
from memgen.language.settings import (
    blocks,
    cells,
    check,
    contrast,
    flags,
    further,
    hierarchies,
    lineup,
    lineup_hierarchy,
    shares_hands,
)

WHEEL = {
    "source": "wheel", "package": "a", "version": "1", "weights": "a/model",
    "wheel_sha256": "0" * 64, "weights_sha256": "0" * 64,
}  # fmt: skip
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
            "lora": {
                "kind": "lora",
                "epochs": 2,
                "batch": 4,
                "rate": 0.1,
                "lora_rank": [4, 8],
                "items": ["fake"],
            },
        },
        "seeds": 5,
        "seeds_per_job": 2,
    },
}


def test_the_contrast_is_an_exception_in_the_middle_beside_none():
    known = {
        "long": {"n": 11},
        "aside": {"n": 9, "exceptions": ["4:2"]},
        "middle": {"n": 9, "exceptions": ["5:3"]},
        "plain": {"n": 9},
    }
    config = {"relational": {"hierarchies": known}, "language": {}}
    assert contrast(config) == ("plain", "middle")
    assert contrast({**config, "language": {"hierarchies": ["long", "middle", "aside"]}}) is None


def test_the_plain_hierarchy_has_the_hands_of_the_one_beside_it():
    wide = {"long": {"n": 11}, "wide": {"n": 11, "exceptions": ["7:3"]}}
    known = {"plain": {"n": 9}, "middle": {"n": 9, "exceptions": ["5:3"]}, **wide}
    config = {"relational": {"hierarchies": known}, "language": {}}
    found = {name: lineup(config, "poker", name) for name in known}
    assert found == {"plain": "middle", "middle": "middle", "long": "long", "wide": "wide"}
    assert {name: shares_hands(config, name) for name in known} == {
        "plain": False, "middle": True, "long": False, "wide": False,
    }  # fmt: skip
    assert lineup_hierarchy(config, "poker", "middle")["exceptions"] == ["5:3"]
    assert {lineup(config, "fake", name) for name in ("plain", "middle")} == {"n9"}
    only = {**config, "language": {"hierarchies": ["long", "wide"]}}
    assert lineup(only, "poker", "long") == "long", "a circle of more than three hands cannot be in order"


def test_the_example_is_allowed():
    relational = {**CONFIG["relational"], "theory": {"conjunctivity": [0], "ridge": [0]}}
    check(CONFIG)
    configuration._whole(PACKAGE).validate_python({"language": CONFIG["language"], "relational": relational})


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
        ("models.minilm", {"source": "folder"}, "the key 'folder' is missing; required for source folder"),
        ("models.minilm.folder", "docs", "'folder' does not go with source wheel"),
        ("models.random-init.like", "gpt", "'gpt' is not a model with weights; allowed: minilm, small-lm"),
        ("models.random-init.like", "random-init", "allowed: minilm"),
        ("models.small-lm.seed", None, "the key 'seed' is missing"),
        ("models.small-lm.revision", "0" * 40, "'revision' does not go with source corpus"),
        (
            "models.again",
            {"source": "corpus", "seed": 0},
            "models.again: the same network as language.models.small-lm; allowed: another seed",
        ),
        (
            "models.again",
            {"source": "random", "like": "minilm", "seed": 0},
            "models.again: the same network as language.models.random-init; allowed: another seed",
        ),
        ("methods.lora.l2", [1], "'l2' does not go with kind lora"),
        ("methods.lora.rate", None, "the key 'rate' is missing; required for kind lora"),
        (
            "methods.head",
            {"kind": "head", "epochs": 1, "batch": 1, "rate": 1, "l2": [1], "models": ["minilm"]},
            "'minilm' is not a model that kind head can train; allowed: small-lm, control",
        ),
        ("methods.lora.models", ["none"], "'none' is not a model that kind lora can train; allowed: minilm"),
        ("methods.lora.hierarchies", ["none"], "'none' is not a hierarchy"),
        ("methods.lora.hierarchies_of", {"fake": ["none"]}, "hierarchies_of.fake: 'none' is not a hierarchy"),
        ("methods.lora.seeds", 6, "6 is more than the study has; allowed: 1 to 5"),
        ("methods.lora.momentum", 0.9, "AdamW has none; allowed: with optimizer sgd"),
        ("methods.lora.of_model", {"none": {"rate": 1}}, "'none' is not a model that kind lora can train"),
        ("methods.probe.of_model", {"minilm": {"rate": 1}}, "'rate' does not go with kind ridge"),
        ("pretraining", {"width": 12, "heads": 4}, "12 is not 4 heads of even width"),
        ("hierarchies", ["none"], "'none' is not a hierarchy; allowed: ti_n9, long"),
        ("hierarchies", None, "n = 29, but items 'real' name at most 28"),
    ],
)
def test_what_does_not_exist_is_refused(path, value, message):
    with pytest.raises(BadInput, match=message) as error:
        check(changed(path, value))
    assert "\n" not in str(error.value)


def test_blocks_cover_every_seed_once():
    assert blocks(CONFIG, "probe", "minilm") == [(0, 1), (2, 3), (4, 4)]
    assert blocks(changed("methods.lora.seeds", 3), "lora", "small-lm") == [(0, 1), (2, 2)]
    for size in (1, 4, 5, 9):
        found = blocks(changed("seeds_per_job", size), "probe", "minilm")
        assert [seed for first, last in found for seed in range(first, last + 1)] == list(range(5))


def test_figures_show_the_first_untrained_network_of_each_architecture():
    drawn = {"source": "random", "like": "minilm"}
    found = further(changed("models.random-init-1", {**drawn, "seed": 1}))
    assert (further(CONFIG), found) == ([], ["random-init-1"])


def test_hierarchies_are_all_unless_listed():
    assert hierarchies(CONFIG) == ["ti_n9"]
    assert hierarchies(changed("hierarchies", None)) == ["ti_n9", "long"]


def test_every_cell_is_run_by_methods_that_can():
    found = cells(CONFIG)
    assert len(found) == len(set(found)) == 4 * 2 + 2
    assert {cell.model for cell in found if cell.method == "lora"} == {"small-lm", "control"}
    assert {cell.items for cell in found if cell.method == "lora"} == {"fake"}
    assert {cell.model for cell in found if cell.method == "probe"} == set(CONFIG["language"]["models"])


def test_hierarchies_of_a_kind_of_item_replace_the_others():
    found = cells(changed("methods.probe.hierarchies_of", {"real": ["long"]}))
    of_probe = {(cell.items, cell.hierarchy) for cell in found if cell.method == "probe"}
    assert of_probe == {("fake", "ti_n9")}, "long is not among the study's hierarchies"


def test_flags_say_how_a_model_is_trained():
    method = {
        "kind": "lora", "rate": 0.1, "lora_rank": [4, 8], "weight_decay": 0.5, "items": ["fake"], "seeds": 3,
        "hierarchies_of": {"fake": ["ti_n9"]}, "of_model": {"big": {"rate": 0.2}},
    }  # fmt: skip
    assert flags(method, "small") == "--kind lora --rate 0.1 --lora-rank 4 8 --weight-decay 0.5"
    assert flags(method, "big") == "--kind lora --rate 0.2 --lora-rank 4 8 --weight-decay 0.5"


def test_encoders_are_finetuned_where_they_are_named():
    named = changed("methods.lora.models", ["minilm", "small-lm"])
    check(named)
    assert {cell.model for cell in cells(named) if cell.method == "lora"} == {"minilm", "small-lm"}
