"""What the jobs of the block `language` take: by the size of the model, the method, and the block of seeds.

Reads the configuration alone; needs neither torch nor the weights. Costs of one unit stand in
`planning.rates`.
"""

import math
from collections.abc import Mapping
from typing import Any

from memgen.engine.methods import Finetuning, Head, Lora
from memgen.language import settings
from memgen.language.configuration import Pretraining
from memgen.planning.rates import PARAMETERS, RATES, SHARES
from memgen.planning.resources import Need, parts_kept, usual

BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
_BASE_MB = 450.0
_GPU_BASE_MB = 4000.0
_ORDERS = 2
"""Every seed is run twice, the items holding the ranks in one order and in the other."""


def billions(config: Mapping[str, Any], name: str) -> float:
    """Parameters of a model, in billions: as the configuration states, else as usual for its source."""
    model = config["language"]["models"][name]
    if model["source"] == "random":
        return billions(config, model["like"])
    return float(model.get("parameters", PARAMETERS[model["source"]])) / 1000


def _weights_mb(config: Mapping[str, Any], name: str) -> float:
    return billions(config, name) * 1000 * BYTES[config["language"]["models"][name].get("dtype", "float32")]


def _seeds(wildcards: Any) -> int:
    first, last = map(int, wildcards.seeds.split("-"))
    return last - first + 1


def _work(training: Finetuning) -> str:
    if isinstance(training, Head):
        return "head authors" if training.head == "authors" else "head"
    return f"{training.kind} last" if training.layers else training.kind


def _on_device(config: Mapping[str, Any], name: str, work: str, seconds: float, disk_mb: float = 1.0) -> Need:
    """A job that loads a model and then works for some seconds."""
    device = config["language"]["device"]
    weights = _weights_mb(config, name)
    starting = RATES["start", device].seconds + RATES["load", device].seconds * billions(config, name)
    seconds += starting
    if device == "cpu":
        return Need(seconds, _BASE_MB + SHARES[work, "cpu"].copies * weights, disk_mb, starting=starting)
    host = _GPU_BASE_MB + SHARES["host", device].copies * weights
    own = 1000 + SHARES[work, device].copies * weights
    return Need(seconds, host, disk_mb, gpu_memory_mb=own, starting=starting)


def features(config: Mapping[str, Any], wildcards: Any) -> Need:
    """Work of one block of seeds whose prompts pass a frozen network."""
    n = settings.lineup_hierarchy(config, wildcards.kind, wildcards.lineup)["n"]
    prompts = _ORDERS * _seeds(wildcards) * n * (n - 1)
    size = billions(config, wildcards.model)
    rate = RATES["ask", config["language"]["device"]].seconds
    # A hidden state has some 1,900 numbers in a network of a billion parameters, 576 in one of 135 million.
    disk = prompts * 4 * 1900 * size**0.5 / 1e6
    return _on_device(config, wildcards.model, "ask", prompts * size * rate, disk)


def representations(config: Mapping[str, Any], wildcards: Any) -> Need:
    """Work of comparing representations: every depth of each model, and of random networks like it."""
    asked, device = config["language"]["representations"], config["language"]["device"]
    names = settings.represented(config)
    _, exceptional = settings.contrast(config) or ("", "")
    n = config["relational"]["hierarchies"][exceptional]["n"]
    prompts = asked["seeds"] * n * (n - 1)
    passed = prompts * (1 + asked["initializations"]) * RATES["ask", device].seconds
    drawn = asked["initializations"] * RATES["initialize", "cpu"].seconds
    seconds = sum(billions(config, name) * (passed + drawn) for name in names)
    return _on_device(config, max(names, key=lambda name: billions(config, name)), "ask", seconds)


def finetuning(config: Mapping[str, Any], wildcards: Any) -> Need:
    """Work of one block of seeds that is finetuned, and asked before and after."""
    training: Any = settings.method(config, wildcards.method, wildcards.model)
    hierarchy = config["relational"]["hierarchies"][wildcards.hierarchy]
    n, device = hierarchy["n"], config["language"]["device"]
    trained = 2 * (n - 1 + len(hierarchy.get("exceptions", [])))
    batch = min(training.batch, trained)
    # A small batch is no faster than a quarter of sixteen prompts.
    steps = training.epochs * math.ceil(trained / batch) * max(batch / 16, 0.25)
    ordered = _ORDERS * _seeds(wildcards)
    ranks = len(training.lora_rank) if isinstance(training, Lora) else 1
    strengths = len(training.l2) if isinstance(training, Head) else 1
    runs = ordered * ranks * strengths
    work = _work(training)
    of_run = 2 * n * (n - 1) * RATES["ask", device].seconds + steps * RATES[work, device].seconds
    seconds = runs * billions(config, wildcards.model) * of_run
    # Runs that are trained together end together, and are kept; all strengths of a head belong together.
    parts = ranks * math.ceil(ordered / training.runs_per_pass)
    if not isinstance(training, Head):
        parts = max(parts, parts_kept(seconds))
    need = _on_device(config, wildcards.model, work, seconds, runs * 0.02)
    return need._replace(runs=runs, parts=parts)


def probing(config: Mapping[str, Any], wildcards: Any) -> Need:
    """Work of a ridge probe on one block of seeds."""
    method: Any = settings.method(config, wildcards.method, wildcards.model)
    return usual("language_probe")._replace(runs=_ORDERS * _seeds(wildcards) * len(method.ridge))


def pretraining(config: Mapping[str, Any], wildcards: Any) -> Need:
    """Work of pretraining a small model here."""
    recipe = Pretraining(**config["language"].get("pretraining", {}))
    return Need(5 + recipe.steps * recipe.batch * RATES["pretrain", "cpu"].seconds, 510, 1)


def weights(config: Mapping[str, Any], wildcards: Any, work: str) -> Need:
    """Work of fetching, dequantizing or drawing a model's weights."""
    size = _weights_mb(config, wildcards.model)
    seconds = 5 + RATES[work, "cpu"].seconds * billions(config, wildcards.model)
    copies = SHARES["initialize", "cpu"].copies if work != "download" else 0.2
    return Need(seconds, _BASE_MB + copies * size, size)
