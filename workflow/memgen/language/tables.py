"""Columns of the tables of items, equities, pretraining, representations, and margins predicted unseen."""

import polars as pl

from memgen.language.responses.tables import CELL, PAIR_CLASS, errors_of, mean_over_seeds, optional
from memgen.tables.schema import Column, Table, trained

EQUITY = Table(
    "equity",
    {
        "first": Column(pl.String, "label of a hand, the higher card first"),
        "second": Column(pl.String, "label of the other hand"),
        "equity": Column(
            pl.Float64,
            "chance that first wins, plus half the chance of a tie, heads-up and all-in before the flop, "
            "averaged over all legal suit combinations",
        ),
        "standard_error": Column(pl.Float64, "its standard error over boards"),
        "boards": Column(pl.Int64, "boards sampled"),
    },
)

LINEUP = Table(
    "lineup",
    {
        "items": Column(pl.String, "kind of item: real, fake or poker"),
        "n": Column(pl.Int64, "number of items"),
        "seed": Column(pl.Int64, "seed of the items and the anchor pair"),
        "rank": Column(pl.Int64, "rank in a run that is not reversed; 0 is the strongest"),
        "name": Column(pl.String, "name of the item"),
        "anchor_winner": Column(pl.String, "winner of the two shots"),
        "anchor_loser": Column(pl.String, "loser of the two shots"),
    },
)

PRETRAINING = Table(
    "pretraining",
    {
        "model": Column(pl.String, "name of the model"),
        "step": Column(pl.Int64, "steps of AdamW so far"),
        "answer_loss": Column(
            pl.Float64, "mean cross-entropy at the answers over the steps since the row before, nats"
        ),
    },
    trained(["model", "step"], {"answer_loss": None}, why="the networks themselves are what differs"),
)

COSTS = {
    "cost": "share of untrained pairs with a truth that are wrong with the exception, less without it",
    "near_cost": "the same of the three pairs next to the exception: 2 v 5, 3 v 6 and 2 v 6 beside 5 beats 3",
    "near_margin": "mean margin of these three with the exception, target units",
    "cross_loss": "mean margin of cross pairs without the exception, less with it, target units",
}
"""What an exception costs, in the order of `exception_cost.exception_costs`."""

_MEASURED = {
    "alpha": "measured conjunctivity",
    "distance": "relative distance from the nearest exchangeable kernel",
    **COSTS,
}
_REPRESENTATION = {
    "model": Column(pl.String, "architecture: the name of a model"),
    "initialization": Column(
        pl.Int64, "seed of its random weights; empty for its own weights", nullable=True
    ),
    "depth": Column(pl.Int64, "layers passed"),
    "pooling": Column(
        pl.String, "last: state of the last token; tail: mean over the last six", allowed=("last", "tail")
    ),
    "features": Column(
        pl.String,
        "raw: of one direction of a pair; difference: half of what its two directions differ by",
        allowed=("raw", "difference"),
    ),
    "mixing": optional(
        "conjunctivity to which the additive and pair parts were mixed; empty for the network's own features"
    ),
}

REPRESENTATIONS = Table(
    "representations",
    {
        **_REPRESENTATION,
        **{
            column: described
            for name, meaning in _MEASURED.items()
            for column, described in mean_over_seeds(
                name, f"{meaning}; mean over seeds", width=False, nullable=False
            ).items()
        },
        **{
            f"{name}_predicted": optional(
                f"{name} by the theory at each seed's measured conjunctivity and the known ridge, no fit; "
                "mean over seeds, empty where one measures 1 or more"
            )
            for name in COSTS
        },
        "n_seeds": Column(pl.Int64, "seeds averaged, each over several orders of its items"),
    },
    trained(_REPRESENTATION, errors_of(*_MEASURED), units="n_seeds"),
)

COST_CURVE = Table(
    "cost of an exception by conjunctivity",
    {
        "alpha": Column(pl.Float64, "conjunctivity"),
        **{name: Column(pl.Float64, f"{meaning}; by the theory") for name, meaning in COSTS.items()},
    },
)

HELD_OUT = Table(
    "held-out margins",
    {
        **CELL,
        "prediction": Column(
            pl.String,
            "measured: gamma from the measured conjunctivity and the ridge, nothing fitted; elsewhere: gamma "
            "and scale fitted to the other untrained pairs of the other seeds, mean over seeds",
            allowed=("measured", "elsewhere"),
        ),
        "higher": Column(pl.Int64, "position of the higher-ranked item, 0 the strongest"),
        "lower": Column(pl.Int64, "position of the lower-ranked item"),
        "pair_class": PAIR_CLASS,
        "predicted": Column(
            pl.Float64, "predicted margin, logit units; of a ridge probe, units of the target"
        ),
        "found": Column(pl.Float64, "margin found, same units"),
        "standard_error": Column(pl.Float64, "standard error of found over seeds", nullable=True),
        "n_seeds": Column(pl.Int64, "seeds averaged"),
    },
    trained(
        [*CELL, "prediction", "higher", "lower"],
        {"predicted": None, "found": "standard_error"},
        units="n_seeds",
    ),
    may_be_empty=True,
)
