"""What types cannot say about the block `language`: names must exist, and items must suffice.

Knows the block's own keys, the names and sizes of the hierarchies, and which model meets which task and
method; needs no torch.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from memgen.configuration import kinds
from memgen.engine.methods import Finetuning
from memgen.errors import BadInput
from memgen.jobs import rules
from memgen.jobs.files import fault
from memgen.jobs.rules import Quoted
from memgen.language.configuration import METHODS, Pretraining, Ridge
from memgen.language.items import largest_hierarchy, needs_exceptions
from memgen.language.published.files import held_by, read_versions
from memgen.relational.hierarchy import Hierarchy

_NEEDED = {
    "wheel": ("package", "version", "wheel_sha256", "weights", "weights_sha256"),
    "random": ("like", "seed"),
    "corpus": ("seed",),
    "hub": ("repository", "revision"),
}
_TASKS = ("items", "hierarchies", "hierarchies_of", "seeds")
_CHOICE = ("models", "of_model", *_TASKS)


class Cell(NamedTuple):
    """One model on one task by one method."""

    model: str
    items: str
    hierarchy: str
    method: str


def hierarchies(config: Mapping[str, Any]) -> list[str]:
    """Names of the hierarchies that the models learn: those listed, else all."""
    return list(config["language"].get("hierarchies", config["relational"]["hierarchies"]))


def of(method: Mapping[str, Any], model: str) -> dict[str, Any]:
    """A method as it is for a model: its keys, and in their place those that it states for the model."""
    return {**method, **method.get("of_model", {}).get(model, {})}


def blocks(config: Mapping[str, Any], method: str, model: str) -> list[tuple[int, int]]:
    """Blocks of seeds (first, last), both included, one per job, that a method runs for a model."""
    block = config["language"]
    seeds = of(block["methods"][method], model).get("seeds", block["seeds"])
    size = block["seeds_per_job"]
    return [(first, min(first + size, seeds) - 1) for first in range(0, seeds, size)]


def models_of(config: Mapping[str, Any], source: str) -> list[str]:
    """Names of the models whose weights come from one source."""
    return [name for name, model in config["language"]["models"].items() if model["source"] == source]


def quantized(config: Mapping[str, Any]) -> list[str]:
    """Names of the models whose weights a wheel carries as a GGUF file."""
    models = config["language"]["models"]
    return [name for name in models_of(config, "wheel") if models[name]["weights"].endswith(".gguf")]


def lineup(config: Mapping[str, Any], items: str, hierarchy: str) -> str:
    """Name of the items of a task.

    Teams are shared by all hierarchies of one size; poker's hands follow the exceptions, so that every
    hierarchy with exceptions has its own, and the plain one of `contrast` has those of the one beside it.
    """
    if not needs_exceptions(items):
        return f"n{config['relational']['hierarchies'][hierarchy]['n']}"
    plain, exceptional = contrast(config) or (None, None)
    shared = hierarchy == plain and exceptional is not None and shares_hands(config, exceptional)
    return str(exceptional) if shared else hierarchy


def shares_hands(config: Mapping[str, Any], lineup: str) -> bool:
    """Whether two hierarchies of poker, without and with exceptions, have the hands of one lineup.

    Of hands that beat one another in a circle of five and are otherwise in order, 11 were not found.
    """
    if lineup != (contrast(config) or (None, None))[1]:
        return False
    return all(winner - loser == 2 for winner, loser in _task(config, lineup).exceptions)


def _task(config: Mapping[str, Any], name: str) -> Hierarchy:
    """Hierarchy of a name."""
    known = config["relational"]["hierarchies"][name]
    return Hierarchy.of(known["n"], known.get("exceptions"))


def lineup_hierarchy(config: Mapping[str, Any], items: str, name: str) -> Mapping[str, Any]:
    """Number of items and exceptions that a lineup is drawn for, which bears the name of a hierarchy or size.

    Raises
    ------
    BadInput
        If no lineup of these items has this name.
    """
    known = config["relational"]["hierarchies"]
    if needs_exceptions(items):
        found: dict[str, Mapping[str, Any]] = dict(known)
    else:
        found = {f"n{part['n']}": {"n": part["n"], "exceptions": []} for part in known.values()}
    if name not in found:
        raise BadInput(f"{items}: there is no lineup {name!r}; allowed: {', '.join(found)}")
    return found[name]


def lineup_flags(config: Mapping[str, Any], items: str, name: str) -> Quoted:
    """Flags of the hierarchy that a lineup is drawn for."""
    known = lineup_hierarchy(config, items, name)
    ordered = needs_exceptions(items) and shares_hands(config, name)
    exceptions = rules.repeated("--exception", known["exceptions"])
    return Quoted(f"{rules.flags(n=known['n'], ordered=ordered)} {exceptions}")


def origin(model: Mapping[str, Any]) -> dict[str, Any]:
    """What a model says of where its weights come from; `like`, a folder, is no flag."""
    return {key: model[key] for key in _NEEDED[model["source"]] if key != "like"}


def options(method: Mapping[str, Any], model: str) -> dict[str, Any]:
    """How a method trains a model."""
    return {key: value for key, value in of(method, model).items() if key not in _CHOICE}


def method(config: Mapping[str, Any], name: str, model: str) -> Ridge | Finetuning:
    """A method of the configuration, by its name, as it trains a model."""
    made: Ridge | Finetuning = kinds.read(options(config["language"]["methods"][name], model), METHODS)
    return made


def flags(method: Mapping[str, Any], model: str) -> Quoted:
    """Command-line flags of a method: every key that says how it trains a model."""
    return rules.flags(options(method, model))


def poolings(config: Mapping[str, Any]) -> list[str]:
    """Poolings of the features that any probe asks for."""
    found = [method(config, cell.method, cell.model) for cell in cells(config)]
    return sorted({one.pooling for one in found if isinstance(one, Ridge)})


def is_causal(models: Mapping[str, Any], name: str) -> bool:
    """Whether a model has a language head: of a hub, the corpus, a GGUF file, or a control like one."""
    model = models[name]
    if model["source"] == "random":
        return is_causal(models, model["like"])
    return model["source"] in ("corpus", "hub") or model.get("weights", "").endswith(".gguf")


def trainable(models: Mapping[str, Any], kind: str) -> list[str]:
    """Models that a kind of method runs on by default: any with ridge, else those with a language head."""
    return [name for name in models if kind == Ridge.kind or is_causal(models, name)]


def cells(config: Mapping[str, Any]) -> list[Cell]:
    """Every model, kind of item, hierarchy and method that is run.

    A method runs on the models, items and hierarchies that it lists, and otherwise on all of the study's; a
    method that trains a network on all that have a language head. Hierarchies may be listed for a kind of
    item alone, and all but the models for one model alone.
    """
    block = config["language"]
    shown = hierarchies(config)
    found = []
    for name, method in block["methods"].items():
        able = trainable(block["models"], method["kind"])
        found += [
            Cell(model, items, hierarchy, name)
            for model in method.get("models", able)
            for own in (of(method, model),)
            for items in own.get("items", block["items"])
            if items in block["items"]
            for hierarchy in own.get("hierarchies_of", {}).get(items, own.get("hierarchies", shown))
            if hierarchy in shown
        ]
    return found


def contrast(config: Mapping[str, Any]) -> tuple[str, str] | None:
    """Two hierarchies of one size whose difference is an exception in the middle: without, and with it."""
    tasks = {name: _task(config, name) for name in hierarchies(config)}
    for name, task in tasks.items():
        middle = all(winner + loser == task.n - 1 for winner, loser in task.exceptions)
        plain = [other for other, one in tasks.items() if one.n == task.n and not one.exceptions]
        if task.exceptions and middle and plain:
            return plain[0], name
    return None


def check(config: Mapping[str, Any]) -> None:
    """Check the block `language` of a whole configuration that its types allow.

    Raises
    ------
    BadInput
        If a model lacks what its source needs or refers to no other model, a method has a key of another
        kind or names what does not exist, or there are too few names for a hierarchy.
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
            _check_published(Path(source))
        except BadInput as problem:
            raise BadInput(f"published.source: {problem}") from None
    for name, method in block["methods"].items():
        _check_method(f"language.methods.{name}", method, block, known)
    if not cells(config):
        raise BadInput("language.methods: none runs on any model, item and hierarchy; allowed: at least one")
    recipe = Pretraining(**block.get("pretraining", {}))
    width, heads = recipe.width, recipe.heads
    if width % (2 * heads):
        raise BadInput(
            f"language.pretraining.width: {width} is not {heads} heads of even width; "
            f"allowed: multiples of {2 * heads}"
        )


