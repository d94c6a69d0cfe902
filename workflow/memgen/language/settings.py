"""What a JSON schema cannot say about the block `language`: names must exist, and items must suffice.

Knows the block's own keys and the names and sizes of the hierarchies; needs neither torch nor numpy.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.language.published_files import held_by, read_versions

_NEEDED = {
    "wheel": ("package", "version", "wheel_sha256", "weights", "weights_sha256"),
    "random": ("like", "seed"),
}


def hierarchies(config: Mapping[str, Any]) -> list[str]:
    """Names of the hierarchies that the models learn: those listed, else all."""
    return list(config["language"].get("hierarchies", config["relational"]["hierarchies"]))


def blocks(config: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Blocks of seeds (first, last), both included, one per job."""
    seeds, size = config["language"]["seeds"], config["language"]["seeds_per_job"]
    return [(first, min(first + size, seeds) - 1) for first in range(0, seeds, size)]


def check(config: Mapping[str, Any]) -> None:
    """Check the block `language` of a configuration that fits its schema.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If a model lacks what its source needs or refers to no other model, a hierarchy does not exist, or
        there are too few names for one.
    """
    block = config["language"]
    for name, model in block["models"].items():
        _check_model(f"language.models.{name}", model, block["models"])
    known = config["relational"]["hierarchies"]
    for name in hierarchies(config):
        if name not in known:
            raise BadInput(f"language.hierarchies: {name!r} is no hierarchy; allowed: {', '.join(known)}")
        for items in block["items"]:
            _check_size(name, known[name]["n"], items)
    source = config.get("published", {}).get("source")
    if source not in (None, "download"):
        try:
            held_by(Path(source), read_versions())
        except BadInput as problem:
            raise BadInput(f"published.source: {problem}") from None


def _check_model(where: str, model: Mapping[str, Any], models: Mapping[str, Any]) -> None:
    source = model["source"]
    needed = _NEEDED[source]
    for key in needed:
        if key not in model:
            raise BadInput(
                f"{where}: the key {key!r} is missing; required for source {source}: {', '.join(needed)}"
            )
    for key in model:
        if key not in needed and any(key in keys for keys in _NEEDED.values()):
            raise BadInput(
                f"{where}: the key {key!r} does not go with source {source}; allowed: {', '.join(needed)}"
            )
    if source == "wheel" and ".." in model["weights"].split("/"):
        raise BadInput(f"{where}.weights: {model['weights']!r} leaves the wheel; allowed: a folder inside it")
    if source == "random":
        others = [name for name, other in models.items() if other["source"] != "random"]
        if model["like"] not in others:
            allowed = ", ".join(others) or "none"
            raise BadInput(f"{where}.like: {model['like']!r} is no model with weights; allowed: {allowed}")


def _check_size(name: str, n: int, items: str) -> None:
    from memgen.language.items import largest_hierarchy

    most = largest_hierarchy(items)
    if n > most:
        raise BadInput(
            f"relational.hierarchies.{name}: n = {n}, but items {items!r} name at most {most}; "
            "allowed: a smaller n, or leave it out of language.hierarchies"
        )
