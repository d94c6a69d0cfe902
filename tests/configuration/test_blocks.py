"""The blocks of the theories: their defaults, and one line for what types cannot say."""

from typing import Any

import pytest

from memgen.configuration.layers import check, load, read
from memgen.errors import BadInput
from memgen.relational.settings import check as check_relational
from repository import ROOT

BASE = load([ROOT / "config.yaml"])
MIXTURE = {"mixtures": {"a": {"samples": 5, "groups": {"g": {"prior": "x", "domain": 3, "weight": 1}}}}}
LONGTAIL = [
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
]


RUN = {"learner": "logistic", "sizes": [{}]}


def run(**change: Any) -> dict[str, Any]:
    kinds = {"small": ("fewer_parameters", 5), "half": ("early_stopping", 0.5)}
    defences = {name: {"kind": kind, "strength": strength} for name, (kind, strength) in kinds.items()}
    return {"defences": defences, "runs": {"mine": {**RUN, **change}}}


def with_block(name: str, **options: Any) -> dict[str, Any]:
    return {**run(), name: options}


IRRELEVANT = [
    (run(sizes=[{"clusters": 2, "samples": 100}]), "irrelevant.runs.mine.sizes[0]"),
    (run(defences=["small"]), "logistic has no defence fewer_parameters"),
    (run(defences=["nowhere"]), "there is no defence 'nowhere'"),
    (run(defences=["half"]), "a whole number of steps"),
    (run(learner="network"), "irrelevant.runs.mine.hidden"),
    (run(record_steps=[51]), "irrelevant.runs.mine.record_steps"),
    ({"runs": {"transformer": RUN}}, "the name 'transformer' is taken"),
    (with_block("extraction", model="nobody"), "there is no model 'nobody' in language.models; allowed"),
    (with_block("extraction", model="smollm2", each=20), "192 together"),
    (with_block("extraction", model="smollm2", digits=1), "irrelevant.extraction.unseen: 96 numbers"),
    (with_block("extraction", model="smollm2", batch=7), "irrelevant.extraction.batch: 7 sentences"),
    (with_block("three_studies", hierarchy="ti_n9"), "irrelevant.three_studies.hierarchy: 'ti_n9'"),
    (with_block("transformer", width=10, heads=2), "irrelevant.transformer.width: 10"),
]
CASES = [("longtail", *case) for case in LONGTAIL] + [("irrelevant", *case) for case in IRRELEVANT]


@pytest.mark.parametrize(("study", "block", "part"), CASES)
def test_bad_blocks_are_refused_in_one_line(study, block, part):
    with pytest.raises(BadInput) as caught:
        check({**BASE, study: block})
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_every_key_has_a_default():
    assert set(check({**BASE, "longtail": {}})["longtail"]["mixtures"]) == {"rarer", "longer"}


def test_hierarchies_left_out_are_the_first_of_the_configuration():
    block = read(ROOT / "config.yaml")["relational"]
    block["hierarchies"] = {"plain": {"n": 9}, "mine": {"n": 9, "exceptions": ["5:3"]}, "other": {"n": 11}}
    shown = [block["networks"], *block["figures"].values()]
    named = [(part, key) for part in shown for key in ("hierarchy", "hierarchies") if part.pop(key, None)]
    check_relational({"relational": block})
    found = [part[key] for part, key in named]
    assert len(found) == 7 and {str(value) for value in found} == {"mine", "['mine']", "['plain', 'mine']"}
