"""Block `relational`: which hierarchies there are, and over which representations they are solved."""

from typing import Annotated, TypeAlias

from memgen.configuration.options import About, As, Name, Several, Text, block
from memgen.jobs.arguments import Range

Items: TypeAlias = Annotated[int, Range(3, 100_000_000), About("number of items, at least 3")]
"""Number of items of a hierarchy given by hand."""

HierarchyName: TypeAlias = Annotated[Name, About("a key of relational.hierarchies")]
Exceptional: TypeAlias = Annotated[
    str, Text("^[0-9]{1,3}:[0-9]{1,3}$"), About('"winner:loser", for example "5:3"')
]
Conjunctivity: TypeAlias = Annotated[float, Range(0, 1, below=True), About("a conjunctivity")]
Ridge: TypeAlias = Annotated[float, Range(0, 1_000_000), About("an effective ridge")]
GridRidge: TypeAlias = Annotated[float, Range(0), About("effective ridge, from relational.theory.ridge")]
GridConjunctivities: TypeAlias = Annotated[
    tuple[Conjunctivity, ...],
    Several(1, 6),
    About("conjunctivities shown one after another, from relational.theory.conjunctivity"),
]
ShownHierarchy: TypeAlias = Annotated[
    HierarchyName, About("a key of relational.hierarchies; by default the first with an exception")
]
TabulatedItems: TypeAlias = Annotated[int, Range(3, 64), About("a number of items")]
Points: TypeAlias = Annotated[int, Range(2, 1000)]
SomeRidge: TypeAlias = Annotated[float, Range(0, 1_000_000, above=True)]
Layers: TypeAlias = Annotated[int, Range(1, 10), About("a depth")]
Units: TypeAlias = Annotated[int, Range(1, 65536), About("a number of hidden units")]
Scale: TypeAlias = Annotated[float, Range(0, 1000, above=True), About("a scale")]


@block
class Task:
    """One hierarchy."""

    n: Annotated[TabulatedItems, About("number of items; tables hold a row per pair, so it is bounded")]
    exceptions: Annotated[
        tuple[Exceptional, ...],
        Several(0, 64),
        About('exceptions as "winner:loser", items numbered from 0 (strongest); winner >= loser + 2'),
    ] = ()


@block
class Theory:
    """The grid over which ranks and margins are tabulated."""

    conjunctivity: Annotated[
        tuple[Conjunctivity, ...],
        Several(1, 200),
        About("conjunctivity alpha, without unit; 0 is additive, 1 fully conjunctive"),
    ]
    ridge: Annotated[
        tuple[Ridge, ...],
        Several(1, 50),
        About("effective ridge, raw ridge / (k_same - k_reversed), in units of the kernel"),
    ]


@block
class Phase:
    """The grid of the phase diagram over representation and regularization."""

    conjunctivity_points: Annotated[Points, About("number of conjunctivities, evenly spaced from 0")] = 50
    highest_conjunctivity: Annotated[
        float, Range(0, 1, above=True, below=True), About("highest conjunctivity, without unit")
    ] = 0.98
    ridge_points: Annotated[Points, About("number of effective ridges, evenly spaced in the logarithm")] = 41
    lowest_ridge: Annotated[SomeRidge, About("lowest effective ridge, in units of the kernel")] = 0.001
    highest_ridge: Annotated[SomeRidge, About("highest effective ridge, in units of the kernel")] = 10


@block
class Placement:
    """The phase diagram over hierarchies, with every span and position of the exceptions that fits."""

    n: Annotated[tuple[TabulatedItems, ...], Several(1, 20), About("numbers of items")] = (
        7, 9, 11, 13, 15, 17, 19, 21,
    )  # fmt: skip
    numbers: Annotated[
        tuple[Annotated[int, Range(1, 5), About("a number of exceptions")], ...],
        Several(1, 5),
        About("numbers of exceptions of one span, one after another with one item between two loops"),
    ] = (1, 2, 3, 4)
    conjunctivity: Annotated[tuple[Conjunctivity, ...], Several(1, 20), About("conjunctivities")] = (
        0, 0.1, 0.3, 0.5, 0.8,
    )  # fmt: skip
    ridge: Annotated[tuple[Ridge, ...], Several(1, 10), About("effective ridges")] = (0,)


@block
class Critical:
    """Where the critical conjunctivity of one exception is tabulated."""

    n: Annotated[
        tuple[Annotated[int, Range(3, 1_000_000), About("a number of items")], ...],
        Several(1, 40),
        About("numbers of items with the exception in the middle"),
    ] = (7, 9, 11, 13, 15, 21, 31, 51, 101, 201, 501, 1001)
    spans: Annotated[
        tuple[Annotated[int, Range(2, 1_000_000), About("a span")], ...],
        Several(1, 8),
        About("spans of that exception, its winner minus its loser"),
    ] = (2, 3, 4, 8)
    map_n: Annotated[TabulatedItems, About("number of items with every span and position tabulated")] = 21


@block
class Readout:
    """The noisy readout of margins, on the grid of theory."""

    temperature: Annotated[
        tuple[Annotated[float, Range(0, 1_000_000), About("a temperature")], ...],
        Several(1, 20),
        About("temperatures of the softmax, in units of the target; 0 is without noise"),
    ] = (0, 0.03, 0.1, 0.3, 1)


