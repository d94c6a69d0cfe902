"""How networks are trained: the options that all methods share, and a block of them per method.

The configuration, the arguments of the stages that train, and the training itself take their keys from these
fields (`memgen.configuration.kinds`).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from memgen.configuration.options import About, Several, block
from memgen.errors import BadInput
from memgen.jobs.arguments import Range

Layers: TypeAlias = Annotated[
    int | None,
    Range(1, 1024),
    About("last layers of the network that are trained, and all above them; all by default"),
]
RunsPerPass: TypeAlias = Annotated[int, Range(1, 4096), About("runs trained in one forward pass")]


@dataclass(frozen=True)
class TrainingOptions:
    """Epochs, batches and optimizer of a run."""

    epochs: Annotated[int, Range(1, 100_000), About("passes over the trained pairs")]
    batch: Annotated[int, Range(1, 4096), About("prompts per step")]
    rate: Annotated[float, Range(1e-12, 1), About("learning rate, constant")]
    order: Annotated[
        Literal["shuffled", "hierarchy"],
        About("order of the pairs: shuffled in every epoch, or hierarchy (sequential training)"),
    ] = "shuffled"
    optimizer: Annotated[Literal["adamw", "sgd"], About("optimizer: adamw (betas .9 and .999) or sgd")] = (
        "adamw"
    )
    momentum: Annotated[float, Range(0, 1, below=True), About("momentum of sgd")] = 0.0
    weight_decay: Annotated[
        float, Range(0, 10), About("weight decay, decoupled for adamw, part of the gradient for sgd")
    ] = 0.0
    micro_batch: Annotated[
        int | None,
        Range(1, 4096),
        About(
            "prompts of a run that pass forward and backward at once, where memory is short; all of a step "
            "by default, and halved where a GPU's memory ends"
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse a momentum that no optimizer would use."""
        if self.momentum and self.optimizer != "sgd":
            raise BadInput("momentum: AdamW has none; allowed: with optimizer sgd")


@block
class Full(TrainingOptions):
    """All weights."""

    kind: ClassVar[str] = "full"
    layers: Layers = None
    # Each run has a copy of all weights.
    runs_per_pass: RunsPerPass = 1


@block
class Lora(TrainingOptions):
    """Low-rank adapters."""

    kind: ClassVar[str] = "lora"
    layers: Layers = None
    lora_rank: Annotated[
        tuple[Annotated[int, Range(1, 4096)], ...],
        Several(),
        About("ranks of the adapters (LoRA); one run each"),
    ]
    scaling: Annotated[
        float, Range(1e-6, 1e6), About("the adapters' product is multiplied by it (LoRA's alpha / rank)")
    ] = 2.0
    runs_per_pass: RunsPerPass = 20


@block
class Head(TrainingOptions):
    """The language head alone, by cross-entropy."""

    kind: ClassVar[str] = "head"
    layers: ClassVar[None] = None
    l2: Annotated[
        tuple[Annotated[float, Range(0, 1e6)], ...],
        Several(),
        About(
            "strengths of the pull to the initial head (times the sum of squared differences); one run each"
        ),
    ]
    head: Annotated[
        Literal["detached", "authors"],
        About("detached, or authors, where a head tied to the embeddings is trained with them"),
    ] = "detached"
    runs_per_pass: RunsPerPass = 20


Finetuning = Full | Lora | Head
FINETUNING = (Full, Lora, Head)
