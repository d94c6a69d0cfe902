"""What the jobs of the block `irrelevant` take, by the sizes in the configuration.

Costs of one unit stand in `planning.rates`.
"""

from collections.abc import Mapping
from typing import Any

from memgen.planning.rates import RATES
from memgen.planning.resources import Need, parts_kept


def attack(block: Mapping[str, Any], name: str) -> Need:
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


def complete(block: Mapping[str, Any]) -> Need:
    """Work of training the transformer of one seed, with every defence, on every prefix of its samples."""
    shape, defences = block["transformer"], block["defences"]
    kinds = [defences[name] for name in shape["defences"]]
    # One that stops early has fewer epochs.
    stopped = [
        min(shape["epochs"], part["strength"]) if part["kind"] == "early_stopping" else shape["epochs"]
        for part in kinds
    ]
    epochs = shape["epochs"] + sum(stopped)
    # A sample's length is anything up to the reference's, and each of its prefixes is passed.
    tokens = epochs * shape["samples"] * shape["length"] ** 2 / 6
    parameters = 12 * shape["layers"] * shape["width"] ** 2
    seconds = 5 + 6 * tokens * parameters / 1e12 * RATES["transformer", "cpu"].seconds
    activations = shape["batch"] * shape["length"] * shape["width"] * shape["layers"] * 4 * 30 / 1e6
    need = Need(seconds, 450 + activations + parameters * 16 / 1e6)
    return need._replace(parts=parts_kept(seconds), starting=5)
