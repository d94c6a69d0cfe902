"""What a JSON schema cannot say about the block `irrelevant`.

Sizes that must fit each other, defences that a learner has, and attacks that a learner can meet. Knows the
block's own keys only, and imports nothing heavier than the standard library.
"""

import math
from collections.abc import Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.irrelevant.specs import check_attacks, check_defence

# Run of the transformer, which has a block of its own.
TRANSFORMER = "transformer"
# Samples fewer than this rarely hold a cluster seen once.
_LEAST_SINGLETONS = 1.0


def attack_options(block: Mapping[str, Any], name: str) -> dict[str, Any]:
    """How a run is trained, defended and attacked: options of the stage `attack`.

    Parameters
    ----------
    block : mapping
        The block `irrelevant` of a checked configuration.
    name : str
        Name of the run.

    Returns
    -------
    dict
        Option -> value; values of sizes and of defences belong together by their place.
    """
    run, noisy = block["runs"][name], block["runs"][name]["noisy"]
    defences = {"none": {"kind": "none", "strength": 0}, **block["defences"]}
    names = ["none", *run["defences"]]
    own = {
        key: value for key, value in run.items() if key not in ("sizes", "noisy", "record_steps", "defences")
    }
    return {
        **own,
        # The last step is recorded at any rate.
        "record_steps": run["record_steps"] or [run["steps"]],
        **{key: [size[key] for size in run["sizes"]] for key in run["sizes"][0]},
        "defences": names,
        "kinds": [defences[defence]["kind"] for defence in names],
        "strengths": [defences[defence]["strength"] for defence in names],
        "clip": noisy["clip"],
        "delta": noisy["delta"],
        **{f"noisy_{key}": noisy[key] for key in ("rate", "momentum", "steps")},
    }


def check(config: Mapping[str, Any]) -> None:
    """Check the block of a configuration that fits its schema.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If a size, a defence, an attack or a number of hidden units is not allowed.
    """
    block = config["irrelevant"]
    nearest = block["simulation"]["clusters"]
    for stored in nearest["stored"]:
        if stored > nearest["dimension"]:
            raise BadInput(
                f"irrelevant.simulation.clusters.stored: {stored} exceeds the dimension; allowed: 0 to "
                f"{nearest['dimension']}"
            )
    _check_singletons("simulation.clusters", nearest["clusters"], nearest["samples"], 0.0)
    transformer = block["transformer"]
    if transformer["width"] % (2 * transformer["heads"]):
        raise BadInput(
            f"irrelevant.transformer.width: {transformer['width']} is not allowed; allowed: a multiple of "
            f"twice the heads, {2 * transformer['heads']}"
        )
    _check_singletons("transformer", transformer["references"], transformer["samples"], transformer["tail"])
    if TRANSFORMER in block["runs"]:
        raise BadInput(f"irrelevant.runs: the name {TRANSFORMER!r} is taken; allowed: another name")
    for name, run in block["runs"].items():
        _check_run(name, run, block["defences"])


def _check_run(name: str, run: Mapping[str, Any], defences: Mapping[str, Any]) -> None:
    where = f"irrelevant.runs.{name}"
    for index, size in enumerate(run["sizes"]):
        _check_singletons(f"runs.{name}.sizes[{index}]", size["clusters"], size["samples"], size["tail"])
    learner, hidden = run["learner"], run["hidden"]
    if (learner == "network") != (hidden > 0):
        allowed = "at least 1" if learner == "network" else "0"
        raise BadInput(f"{where}.hidden: {hidden} is not allowed for {learner}; allowed: {allowed}")
    for step in run["record_steps"]:
        if step > run["steps"]:
            raise BadInput(f"{where}.record_steps: {step} exceeds the steps; allowed: 0 to {run['steps']}")
    try:
        check_attacks(learner, run["attacks"])
    except BadInput as error:
        raise BadInput(f"{where}.attacks: {error}") from None
    for defence in run["defences"]:
        if defence not in defences:
            raise BadInput(
                f"{where}.defences: there is no defence {defence!r}; allowed: {', '.join(defences) or 'none'}"
            )
        try:
            check_defence(learner, defence, defences[defence]["kind"], defences[defence]["strength"])
        except BadInput as error:
            raise BadInput(f"{where}.defences: {error}") from None


def _check_singletons(where: str, clusters: int, samples: int, tail: float) -> None:
    """Refuse sizes at which a sample holds hardly any cluster that is seen once."""
    weights = [(1.0 + rank) ** -tail for rank in range(clusters)]
    total = math.fsum(weights)
    expected = math.fsum(
        samples * weight / total * (1 - weight / total) ** (samples - 1) for weight in weights
    )
    if expected < _LEAST_SINGLETONS:
        raise BadInput(
            f"irrelevant.{where}: {samples} samples of {clusters} clusters hold {expected:.2g} clusters seen "
            "once; allowed: sizes with at least 1 expected"
        )
