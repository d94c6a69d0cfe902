"""What a schema cannot say of the configuration's figures block."""

from collections.abc import Mapping
from typing import Any

from memgen.errors import BadInput


def check(config: Mapping[str, Any]) -> None:
    """Refuse figures of what the study does not compute.

    Parameters
    ----------
    config : mapping
        Whole configuration, defaults filled in.

    Raises
    ------
    BadInput
        If a hierarchy, conjunctivity, ridge or number of items to be shown is not among those computed, or a
        hierarchy has too few pairs of the kind that the figure shows.
    """
    figures, relational = config["figures"], config["relational"]
    names, theory = list(relational["hierarchies"]), relational["theory"]
    with_exception = [name for name in names if relational["hierarchies"][name]["exceptions"]]
    grid = {"conjunctivity": theory["conjunctivity"], "ridge": theory["ridge"]}
    computed: dict[str, dict[str, list[Any]]] = {
        "rank_profiles": {"hierarchies": names, **grid},
        "mechanism": {"hierarchy": with_exception, **grid},
        "memorization": {"hierarchy": with_exception, "ridge": theory["ridge"]},
        "phase_representation": {"hierarchy": names},
        "phase_geometry": relational["geometry"],
        "readout": {"hierarchy": names, **grid},
        "depth": {"hierarchy": names, "ridge": relational["depth"]["ridge"]},
    }
    for figure, keys in computed.items():
        for key, allowed in keys.items():
            shown = figures[figure].get(key, [])
            for value in shown if isinstance(shown, list) else [shown]:
                if value not in allowed:
                    raise BadInput(
                        f"figures.{figure}.{key}: {value!r} is not computed by the relational study; "
                        f"allowed: {', '.join(map(str, allowed)) or 'none'}"
                    )
    if 1 not in relational["depth"]["nonlinearity"]:
        raise BadInput(
            "relational.depth.nonlinearity: lacks 1 (ReLU), which the figure shows; allowed: with 1"
        )
