"""The methods of training, a block per kind: what there is to say of a key of ``language.methods``.

The configuration, the arguments of the stages `finetune` and `probe`, and the training itself take their keys
from these fields (`memgen.configuration.kinds`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from memgen.configuration import kinds as keys
from memgen.configuration.options import About, Several, block
from memgen.engine.recipe import Recipe
from memgen.jobs.arguments import Range

Layers: TypeAlias = Annotated[
    int | None,
    Range(1, 1024),
    About("last layers of the network that are trained, with what stands above them; all by default"),
]
RunsPerPass: TypeAlias = Annotated[int, Range(1, 4096), About("runs trained in one forward pass")]


@block
class Ridge:
    """Kernel ridge regression on frozen features."""

    kind: ClassVar[str] = "ridge"
    ridge: Annotated[
        tuple[Annotated[float, Range(1e-12, 1e3)], ...],
        Several(),
        About("effective ridges, in units of k_same - k_reversed; each is a run of its own"),
    ]
    pooling: Annotated[
        Literal["last", "tail", "mean"],
        About(
            "feature of a prompt: hidden state of its last token, mean of the last six (tail), or mean of all"
        ),
    ]


@block
class Full(Recipe):
    """All weights."""

    kind: ClassVar[str] = "full"
    layers: Layers = None
    # Each run has a copy of all weights.
    runs_per_pass: RunsPerPass = 1


@block
class Lora(Recipe):
    """Low-rank adapters."""

    kind: ClassVar[str] = "lora"
    layers: Layers = None
    rank: Annotated[
        tuple[Annotated[int, Range(1, 4096)], ...],
        Several(),
        About("ranks of the adapters; each is a run of its own"),
    ]
    scaling: Annotated[
        float,
        Range(1e-6, 1e6),
        About("the adapters' product is multiplied by it (LoRA's alpha / rank)"),
    ] = 2.0
    runs_per_pass: RunsPerPass = 20


@block
class Head(Recipe):
    """The language head alone, by cross-entropy."""

    kind: ClassVar[str] = "head"
    layers: ClassVar[None] = None
    l2: Annotated[
        tuple[Annotated[float, Range(0, 1e6)], ...],
        Several(),
        About(
            "strengths of the pull to the initial head (times the sum of squared differences); each is a run "
            "of its own"
        ),
    ]
    head: Annotated[
        Literal["detached", "authors"],
        About("detached, or authors, where a head tied to the embeddings is trained with them"),
    ] = "detached"
    runs_per_pass: RunsPerPass = 20


Finetuning = Full | Lora | Head
"""What trains a network."""
FINETUNING = (Full, Lora, Head)
KINDS = (Ridge, *FINETUNING)


def method_of(options: Mapping[str, Any]) -> Ridge | Finetuning:
    """The method that a block of the configuration describes.

    Parameters
    ----------
    options : mapping
        Its ``kind`` and the keys of that kind.

    Raises
    ------
    BadInput
        If there is no such kind or choice, the kind has no such key, or a key is missing.
    """
    method: Ridge | Finetuning = keys.read(options, KINDS)
    return method
