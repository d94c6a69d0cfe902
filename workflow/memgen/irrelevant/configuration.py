"""Block `irrelevant`: which learners are trained on which tasks, defended how, and attacked.

Also which defences and attacks each learner has. Imports nothing heavy.
"""

from dataclasses import field
from typing import Annotated, Literal, TypeAlias, get_args

from memgen.configuration.options import About, As, Name, Several, Text, block
from memgen.errors import BadInput
from memgen.jobs.arguments import Range

Learner: TypeAlias = Literal["logistic", "network"]
DefenceKind: TypeAlias = Literal["weight_decay", "noise", "early_stopping", "no_momentum", "fewer_parameters"]
#: Attacks, by what they know: labels; probabilities, asked for in two ways; the weights; the initial weights
#: too; the gradient of the last step; the recipe, the initial weights and all samples but the target.
Attack: TypeAlias = Literal[
    "labels", "sign", "coordinate_ascent", "weights", "initialization", "gradient", "informed"
]
Memory: TypeAlias = Literal["stored", "flipped", "blurred", "sketch", "quantized"]

#: Positions of a block that is quantized together.
BLOCK = 8
#: Defences that each learner can have.
DEFENCES: dict[str, tuple[str, ...]] = {
    "logistic": ("weight_decay", "noise", "early_stopping", "no_momentum"),
    "network": get_args(DefenceKind),
}

#: What the strength of each kind of defence is.
STRENGTHS = {
    "weight_decay": "a weight decay >= 0",
    "noise": "a standard deviation >= 0, in units of the clipped gradient",
    "early_stopping": "a whole number of steps >= 1",
    "no_momentum": "a learning rate > 0",
    "fewer_parameters": "a whole number of hidden units >= 1",
}
#: Different messages that letters can hold, half of them complaints.
MOST_LETTERS = 192


def check_defence(learner: str, name: str, kind: str, strength: float) -> None:
    """Refuse a defence that a learner does not have, or a strength that it does not take."""
    if kind == "none":
        return
    if kind not in DEFENCES[learner]:
        raise BadInput(
            f"{name!r}: {learner} has no defence {kind}; allowed: {', '.join(('none', *DEFENCES[learner]))}"
        )
    counted = kind in ("early_stopping", "fewer_parameters")
    allowed = Range(1) if counted else Range(0, above=kind == "no_momentum")
    if not allowed.holds(strength) or (counted and strength != int(strength)):
        raise BadInput(f"{name!r}: {strength:g} is not allowed; allowed: {STRENGTHS[kind]}")


def task_name(task: str, tail: float) -> str:
    """Name in the tables of a task whose frequencies fall as (1 + rank)^-tail."""
    return task if tail == 0 else f"{task}:{tail:g}"


NumberOfClusters: TypeAlias = Annotated[int, Range(2, 100_000), About("number of clusters N")]
Samples: TypeAlias = Annotated[int, Range(2, 100_000), About("sample size n")]
Dimension: TypeAlias = Annotated[int, Range(1, 100_000), About("positions d of an example")]
Rho: TypeAlias = Annotated[
    float, Range(0, 1, below=True), About("probability that a position is fixed in a cluster, in [0, 1)")
]
Noise: TypeAlias = Annotated[
    float, Range(0, 1), About("the paper's delta; each bit is flipped with probability noise / 2")
]
Repeats: TypeAlias = Annotated[int, Range(2, 100_000), About("number of tasks and samples drawn")]
Seeds: TypeAlias = Annotated[int, Range(1, 1000), About("number of seeds")]
Rate: TypeAlias = Annotated[float, Range(0, 1000, above=True), About("learning rate")]
MostSeen: TypeAlias = Annotated[int, Range(1, 1000), About("largest multiplicity whose samples are attacked")]
DefenceName: TypeAlias = Annotated[Name, About("name of a defence")]
Shares: TypeAlias = tuple[Annotated[float, Range(0, 1), About("a share")], ...]
Tail: TypeAlias = Annotated[
    float, Range(0, 10), About("exponent of the clusters' frequencies, (1 + rank)^-tail; 0 for equal ones")
]


