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
        If a hierarchy, conjunctivity or ridge to be shown is not among those computed.
    """
    shown, relational = config["figures"]["rank_profiles"], config["relational"]
    computed = {
        "hierarchies": list(relational["hierarchies"]),
        "conjunctivity": relational["theory"]["conjunctivity"],
        "ridge": relational["theory"]["ridge"],
    }
    for key, allowed in computed.items():
        wanted = shown[key] if isinstance(shown[key], list) else [shown[key]]
        for value in wanted:
            if value not in allowed:
                raise BadInput(
                    f"figures.rank_profiles.{key}: {value!r} is not computed by the relational study; "
                    f"allowed: {', '.join(map(str, allowed))}"
                )
