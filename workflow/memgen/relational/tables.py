"""Tables of the relational study: what each column holds."""

import polars as pl

from memgen.relational.hierarchy import PAIR_CLASSES
from memgen.tables.schema import Column, Table, trained

_HIERARCHY = {
    "hierarchy": Column(pl.String, "name of the hierarchy: a key of relational.hierarchies"),
    "n": Column(pl.Int64, "number of items"),
    "exceptions": Column(pl.String, 'exceptions as winner:loser, items from 0, e.g. "5:3 7:4"; "" for none'),
}
_LEARNER = {
    "alpha": Column(pl.Float64, "conjunctivity"),
    "ridge": Column(pl.Float64, "effective ridge, raw ridge / (k_same - k_reversed)"),
    "gamma": Column(pl.Float64, "2 (alpha + ridge) / (1 - alpha), which fixes all generalization"),
}
_PAIR_CLASS = {"pair_class": Column(pl.String, "class of the pair", allowed=PAIR_CLASSES)}
_PAIR = {
    "higher": Column(pl.Int64, "rank of the higher-ranked item, h < k; 0 is the strongest"),
    "lower": Column(pl.Int64, "rank of the other item"),
}
_ITEM = Column(pl.Int64, "rank of the item in the task; 0 is the strongest")

TASK = Table(
    "task",
    {
        **_HIERARCHY,
        "first": Column(pl.Int64, "rank of the first item; 0 is the strongest"),
        "second": Column(pl.Int64, "rank of the second item"),
        "higher": Column(pl.Int64, "the better rank of the two (the smaller number)"),
        "lower": Column(pl.Int64, "the other rank"),
        **_PAIR_CLASS,
        "trained": Column(pl.Boolean, "whether the pair is trained on"),
        "target": Column(
            pl.Int64,
            "training target: +1 if the first beats the second, -1 otherwise; empty for untrained pairs",
            nullable=True,
            allowed=(1, -1),
        ),
        "truth": Column(
            pl.Int64,
            "right answer, +1 or -1 likewise, of an exception its winner; empty for loop pairs",
            nullable=True,
            allowed=(1, -1),
        ),
    },
)
"""One hierarchy, one row per ordered pair."""

SWEEP = Table(
    "sweep",
    {
        **_HIERARCHY,
        **_LEARNER,
        **_PAIR,
        **_PAIR_CLASS,
        "margin": Column(
            pl.Float64,
            "prediction f(higher, lower), with the memorized part for trained pairs; an exception is "
            "answered right where it is negative",
        ),
    },
)
"""Predictions over the grid, one row per hierarchy, alpha, ridge and pair higher < lower."""

RANKS = Table(
    "ranks",
    {
        **_HIERARCHY,
        **_LEARNER,
        "item": _ITEM,
        "rank": Column(pl.Float64, "rank that the learner gives to the item, in units of the target"),
    },
)
"""Rank profiles over the grid, one row per hierarchy, alpha, ridge and item."""

_CROSSING = {
    "gamma": Column(pl.Float64, "critical gamma; empty where there is no crossing", nullable=True),
    "alpha": Column(pl.Float64, "critical conjunctivity without ridge; empty where none", nullable=True),
}

CRITICAL = Table(
    "critical",
    {
        **_HIERARCHY,
        **_CROSSING,
        "component": Column(pl.String, "its first and last rank, e.g. 3-5, if any", nullable=True),
    },
)
"""Critical conjunctivity, one row per hierarchy and component, one empty row without exception."""

MEMORIZATION = Table(
    "memorization",
    {
        **_HIERARCHY,
        **_LEARNER,
        **_PAIR,
        "pair_class": Column(
            pl.String, "exception, or train for a regular pair", allowed=("train", "exception")
        ),
        "in_loop": Column(pl.Boolean, "whether both items are in one loop, as those of an exception are"),
        "margin": Column(pl.Float64, "margin in the trained direction after training on every pair"),
        "left_out_margin": Column(
            pl.Float64, "the same with this pair left out of training, in both directions"
        ),
        "score": Column(pl.Float64, "margin - left_out_margin, in target units; may exceed 1"),
        "answer_gain": Column(
            pl.Float64,
            "the same as a gain of probability: whether the margin is right, less whether left_out_margin "
            "is; a margin of 0 is right with probability 1/2",
        ),
    },
)
"""Leave-one-out scores over the grid, one row per hierarchy, alpha, ridge and training pair."""

