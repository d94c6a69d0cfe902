"""Block `language`: which models, and by which methods they are trained."""

import dataclasses
from typing import Annotated, ClassVar, Literal, TypeAlias

from memgen.configuration import kinds
from memgen.configuration.options import About, Several, Text, block
from memgen.engine.methods import FINETUNING
from memgen.jobs.arguments import Range
from memgen.relational.configuration import HierarchyName

Short: TypeAlias = Annotated[
    str, Text("^[a-z0-9][a-z0-9-]{0,47}$"), About("lower case letters, digits and hyphens, at most 48")
]
ModelName: TypeAlias = Annotated[Short, About("a key of language.models")]
Items: TypeAlias = Annotated[Literal["real", "fake", "poker"], About("a kind of item")]
Kinds: TypeAlias = Annotated[tuple[Items, ...], Several()]
HierarchyNames: TypeAlias = Annotated[
    tuple[HierarchyName, ...], Several(), About("keys of relational.hierarchies")
]
Digest: TypeAlias = Annotated[str, Text("^[0-9a-f]{64}$")]
Dtype: TypeAlias = Annotated[
    Literal["float32", "float64", "bfloat16", "float16"], About("precision of the network")
]
Device: TypeAlias = Annotated[Literal["cpu", "cuda"], About("where networks run")]
Batch: TypeAlias = Annotated[int, Range(1, 4096), About("prompts per forward pass")]


@block
class Model:
    """One model."""

    source: Annotated[
        Literal["wheel", "hub", "folder", "corpus", "random"],
        About(
            "where the weights come from: a wheel of the package index, a hub, a folder on this machine, "
            "pretraining on the generated corpus, or a seeded random draw"
        ),
    ]
    repository: Annotated[
        str | None,
        Text("^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$"),
        About("source hub: owner/name of a causal language model"),
    ] = None
    revision: Annotated[
        str | None, Text("^[0-9a-f]{40}$"), About("source hub: commit, 40 hexadecimal digits")
    ] = None
    folder: Annotated[
        str | None,
        Text(r"^(?![- ])[\w ./+=,@-]{1,512}$"),
        About(
            "source folder: folder with config.json, safetensors and a tokenizer, a path from the study's "
            "top folder or an absolute one; letters, digits, blanks and . _ - + = , @ /, no hyphen first"
        ),
    ] = None
    package: Annotated[
        str | None, Text("^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$"), About("source wheel: name of the package")
    ] = None
    version: Annotated[
        str | None, Text("^[0-9][A-Za-z0-9.!+_-]{0,62}$"), About("source wheel: exact version")
    ] = None
    wheel_sha256: Annotated[Digest | None, About("source wheel: SHA-256 of the wheel, hexadecimal")] = None
    weights: Annotated[
        str | None,
        Text("^(?!(.*/)?[.][.](/|$))[A-Za-z0-9_][A-Za-z0-9._/-]{0,254}$"),
        About(
            "source wheel: folder inside the wheel that holds the model, or a GGUF file (.gguf) of a causal "
            "model; no part is .."
        ),
    ] = None
    weights_sha256: Annotated[
        Digest | None,
        About("source wheel: SHA-256 of model.safetensors in that folder, or of the GGUF file, hexadecimal"),
    ] = None
    like: Annotated[
        str | None,
        Text("^[a-z0-9][a-z0-9-]{0,47}$"),
        About("source random: name of the model whose architecture and tokenizer it has; not a random one"),
    ] = None
    seed: Annotated[
        int | None,
        Range(0, 2_147_483_647),
        About("source random: seed of the weights; source corpus: pretraining seed"),
    ] = None
    parameters: Annotated[
        float | None,
        Range(0, 10_000_000, above=True),
        About(
            "number of parameters in millions, from which memory and time of its jobs follow; a random "
            "model has those of the one that it is like. By default 135 (wheel), 1000 (hub and folder), "
            "0.3 (corpus)"
        ),
    ] = None
    dtype: Dtype = "float32"


@block
class Ridge:
    """Kernel ridge regression on frozen features."""

    kind: ClassVar[str] = "ridge"
    ridge: Annotated[
        tuple[Annotated[float, Range(1e-12, 1e3)], ...],
        Several(),
        About("effective ridges, in units of k_same - k_reversed; one run each"),
    ]
    pooling: Annotated[
        Literal["last", "tail", "mean"],
        About(
            "feature of a prompt: hidden state of its last token, mean of the last six (tail), or mean of all"
        ),
    ]


METHODS = (Ridge, *FINETUNING)


