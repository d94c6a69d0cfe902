"""What representations of different conjunctivity say: whether an exception harms conjunctive ones more.

The unit is a network: its slope of the margin found next to the exception on the predicted one, over its
own depths and poolings. The prediction is a function of the measured conjunctivity alone. Within a network
neither architecture nor pretraining varies. Mixtures, whose conjunctivity is set by hand, are left out.
"""

import json as json_format
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from memgen.jobs.stage import Input, command
from memgen.language.claims.statements import PAPER
from memgen.language.tables import REPRESENTATIONS
from memgen.tables.claims import Claim, shell_command
from memgen.tables.statistics import line_slope, mean_with_error


def network_slopes(representations: pl.DataFrame, features: str) -> dict[str, float]:
    """Slope of the margin found on the margin predicted within each network, by its name."""
    own = representations.filter(pl.col("mixing").is_null(), features=features)
    return {
        str(model) if seed is None else f"{model}, random {seed}": line_slope(
            rows["near_margin_predicted"].to_numpy(), rows["near_margin"].to_numpy()
        )[0]
        for (model, seed), rows in own.drop_nulls("near_margin_predicted").group_by(
            "model", "initialization", maintain_order=True
        )
        if rows["near_margin_predicted"].n_unique() > 1
    }


def geometry_claims(path: Path) -> list[Claim]:
    """The claim on a table of `REPRESENTATIONS`, and the same of raw features as a cell."""
    table = REPRESENTATIONS.read(path)
    found = []
    for features, leads in (("difference", True), ("raw", False)):
        by_network = network_slopes(table, features)
        mean, error = mean_with_error(np.array(list(by_network.values())))
        found.append(
            Claim(
                study="language",
                id="geometry-slope",
                claim="Within a network, more conjunctive representations keep less margin next to the "
                "exception (slope of the margin found on the one predicted from conjunctivity, no fit)",
                paper=PAPER,
                figure="geometry",
                sense="above",
                threshold=0.0,
                ours=mean,
                standard_error=error,
                unit="networks",
                n_units=len(by_network),
                model=" + ".join(table["model"].unique(maintain_order=True)),
                items="fake",
                method=f"probe of {features} features",
                family=PAPER,
                leads=leads,
                would_fail="Representations with a smaller predicted margin have no smaller one.",
                command=shell_command(
                    "language", "slopes", "--representations", path, "--features", features, "--json"
                ),
            )
        )
    return found


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
