"""The configuration block: its defaults, and one line for what is wrong."""

from typing import Any

import pytest

from memgen.configuration.layers import check, load
from memgen.errors import BadInput
from repository import ROOT

MIXTURE = {"mixtures": {"a": {"samples": 5, "groups": {"g": {"prior": "x", "domain": 3, "weight": 1}}}}}
BASE = {name: part for name, part in load([ROOT / "config.yaml"]).items() if name != "longtail"}


def checked(block: dict[str, Any]) -> dict[str, Any]:
    return check({**BASE, "longtail": block})["longtail"]


def test_every_key_has_a_default() -> None:
    assert set(checked({})["mixtures"]) == {"rarer", "longer"}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"priors": ["geometric:2"]}, "longtail.priors"),
        ({"labels": 2}, "longtail.tradeoff.memorization_limits"),
        ({"memorization_limit": 0.95}, "longtail.memorization_limit"),
        ({"simulation": {"learners": ["ignore:0"]}}, "longtail.simulation.learners"),
        ({"privacy": {"epsilons": [1e-6]}}, "longtail.privacy.epsilons"),
        ({"noise": {"label_keep": [0.05]}}, "longtail.noise.label_keep"),
        ({"frequency_files": ["nowhere.txt"]}, "nowhere.txt"),
        ({"frequency_files": ["workflow/memgen/__init__.py", "tests/longtail/__init__.py"]}, "its name"),
        ({"scaling": {"multiplicities": [200]}}, "longtail.scaling.multiplicities"),
        ({"scaling": {"priors": ["x"]}}, "longtail.scaling.priors"),
        (MIXTURE, "longtail.mixtures.a.groups.g.prior"),
        ({"clusters": {"learners": {"ridge": {"settings": [0]}}}}, "longtail.clusters.learners"),
        ({"clusters": {"samples": 4, "memorization": {"subsample_share": 0.99}}}, "subsample_share"),
        ({"currency": {"conjunctivity": 0.123}}, "longtail.currency.conjunctivity"),
    ],
)  # fmt: skip
def test_bad_blocks_are_refused_in_one_line(block: dict[str, Any], part: str) -> None:
    with pytest.raises(BadInput) as caught:
        checked(block)
    assert part in str(caught.value) and "\n" not in str(caught.value)
