"""What a JSON schema cannot say about the block `relational`: exceptions must fit their hierarchy.

Knows the block's own keys only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memgen.errors import BadInput
from memgen.relational.hierarchy import Hierarchy, parse_exceptions


def check(config: Mapping[str, Any]) -> None:
    """Check the hierarchies of a configuration that fits its schema.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If an exception is not one of its hierarchy.
    """
    for name, hierarchy in config["relational"]["hierarchies"].items():
        try:
            Hierarchy(hierarchy["n"], parse_exceptions(hierarchy.get("exceptions") or []))
        except BadInput as error:
            raise BadInput(f"relational.hierarchies.{name}: {error}") from None
