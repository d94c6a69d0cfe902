"""How an exception's harm depends on conjunctivity, network by network, on the command line."""

import json as json_format
from typing import Literal

import numpy as np

from memgen.jobs.stage import Input, command
from memgen.language.claims.geometry import network_slopes
from memgen.language.tables import REPRESENTATIONS
from memgen.tables.statistics import mean_with_error


@command
def slopes(
    *,
    representations: Input,
    features: Literal["difference", "raw"] = "difference",
    json: bool = False,
) -> None:
    """Print the slope of the margin found next to an exception on the predicted one, network by network.

    Parameters
    ----------
    representations
        Table of representations.
    features
        What the probes read.
    json
        Print JSON, with every digit.
    """
    found = network_slopes(REPRESENTATIONS.read(representations), features)
    value, error = mean_with_error(np.array(list(found.values())))
    if json:
        print(json_format.dumps({"value": value, "standard_error": error, "networks": found}))
        return
    for name, slope in {**found, f"mean of {len(found)}": value}.items():
        print(f"{name:<32}{slope:.4f}")