@block
class Depth:
    """Infinitely wide networks."""

    layers: Annotated[tuple[Layers, ...], Several(1, 10), About("depths, in layers; 1 is linear")] = tuple(
        range(1, 11)
    )
    nonlinearity: Annotated[
        tuple[Annotated[float, Range(0, 2), About("a nonlinearity")], ...],
        Several(1, 50),
        About("nonlinearities rho of leaky ReLU, without unit; 0 linear, 1 ReLU, 2 absolute value"),
    ] = (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2)
    ridge: Annotated[
        tuple[Ridge, ...], Several(1, 10), About("raw ridges, in units of a pair's similarity with itself")
    ] = (0, 0.1)


OF_DEPTH_TABLE = As(layers="depth")


@block
class Networks:
    """Finite networks trained in the lazy and in the rich regime."""

    hierarchies: (
        Annotated[
            tuple[HierarchyName, ...],
            Several(1, 6),
            About("keys of relational.hierarchies, one job each; by default the first with an exception"),
        ]
        | None
    ) = None
    width: Annotated[tuple[Units, ...], Several(2, 20), About("hidden units")] = tuple(
        2**power for power in range(6, 13)
    )
    seeds: Annotated[int, Range(2, 1000), About("networks per width and scale, trained together")] = 20
    steps: Annotated[int, Range(1, 1_000_000), About("steps of full-batch gradient descent")] = 400
    rich_scale: Annotated[
        Scale, About("scale of a rich network's output, times the root of its width; of a lazy one it is 1")
    ] = 0.5
    scan_width: Annotated[Units, About("hidden units of the networks whose scale is varied")] = 1024
    scan_scale: Annotated[
        tuple[Scale, ...], Several(1, 20), About("scales of their output, 1 being lazy")
    ] = (1, 0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.015)


OF_FINITE_WIDTH = As(hierarchies=None)


@block
class RankProfilesFigure:
    """Ranks and margins along conjunctivity."""

    hierarchies: (
        Annotated[
            tuple[HierarchyName, ...],
            Several(1, 6),
            About("keys of relational.hierarchies; by default the first without and with an exception"),
        ]
        | None
    ) = None
    conjunctivity: GridConjunctivities = (0, 0.3, 0.6, 0.9)
    ridge: GridRidge = 0.01


@block
class MechanismFigure:
    """Ranks as a sum."""

    hierarchy: ShownHierarchy | None = None
    conjunctivity: GridConjunctivities = (0, 0.3, 0.6, 0.9)
    ridge: GridRidge = 0


@block
class MemorizationFigure:
    """Memorization scores along conjunctivity."""

    hierarchy: ShownHierarchy | None = None
    ridge: Annotated[
        tuple[Ridge, ...],
        Several(1, 4),
        About("effective ridges from left to right, from relational.theory.ridge"),
    ] = (0, 0.05, 1)


@block
class PhaseRepresentationFigure:
    """Phase diagram over conjunctivity and ridge."""

    hierarchy: ShownHierarchy | None = None


@block
class PhasePlacementFigure:
    """Phase diagram over hierarchies."""

    n: Annotated[
        int, Range(3), About("number of items where position and span vary, from relational.placement.n")
    ] = 21
    span: Annotated[int, Range(2), About("span of the exceptions where their number varies, in steps")] = 2
    conjunctivity: Annotated[Conjunctivity, About("one of relational.placement.conjunctivity")] = 0.3
    ridge: Annotated[float, Range(0), About("one of relational.placement.ridge")] = 0


@block
class ReadoutFigure:
    """Accuracy of a noisy readout."""

    hierarchy: ShownHierarchy | None = None
    conjunctivity: Annotated[Conjunctivity, About("one of relational.theory.conjunctivity")] = 0.6
    ridge: GridRidge = 0


@block
class DepthFigure:
    """Depth, conjunctivity and behaviour."""

    hierarchy: ShownHierarchy | None = None
    ridge: Annotated[float, Range(0), About("raw ridge, from relational.depth.ridge")] = 0


@block
class Figures:
    """What the figures show."""

    rank_profiles: RankProfilesFigure = RankProfilesFigure()
    mechanism: MechanismFigure = MechanismFigure()
    memorization: MemorizationFigure = MemorizationFigure()
    phase_representation: PhaseRepresentationFigure = PhaseRepresentationFigure()
    phase_placement: PhasePlacementFigure = PhasePlacementFigure()
    readout: ReadoutFigure = ReadoutFigure()
    depth: DepthFigure = DepthFigure()


@block
class Relational:
    """Transitive inference with exceptions, solved exactly."""

    hierarchies: Annotated[
        dict[Annotated[Name, About("name of a hierarchy, lower case")], Task],
        Several(1, 64),
        About("hierarchies by name; the other studies refer to these names"),
    ]
    theory: Theory
    phase: Phase = Phase()
    placement: Placement = Placement()
    critical: Critical = Critical()
    readout: Readout = Readout()
    depth: Depth = Depth()
    networks: Networks = Networks()
    figures: Figures = Figures()
