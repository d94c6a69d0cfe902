"""The configuration block: one line for what is wrong, and the options of a job."""

from pathlib import Path
from typing import Any

import pytest

from memgen.configuration.layers import check, load
from memgen.errors import BadInput
from memgen.irrelevant.settings import attack_options
from memgen.irrelevant.stages.attack import attack
from memgen.irrelevant.tables import RUNS
from repository import ROOT

BASE = {name: part for name, part in load([ROOT / "config.yaml"]).items() if name != "irrelevant"}
RUN = {"learner": "logistic", "sizes": [{}]}


def run(**change: Any) -> dict[str, Any]:
    kinds = {"small": ("fewer_parameters", 5), "half": ("early_stopping", 0.5)}
    defences = {name: {"kind": kind, "strength": strength} for name, (kind, strength) in kinds.items()}
    return {"defences": defences, "runs": {"mine": {**RUN, **change}}}


def with_block(name: str, **options: Any) -> dict[str, Any]:
    return {**run(), name: options}


@pytest.mark.parametrize(
    ("block", "part"),
    [
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
    ],
)  # fmt: skip
def test_bad_blocks_are_refused_in_one_line(block: dict[str, Any], part: str) -> None:
    with pytest.raises(BadInput) as caught:
        check({**BASE, "irrelevant": block})
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_the_papers_network_is_planned_and_its_stage_runs_at_toy_size(tmp_path: Path) -> None:
    """The options that the workflow gives the job of network_full, with nothing but its sizes made small."""
    config = load([ROOT / "config.yaml", ROOT / "configs" / "paper.yaml"])
    options = attack_options(config["irrelevant"], "network_full")
    assert (options["hidden"], options["steps"], options["momentum"]) == (1500, 2000, 0.999)
    toy = {"clusters": [20], "samples": [20], "dimension": [30], "rho": [0.4], "hidden": 12, "steps": 6,
           "slower_from": 3, "record_steps": [2, 6], "seeds": 1, "tests": 1}  # fmt: skip
    attack(run="network_full", **{**options, **toy}, out=tmp_path / "runs.parquet")
    assert set(RUNS.read(tmp_path / "runs.parquet")["step"]) == {2, 6}
