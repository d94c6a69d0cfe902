"""Options and work of the study's jobs, and what types cannot say about the block `irrelevant`.

Imports nothing heavier than the standard library.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.irrelevant.configuration import OF_ATTACK, OF_COMPLETE, OF_SIMULATE, Extraction, check_defence
from memgen.planning.rates import RATES
from memgen.planning.resources import Need

# Run of the transformer, which has a block of its own.
TRANSFORMER = "transformer"


def simulate_options(block: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the stage `simulate`."""
    nearest, lookup = block["simulation"]["clusters"], block["simulation"]["next_symbol"]
    return {
        **{key: nearest[key] for key in nearest if key != "sizes"},
        **_size_options(nearest["sizes"]),
        **OF_SIMULATE.flags(lookup),
    }


def _size_options(sizes: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Sizes as a list of each of their keys."""
    return {key: [size[key] for size in sizes] for key in sizes[0]}


def attack_options(block: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Options of the stage `attack` for a run; sizes, and defences, belong together by their place."""
    run = block["runs"][name]
    defences = {"none": {"kind": "none", "strength": 0}}
    defences |= {defence: block["defences"][defence] for defence in run["defences"]}
    return {
        **{key: run[key] for key in run if key not in ("sizes", "noisy", "defences")},
        # The last step is recorded at any rate.
        "record_steps": run["record_steps"] or [run["steps"]],
        **_size_options(run["sizes"]),
        "defences": list(defences),
        "kinds": [defence["kind"] for defence in defences.values()],
        "strengths": [defence["strength"] for defence in defences.values()],
        **OF_ATTACK.flags(run["noisy"]),
    }


def complete_options(block: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the stage `complete`."""
    return OF_COMPLETE.flags(block["transformer"])


def extract_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the stage `extract`, from a whole configuration with ``irrelevant.extraction``."""
    language, own = config["language"], config["irrelevant"]["extraction"]
    return {**own, "dtype": language["models"][own["model"]]["dtype"], "device": language["device"]}


def attack_work(block: Mapping[str, Any], name: str) -> Need:
    """Work of training one learner with every defence of its run, and of attacking it."""
    run = block["runs"][name]
    if run["learner"] != "network":
        return Need(RATES["logistic", "cpu"].seconds, 420)
    # Forwards, and backwards twice.
    of_seed = (
        sum(3 * size["samples"] * size["dimension"] for size in run["sizes"]) * run["hidden"] * run["steps"]
    )
    every = of_seed * run["seeds"] * (1 + len(run["defences"])) / 1e12
    widest = max(size["dimension"] for size in run["sizes"]) * run["hidden"]
    return Need(25 + every * RATES["network", "cpu"].seconds, 300 + 20 * widest * 4 / 1e6)


def complete_work(block: Mapping[str, Any]) -> Need:
    """Work of training the transformer of one seed on its sample."""
    shape = block["transformer"]
    tokens = shape["steps"] * shape["samples"] * shape["length"]
    parameters = 12 * shape["layers"] * shape["width"] ** 2
    seconds = 5 + 6 * tokens * parameters / 1e12 * RATES["transformer", "cpu"].seconds
    activations = shape["samples"] * shape["length"] * shape["width"] * shape["layers"] * 4 * 30 / 1e6
    return Need(seconds, 450 + activations + parameters * 16 / 1e6)


def check(config: Mapping[str, Any]) -> None:
    """Refuse sizes that do not fit each other, and defences and attacks that a learner does not have.

    Parameters
    ----------
    config : mapping
        The whole configuration, which its types allow.

    Raises
    ------
    BadInput
        Naming the key, its value and what is allowed.
    """
    block = config["irrelevant"]
    nearest, transformer = block["simulation"]["clusters"], block["transformer"]
    for index, size in enumerate(nearest["sizes"]):
        where = f"simulation.clusters.sizes[{index}]"
        _check_singletons(where, size["clusters"], size["samples"], size["tail"])
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
    if "relational" in config:
        _check_three_studies(block["three_studies"], config["relational"])
    if "extraction" in block:
        _check_extraction(block["extraction"], config.get("language", {}).get("models", {}))


def _check_three_studies(shown: dict[str, Any], relational: Mapping[str, Any]) -> None:
    hierarchies = [name for name, part in relational["hierarchies"].items() if part.get("exceptions")]
    shown.setdefault("hierarchy", next(iter(hierarchies), None))
    for key, values in (("hierarchy", hierarchies), ("ridge", relational["theory"]["ridge"])):
        if shown[key] not in values:
            raise BadInput(
                f"irrelevant.three_studies.{key}: {shown[key]!r} is not computed by the relational study; "
                f"allowed: {', '.join(map(str, values)) or 'none'}"
            )


def _check_extraction(extraction: Mapping[str, Any], models: Mapping[str, Any]) -> None:
    if extraction["model"] not in models:
        raise BadInput(
            f"irrelevant.extraction.model: there is no model {extraction['model']!r} in language.models; "
            f"allowed: {', '.join(models) or 'none, so leave irrelevant.extraction out (null)'}"
        )
    with _named("irrelevant.extraction."):
        Extraction(**extraction).check()


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
    for defence in run["defences"]:
        if defence not in defences:
            allowed = ", ".join(defences) or "none"
            raise BadInput(f"{where}.defences: there is no defence {defence!r}; allowed: {allowed}")
        with _named(f"{where}.defences: "):
            check_defence(learner, defence, defences[defence]["kind"], defences[defence]["strength"])


def _check_singletons(where: str, clusters: int, samples: int, tail: float) -> None:
    """Refuse sizes at which a sample holds hardly any cluster that is seen once."""
    weights = [(1.0 + rank) ** -tail for rank in range(clusters)]
    total = math.fsum(weights)
    expected = math.fsum(
        samples * weight / total * (1 - weight / total) ** (samples - 1) for weight in weights
    )
    if expected < 1:
        raise BadInput(
            f"irrelevant.{where}: {samples} samples of {clusters} clusters hold {expected:.2g} clusters seen "
            "once; allowed: sizes with at least 1 expected"
        )


@contextlib.contextmanager
def _named(where: str) -> Iterator[None]:
    """Name the key in what is refused meanwhile."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{where}{error}") from None
