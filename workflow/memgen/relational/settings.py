"""What types cannot say about the block `relational`: exceptions fit, figures show what there is."""

from collections.abc import Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy


def check(config: Mapping[str, Any]) -> None:
    """Check the relational block of a configuration that its types allow, and name hierarchies left out.

    Parameters
    ----------
    config : mapping
        The whole configuration. Figures and networks that name no hierarchy get the first with an exception.

    Raises
    ------
    BadInput
        If an exception is not one of its hierarchy, a hierarchy to be trained is unknown, the lowest ridge
        is not below the highest, or a figure shows what is not computed.
    """
    relational = config["relational"]
    known = relational["hierarchies"]
    for name, task in known.items():
        try:
            Hierarchy.of(task["n"], task.get("exceptions"))
        except BadInput as error:
            raise BadInput(f"relational.hierarchies.{name}: {error}") from None
    with_exception = [name for name, task in known.items() if task.get("exceptions")]
    plain = [name for name in known if name not in with_exception]
    for name in relational["networks"].setdefault("hierarchies", with_exception[:1] or plain[:1]):
        where = "relational.networks.hierarchies"
        if name not in known:
            raise BadInput(f"{where}: no hierarchy {name!r}; allowed: {', '.join(known)}")
        # The networks of `x` leave x.parquet and x_margins.parquet in one folder.
        if name.endswith("_margins"):
            raise BadInput(f"{where}: {name!r} ends in _margins; allowed: another name")
    phase = relational["phase"]
    if phase["lowest_ridge"] >= phase["highest_ridge"]:
        raise BadInput(
            f"relational.phase.lowest_ridge: {phase['lowest_ridge']} is not allowed; "
            f"allowed: less than highest_ridge = {phase['highest_ridge']}"
        )
    relational["figures"]["rank_profiles"].setdefault("hierarchies", [*plain[:1], *with_exception[:1]])
    _check_figures(relational, list(known), with_exception)


def _check_figures(relational: Mapping[str, Any], names: list[str], with_exception: list[str]) -> None:
    """Refuse figures of hierarchies, conjunctivities, ridges or numbers of items that are not computed."""
    grid = {key: relational["theory"][key] for key in ("conjunctivity", "ridge")}
    computed: dict[str, dict[str, list[Any]]] = {
        "rank_profiles": {"hierarchies": names, **grid},
        "mechanism": {"hierarchy": with_exception, **grid},
        "memorization": {"hierarchy": with_exception, "ridge": grid["ridge"]},
        "phase_representation": {"hierarchy": names},
        "phase_placement": relational["placement"],
        "readout": {"hierarchy": names, **grid},
        "depth": {"hierarchy": names, "ridge": relational["depth"]["ridge"]},
    }
    for figure, keys in computed.items():
        shown = relational["figures"][figure]
        for key, allowed in keys.items():
            if key == "hierarchy":
                shown.setdefault(key, (with_exception or names)[0])
            value = shown.get(key, [])
            for one in value if isinstance(value, list) else [value]:
                if one not in allowed:
                    raise BadInput(
                        f"relational.figures.{figure}.{key}: {one!r} is not computed by the relational "
                        f"study; allowed: {', '.join(map(str, allowed)) or 'none'}"
                    )
    if 1 not in relational["depth"]["nonlinearity"]:
        raise BadInput(
            "relational.depth.nonlinearity: lacks 1 (ReLU), which the figure shows; allowed: with 1"
        )
