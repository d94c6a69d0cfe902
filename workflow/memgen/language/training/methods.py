"""The methods of training, a dataclass per kind: what there is to say of a key of ``language.methods``.

The schema of the configuration, the arguments of the stages `finetune` and `probe`, and the training itself
take their keys from these fields (`memgen.language.training.keys`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from memgen.arguments import Range
from memgen.language.training import keys
from memgen.language.training.keys import about
from memgen.language.training.recipe import Recipe

_LAYERS = about("last layers of the network that are trained, with what stands above them; all by default")
_RUNS_PER_PASS = about("runs trained in one forward pass")


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """Kernel ridge regression on frozen features."""

    kind: ClassVar[str] = "ridge"
    ridge: tuple[Annotated[float, Range(1e-12, 1e3)], ...] = field(
        metadata=about("effective ridges, in units of k_same - k_reversed; each is a run of its own")
    )
    pooling: Literal["last", "tail", "mean"] = field(
        metadata=about(
            "feature of a prompt: hidden state of its last token, mean of the last six (tail), or mean of all"
        )
    )


@dataclass(frozen=True, kw_only=True)
class Full(Recipe):
    """All weights."""

    kind: ClassVar[str] = "full"
    layers: Annotated[int, Range(1, 1024)] | None = field(default=None, metadata=_LAYERS)
    # Each run has a copy of all weights.
    runs_per_pass: Annotated[int, Range(1, 4096)] = field(default=1, metadata=_RUNS_PER_PASS)


@dataclass(frozen=True, kw_only=True)
class Lora(Recipe):
    """Low-rank adapters."""

    kind: ClassVar[str] = "lora"
    layers: Annotated[int, Range(1, 1024)] | None = field(default=None, metadata=_LAYERS)
    rank: tuple[Annotated[int, Range(1, 4096)], ...] = field(
        metadata=about("ranks of the adapters; each is a run of its own")
    )
    scaling: Annotated[float, Range(1e-6, 1e6)] = field(
        default=2.0, metadata=about("the adapters' product is multiplied by it (LoRA's alpha / rank)")
    )
    runs_per_pass: Annotated[int, Range(1, 4096)] = field(default=20, metadata=_RUNS_PER_PASS)


@dataclass(frozen=True, kw_only=True)
class Head(Recipe):
    """The language head alone, by cross-entropy."""

    kind: ClassVar[str] = "head"
    layers: ClassVar[None] = None
    l2: tuple[Annotated[float, Range(0, 1e6)], ...] = field(
        metadata=about(
            "strengths of the pull to the initial head (times the sum of squared differences); each is a run "
            "of its own"
        )
    )
    head: Literal["detached", "authors"] = field(
        default="detached",
        metadata=about("detached, or authors, where a head tied to the embeddings is trained with them"),
    )
    runs_per_pass: Annotated[int, Range(1, 4096)] = field(default=20, metadata=_RUNS_PER_PASS)


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
