"""Configuration of the block `language`: what types cannot say."""

import copy
import inspect

import pytest

from memgen.configuration import kinds
from memgen.engine.methods import Lora
from memgen.errors import BadInput
from memgen.language.configuration import METHODS
from memgen.language.settings import (
    blocks,
    cells,
    check,
    contrast,
    flags,
    further,
    lineup,
    lineup_hierarchy,
    shares_hands,
)
from memgen.language.stages.finetune import finetune

WHEEL = {
    "source": "wheel", "package": "a", "version": "1", "weights": "a/model",
    "wheel_sha256": "0" * 64, "weights_sha256": "0" * 64,
}  # fmt: skip
LORA = {"kind": "lora", "epochs": 2, "batch": 4, "rate": 0.1, "lora_rank": [4, 8], "items": ["fake"]}
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
            "lora": LORA,
        },
        "seeds": 5,
        "seeds_per_job": 2,
    },
}


def test_the_plain_hierarchy_has_the_hands_of_the_one_whose_exception_is_in_the_middle():
    middle, wide = {"n": 9, "exceptions": ["5:3"]}, {"n": 11, "exceptions": ["7:3"]}
    aside = {"n": 9, "exceptions": ["4:2"]}
    known = {"long": {"n": 11}, "aside": aside, "middle": middle, "plain": {"n": 9}, "wide": wide}
    config = {"relational": {"hierarchies": known}, "language": {}}
    assert contrast(config) == ("plain", "middle")
    assert {name for name in known if shares_hands(config, name)} == {"middle"}
    found = {name: lineup(config, "poker", name) for name in known}
    assert found == dict(zip(known, known, strict=True)) | {"plain": "middle"}
    assert lineup_hierarchy(config, "poker", "middle")["exceptions"] == ["5:3"]
    assert {lineup(config, "fake", name) for name in ("plain", "middle")} == {"n9"}
    only = {**config, "language": {"hierarchies": ["long", "wide"]}}
    assert lineup(only, "poker", "long") == "long", "a circle of more than three hands cannot be in order"
    assert contrast({**config, "language": {"hierarchies": ["long", "middle", "aside"]}}) is None


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
        ("models.random-init.like", "gpt", "'gpt' is not a model with weights; allowed: minilm, small-lm"),
        ("models.again", {"source": "corpus", "seed": 0}, "same network as language.models.small-lm"),
        ("methods.lora.l2", [1], "'l2' does not go with kind lora"),
        ("methods.lora.rate", None, "the key 'rate' is missing; required for kind lora"),
        ("methods.head", {**LORA, "kind": "head", "models": ["minilm"]}, "'minilm' is not a model that"),
        ("methods.lora.hierarchies", ["none"], "'none' is not a hierarchy"),
        ("methods.lora.hierarchies_of", {"fake": ["none"]}, "hierarchies_of.fake: 'none' is not a hierarchy"),
        ("methods.lora.seeds", 6, "6 is more than the study has; allowed: 1 to 5"),
        ("methods.lora.momentum", 0.9, "AdamW has none; allowed: with optimizer sgd"),
        ("methods.lora.of_model", {"none": {"rate": 1}}, "'none' is not a model that kind lora can train"),
        ("pretraining", {"width": 12, "heads": 4}, "12 is not 4 heads of even width"),
        ("hierarchies", ["none"], "'none' is not a hierarchy; allowed: ti_n9, long"),
        ("hierarchies", None, "n = 29, but items 'real' name at most 28"),
    ],
)
def test_what_does_not_exist_is_refused(path, value, message):
    with pytest.raises(BadInput, match=message) as error:
        check(changed(path, value))
    assert "\n" not in str(error.value)


def test_keys_of_all_kinds_are_arguments_of_a_stage_and_are_read_as_given():
    parameters = inspect.signature(finetune).parameters
    assert parameters["l2"].default is None and parameters["kind"].default is inspect.Parameter.empty
    assert "by default 1 for full, 20 for lora, 20 for head" in finetune.__doc__
    given = {"kind": "lora", "epochs": 1, "batch": 2, "rate": 1, "lora_rank": [4], "momentum": None}
    read = kinds.read(given, METHODS)
    assert read == Lora(epochs=1, batch=2, rate=1.0, lora_rank=(4,)) and type(read.rate) is float


def test_blocks_cover_every_seed_once():
    assert blocks(CONFIG, "probe", "minilm") == [(0, 1), (2, 3), (4, 4)]
    assert blocks(changed("methods.lora.seeds", 3), "lora", "small-lm") == [(0, 1), (2, 2)]
    for size in (1, 4, 5, 9):
        found = blocks(changed("seeds_per_job", size), "probe", "minilm")
        assert [seed for first, last in found for seed in range(first, last + 1)] == list(range(5))


def test_figures_show_the_first_untrained_network_of_each_architecture():
    found = further(changed("models.random-init-1", {"source": "random", "like": "minilm", "seed": 1}))
    assert (further(CONFIG), found) == ([], ["random-init-1"])


def test_every_cell_is_run_by_methods_that_can():
    found = cells(CONFIG)
    assert len(found) == len(set(found)) == 4 * 2 + 2
    assert {cell.model for cell in found if cell.method == "lora"} == {"small-lm", "control"}
    assert {cell.items for cell in found if cell.method == "lora"} == {"fake"}
    assert {cell.model for cell in found if cell.method == "probe"} == set(CONFIG["language"]["models"])
    assert {cell.hierarchy for cell in cells(changed("hierarchies", None))} == {"ti_n9", "long"}
    replaced = cells(changed("methods.probe.hierarchies_of", {"real": ["long"]}))
    of_probe = {(cell.items, cell.hierarchy) for cell in replaced if cell.method == "probe"}
    assert of_probe == {("fake", "ti_n9")}, "long is not among the study's hierarchies"
    # Encoders are finetuned where they are named.
    named = changed("methods.lora.models", ["minilm", "small-lm"])
    check(named)
    assert {cell.model for cell in cells(named) if cell.method == "lora"} == {"minilm", "small-lm"}


def test_flags_say_how_a_model_is_trained():
    method = {
        "kind": "lora", "rate": 0.1, "lora_rank": [4, 8], "weight_decay": 0.5, "items": ["fake"], "seeds": 3,
        "hierarchies_of": {"fake": ["ti_n9"]}, "of_model": {"big": {"rate": 0.2}},
    }  # fmt: skip
    assert flags(method, "small") == "--kind lora --rate 0.1 --lora-rank 4 8 --weight-decay 0.5"
    assert flags(method, "big") == "--kind lora --rate 0.2 --lora-rank 4 8 --weight-decay 0.5"
