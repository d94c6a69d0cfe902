"""What representations of different conjunctivity say: whether an exception costs conjunctive ones more.

The unit is a network: its slope of the cost on the measured conjunctivity, over its own depths and poolings.
Within a network neither architecture nor pretraining varies. Mixtures, whose conjunctivity is set by hand,
are left out.
"""

from pathlib import Path

import numpy as np
import polars as pl

from memgen.language.claims.statements import PAPER
from memgen.language.tables import REPRESENTATIONS
from memgen.tables.claims import Claim, shell_command
from memgen.tables.statistics import line_slope, mean_with_error


def network_slopes(representations: pl.DataFrame) -> dict[str, float]:
    """Slope of the exception's cost on the measured conjunctivity within each network, by its name."""
    own = representations.filter(pl.col("mixing").is_null())
    return {
        str(model) if seed is None else f"{model}, random {seed}": line_slope(
            rows["alpha"].to_numpy(), rows["cost"].to_numpy()
        )[0]
        for (model, seed), rows in own.group_by("model", "initialization", maintain_order=True)
        if rows["alpha"].n_unique() > 1
    }


def geometry_claim(path: Path) -> Claim:
    """The claim on a table of `REPRESENTATIONS`."""
    slopes = network_slopes(REPRESENTATIONS.read(path))
    mean, error = mean_with_error(np.array(list(slopes.values())))
    return Claim(
        study="language",
        id="geometry-slope",
        claim="Within a network, an exception costs more where the representation is more conjunctive (slope "
        "of the share of untrained pairs wrong, with the exception less without, on the conjunctivity)",
        paper=PAPER,
        figure="geometry",
        sense="above",
        threshold=0.0,
        ours=mean,
        standard_error=error,
        unit="networks",
        n_units=len(slopes),
        family=PAPER,
        would_fail="More conjunctive depths and poolings of a network make no more mistakes.",
        command=shell_command("language", "slopes", "--representations", path, "--json"),
    )
