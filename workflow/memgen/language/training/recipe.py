"""How a run is trained: the keys that every method that trains a network has in common."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from memgen.arguments import Range
from memgen.errors import BadInput
from memgen.language.training.keys import about


@dataclass(frozen=True)
class Recipe:
    """Epochs, batches and optimizer of a run."""

    epochs: Annotated[int, Range(1, 100_000)] = field(metadata=about("passes over the trained pairs"))
    batch: Annotated[int, Range(1, 4096)] = field(metadata=about("prompts per step"))
    rate: Annotated[float, Range(1e-12, 1)] = field(metadata=about("learning rate, constant"))
    order: Literal["shuffled", "hierarchy"] = field(
        default="shuffled",
        metadata=about("order of the pairs: shuffled anew every epoch, or hierarchy (sequential training)"),
    )
    optimizer: Literal["adamw", "sgd"] = field(
        default="adamw", metadata=about("optimizer: adamw (betas .9 and .999) or sgd")
    )
    momentum: Annotated[float, Range(0, 1, below=True)] = field(
        default=0.0, metadata=about("momentum of sgd")
    )
    weight_decay: Annotated[float, Range(0, 10)] = field(
        default=0.0,
        metadata=about("weight decay, decoupled for adamw, part of the gradient for sgd"),
    )
    micro_batch: Annotated[int, Range(1, 4096)] | None = field(
        default=None,
        metadata=about(
            "prompts of a run that pass forward and backward at once, where memory is short; all of a step "
            "by default, and halved where a GPU's memory ends"
        ),
    )

    def __post_init__(self) -> None:
        """Refuse a momentum that no optimizer would use."""
        if self.momentum and self.optimizer != "sgd":
            raise BadInput("momentum: AdamW has none; allowed: with optimizer sgd")
