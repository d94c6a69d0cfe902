"""Columns of the tables that the long-tail study writes, and what each of them holds."""

import polars as pl

from memgen.longtail.specs import CLASSIFIERS as CLASSIFIER_KINDS
from memgen.longtail.specs import LEARNERS, STRUCTURES
from memgen.tables.schema import Column, Table, trained

_DOMAIN = {
    "prior": Column(pl.String, "prior of the frequencies: a name as in the configuration, or a file's stem"),
    "domain": Column(pl.Int64, "number of points N"),
    "samples": Column(pl.Int64, "sample size n"),
}
_LABELS = {"labels": Column(pl.Int64, "number of labels m, uniform")}
_LEARNER = {
    "learner": Column(pl.String, "kind of learner", allowed=tuple(LEARNERS)),
    "parameter": Column(
        pl.Float64,
        "times ignored, probability of a flip, memorization limit, epsilon, or label_keep; empty for the "
        "optimal learner",
        nullable=True,
    ),
}
_LIMIT = {"memorization_limit": Column(pl.Float64, "gamma: largest memorization score of singletons")}
_SIMULATED = {
    "standard_error": Column(pl.Float64, "standard error of the simulated value over repeats"),
    "repeats": Column(pl.Int64, "independent samples"),
}
_EXCESS = {
    "excess_closed": Column(pl.Float64, "expected error above the optimum"),
    "excess_simulated": Column(pl.Float64, "mean error above the optimal learner on the same samples"),
    **_SIMULATED,
}
_TRAINED = {
    "structure": Column(pl.String, "kind of cluster", allowed=STRUCTURES),
    "learner": Column(pl.String, "trained classifier", allowed=tuple(CLASSIFIER_KINDS)),
    "setting": Column(
        pl.Float64,
        "its regularization: ridge (units of the mean squared length of an example), number of neighbours, "
        "weight decay, or noise multiplier (units of the clipped gradient)",
    ),
}
_EPSILON = {
    "epsilon": Column(
        pl.Float64, "differential privacy spent; empty where training is not private", nullable=True
    ),
    "delta": Column(pl.Float64, "delta of the differential privacy", nullable=True),
}
_METHOD = {
    "method": Column(
        pl.String,
        "leave_one_out: with all others; subsampling: with random shares of the others",
        allowed=("leave_one_out", "subsampling"),
    )
}

SPECTRA = Table(
    "spectra",
    {
        **_DOMAIN,
        "multiplicity": Column(pl.Int64, "l: times that a point is seen"),
        "points": Column(pl.Float64, "K_l: expected number of points seen l times"),
        "mass": Column(pl.Float64, "M_l: expected probability of the points seen l times"),
        "tau_n": Column(pl.Float64, "n tau_l, tau_l = M_l / K_l the expected frequency of one of them"),
    },
)

SCALING = Table(
    "scaling",
    {
        **_DOMAIN,
        "multiplicity": Column(pl.Int64, "l: times that a point is seen, at least 1"),
        "tau_n": Column(pl.Float64, "n tau_l"),
        "asymptotic": Column(
            pl.Float64, "exp(-x) / E1(x), x = n / (N H_N): limit of n tau_1 for zipf:1, l = 1", nullable=True
        ),
        "lower_bound": Column(
            pl.Float64, "weight([1/3n, 2/n]) / 5, which n tau_1 is at least; l = 1, n >= 3", nullable=True
        ),
    },
)

COSTS = Table(
    "costs",
    {
        **_DOMAIN,
        **_LABELS,
        **_LIMIT,
        "tau_1_n": Column(pl.Float64, "n tau_1"),
        "singleton_fraction": Column(pl.Float64, "K_1 / n"),
        "optimal_error": Column(pl.Float64, "(1 - 1/m) M_0"),
        "ignore_singletons_cost": Column(pl.Float64, "(1 - 1/m) M_1"),
        "limited_cost": Column(pl.Float64, "(1 - 1/m - gamma) M_1"),
    },
)

SIMULATION = Table(
    "simulation",
    {
        **_DOMAIN,
        **_LEARNER,
        "error_closed": Column(pl.Float64, "expected error, sum_l e_l M_l"),
        "error_simulated": Column(pl.Float64, "mean error over repeats, against true labels"),
        **_SIMULATED,
    },
)

TRADEOFF = Table(
    "tradeoff",
    {
        **_DOMAIN,
        **_LABELS,
        **_LIMIT,
        "fitted_closed": Column(pl.Float64, "expected share of singletons fitted, 1/m + gamma"),
        "fitted_simulated": Column(pl.Float64, "mean share of singletons fitted"),
        **_EXCESS,
        "slope": Column(pl.Float64, "tau_1 K_1: excess error per share of singletons left out"),
    },
)

