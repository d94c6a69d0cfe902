"""How a run is trained: the keys that every method that trains a network has in common."""

from dataclasses import dataclass, field
from typing import Literal

from memgen.errors import BadInput
from memgen.keys import about


@dataclass(frozen=True)
class Recipe:
    """Epochs, batches and optimizer of a run."""

    epochs: int = field(metadata=about("passes over the trained pairs", least=1, most=100_000))
    batch: int = field(metadata=about("prompts per step", least=1, most=4096))
    rate: float = field(metadata=about("learning rate, constant", least=1e-12, most=1))
    order: Literal["shuffled", "hierarchy"] = field(
        default="shuffled",
        metadata=about("order of the pairs: shuffled anew every epoch, or hierarchy (sequential training)"),
    )
    optimizer: Literal["adamw", "sgd"] = field(
        default="adamw", metadata=about("optimizer: adamw (betas .9 and .999) or sgd")
    )
    momentum: float = field(default=0.0, metadata=about("momentum of sgd", least=0, below=1))
    weight_decay: float = field(
        default=0.0,
        metadata=about("weight decay, decoupled for adamw, part of the gradient for sgd", least=0, most=10),
    )
    micro_batch: int | None = field(
        default=None,
        metadata=about(
            "prompts of a run that pass forward and backward at once, where memory is short; all of a step "
            "by default, and halved where a GPU's memory ends",
            least=1,
            most=4096,
        ),
    )

    def __post_init__(self) -> None:
        """Refuse a momentum that no optimizer would use."""
        if self.momentum and self.optimizer != "sgd":
            raise BadInput("momentum: AdamW has none; allowed: with optimizer sgd")
