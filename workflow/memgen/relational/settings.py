"""What types cannot say about the block `relational`: exceptions fit, figures show what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy


def check(config: Mapping[str, Any]) -> None:
    """Check the relational block of a configuration that its types allow.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If an exception is not one of its hierarchy, a hierarchy to be trained is unknown, the lowest ridge
        is not below the highest, or a figure shows what is not computed.
    """
    for name, hierarchy in config["relational"]["hierarchies"].items():
        try:
            Hierarchy.of(hierarchy["n"], hierarchy.get("exceptions"))
        except BadInput as error:
            raise BadInput(f"relational.hierarchies.{name}: {error}") from None
    for name in config["relational"].get("networks", {}).get("hierarchies", []):
        if name not in config["relational"]["hierarchies"]:
            known = ", ".join(config["relational"]["hierarchies"])
            raise BadInput(f"relational.networks.hierarchies: no hierarchy {name!r}; allowed: {known}")
        # The networks of `x` leave x.parquet and x_margins.parquet in one folder.
        if name.endswith("_margins"):
            raise BadInput(
                f"relational.networks.hierarchies: {name!r} ends in _margins; allowed: another name"
            )
    phase = config["relational"].get("phase", {})
    if phase and phase["lowest_ridge"] >= phase["highest_ridge"]:
        raise BadInput(
            f"relational.phase.lowest_ridge: {phase['lowest_ridge']} is not allowed; "
            f"allowed: less than highest_ridge = {phase['highest_ridge']}"
        )
    if "figures" in config["relational"]:
        _check_figures(config["relational"])


def _check_figures(relational: Mapping[str, Any]) -> None:
    """Refuse figures of hierarchies, conjunctivities, ridges or numbers of items that are not computed."""
    names, theory = list(relational["hierarchies"]), relational["theory"]
    with_exception = [name for name in names if relational["hierarchies"][name]["exceptions"]]
    grid = {"conjunctivity": theory["conjunctivity"], "ridge": theory["ridge"]}
    computed: dict[str, dict[str, list[Any]]] = {
        "rank_profiles": {"hierarchies": names, **grid},
        "mechanism": {"hierarchy": with_exception, **grid},
        "memorization": {"hierarchy": with_exception, "ridge": theory["ridge"]},
        "phase_representation": {"hierarchy": names},
        "phase_placement": relational["placement"],
        "readout": {"hierarchy": names, **grid},
        "depth": {"hierarchy": names, "ridge": relational["depth"]["ridge"]},
    }
    for figure, keys in computed.items():
        for key, allowed in keys.items():
            shown = relational["figures"][figure].get(key, [])
            for value in shown if isinstance(shown, list) else [shown]:
                if value not in allowed:
                    raise BadInput(
                        f"relational.figures.{figure}.{key}: {value!r} is not computed by the relational "
                        f"study; allowed: {', '.join(map(str, allowed)) or 'none'}"
                    )
    if 1 not in relational["depth"]["nonlinearity"]:
        raise BadInput(
            "relational.depth.nonlinearity: lacks 1 (ReLU), which the figure shows; allowed: with 1"
        )
