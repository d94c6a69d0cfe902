"""The configuration block: its defaults, and one line for what is wrong."""

from typing import Any

import pytest

from memgen.configuration.layers import check, load
from memgen.errors import BadInput
from repository import ROOT

BASE = {name: part for name, part in load([ROOT / "config.yaml"]).items() if name != "longtail"}


def checked(block: dict[str, Any]) -> dict[str, Any]:
    return check({**BASE, "longtail": block})["longtail"]


def test_every_key_has_a_default() -> None:
    found = checked({})
    assert found["clusters"]["learners"]["private_network"]["clip"] == 1
    assert set(found["mixtures"]) == {"rarer", "longer"}
    assert found["frequency_files"] == []


def mixture(**change: Any) -> dict[str, Any]:
    group = {"prior": "zipf", "domain": 3, "weight": 1, **change}
    return {"mixtures": {"a": {"samples": 5, "groups": {"g": group}}}}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"priors": ["zop"]}, "longtail.priors"),
        ({"priors": ["geometric:2"]}, "longtail.priors"),
        ({"priors": []}, "longtail.priors"),
        ({"labels": 1}, "longtail.labels"),
        ({"labels": 2}, "longtail.tradeoff.memorization_limits"),
        ({"memorization_limit": 0.95}, "longtail.memorization_limit"),
        ({"simulation": {"learners": ["ignore:0"]}}, "longtail.simulation.learners"),
        ({"simulation": {"sizes": [{"domain": 5, "samples": 5, "repeats": 1}]}}, "repeats"),
        ({"privacy": {"epsilons": [1e-6]}}, "longtail.privacy.epsilons"),
        ({"noise": {"label_keep": [0.05]}}, "longtail.noise.label_keep"),
        ({"frequency_files": ["nowhere.txt"]}, "nowhere.txt"),
        ({"frequency_files": ["workflow/memgen/__init__.py", "tests/longtail/__init__.py"]}, "its name"),
        ({"priors": ["zipf"], "extra": 1}, "extra"),
        ({"scaling": {"multiplicities": [200]}}, "longtail.scaling.multiplicities"),
        ({"scaling": {"priors": ["x"]}}, "longtail.scaling.priors"),
        (mixture(prior="x"), "longtail.mixtures.a.groups.g.prior"),
        (mixture(weight=0), "weight"),
        ({"clusters": {"prior": "x"}}, "longtail.clusters.prior"),
        ({"clusters": {"learners": {"ridge": {"settings": [0]}}}}, "longtail.clusters.learners"),
        ({"clusters": {"learners": {"neighbours": {"settings": [1.5]}}}}, "longtail.clusters.learners"),
        ({"clusters": {"structures": {"hypercube": 2}}}, "hypercube"),
        ({"clusters": {"samples": 4, "memorization": {"subsample_share": 0.99}}}, "subsample_share"),
        ({"clusters": {"memorization": {"learners": {"private_network": {}}}}}, "private_network"),
        ({"currency": {"conjunctivity": 0.123}}, "longtail.currency.conjunctivity"),
    ],
)  # fmt: skip
def test_bad_blocks_are_refused_in_one_line(block: dict[str, Any], part: str) -> None:
    with pytest.raises(BadInput) as caught:
        checked(block)
    assert part in str(caught.value) and "\n" not in str(caught.value)
