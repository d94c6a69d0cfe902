"""What may keep a learner from giving its sample away, as a change to how it is trained."""

import dataclasses
import math
import warnings
from dataclasses import dataclass

from memgen.irrelevant.configuration import Noisy
from memgen.irrelevant.specs import check_defence
from memgen.irrelevant.training import Recipe


@dataclass(frozen=True)
class Defence:
    """One defence.

    Parameters
    ----------
    name : str
        Name in the configuration; ``none`` for no defence.
    kind : str
        ``none`` or one of `memgen.irrelevant.specs.STRENGTHS`.
    strength : float
        See there; 0 for none.
    """

    name: str = "none"
    kind: str = "none"
    strength: float = 0.0

    def check(self, learner: str) -> None:
        """Refuse a defence that a learner does not have, or a strength that it does not take.

        Raises
        ------
        BadInput
            Naming the defence and what is allowed.
        """
        check_defence(learner, self.name, self.kind, self.strength)

    def applied(self, recipe: Recipe, noisy: Noisy) -> Recipe:
        """The recipe with this defence."""
        if self.kind == "weight_decay":
            return dataclasses.replace(recipe, weight_decay=self.strength)
        if self.kind == "early_stopping":
            return dataclasses.replace(recipe, steps=min(recipe.steps, int(self.strength)))
        if self.kind == "no_momentum":
            return dataclasses.replace(recipe, optimizer="sgd", momentum=0.0, rate=self.strength)
        if self.kind == "fewer_parameters":
            return dataclasses.replace(recipe, hidden=int(self.strength))
        if self.kind == "noise":
            return dataclasses.replace(
                recipe,
                optimizer="sgd",
                rate=noisy.rate,
                momentum=noisy.momentum,
                steps=noisy.steps,
                slower_from=0,
                clip=noisy.clip,
                noise=self.strength,
            )
        return recipe


def epsilon_spent(recipe: Recipe, times: float, delta: float) -> float | None:
    """Epsilon of a recipe's differential privacy under adding or removing a sample.

    Parameters
    ----------
    recipe : Recipe
    times : float
        How often a sample counts at most: it adds that many clipped gradients, and the noise hides one.
    delta : float

    Returns
    -------
    float or None
        Infinite where gradients are clipped but not noisy; None where they are not clipped.
    """
    if recipe.clip <= 0:
        return None
    if recipe.noise <= 0:
        return math.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from opacus.accountants import RDPAccountant

        accountant = RDPAccountant()
        for _ in range(recipe.steps):
            accountant.step(noise_multiplier=recipe.noise / times, sample_rate=1.0)
        return float(accountant.get_epsilon(delta))