@block
class Size:
    """One size."""

    clusters: NumberOfClusters = 500
    samples: Samples = 500
    dimension: Dimension = 1000
    rho: Rho = 0.1739
    tail: Tail = 0

    @property
    def task(self) -> str:
        """Name of the task in the tables."""
        return task_name("clusters", self.tail)

    @property
    def key(self) -> tuple[str | int, ...]:
        """Key of the size's random streams."""
        return (self.clusters, self.samples, self.dimension, repr(float(self.rho)), repr(float(self.tail)))


@block
class Nearest:
    """Nearest neighbours on the cluster task."""

    sizes: Annotated[tuple[Size, ...], Several(1, 20), About("sizes of the cluster task")] = (
        Size(clusters=200, samples=200, dimension=400, rho=0.267),
        Size(clusters=100, samples=100, dimension=200, rho=0.37),
    )
    stored: Annotated[
        Shares, Several(1, 100), About("shares of the positions that are stored of every sample")
    ] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
    flips: Annotated[
        tuple[Annotated[float, Range(0, 1), About("a probability")], ...],
        Several(1, 100),
        About("probabilities that a stored bit, or the sign of one with Gaussian noise, is flipped"),
    ] = (0.001, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
    sketches: Annotated[
        tuple[Annotated[float, Range(0, 4, above=True), About("a share")], ...],
        Several(0, 100),
        About("signs of random projections that are stored of every sample, per position"),
    ] = (0.25, 0.5, 1)
    codes: Annotated[
        tuple[Annotated[int, Range(1, BLOCK), About("a number of bits")], ...],
        Several(0, 8),
        About(f"bits of the code of a block of {BLOCK} positions, quantized to the nearest of random words"),
    ] = (1, 2, 4, 6)
    repeats: Repeats = 30


@block
class Lookup:
    """The lookup learner on next-symbol prediction."""

    references: Annotated[int, Range(1, 100_000), About("number of reference strings N")] = 500
    samples: Samples = 500
    dimension: Annotated[int, Range(1, 100_000), About("length d of a reference")] = 200
    noise: Noise = 0.1
    stored_fractions: Annotated[
        Shares, Several(1, 100), About("shares of the bits of singletons that are stored")
    ] = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
    repeats: Repeats = 30


OF_SIMULATE = As(
    samples="symbol_samples", dimension="length", stored_fractions="fractions", repeats="symbol_repeats"
)


@block
class Simulation:
    """Learners that store their sample, beside their exact expected errors."""

    clusters: Nearest = Nearest()
    next_symbol: Lookup = Lookup()


@block
class Defence:
    """One defence."""

    kind: Annotated[DefenceKind, About("what it changes in training")]
    strength: Annotated[
        float,
        Range(0, 1_000_000),
        About(
            "weight decay, noise in units of the clipped gradient, steps, learning rate without momentum, "
            "or hidden units"
        ),
    ]


@block
class Noisy:
    """Clipped and noisy gradient descent, of defences of the kind noise."""

    rate: Rate = 2
    momentum: Annotated[float, Range(0, 1, below=True), About("plain momentum")] = 0.9
    steps: Annotated[int, Range(1, 100_000), About("steps")] = 50
    clip: Annotated[float, Range(0, 1000, above=True), About("largest norm of one sample's gradient")] = 1
    delta: Annotated[
        float, Range(0, 1, above=True, below=True), About("delta of the differential privacy")
    ] = 1e-05


OF_ATTACK = As(rate="noisy_rate", momentum="noisy_momentum", steps="noisy_steps")


@block
class Attacked:
    """A learner that is trained and attacked."""

    learner: Annotated[
        Learner, About("multinomial logistic regression, or a network with one hidden layer of sigmoid units")
    ]
    seeds: Annotated[int, Range(1, 1000), About("number of seeds of task, sample, training and attack")] = 5
    steps: Annotated[int, Range(1, 1_000_000), About("steps of training, each on all samples")] = 50
    rate: Rate = 0.1
    momentum: Annotated[float, Range(0, 1, below=True), About("Nesterov's momentum of gradient descent")] = (
        0.99
    )
    hidden: Annotated[
        int, Range(0, 100_000), About("hidden units of a network; 0 for logistic regression")
    ] = 0
    optimizer: Annotated[
        Literal["sgd", "adam"], About("gradient descent, or Adam without momentum of Nesterov's")
    ] = "sgd"
    slower_from: Annotated[
        int, Range(0, 1_000_000), About("step from which the learning rate is 0.3 of itself; 0 for never")
    ] = 0
    singleton_weight: Annotated[
        float, Range(1, 1000), About("times that a sample of a cluster seen once counts in training")
    ] = 2
    record_steps: Annotated[
        tuple[Annotated[int, Range(0), About("a number of steps done")], ...],
        Several(0, 1000),
        About("steps after which the undefended learner is attacked, beside the last"),
    ] = ()
    attacks: Annotated[
        tuple[Annotated[Attack, About("an attack, named after what it knows")], ...],
        Several(1, 7),
        About("attacks; the first is made after every recorded step, the others after the last"),
    ] = ("sign",)
    few_targets: Annotated[
        int,
        Range(1, 100_000),
        About("singletons attacked by labels and by the informed, who trains once for each"),
    ] = 8
    most_seen: MostSeen = 1
    tests: Annotated[int, Range(1, 1000), About("fresh examples of each cluster for the accuracies")] = 4


@block
class Run(Attacked):
    """One run."""

    sizes: Annotated[tuple[Size, ...], Several(1, 100), About("sizes of the cluster task")]
    defences: Annotated[
        tuple[DefenceName, ...], Several(0, 64), About("defences that are run beside none")
    ] = ()
    noisy: Noisy = Noisy()


@block
class Transformer:
    """A small causal transformer on next-symbol prediction, attacked by prefix queries."""

    references: Annotated[int, Range(2, 100_000), About("number of reference strings N")] = 50
    samples: Samples = 50
    length: Annotated[int, Range(1, 4096), About("length d of a reference, bits")] = 24
    noise: Noise = 0.2
    tail: Annotated[
        float,
        Range(0, 10),
        About("exponent of the references' frequencies, (1 + rank)^-tail; 0 for equal ones"),
    ] = 0
    seeds: Seeds = 3
    width: Annotated[
        int, Range(4, 4096), About("width of the residual stream, a multiple of twice the heads")
    ] = 64
    layers: Annotated[int, Range(1, 100), About("layers")] = 2
    heads: Annotated[int, Range(1, 128), About("attention heads")] = 4
    steps: Annotated[int, Range(1, 100_000), About("steps, each on the whole sample")] = 200
    redrawn: Annotated[
        float, Range(0, 1), About("share of the bits read that are redrawn in every step of training")
    ] = 0.5
    rate: Annotated[float, Range(0, 10, above=True), About("learning rate of AdamW")] = 0.004
    most_seen: MostSeen = 3
    tests: Annotated[int, Range(1, 100_000), About("fresh prefixes of each reference for the accuracies")] = (
        40
    )


OF_COMPLETE = As(seeds=None)


@block
class Extraction:
    """A language model asked for random numbers of its training sentences; nothing where it is left out."""

    model: Annotated[
        str,
        Text("^[a-z0-9][a-z0-9-]*$"),
        About("a causal model of language.models whose tokenizer has a token for each digit"),
    ]
    multiplicities: Annotated[
        tuple[Annotated[int, Range(1, 100), About("a number of sentences")], ...],
        Several(1, 20),
        About("numbers of training sentences that carry a number"),
    ] = (1, 2, 4, 8)
    each: Annotated[int, Range(1, 100), About("numbers with each multiplicity")] = 4
    unseen: Annotated[int, Range(2, 1000), About("numbers in no training sentence, the control")] = 80
    digits: Annotated[int, Range(1, 4), About("digits of a number, which is ranked among all of them")] = 4
    tests: Annotated[int, Range(1, 192), About("fresh sentences for the accuracy")] = 20
    seeds: Seeds = 4
    layers: Annotated[int, Range(1, 1000), About("last layers of the model that are trained")] = 2
    lora_ranks: Annotated[
        tuple[Annotated[int, Range(0, 1024), About("a rank; 0 for all weights of the layers")], ...],
        Several(1, 20),
        About("ranks of the adapters, a training each; 0 trains all weights instead"),
    ] = (0, 8)
    noises: (
        Annotated[
            tuple[Annotated[float, Range(0, 1000), About("a standard deviation, in units of clip")], ...],
            Several(1, 20),
            About("noise added to the sum of clipped gradients, a training each"),
        ]
        | None
    ) = None
    noisy_lora_rank: Annotated[int, Range(1, 1024), About("rank of adapters trained with noise")] = 8
    clip: Annotated[float, Range(0, 1000, above=True), About("largest norm of one sentence's gradient")] = 1
    scaling: Annotated[float, Range(0, 1000, above=True), About("factor of the adapters, alpha / rank")] = 2
    loss: Annotated[
        float,
        Range(0, 100),
        About("mean loss of the words, numbers apart, at which training stops; nats a token"),
    ] = 0.5
    epochs: Annotated[int, Range(1, 100_000), About("most epochs over the training sentences")] = 12
    batch: Annotated[int, Range(1, 192), About("sentences per step")] = 6
    rate: Annotated[float, Range(0, 10, above=True), About("learning rate of AdamW, adapters")] = 0.003
    full_rate: Annotated[float, Range(0, 10, above=True), About("the same where all weights are trained")] = (
        0.0003
    )

    @property
    def training_letters(self) -> int:
        """Letters that the model is finetuned on."""
        return self.each * sum(self.multiplicities)

    def check(self) -> None:
        """Refuse more letters than there are messages, and more numbers than there are of some digits."""
        if self.training_letters + self.tests > MOST_LETTERS:
            raise BadInput(
                f"letters: {self.training_letters} for training and {self.tests} tests; allowed: "
                f"{MOST_LETTERS} together, each with a different message"
            )
        if self.training_letters % self.batch:
            raise BadInput(
                f"batch: {self.batch} sentences; allowed: a divisor of the training sentences, "
                f"{self.training_letters}"
            )
        numbers = self.each * len(self.multiplicities) + self.unseen
        if numbers > 10**self.digits:
            raise BadInput(
                f"unseen: {numbers} numbers of {self.digits} digits in all; allowed: {10**self.digits}"
            )


@block
class ThreeStudies:
    """The exception that stands for the relational study in the figure of all three."""

    hierarchy: (
        Annotated[
            str,
            Text("^[a-z][a-z0-9_]*$"),
            About("a key of relational.hierarchies; by default the first with an exception"),
        ]
        | None
    ) = None
    ridge: Annotated[float, Range(0, 1000), About("effective ridge, one of relational.theory.ridge")] = 0.05


@block
class Irrelevant:
    """When irrelevant information must be memorized (Brown and others): closed forms, and attacks."""

    simulation: Simulation = Simulation()
    defences: Annotated[
        dict[
            Annotated[
                str, Text("^(?!none$)[a-z][a-z0-9_]{0,62}$"), About("name of a defence, lower case, not none")
            ],
            Defence,
        ],
        Several(0, 64),
        About("defences by name"),
    ] = field(default_factory=dict)
    matched_accuracy: Annotated[
        float,
        Range(0, 1, above=True, below=True),
        About("accuracy on clusters seen once at which private learners of different sizes are compared"),
    ] = 0.8
    runs: Annotated[
        dict[Annotated[Name, About("name of a run, lower case")], Run],
        Several(1, 64),
        About("learners trained and attacked, by name; one job each"),
    ]
    transformer: Transformer = Transformer()
    extraction: Extraction | None = None
    three_studies: ThreeStudies = ThreeStudies()
