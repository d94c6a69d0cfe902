"""What figures call things, and how each of them looks: label, colour and marker. One dictionary for all."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#999999",
}

#: Label, colour and marker of something that is drawn.
Look = tuple[str, str, str]

#: Models, by the key of the first of those that differ in their seed alone.
MODELS = {
    "minilm": "MiniLM",
    "random-init": "MiniLM, untrained",
    "smollm2": "SmolLM2",
    "smollm2-init": "SmolLM2, untrained",
    "small-lm": "our small model",
    "small-lm-init": "our small model, untrained",
    "llama32-1b": "Llama-3.2-1B",
    "llama32-3b": "Llama-3.2-3B",
    "qwen35-2b": "Qwen3.5-2B",
    "qwen35-4b": "Qwen3.5-4B",
}
ITEMS = {"real": "real names", "fake": "invented names", "poker": "poker hands"}
#: Methods, by their kind or by their name in the published tables.
METHODS = {
    "ridge": "probe",
    "probe": "probe",
    "full": "full finetuning",
    "lora": "LoRA",
    "head": "trained head",
}
POOLINGS = {"last": "", "tail": " of six tokens", "mean": " of all tokens"}

#: Colour and marker of each pair class, the same in every figure.
PAIR_CLASSES = {
    "train": (PALETTE["black"], "s"),
    "exception": (PALETTE["vermilion"], "D"),
    "loop": (PALETTE["purple"], "v"),
    "boundary": (PALETTE["orange"], "^"),
    "cross": (PALETTE["blue"], "o"),
    "within": (PALETTE["green"], "P"),
    "test": (PALETTE["sky"], "o"),
}

_PRIORS = {
    "zipf": ("Zipf", PALETTE["vermilion"], "o"),
    "uniform": ("uniform", PALETTE["black"], "s"),
    "geometric": ("geometric", PALETTE["blue"], "^"),
    "lognormal": ("lognormal", PALETTE["green"], "D"),
}
_OTHER_PRIORS = [
    (PALETTE["purple"], "v"),
    (PALETTE["orange"], "P"),
    (PALETTE["sky"], "X"),
    (PALETTE["grey"], "*"),
]

#: Learners of the long tail's simulation.
TAIL_LEARNERS = {
    "optimal": ("optimal", PALETTE["black"], "*"),
    "ignore": ("ignores rare points", PALETTE["vermilion"], "o"),
    "flip": ("flips labels", PALETTE["orange"], "v"),
    "limited": ("limited memorization", PALETTE["purple"], "D"),
    "exponential": ("exponential mechanism", PALETTE["blue"], "s"),
    "randomized_response": ("randomized response", PALETTE["sky"], "P"),
    "majority": ("majority, noisy labels", PALETTE["green"], "^"),
    "majority_ignore": ("majority, ignores singletons", PALETTE["grey"], "X"),
}

#: Classifiers trained on the long tail.
CLASSIFIERS = {
    "ridge": ("ridge classifier (ridge)", PALETTE["blue"], "o"),
    "neighbours": ("nearest neighbours (k)", PALETTE["green"], "^"),
    "network": ("network (weight decay)", PALETTE["orange"], "s"),
    "private_network": ("private network (noise)", PALETTE["vermilion"], "D"),
}

STRUCTURES = {"gaussian": "Gaussian clusters", "hypercube": "hypercube clusters"}
STRUCTURE_LOOKS = {"gaussian": (PALETTE["orange"], "^"), "hypercube": (PALETTE["green"], "v")}

#: Groups of test examples of pruned classifiers: label, colour, marker and line.
PRUNED_GROUPS = {
    "once": ("clusters seen once", PALETTE["purple"], "v", "-"),
    "often": ("clusters seen often", PALETTE["black"], "s", "-"),
    "rare": ("rare subgroup", PALETTE["vermilion"], "D", ":"),
    "common": ("common subgroup", PALETTE["blue"], "o", ":"),
}

#: Learners of the study on irrelevant information.
LEARNERS = {
    "logistic": ("logistic regression", PALETTE["blue"], "o"),
    "network": ("network", PALETTE["orange"], "s"),
    "transformer": ("transformer", PALETTE["green"], "^"),
}

DEFENCES = {
    "none": ("no defence", PALETTE["black"], "*"),
    "weight_decay": ("weight decay", PALETTE["blue"], "o"),
    "noise": ("clipped, noisy gradients", PALETTE["vermilion"], "D"),
    "early_stopping": ("early stopping", PALETTE["green"], "^"),
    "no_momentum": ("no momentum", PALETTE["purple"], "v"),
    "fewer_parameters": ("fewer hidden units", PALETTE["orange"], "s"),
}

#: What a defence of some strength is called.
_STRENGTHS = {
    "none": "no defence",
    "weight_decay": "weight decay {:g}",
    "noise": "noisy gradients, σ = {:g}",
    "early_stopping": "stopped after {:g} steps",
    "no_momentum": "no momentum",
    "fewer_parameters": "{:g} hidden units",
}

#: Attacks, by what they know.
ATTACKS = {
    "labels": ("labels", PALETTE["sky"], "P"),
    "sign": ("probabilities, bit by bit", PALETTE["blue"], "o"),
    "coordinate_ascent": ("probabilities, ascent", PALETTE["orange"], "s"),
    "weights": ("weights", PALETTE["green"], "^"),
    "initialization": ("weights, initial weights", PALETTE["black"], "D"),
    "gradient": ("gradient, last step", PALETTE["purple"], "v"),
    "informed": ("all else, retrains", PALETTE["grey"], "X"),
    "prefix": ("prefix queries", PALETTE["vermilion"], "D"),
}

#: What a nearest neighbour stores of its samples: label, colour, and line or marker.
MEMORIES = {
    "stored": ("stores some bits (exact)", PALETTE["black"], "-"),
    "flipped": ("stores flipped bits (exact)", PALETTE["grey"], "--"),
    "blurred": ("stores noisy numbers (simulated)", PALETTE["vermilion"], "-"),
    "sketch": ("stores signs of projections", PALETTE["sky"], "x"),
    "quantized": ("stores codes of blocks", PALETTE["black"], "+"),
}

#: How sizes of one run differ, by its name.
SCALINGS = {
    "fixed": ("share ρ of fixed positions stays", PALETTE["blue"], "o"),
    "thin": ("ρ falls as 1/√d", PALETTE["vermilion"], "s"),
    "crowded": ("more samples", PALETTE["green"], "^"),
    "defended": ("learner with every defence", PALETTE["grey"], "v"),
    "network": ("network", PALETTE["orange"], "P"),
}


def defence_words(kind: str, strength: float | None) -> str:
    """A defence and its strength in words."""
    return _STRENGTHS[kind].format(strength or 0)


def counted(weight: float) -> str:
    """How often training counts a sample of a cluster seen once."""
    return {1.0: "singletons count once", 2.0: "singletons count twice"}.get(
        weight, f"singletons count {weight:g} times"
    )


def listed(looks: dict[str, Look], names: Iterable[str]) -> dict[str, Look]:
    """Looks of those names that are listed, in their order, then of the others by name."""
    shown = list(names)
    others = {
        name: (name, *_OTHER_PRIORS[index % 4]) for index, name in enumerate(sorted(set(shown) - set(looks)))
    }
    return {name: look for name, look in (looks | others).items() if name in shown}


def item(rank: int) -> str:
    """Name of an item by its rank, counted from 0 as on the command line: I0 is the strongest."""
    return f"I{rank}"


def model_label(model: str) -> str:
    """Name of a model; models that differ in the seed of their weights alone have one name."""
    return MODELS.get(re.sub(r"-\d$", "", model), model)


def hierarchy_label(n: int, exceptions: Iterable[str]) -> str:
    """Size and exceptions of a hierarchy, such as "9 items, 5 beats 3"."""
    return ", ".join([f"{n} items", *(one.replace(":", " beats ") for one in exceptions)])


def words(config: Mapping[str, Any]) -> dict[str, str]:
    """What figures call the hierarchies and methods of a configuration, by their keys."""
    known = config["relational"]["hierarchies"]
    called = {name: hierarchy_label(one["n"], one.get("exceptions") or ()) for name, one in known.items()}
    for name, method in config.get("language", {}).get("methods", {}).items():
        of_model = (method.get("of_model") or {}).values()
        layers = {part.get("layers", method.get("layers")) for part in of_model} or {method.get("layers")}
        count = layers.pop() if len(layers) == 1 else None
        depth = "" if count is None else ", last layer" if count == 1 else f", last {count} layers"
        called[name] = METHODS[method["kind"]] + POOLINGS[method.get("pooling", "last")] + depth
    return called


def named(words: Iterable[str]) -> dict[str, str]:
    """Words by their keys, of options such as "lora=LoRA"."""
    return dict(part.split("=", 1) for part in words)


def method_label(row: Mapping[str, Any], called: Mapping[str, str], *, several: bool = False) -> str:
    """Name of the method of a row, its hyperparameter behind it where the method was run with several."""
    ours = called if row["source"] == "study" else {}
    name = ours.get(row["method"], METHODS.get(row["method"], row["method"]))
    return f"{name}, {row['hyperparameter']:g}" if several and row["hyperparameter"] is not None else name


def prior_looks(names: Iterable[str]) -> dict[str, Look]:
    """Label, colour and marker of each prior, in order; a second one of a kind gets another colour."""
    priors = list(dict.fromkeys(names))
    looks: dict[str, Look] = {}
    others = iter(_OTHER_PRIORS * (1 + len(priors) // len(_OTHER_PRIORS)))
    taken = set()
    for prior in priors:
        kind, _, parameter = prior.partition(":")
        name, colour, marker = _PRIORS.get(kind, (kind, "", ""))
        if not colour or kind in taken:
            colour, marker = next(others)
        taken.add(kind)
        looks[prior] = (f"{name} {parameter}".strip(), colour, marker)
    return looks
