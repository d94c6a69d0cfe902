"""How a run is trained: the keys that every method that trains a network has in common."""

from dataclasses import dataclass
from typing import Annotated, Literal

from memgen.configuration.options import About
from memgen.errors import BadInput
from memgen.jobs.arguments import Range


@dataclass(frozen=True)
class Recipe:
    """Epochs, batches and optimizer of a run."""

    epochs: Annotated[int, Range(1, 100_000), About("passes over the trained pairs")]
    batch: Annotated[int, Range(1, 4096), About("prompts per step")]
    rate: Annotated[float, Range(1e-12, 1), About("learning rate, constant")]
    order: Annotated[
        Literal["shuffled", "hierarchy"],
        About("order of the pairs: shuffled anew every epoch, or hierarchy (sequential training)"),
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
