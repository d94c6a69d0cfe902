"""The block `relational`: what types cannot say, and which hierarchies are shown where none is named."""

import pytest

from memgen.configuration import layers
from memgen.errors import BadInput
from memgen.relational.settings import check
from repository import ROOT


def test_settings_refuse_what_types_cannot():
    with pytest.raises(BadInput, match=r"relational.hierarchies.bad: exception 5:3: given twice"):
        check({"relational": {"hierarchies": {"bad": {"n": 9, "exceptions": ["5:3", "05:3"]}}}})


def test_hierarchies_left_out_are_the_first_of_the_configuration():
    block = layers.read(ROOT / "config.yaml")["relational"]
    block["hierarchies"] = {"plain": {"n": 9}, "mine": {"n": 9, "exceptions": ["5:3"]}, "other": {"n": 11}}
    shown = [block["networks"], *block["figures"].values()]
    named = [(part, key) for part in shown for key in ("hierarchy", "hierarchies") if part.pop(key, None)]
    check({"relational": block})
    found = [part[key] for part, key in named]
    assert len(found) == 7 and {str(value) for value in found} == {"mine", "['mine']", "['plain', 'mine']"}