@block
class HierarchiesOf:
    """Hierarchies that it runs on for a kind of item, in place of those above."""

    real: HierarchyNames | None = None
    fake: HierarchyNames | None = None
    poker: HierarchyNames | None = None


Trained = block(
    dataclasses.make_dataclass(
        "Trained", [(name, hint | None, None) for name, hint in kinds.together(METHODS).items()], kw_only=True
    )
)
"""How a method trains: the keys of all kinds."""


@block
class OfModel(Trained):  # type: ignore[valid-type,misc]
    """What differs for one model."""

    items: Annotated[
        Kinds | None, About("kinds of item that it runs on, of those of the study; all by default")
    ] = None
    hierarchies: Annotated[
        HierarchyNames | None, About("hierarchies that it runs on, of those of the study; all by default")
    ] = None
    hierarchies_of: HierarchiesOf | None = None
    seeds: Annotated[
        int | None, Range(1, 10000), About("seeds that it runs, where they are fewer than language.seeds")
    ] = None


@block
class Method(OfModel):
    """One method."""

    kind: kinds.which(METHODS)  # type: ignore[valid-type]
    models: Annotated[
        tuple[ModelName, ...] | None,
        Several(),
        About(
            "models that it runs on; by default all, or for full, lora and head all that have a language head"
        ),
    ] = None
    of_model: Annotated[dict[ModelName, OfModel] | None, About("what differs for a model, by its name")] = (
        None
    )


@block
class Poker:
    """Sampling of the equities of pre-flop hands."""

    boards: Annotated[int, Range(2, 2_598_960), About("boards on which all 1,326 holdings are scored")] = (
        10000
    )
    seed: Annotated[int, Range(0, 2_147_483_647), About("seed of the boards")] = 0


@block
class Pretraining:
    """How models of source corpus are made; one recipe for all pretraining seeds."""

    steps: Annotated[int, Range(1, 10_000_000), About("steps of AdamW")] = 1200
    first_steps: Annotated[
        int, Range(0, 10_000_000), About("first steps, with one contest among few words")
    ] = 250
    batch: Annotated[int, Range(1, 65536), About("documents per step")] = 64
    rate: Annotated[float, Range(1e-09, 1), About("peak learning rate")] = 0.003
    width: Annotated[int, Range(2, 65536), About("width of the residual stream, even per head")] = 64
    layers: Annotated[int, Range(1, 1024), About("layers")] = 2
    heads: Annotated[int, Range(1, 1024), About("attention heads")] = 4
    words: Annotated[
        int, Range(8, 1500), About("words in each of the two places of the corpus's own names")
    ] = 32


@block
class Representations:
    """Ridge probes on every depth of the models of a wheel, and of random networks of their architectures."""

    initializations: Annotated[int, Range(0, 1000), About("random networks per architecture")] = 5
    depth: Annotated[
        int, Range(1, 10_000), About("first layers of a random network that are read, at most")
    ] = 8
    seeds: Annotated[int, Range(2, 10_000), About("seeds of the names")] = 10
    orders: Annotated[int, Range(1, 10_000), About("orders that the names of a seed hold the ranks in")] = 6
    ridge: Annotated[float, Range(0, 1e6, above=True), About("effective ridge of the probe")] = 0.001
    mixing: Annotated[
        tuple[Annotated[float, Range(0, 1, below=True)], ...],
        Several(),
        About("conjunctivities to which additive and pair parts of the deepest representation are mixed"),
    ] = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@block
class Language:
    """Language models on ordered relations."""

    models: Annotated[
        dict[Short, Model], Several(1), About("models, by the name that they have in the tables")
    ]
    items: Annotated[
        Kinds, About("kinds of item: real (MLB teams), fake (invented names), poker (pre-flop hands)")
    ]
    hierarchies: Annotated[
        HierarchyNames | None,
        About("keys of relational.hierarchies that the models learn; all of them by default"),
    ] = None
    methods: Annotated[
        dict[Short, Method],
        Several(1),
        About("methods of training, by the name that they have in the tables"),
    ]
    seeds: Annotated[
        int, Range(1, 10000), About("seeds per model, kind of item, hierarchy and method; 0, 1, ...")
    ] = 10
    seeds_per_job: Annotated[
        int, Range(1, 10000), About("seeds that one job runs after loading the model once")
    ] = 10
    batch: Batch = 24
    device: Device = "cpu"
    poker: Poker = Poker()
    pretraining: Pretraining = Pretraining()
    representations: Representations = Representations()
