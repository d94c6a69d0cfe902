"""What a JSON schema cannot say about the block `relational`: exceptions must fit their hierarchy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy


def check(config: Mapping[str, Any]) -> None:
    """Check the relational block of a configuration that fits its schema.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If an exception is not one of its hierarchy, a hierarchy to be trained is unknown, or the lowest
        ridge is not below the highest.
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
