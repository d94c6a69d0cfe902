"""What figures call a model, where its name in the tables says too little."""

SPOKEN = {
    "smollm2": "SmolLM2-135M (4-bit, dequantized)",
    "smollm2-init": "SmolLM2-135M, random weights",
}


def spoken(model: str) -> str:
    """Name of a model in a figure: the one that it has in the tables, unless there is a fuller one."""
    return SPOKEN.get(model, model)


def broken(model: str) -> str:
    """Name of a model in a figure on two lines, where it says more than a word: for labels along an axis."""
    return spoken(model).replace(" (", "\n(").replace(", random", ",\nrandom")