_BEHAVIOUR = {
    **_PAIR_CLASS,
    "pairs": Column(pl.Int64, "number of pairs of the class"),
    "accuracy": Column(pl.Float64, "share of them answered right; empty without truth (loop)", nullable=True),
    "margin": Column(pl.Float64, "their mean margin in the direction of the truth (in a loop, of the chain)"),
    "lowest_margin": Column(pl.Float64, "the lowest of their margins: negative where any of them is wrong"),
}

PHASE = Table("phase", {**_HIERARCHY, **_LEARNER, **_BEHAVIOUR})
"""Behaviour over a fine grid, one row per hierarchy, alpha, ridge and pair class."""

_SHAPE = {
    "n": _HIERARCHY["n"],
    "exceptions": _HIERARCHY["exceptions"],
    "span": Column(pl.Int64, "rank of each exception's winner minus that of its loser"),
    "position": Column(pl.Int64, "rank of the first loser, the first item of the first loop"),
}

PLACEMENT = Table(
    "placement",
    {
        **_SHAPE,
        "number": Column(pl.Int64, "number of exceptions, one after another, one item between two loops"),
        **_LEARNER,
        **_BEHAVIOUR,
    },
    may_be_empty=True,
)
"""Behaviour over hierarchies, one row per n, number, span, position, alpha, ridge and pair class."""

CRITICAL_PLACEMENT = Table(
    "critical placement",
    {
        **_SHAPE,
        "centred": Column(pl.Boolean, "whether the exception is in the middle (or half a step above it)"),
        **_CROSSING,
        "balance_gamma": Column(
            pl.Float64, "gamma up to which every untrained pair is right; empty: at any", nullable=True
        ),
        "balance_alpha": Column(
            pl.Float64,
            "conjunctivity up to which, without ridge, the exception is remembered and nothing is wrong",
            nullable=True,
        ),
        "balance_ridge": Column(
            pl.Float64, "largest ridge with which some conjunctivity has nothing wrong", nullable=True
        ),
    },
)
"""Critical conjunctivity of one exception, one row per n, span and position."""

MECHANISM = Table(
    "mechanism",
    {
        **_HIERARCHY,
        **_LEARNER,
        "part": Column(pl.String, "chain, an exception as winner:loser, or ranks, the sum of the others"),
        "strength": Column(pl.Float64, "strength s of an exception's dipole", nullable=True),
        "item": _ITEM,
        "value": Column(pl.Float64, "what the part gives to the item, in units of the target"),
    },
)
"""Parts of the ranks, one row per hierarchy, alpha, ridge, part and item."""

READOUT = Table(
    "readout",
    {
        **_HIERARCHY,
        **_LEARNER,
        "temperature": Column(pl.Float64, "temperature of the softmax, in units of the target; 0: no noise"),
        **_PAIR_CLASS,
        "distance": Column(pl.Int64, "steps between the items; empty: all pairs of the class", nullable=True),
        "pairs": Column(pl.Int64, "number of pairs"),
        "accuracy": Column(pl.Float64, "expected share of right answers"),
    },
)
"""Accuracy of a noisy readout, one row per hierarchy, alpha, ridge, temperature, class and distance."""

DEPTH = Table(
    "depth",
    {
        **_HIERARCHY,
        "kernel": Column(pl.String, "nngp: last layer trained; ntk: all layers", allowed=("nngp", "ntk")),
        "depth": Column(pl.Int64, "layers; 1 is linear"),
        "rho": Column(pl.Float64, "nonlinearity: 0 linear, 1 ReLU, 2 absolute value"),
        "raw_ridge": Column(pl.Float64, "ridge in units of the similarity of a pair with itself"),
        **_LEARNER,
        **_BEHAVIOUR,
    },
)
"""Conjunctivity and behaviour of infinitely wide networks, one row per network, hierarchy and class."""

