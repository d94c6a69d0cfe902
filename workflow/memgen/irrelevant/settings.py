"""What types cannot say about the block `irrelevant`.

Sizes that must fit each other, defences that a learner has, and attacks that a learner can meet. Knows the
block's own keys only, and imports nothing heavier than the standard library.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.irrelevant.configuration import OF_ATTACK, OF_COMPLETE
from memgen.irrelevant.specs import check_attacks, check_defence, check_letters

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
        **OF_ATTACK.flags(noisy),
    }


def check(config: Mapping[str, Any]) -> None:
    """Check the block of a configuration that its types allow.

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
    _check_defences("irrelevant.transformer", TRANSFORMER, transformer["defences"], block["defences"])
    if TRANSFORMER in block["runs"]:
        raise BadInput(f"irrelevant.runs: the name {TRANSFORMER!r} is taken; allowed: another name")
    for name, run in block["runs"].items():
        _check_run(name, run, block["defences"])
    if "relational" in config:
        _check_three_studies(block["three_studies"], config["relational"])
    if "extraction" in block:
        _check_extraction(block["extraction"], config.get("language", {}).get("models", {}))


def complete_options(block: Mapping[str, Any]) -> dict[str, Any]:
    """How the transformer is trained, defended and attacked: options of the stage `complete`.

    Parameters
    ----------
    block : mapping
        The block `irrelevant` of a checked configuration.
    """
    transformer, defences = block["transformer"], block["defences"]
    return {
        **OF_COMPLETE.flags(transformer),
        "defences": transformer["defences"],
        "kinds": [defences[name]["kind"] for name in transformer["defences"]],
        "strengths": [defences[name]["strength"] for name in transformer["defences"]],
    }


def extract_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """How a language model is finetuned on letters and asked for their numbers: options of `extract`.

    Parameters
    ----------
    config : mapping
        A whole, checked configuration with ``irrelevant.extraction``.
    """
    language = config["language"]
    own = config["irrelevant"]["extraction"]
    return {**own, "dtype": language["models"][own["model"]]["dtype"], "device": language["device"]}


def _check_three_studies(shown: Mapping[str, Any], relational: Mapping[str, Any]) -> None:
    hierarchies = [name for name, part in relational["hierarchies"].items() if part.get("exceptions")]
    for key, values in (("hierarchy", hierarchies), ("ridge", relational["theory"]["ridge"])):
        if shown[key] not in values:
            raise BadInput(
                f"irrelevant.three_studies.{key}: {shown[key]!r} is not computed by the relational study; "
                f"allowed: {', '.join(map(str, values)) or 'none'}"
            )


def _check_extraction(extraction: Mapping[str, Any], models: Mapping[str, Any]) -> None:
    where, model = "irrelevant.extraction", extraction["model"]
    if model not in models:
        raise BadInput(
            f"{where}.model: there is no model {model!r} in language.models; allowed: "
            f"{', '.join(models) or 'none, so leave irrelevant.extraction out (null)'}"
        )
    training = extraction["each"] * sum(extraction["multiplicities"])
    try:
        check_letters(training, extraction["tests"], extraction["digits"], extraction["drawn"])
    except BadInput as error:
        raise BadInput(f"{where}.{error}") from None


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
    _check_defences(where, learner, run["defences"], defences)


def _check_defences(where: str, learner: str, named: Iterable[str], defences: Mapping[str, Any]) -> None:
    for defence in named:
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