def _check_published(source: Path) -> None:
    """Refuse a folder where something else, such as a pipe, stands in the place of a published file."""
    versions = read_versions()
    if problem := fault(source, folder=True):
        example = versions[0].file
        raise BadInput(f"{source}: {problem}; allowed: a folder with files such as {example}")
    matrix = source / "poker/preflop_equity.csv"
    for folder in sorted({(source / row.file).parent for row in versions} | {matrix.parent}):
        # A folder may be missing, but what stands in its place must be one.
        if os.path.lexists(folder) and (problem := fault(folder, folder=True)):
            raise BadInput(f"{folder}: {problem}; allowed: a folder")
    held = [source / row.file for row in held_by(source, versions)]
    for path in [*held, *([matrix] if os.path.lexists(matrix) else [])]:
        if problem := fault(path):
            raise BadInput(f"{path}: {problem}; allowed: a file")


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
    if source == "random":
        others = [name for name, other in models.items() if other["source"] != "random"]
        if model["like"] not in others:
            allowed = ", ".join(others) or "none"
            raise BadInput(f"{where}.like: {model['like']!r} is no model with weights; allowed: {allowed}")


def _check_method(
    where: str, method: Mapping[str, Any], block: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    kind, models = method["kind"], block["models"]
    # Where they are named, encoders are trained too, with a head of their own.
    able = list(models) if kind in ("full", "lora") else trainable(models, kind)
    for key in ("models", "of_model"):
        for name in method.get(key, []):
            if name not in able:
                raise BadInput(
                    f"{where}.{key}: {name!r} is no model that kind {kind} can train; "
                    f"allowed: {', '.join(able) or 'none'}"
                )
    parts = {f"{where}.of_model.{name}": (name, part) for name, part in method.get("of_model", {}).items()}
    for place, (model, part) in {where: ("", method), **parts}.items():
        try:
            kinds.read(options(method, model), METHODS)
        except BadInput as problem:
            raise BadInput(f"{place}: {problem}") from None
        _check_tasks(place, part, block, known)


def _check_tasks(
    where: str, method: Mapping[str, Any], block: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    chosen = {"hierarchies": method.get("hierarchies", [])}
    chosen |= {f"hierarchies_of.{items}": names for items, names in method.get("hierarchies_of", {}).items()}
    for key, names in chosen.items():
        for name in names:
            if name not in known:
                raise BadInput(f"{where}.{key}: {name!r} is no hierarchy; allowed: {', '.join(known)}")
    if method.get("seeds", 1) > block["seeds"]:
        raise BadInput(
            f"{where}.seeds: {method['seeds']} is more than the study has; allowed: 1 to {block['seeds']}"
        )


def _check_size(name: str, n: int, items: str) -> None:
    most = largest_hierarchy(items)
    if n > most:
        raise BadInput(
            f"relational.hierarchies.{name}: n = {n}, but items {items!r} name at most {most}; "
            "allowed: a smaller n, or leave it out of language.hierarchies"
        )