_NETWORK = {
    **_HIERARCHY,
    # Scale 1; scale falling with the width; one width, several scales.
    "regime": Column(
        pl.String, "lazy, rich, or scan of the scale at one width", allowed=("lazy", "rich", "scan")
    ),
    "width": Column(pl.Int64, "hidden units"),
    "scale": Column(pl.Float64, "factor on the output, relative to the tangent kernel's limit"),
}

FINITE_WIDTH = Table(
    "finite width",
    {
        **_NETWORK,
        "seed": Column(pl.Int64, "number of the network; the same initial weights at every scale"),
        "deviation": Column(pl.Float64, "root mean square off theory, untrained pairs, target units"),
        "accuracy": Column(pl.Float64, "share of untrained pairs with a truth that are answered right"),
        "training_error": Column(pl.Float64, "root mean square residual on trained pairs, target units"),
        "kernel_change": Column(pl.Float64, "relative Frobenius change of the tangent kernel by training"),
    },
    trained(_NETWORK, dict.fromkeys(("deviation", "accuracy", "kernel_change")), unit="seed"),
)
"""Finite networks, one row per hierarchy, regime, width, scale and seed."""

FINITE_WIDTH_MARGINS = Table(
    "finite width margins",
    {
        **_NETWORK,
        **_PAIR,
        **_PAIR_CLASS,
        "margin": Column(pl.Float64, "margin M(higher, lower), mean over seeds, target units"),
        "standard_error": Column(pl.Float64, "its standard error over seeds"),
        "seeds": Column(pl.Int64, "number of networks"),
        "theory": Column(pl.Float64, "margin by the kernel theory at infinite width"),
    },
    trained([*_NETWORK, *_PAIR, *_PAIR_CLASS], {"margin": "standard_error"}, units="seeds"),
)
"""Margins of finite networks, one row per hierarchy, regime, width, scale and pair."""

FINITE_WIDTH_SUMMARY = Table(
    "finite width summary",
    {
        **_NETWORK,
        "seeds": Column(pl.Int64, "number of networks"),
        "deviation": Column(pl.Float64, "a network's deviation from theory, mean over seeds, target units"),
        "standard_error": Column(pl.Float64, "its standard error over seeds"),
        "systematic": Column(pl.Float64, "deviation of the mean margins from theory, target units"),
        "systematic_standard_error": Column(
            pl.Float64, "its standard error at most: of pairs that vary as one"
        ),
        "accuracy": Column(pl.Float64, "accuracy on untrained pairs with a truth, mean over seeds"),
        "accuracy_standard_error": Column(pl.Float64, "its standard error over seeds"),
        "kernel_change": Column(pl.Float64, "relative change of the tangent kernel, mean over seeds"),
        "training_error": Column(pl.Float64, "largest over seeds, target units"),
    },
    trained(_NETWORK, {"deviation": "standard_error", "accuracy": "accuracy_standard_error"}, units="seeds"),
    may_be_empty=True,
)
"""Deviation from theory, one row per hierarchy, regime, width and scale."""

FINITE_WIDTH_SLOPES = Table(
    "finite width slopes",
    {
        **_HIERARCHY,
        "regime": Column(pl.String, "lazy or rich", allowed=("lazy", "rich")),
        "quantity": Column(
            pl.String,
            "fitted quantity: a column of the finite width table",
            allowed=("deviation", "kernel_change"),
        ),
        "seeds": Column(pl.Int64, "number of networks per width"),
        "widths": Column(pl.Int64, "number of widths"),
        "slope": Column(pl.Float64, "slope of its logarithm against that of the width, mean over seeds"),
        "standard_error": Column(pl.Float64, "its standard error, one slope per seed"),
        "low": Column(pl.Float64, "lower end of the 95 % interval (Student's t over seeds)"),
        "high": Column(pl.Float64, "upper end"),
    },
    trained([*_HIERARCHY, "regime", "quantity"], {"slope": "standard_error"}, units="seeds"),
)
"""Fitted power of the width, one row per hierarchy, regime and quantity."""
