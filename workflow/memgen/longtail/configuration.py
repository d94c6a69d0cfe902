"""Block `longtail`: which priors, learners and clustered data, and at what size."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from memgen.configuration.options import About, As, Name, Several, Text, block
from memgen.errors import BadInput
from memgen.jobs.arguments import Range, Seed
from memgen.jobs.files import fault
from memgen.jobs.stage import Inputs
from memgen.longtail.specs import check_memorization_limit, check_settings, parse_learner, parse_prior

Prior: TypeAlias = Annotated[
    str,
    Text("^(?=.{1,64}$)[a-z]+(:[0-9.eE+-]+)?$"),
    About("a prior with its parameter, for example geometric:0.99"),
]
Points: TypeAlias = Annotated[int, Range(2, 10_000_000), About("number of points N")]
Samples: TypeAlias = Annotated[int, Range(3, 10_000_000), About("sample size n")]
Repeats: TypeAlias = Annotated[int, Range(2, 100_000), About("number of samples drawn")]
Steps: TypeAlias = Annotated[int, Range(1, 100_000), About("steps of training, each on all examples")]
LearningRate: TypeAlias = Annotated[float, Range(0, 100, above=True), About("learning rate")]
Labels: TypeAlias = Annotated[int, Range(2, 1000), About("number of labels m, uniform")]
Limit: TypeAlias = Annotated[
    float, Range(0, 1), About("largest memorization score of singletons, 0 to 1 - 1/labels")
]
Weight: TypeAlias = Annotated[
    float,
    Range(0, 1_000_000, above=True),
    About("weight of the subgroup; weights are divided by their sum"),
]
SubsampleShare: TypeAlias = Annotated[
    float, Range(0, 1, above=True, below=True), About("share of the sample in each random subsample")
]
Tests: TypeAlias = Annotated[int, Range(1, 1000), About("test examples per cluster")]
Learner: TypeAlias = Annotated[
    str,
    Text("^(?=.{1,64}$)[a-z_]+(:[0-9.eE+-]+)?$"),
    About("a learner with its parameter, for example ignore:1"),
]
Seeds: TypeAlias = Annotated[int, Range(1, 1000), About("number of seeds of clusters, sample and training")]
Spread: TypeAlias = Annotated[
    float,
    Range(0),
    About("gaussian: noise about a centre, in units of the centres'; hypercube: share of random positions"),
]
Files: TypeAlias = Annotated[Inputs, About("files of frequencies, a prior each, with their own domain")]

_PRIORS = ("zipf", "uniform", "geometric:0.99", "lognormal:2")
_SIZES = (100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000)
_LEARNERS = (
    *("optimal", "ignore:1", "ignore:2", "flip:0.1", "flip:0.3", "limited:0.25", "limited:0.5"),
    *("exponential:0.5", "exponential:1", "exponential:2"),
    *("randomized_response:1", "randomized_response:2"),
    *("majority:0.8", "majority_ignore:0.8", "majority:0.5", "majority_ignore:0.5"),
)


@block
class Size:
    """One size."""

    domain: Points
    samples: Samples


@block
class Spectra(Size):
    """Size at which K_l and M_l are tabulated."""

    domain: Points = 50000
    samples: Samples = 50000


@block
class Scaling:
    """N tau_l against the sample size."""

    priors: Annotated[tuple[Prior, ...], Several(1, 16), About("priors drawn in this table")] = _PRIORS
    domain: Points = 50000
    samples: Annotated[tuple[Samples, ...], Several(1, 200), About("sample sizes n")] = _SIZES
    multiplicities: Annotated[
        tuple[Annotated[int, Range(1, 1000), About("a multiplicity")], ...],
        Several(1, 20),
        About("multiplicities l"),
    ] = (1, 2, 3)


@block
class SimulationSize(Size):
    """One size."""

    repeats: Repeats


@block
class Simulation:
    """Every learner on drawn samples, beside its exact expected error."""

    sizes: Annotated[tuple[SimulationSize, ...], Several(1, 20), About("sizes of the simulation")] = (
        SimulationSize(domain=2000, samples=2000, repeats=400),
        SimulationSize(domain=50000, samples=50000, repeats=50),
    )
    learners: Annotated[
        tuple[Learner, ...],
        Several(1, 64),
        About(
            "learners; optimal, ignore:TIMES, flip:PROBABILITY, limited:LIMIT, exponential:EPSILON, "
            "randomized_response:EPSILON, majority:LABEL_KEEP, majority_ignore:LABEL_KEEP"
        ),
    ] = _LEARNERS


@block
class Tradeoff(SimulationSize):
    """Excess error against the share of singletons fitted."""

    domain: Points = 2000
    samples: Samples = 2000
    repeats: Repeats = 400
    memorization_limits: Annotated[
        tuple[Annotated[float, Range(0, 1), About("a memorization limit")], ...],
        Several(1, 50),
        About("largest memorization scores of singletons, 0 to 1 - 1/labels"),
    ] = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@block
class Privacy(SimulationSize):
    """Excess error under label differential privacy."""

    domain: Points = 50000
    samples: Samples = 50000
    repeats: Repeats = 50
    epsilons: Annotated[
        tuple[Annotated[float, Range(0, 100), About("an epsilon, 0 or at least 0.001")], ...],
        Several(1, 50),
        About("privacy parameters epsilon, without unit"),
    ] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6)


@block
class Noise(SimulationSize):
    """What not fitting singletons costs where labels are noisy."""

    domain: Points = 2000
    samples: Samples = 2000
    repeats: Repeats = 400
    label_keep: Annotated[
        tuple[Annotated[float, Range(0, 1), About("a probability, 0 or 0.1 to 1")], ...],
        Several(1, 50),
        About("probabilities that a training label is kept, else uniform"),
    ] = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 1)


@block
class Group:
    """One subgroup."""

    prior: Prior
    domain: Points
    weight: Weight


MixtureLearners: TypeAlias = Annotated[
    tuple[Learner, ...],
    Several(0, 64),
    About(
        "learners whose cost each subgroup pays, besides the limited one: ignore:TIMES, exponential:EPSILON"
    ),
]


@block
class Mixture:
    """One mixture."""

    samples: Samples
    repeats: Repeats = 100
    learners: MixtureLearners = (
        *("ignore:1", "ignore:2", "ignore:4", "ignore:8"),
        *("exponential:0.5", "exponential:1", "exponential:2", "exponential:4", "exponential:8"),
    )
    groups: Annotated[
        dict[Annotated[str, Text("^[A-Za-z][A-Za-z0-9_]{0,30}$"), About("name of a subgroup")], Group],
        Several(1, 16),
        About("subgroups by name"),
    ]


@block
class Structures:
    """Kinds of cluster, each with its spread."""

    gaussian: Annotated[
        float | None,
        Range(0, 100),
        About("noise about a centre, in units of the centres' standard deviation"),
    ] = None
    hypercube: Annotated[float | None, Range(0, 1), About("share of positions that are random")] = None


@block
class Closed:
    """A classifier solved in closed form."""

    settings: Annotated[
        tuple[Annotated[float, Range(0, 1_000_000), About("a setting")], ...],
        Several(1, 100),
        About(
            "ridges (> 0, units of the mean squared length of an example), numbers of neighbours, weight "
            "decays, or noise multipliers (units of the clipped gradient)"
        ),
    ]


@block
class Network(Closed):
    """A network with one hidden layer, trained by Adam."""

    hidden: Annotated[int, Range(1, 10000), About("hidden units")] = 64
    steps: Steps = 150
    learning_rate: LearningRate = 0.005


@block
class PrivateNetwork(Network):
    """The same network under differential privacy, by gradient descent with momentum 0.9."""

    steps: Steps = 60
    learning_rate: LearningRate = 1
    clip: Annotated[float, Range(0, 1000, above=True), About("largest norm of one example's gradient")] = 1
    delta: Annotated[
        float, Range(0, 1, above=True, below=True), About("delta of the differential privacy")
    ] = 1e-5


TRAINED_BY = {"ridge": Network, "neighbours": Network, "network": Network, "private_network": PrivateNetwork}
"""How each classifier is trained by default; a closed form needs none of it."""


@block
class Subsampled:
    """How often a classifier is trained to score its examples."""

    subsamples: Annotated[int, Range(4, 100_000), About("random subsamples on which it is trained")] = 60


@block
class ScoredClosed(Subsampled, Closed):
    """A classifier solved in closed form."""


@block
class ScoredNetwork(Subsampled, Network):
    """A network with one hidden layer."""


OF_MEMORIZE = As(subsamples="subsample_count")


@block
class Learners:
    """Classifiers by name, each with its path of regularization."""

    ridge: Closed | None = None
    neighbours: Closed | None = None
    network: Network | None = None
    private_network: PrivateNetwork | None = None


@block
class ScoredLearners:
    """Classifiers by name; private ones are not retrained."""

    ridge: ScoredClosed | None = None
    neighbours: ScoredClosed | None = None
    network: ScoredNetwork | None = None


@block
class Memorization:
    """Memorization scores of training examples."""

    seeds: Seeds = 3
    subsample_share: SubsampleShare = 0.7
    learners: Annotated[ScoredLearners, Several()] = ScoredLearners(
        ridge=ScoredClosed(settings=(0.01, 0.1, 1, 10, 100, 1000)),
        neighbours=ScoredClosed(settings=(1, 5)),
        network=ScoredNetwork(settings=(0.001,), steps=100, subsamples=24),
    )


Ridge: TypeAlias = Annotated[
    float, Range(0, 1_000_000, above=True), About("ridge, in units of the mean squared length of an example")
]


SeveralSeeds: TypeAlias = Annotated[int, Range(2, 1000), About("number of seeds of clusters and samples")]


@block
class Mislabelled:
    """Ridge classifiers trained on noisy labels, with and without the examples of clusters seen once."""

    seeds: SeveralSeeds = 10
    ridges: Annotated[tuple[Ridge, ...], Several(1, 100), About("ridges")] = (0.1, 1, 3, 10, 100)
    label_keep: Annotated[
        tuple[Annotated[float, Range(0, 1), About("a probability")], ...],
        Several(1, 50),
        About("probabilities that a training label is kept, else uniform"),
    ] = (0, 0.2, 0.5, 0.8, 1)


@block
class Pruning:
    """Ridge classifiers of which only the largest weights are kept, by subgroup."""

    seeds: SeveralSeeds = 10
    ridge: Ridge = 0.1
    common_weight: Annotated[
        float,
        Range(1, 1000),
        About("how much more probable the common half of the clusters is than the rare"),
    ] = 5
    kept: Annotated[
        tuple[Annotated[float, Range(0, 1, above=True), About("a share")], ...],
        Several(1, 50),
        About("shares of the weights that are kept"),
    ] = (1, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)


@block
class Data:
    """Clustered data with a long tail."""

    prior: Prior = "zipf"
    domain: Annotated[int, Range(2, 100_000), About("number of clusters N")] = 300
    samples: Annotated[int, Range(4, 20000), About("training examples n")] = 300
    dimensions: Annotated[int, Range(1, 20000), About("dimension d of the examples")] = 600


@block
class Clusters(Data):
    """Classifiers trained on clustered data with a long tail."""

    tests: Tests = 4
    seeds: Seeds = 5
    structures: Annotated[Structures, Several()] = Structures(gaussian=0.7, hypercube=0.6)
    learners: Annotated[Learners, Several()] = Learners(
        ridge=Closed(settings=(0.001, 0.1, 1, 3, 10, 20, 50, 100, 1000)),
        neighbours=Closed(settings=(1, 3, 5, 9, 17)),
        network=Network(settings=(0.001, 0.1, 0.2, 0.3, 0.4, 0.6)),
        private_network=PrivateNetwork(settings=(0, 1, 2, 4, 8, 16)),
    )
    memorization: Memorization = Memorization()
    mislabelled: Mislabelled = Mislabelled()
    pruning: Pruning = Pruning()


@block
class Currency:
    """What the figure of memorization in one currency shows of transitive inference."""

    hierarchy: (
        Annotated[Name, About("a key of relational.hierarchies; by default the first with an exception")]
        | None
    ) = None
    conjunctivity: Annotated[
        float, Range(0, 1, below=True), About("a conjunctivity of relational.theory.conjunctivity")
    ] = 0.3


def _mixtures() -> dict[str, Mixture]:
    """The two mixtures of the paper: a rarer subgroup, and one with a longer tail."""
    common, rare = (Group(prior="zipf", domain=5000, weight=weight) for weight in (5, 1))
    long = Group(prior="zipf", domain=25000, weight=1)
    return {
        "rarer": Mixture(samples=60000, groups={"P1": common, "P2": rare}),
        "longer": Mixture(samples=100_000, groups={"P1": rare, "P3": long}),
    }


@block
class Longtail:
    """When memorization is necessary (Feldman's long tail), in closed form, simulated, and trained."""

    priors: Annotated[
        tuple[Prior, ...],
        Several(1, 16),
        About("priors of the frequencies; zipf[:EXPONENT], uniform, geometric:RATIO or lognormal:SIGMA"),
    ] = _PRIORS
    frequency_files: Annotated[
        tuple[
            Annotated[
                str,
                Text("^(?!-)(?!(.*/)?[.][.](/|$))[A-Za-z0-9._/-]{1,512}$"),
                About("path of a file: letters, digits, . _ - and /, no hyphen first, no part is .."),
            ],
            ...,
        ],
        Several(0, 16),
        About("text files with one positive number a line, each a further prior named by its stem"),
    ] = ()
    labels: Labels = 10
    memorization_limit: Limit = 0.5
    costs: Annotated[
        tuple[Size, ...],
        Several(1, 50),
        About("sizes at which the paper's numbers are tabulated, prior zipf"),
    ] = (
        Size(domain=50000, samples=50000),
        Size(domain=5000, samples=50000),
        Size(domain=5000, samples=10000),
        Size(domain=25000, samples=50000),
    )
    spectra: Spectra = Spectra()
    scaling: Scaling = Scaling()
    simulation: Simulation = Simulation()
    tradeoff: Tradeoff = Tradeoff()
    privacy: Privacy = Privacy()
    noise: Noise = Noise()
    mixtures: Annotated[
        dict[Annotated[Name, About("name of a mixture, lower case")], Mixture],
        Several(1, 16),
        About("mixtures of subgroups, by name"),
    ] = field(default_factory=_mixtures)
    clusters: Clusters = Clusters()
    currency: Currency = Currency()


@block
class Draws:
    """What a simulation draws."""

    priors: Annotated[tuple[Prior, ...], About("priors, such as zipf or geometric:0.99")]
    labels: Labels = Longtail.labels
    seed: Annotated[Seed, About("seed of the samples")] = 0


def check(config: Mapping[str, Any]) -> None:
    """Refuse what the types of the block cannot: parameters, and values that must fit each other.

    Parameters
    ----------
    config : mapping
        The whole configuration, of the right types.
    """
    given, relational = config["longtail"], config["relational"]
    scaling, clusters = given["scaling"], given["clusters"]
    learner = partial(parse_learner, labels=given["labels"])
    limit = partial(check_memorization_limit, labels=given["labels"], where="value")
    tests: dict[str, tuple[Iterable[Any], Callable[[Any], object]]] = {
        "priors": (given["priors"], parse_prior),
        "scaling.priors": (scaling["priors"], parse_prior),
        "memorization_limit": ([given["memorization_limit"]], limit),
        "tradeoff.memorization_limits": (given["tradeoff"]["memorization_limits"], limit),
        "simulation.learners": (given["simulation"]["learners"], learner),
        "privacy.epsilons": ([f"exponential:{value!r}" for value in given["privacy"]["epsilons"]], learner),
        "noise.label_keep": ([f"majority:{value!r}" for value in given["noise"]["label_keep"]], learner),
        "clusters.prior": ([clusters["prior"]], parse_prior),
    }
    for name, mixture in given["mixtures"].items():
        tests[f"mixtures.{name}.learners"] = mixture["learners"], learner
        for group, part in mixture["groups"].items():
            tests[f"mixtures.{name}.groups.{group}.prior"] = [part["prior"]], parse_prior
    for where, scope in (("learners", clusters), ("memorization.learners", clusters["memorization"])):
        for name, part in scope["learners"].items():
            tests[f"clusters.{where}.{name}"] = [part["settings"]], partial(check_settings, name)
    for where, (values, test) in tests.items():
        for value in values:
            try:
                test(value)
            except BadInput as error:
                raise BadInput(f"longtail.{where}: {error}") from None
    _check_files(given["frequency_files"], given["priors"])
    most, smallest = max(scaling["multiplicities"]), min(scaling["samples"])
    if most > smallest:
        raise BadInput(
            f"longtail.scaling.multiplicities: {most} exceeds the smallest sample; allowed: 1 to {smallest}"
        )
    share = clusters["memorization"]["subsample_share"]
    if not 0 < round(share * clusters["samples"]) < clusters["samples"]:
        raise BadInput(
            f"longtail.clusters.memorization.subsample_share: {share} of {clusters['samples']} examples "
            "leaves none in or none out; allowed: a share nearer to 1/2"
        )
    shown = {
        "hierarchy": [name for name, part in relational["hierarchies"].items() if part.get("exceptions")],
        "conjunctivity": relational["theory"]["conjunctivity"],
    }
    given["currency"].setdefault("hierarchy", next(iter(shown["hierarchy"]), None))
    for key, values in shown.items():
        if given["currency"][key] not in values:
            raise BadInput(
                f"longtail.currency.{key}: {given['currency'][key]!r} is not computed by the relational "
                f"study; allowed: {', '.join(map(str, values)) or 'none'}"
            )


def _check_files(files: list[str], priors: list[str]) -> None:
    names = list(priors)
    for name in files:
        path = Path(name)
        if problem := fault(path):
            raise BadInput(
                f"longtail.frequency_files: {name}: {problem}; allowed: a text file, one number a line"
            )
        if path.stem in names:
            raise BadInput(
                f"longtail.frequency_files: {name}: its name {path.stem!r} is taken; allowed: another"
            )
        names.append(path.stem)