PRIVACY = Table(
    "privacy",
    {
        **_DOMAIN,
        **_LABELS,
        "learner": Column(pl.String, "label-private learner", allowed=("exponential", "randomized_response")),
        "epsilon": Column(pl.Float64, "label differential privacy"),
        **_EXCESS,
        "bound": Column(pl.Float64, "(1 - 1/m - gamma) M_1 or 0, gamma = e^eps - 1: the paper's lower bound"),
        "optimum": Column(
            pl.Float64, "(m - 1) / (e^eps + m - 1) M_1: what any label-private learner pays on singletons"
        ),
    },
)

NOISE = Table(
    "noise",
    {
        **_DOMAIN,
        **_LABELS,
        "label_keep": Column(pl.Float64, "probability that a training label is kept, else uniform"),
        "excess_closed": Column(pl.Float64, "kappa (1 - 1/m) M_1: guessing singletons minus fitting them"),
        "excess_simulated": Column(
            pl.Float64, "mean error of guessing minus fitting singletons, same samples"
        ),
        **_SIMULATED,
    },
)

SUBGROUPS = Table(
    "subgroups",
    {
        "mixture": Column(pl.String, "name of the mixture: a key of longtail.mixtures"),
        "group": Column(pl.String, "name of the subgroup"),
        "prior": Column(pl.String, "prior of the frequencies within the subgroup"),
        "domain": Column(pl.Int64, "number of points of the subgroup"),
        "weight": Column(pl.Float64, "probability of the subgroup"),
        "samples": Column(pl.Int64, "sample size n of the whole mixture"),
        **_LABELS,
        "optimal_error": Column(pl.Float64, "(1 - 1/m) M_0 within the subgroup"),
        **_LEARNER,
        "cost_closed": Column(
            pl.Float64, "expected excess error within the subgroup, sum_l e_l sum alpha b_l(w alpha), l >= 1"
        ),
        "cost_simulated": Column(pl.Float64, "mean excess of the learner on the subgroup's points"),
        **_SIMULATED,
    },
)

#: Multiplicities from this on share one average.
MANY = 4

_RIDGE = {
    "structure": Column(pl.String, "kind of cluster", allowed=STRUCTURES),
    "setting": Column(pl.Float64, "ridge, units of the mean squared length of an example"),
    "seeds": Column(pl.Int64, "seeds averaged: clusters, sample and noise"),
}

MISLABELLED = Table(
    "mislabelled",
    {
        **_RIDGE,
        **_DOMAIN,
        **_LABELS,
        "label_keep": Column(pl.Float64, "probability that a training label is kept, else uniform"),
        "best": Column(pl.Boolean, "whether no other ridge errs less with labels this noisy"),
        "error": Column(pl.Float64, "mean error against true labels, less the sample's optimum"),
        "error_standard_error": Column(pl.Float64, "its standard error over seeds"),
        "cost": Column(
            pl.Float64,
            "mean of what leaving out the examples seen once adds to the error",
        ),
        "cost_standard_error": Column(pl.Float64, "its standard error over seeds"),
        "cost_closed": Column(pl.Float64, "kappa (1 - 1/m) M_1: what it costs a learner without similarity"),
        "fitted": Column(pl.Float64, "mean share of the training labels, noisy ones too, that are given"),
        "fitted_standard_error": Column(pl.Float64, "its standard error over seeds"),
        "fitted_wrong": Column(
            pl.Float64, "the same of the wrong labels of clusters seen once; empty without any", nullable=True
        ),
        "fitted_wrong_standard_error": Column(
            pl.Float64, "its standard error over seeds that have any", nullable=True
        ),
    },
)
"""Ridge classifiers trained on noisy labels, one row per kind of cluster, ridge and level of noise."""

COMPRESSION = Table(
    "compression",
    {
        **_RIDGE,
        "kept": Column(pl.Float64, "share of the weights that are kept, those of largest size"),
        "group": Column(
            pl.String,
            f"test examples of clusters seen once or often ({MANY} times or more) in training, or of the "
            "rare or the common half of all clusters",
            allowed=("once", "often", "rare", "common"),
        ),
        "accuracy": Column(pl.Float64, "mean accuracy on the group, weighted by frequency"),
        "accuracy_standard_error": Column(pl.Float64, "its standard error over seeds"),
        "loss": Column(pl.Float64, "mean of what pruning takes from it, against the largest share kept"),
        "loss_standard_error": Column(pl.Float64, "its standard error over seeds"),
        "extra_loss": Column(
            pl.Float64, "mean loss of once minus often, or of rare minus common; else empty", nullable=True
        ),
        "extra_loss_standard_error": Column(pl.Float64, "its standard error over seeds", nullable=True),
    },
)
"""Pruned ridge classifiers, one row per kind of cluster, share of weights and group."""

