"""What the study of language models runs, read off the configuration, and what types cannot say about it.

Which model meets which task by which method, in which blocks of seeds; the items of a task; and that names
exist and items suffice. Needs no torch.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from memgen.configuration import kinds
from memgen.engine.methods import Finetuning
from memgen.errors import BadInput
from memgen.jobs import rules
from memgen.jobs.rules import Quoted
from memgen.language import own_model
from memgen.language.configuration import METHODS, Pretraining, Ridge
from memgen.language.items import largest_hierarchy, needs_exceptions
from memgen.relational.hierarchy import Hierarchy

_NEEDED = {
    "wheel": ("package", "version", "wheel_sha256", "weights", "weights_sha256"),
    "random": ("like", "seed"),
    "corpus": ("seed",),
    "hub": ("repository", "revision"),
    "folder": ("folder",),
}
_CHOICE = ("models", "of_model", "items", "hierarchies", "hierarchies_of", "seeds")
Config = Mapping[str, Any]


class Cell(NamedTuple):
    """One model on one task by one method."""

    model: str
    items: str
    hierarchy: str
    method: str


def hierarchies(config: Config) -> list[str]:
    """Names of the hierarchies that the models learn: those listed, else all."""
    return list(config["language"].get("hierarchies", config["relational"]["hierarchies"]))


def _task(config: Config, name: str) -> Hierarchy:
    """Hierarchy of a name."""
    known = config["relational"]["hierarchies"][name]
    return Hierarchy.of(known["n"], known.get("exceptions"))


def contrast(config: Config) -> tuple[str, str] | None:
    """Two hierarchies of one size whose difference is an exception in the middle: without, and with it."""
    tasks = {name: _task(config, name) for name in hierarchies(config)}
    for name, task in tasks.items():
        middle = all(winner + loser == task.n - 1 for winner, loser in task.exceptions)
        plain = [other for other, one in tasks.items() if one.n == task.n and not one.exceptions]
        if task.exceptions and middle and plain:
            return plain[0], name
    return None


def represented(config: Config) -> list[str]:
    """Models whose representations are compared: those of a wheel, where models learn invented names.

    None without two hierarchies of one size that differ by one exception, which has items on both sides.
    """
    found, block = contrast(config), config["language"]
    exceptions = _task(config, found[1]).exceptions if found else ()
    possible = len(exceptions) == 1 and exceptions[0][1] > 0 and "fake" in block["items"]
    return models_of(config, "wheel") if possible else []


def representation_flags(config: Config) -> Quoted:
    """Flags of the comparison of representations."""
    _, exceptional = contrast(config) or ("", "")
    hierarchy = config["relational"]["hierarchies"][exceptional]
    return rules.flags(config["language"]["representations"], **hierarchy)


def models_of(config: Config, source: str) -> list[str]:
    """Names of the models whose weights come from one source."""
    return [name for name, model in config["language"]["models"].items() if model["source"] == source]


def further(config: Config) -> list[str]:
    """Untrained networks but for the first of each architecture: claims alone use them."""
    models = config["language"]["models"]
    drawn = models_of(config, "random")
    first = {models[name]["like"]: name for name in reversed(drawn)}
    return [name for name in drawn if name not in first.values()]


def controls(config: Config) -> list[str]:
    """Untrained networks, each as "like/name": the model whose architecture it has, and its own name."""
    models = config["language"]["models"]
    return [f"{models[name]['like']}/{name}" for name in models_of(config, "random")]


def own_files(config: Config, name: str) -> list[str]:
    """Files of a model of source folder, as they are called in the present folder."""
    return [str(path) for path in own_model.files_of(config["language"]["models"][name]["folder"])]


def quantized(config: Config) -> list[str]:
    """Names of the models whose weights a wheel carries as a GGUF file."""
    models = config["language"]["models"]
    return [name for name in models_of(config, "wheel") if models[name]["weights"].endswith(".gguf")]


def origin(model: Mapping[str, Any]) -> dict[str, Any]:
    """What a model says of where its weights come from; `like`, a folder, is no flag."""
    return {key: model[key] for key in _NEEDED[model["source"]] if key != "like"}


def is_causal(models: Mapping[str, Any], name: str) -> bool:
    """Whether a model has a language head: of a hub, the corpus, a GGUF file, or as its folder says.

    A control has one if the model that it is like has one.
    """
    model = models[name]
    if model["source"] == "random":
        return is_causal(models, model["like"])
    if model["source"] == "folder":
        return own_model.is_causal(model["folder"])
    return model["source"] in ("corpus", "hub") or model.get("weights", "").endswith(".gguf")


def _trainable(models: Mapping[str, Any], kind: str) -> list[str]:
    """Models that a kind of method runs on by default: any with ridge, else those with a language head."""
    return [name for name in models if kind == Ridge.kind or is_causal(models, name)]


def _for_model(method: Mapping[str, Any], model: str) -> dict[str, Any]:
    """A method as it is for a model: its keys, and in their place those that it states for the model."""
    return {**method, **method.get("of_model", {}).get(model, {})}


def options(method: Mapping[str, Any], model: str) -> dict[str, Any]:
    """How a method trains a model: its keys but for those that choose what it runs on."""
    return {key: value for key, value in _for_model(method, model).items() if key not in _CHOICE}


def flags(method: Mapping[str, Any], model: str) -> Quoted:
    """The same as flags of a command."""
    return rules.flags(options(method, model))


def method(config: Config, name: str, model: str) -> Ridge | Finetuning:
    """A method of the configuration, by its name, as it trains a model."""
    made: Ridge | Finetuning = kinds.read(options(config["language"]["methods"][name], model), METHODS)
    return made


def blocks(config: Config, method: str, model: str) -> list[tuple[int, int]]:
    """Blocks of seeds (first, last), both included, one per job, that a method runs for a model."""
    block = config["language"]
    seeds = _for_model(block["methods"][method], model).get("seeds", block["seeds"])
    size = block["seeds_per_job"]
    return [(first, min(first + size, seeds) - 1) for first in range(0, seeds, size)]


def cells(config: Config) -> list[Cell]:
    """Every model, kind of item, hierarchy and method that is run.

    By default a method runs on every model, item kind and hierarchy of the study; one that trains a network,
    on every model with a language head. A list restricts it: hierarchies also for one kind of item, and all
    but the models also for one model.
    """
    block = config["language"]
    shown = hierarchies(config)
    return [
        Cell(model, items, hierarchy, name)
        for name, method in block["methods"].items()
        for model in method.get("models", _trainable(block["models"], method["kind"]))
        for own in (_for_model(method, model),)
        for items in own.get("items", block["items"])
        if items in block["items"]
        for hierarchy in own.get("hierarchies_of", {}).get(items, own.get("hierarchies", shown))
        if hierarchy in shown
    ]


def poolings(config: Config) -> list[str]:
    """Poolings of the features that any probe asks for."""
    found = [method(config, cell.method, cell.model) for cell in cells(config)]
    return sorted({one.pooling for one in found if isinstance(one, Ridge)})


def lineup(config: Config, items: str, hierarchy: str) -> str:
    """Name of the items of a task.

    Teams are shared by all hierarchies of one size; poker's hands follow the exceptions, so that every
    hierarchy with exceptions has its own, and the plain one of `contrast` has those of the one beside it.
    """
    if not needs_exceptions(items):
        return f"n{config['relational']['hierarchies'][hierarchy]['n']}"
    plain, exceptional = contrast(config) or ("", "")
    return exceptional if hierarchy == plain and shares_hands(config, exceptional) else hierarchy


def shares_hands(config: Config, lineup: str) -> bool:
    """Whether two hierarchies of poker, without and with exceptions, have the hands of one lineup.

    Of hands that beat one another in a circle of five and are otherwise in order, 11 were not found.
    """
    pair = contrast(config)
    return (
        pair is not None
        and lineup == pair[1]
        and all(winner - loser == 2 for winner, loser in _task(config, lineup).exceptions)
    )


def lineup_hierarchy(config: Config, items: str, name: str) -> Mapping[str, Any]:
    """Number of items and exceptions that a lineup is drawn for, which bears the name of a hierarchy or size.

    BadInput if no lineup of these items has this name.
    """
    known = config["relational"]["hierarchies"]
    if not needs_exceptions(items):
        known = {f"n{part['n']}": {"n": part["n"], "exceptions": []} for part in known.values()}
    if name not in known:
        raise BadInput(f"{items}: there is no lineup {name!r}; allowed: {', '.join(known)}")
    found: Mapping[str, Any] = known[name]
    return found


def lineup_flags(config: Config, items: str, name: str) -> Quoted:
    """Flags of the hierarchy that a lineup is drawn for."""
    known = lineup_hierarchy(config, items, name)
    ordered = needs_exceptions(items) and shares_hands(config, name)
    exceptions = rules.repeated("--exception", known["exceptions"])
    return Quoted(f"{rules.flags(n=known['n'], ordered=ordered)} {exceptions}")


def check(config: Config) -> None:
    """Check the block `language` of a whole configuration that its types allow.

    BadInput if a model lacks what its source needs, refers to no other model, or its folder holds none; a
    method has a key of another kind or names what does not exist, or there are too few names for a hierarchy.
    """
    block = config["language"]
    for name, model in block["models"].items():
        _check_model(f"language.models.{name}", model, block["models"])
    known = config["relational"]["hierarchies"]
    _check_hierarchies("language.hierarchies", hierarchies(config), known)
    for name in hierarchies(config):
        for items in block["items"]:
            if known[name]["n"] > (most := largest_hierarchy(items)):
                raise BadInput(
                    f"relational.hierarchies.{name}: n = {known[name]['n']}, but items {items!r} name at "
                    f"most {most}; allowed: a smaller n, or leave it out of language.hierarchies"
                )
    for name, method in block["methods"].items():
        _check_method(f"language.methods.{name}", method, block, known)
    if not cells(config):
        raise BadInput("language.methods: none runs on any model, item and hierarchy; allowed: at least one")
    recipe = Pretraining(**block.get("pretraining", {}))
    if recipe.width % (2 * recipe.heads):
        raise BadInput(
            f"language.pretraining.width: {recipe.width} is not {recipe.heads} heads of even width; "
            f"allowed: multiples of {2 * recipe.heads}"
        )


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
    if source == "folder":
        try:
            own_model.files_of(model["folder"])
            own_model.is_causal(model["folder"])
        except BadInput as problem:
            raise BadInput(f"{where}.folder: {problem}") from None
    others = [name for name, other in models.items() if other["source"] != "random"]
    if source == "random" and model["like"] not in others:
        allowed = ", ".join(others) or "none"
        raise BadInput(f"{where}.like: {model['like']!r} is not a model with weights; allowed: {allowed}")
    twins = [
        f"language.models.{name}" for name, other in models.items() if "seed" in model and other == model
    ]
    if where in twins[1:]:
        raise BadInput(f"{where}: the same network as {twins[0]}; allowed: another seed")


def _check_method(where: str, method: Mapping[str, Any], block: Mapping[str, Any], known: Config) -> None:
    kind, models = method["kind"], block["models"]
    # Where they are named, encoders are trained too, with a head of their own.
    able = list(models) if kind in ("full", "lora") else _trainable(models, kind)
    for key in ("models", "of_model"):
        for name in method.get(key, []):
            if name not in able:
                raise BadInput(
                    f"{where}.{key}: {name!r} is not a model that kind {kind} can train; "
                    f"allowed: {', '.join(able) or 'none'}"
                )
    parts = {f"{where}.of_model.{name}": (name, part) for name, part in method.get("of_model", {}).items()}
    for place, (model, part) in {where: ("", method), **parts}.items():
        try:
            kinds.read(options(method, model), METHODS)
        except BadInput as problem:
            raise BadInput(f"{place}: {problem}") from None
        _check_hierarchies(f"{place}.hierarchies", part.get("hierarchies", []), known)
        for items, names in part.get("hierarchies_of", {}).items():
            _check_hierarchies(f"{place}.hierarchies_of.{items}", names, known)
        if part.get("seeds", 1) > block["seeds"]:
            raise BadInput(
                f"{place}.seeds: {part['seeds']} is more than the study has; allowed: 1 to {block['seeds']}"
            )


def _check_hierarchies(where: str, names: list[str], known: Config) -> None:
    for name in names:
        if name not in known:
            raise BadInput(f"{where}: {name!r} is not a hierarchy; allowed: {', '.join(known)}")