CLASSIFIERS = Table(
    "classifiers",
    {
        **_TRAINED,
        **_EPSILON,
        "seed": Column(pl.Int64, "seed of the clusters, the sample and the training"),
        **_DOMAIN,
        **_LABELS,
        "dimensions": Column(pl.Int64, "dimension d of the examples"),
        "spread": Column(
            pl.Float64,
            "noise about a centre in units of the centres' (gaussian), or share of random positions",
        ),
        "singletons": Column(pl.Int64, "clusters with a single training example"),
        "fitted_singletons": Column(pl.Float64, "share of them whose training label is given"),
        "train_error": Column(pl.Float64, "share of training examples whose label is not given"),
        "test_error": Column(pl.Float64, "probability of a wrong label for a fresh example"),
        "optimum": Column(pl.Float64, "(1 - 1/m) times the probability of the unseen clusters"),
        "lower_bound": Column(
            pl.Float64, "optimum + sum_l tau_l errn_l, errn_l the misfit clusters of l examples"
        ),
    },
    trained(
        [*_TRAINED, *_DOMAIN],
        dict.fromkeys(("fitted_singletons", "train_error", "test_error")),
        unit="seed",
    ),
)

CURVES = Table(
    "curves",
    {
        **_TRAINED,
        **_EPSILON,
        "seeds": Column(pl.Int64, "seeds averaged"),
        "fitted_singletons": Column(pl.Float64, "mean share of singletons fitted"),
        "fitted_standard_error": Column(pl.Float64, "its standard error, clustered by seed"),
        "test_error": Column(pl.Float64, "mean test error"),
        "test_standard_error": Column(pl.Float64, "its standard error, clustered by seed"),
        "excess": Column(pl.Float64, "mean of test error minus the sample's optimum"),
        "excess_standard_error": Column(pl.Float64, "its standard error, clustered by seed"),
        "bound_excess": Column(
            pl.Float64, "mean of sum_l tau_l errn_l, below which excess cannot be expected"
        ),
        "slack_standard_error": Column(pl.Float64, "standard error of excess minus bound_excess"),
        "singleton_mass": Column(pl.Float64, "M_1 = tau_1 K_1: slope of the trade-off between the two"),
        **_LABELS,
    },
    trained(
        _TRAINED,
        {
            "fitted_singletons": "fitted_standard_error",
            "test_error": "test_standard_error",
            "excess": "excess_standard_error",
        },
        units="seeds",
    ),
)

SCORES = Table(
    "scores",
    {
        **_TRAINED,
        **_METHOD,
        "seed": Column(pl.Int64, "seed of the clusters and the sample"),
        "example": Column(pl.Int64, "training example"),
        "multiplicity": Column(pl.Int64, "training examples of its cluster"),
        "with_it": Column(pl.Float64, "probability that its label is given when trained on it"),
        "without_it": Column(pl.Float64, "probability that its label is given when not trained on it"),
        "score": Column(pl.Float64, "memorization score: gain of probability, with_it - without_it"),
        "margin_score": Column(
            pl.Float64,
            "memorization score as a gain of margin: score of the label minus the mean of the others, the "
            "targets' being 1; ridge only",
            nullable=True,
        ),
    },
    trained(
        [*_TRAINED, *_METHOD, "multiplicity"],
        dict.fromkeys(("with_it", "without_it", "score", "margin_score")),
        unit="seed",
    ),
)

MEMORIZATION = Table(
    "memorization",
    {
        **_TRAINED,
        **_METHOD,
        "multiplicity": Column(
            pl.Int64, "training examples of the cluster; the largest stands for all above"
        ),
        "examples": Column(pl.Int64, "training examples averaged, over all seeds"),
        "seeds": Column(pl.Int64, "seeds averaged"),
        "score": Column(pl.Float64, "mean memorization score, gain of probability"),
        "standard_error": Column(pl.Float64, "its standard error, clustered by seed"),
        "margin_score": Column(pl.Float64, "mean memorization score, gain of margin", nullable=True),
        "margin_standard_error": Column(pl.Float64, "its standard error, clustered by seed", nullable=True),
        "expected": Column(
            pl.Float64,
            "gain of probability of a learner that gives every training example its label and guesses "
            "clusters without one",
        ),
    },
    trained(
        [*_TRAINED, *_METHOD, "multiplicity"],
        {"score": "standard_error", "margin_score": "margin_standard_error"},
        units="seeds",
    ),
)
