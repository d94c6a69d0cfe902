"""Block `coins`: how often a coin is tossed."""

from typing import Annotated

from memgen.configuration.options import About, Several, block
from memgen.jobs.arguments import Count, Repeats, Share


@block
class Coins:
    """Tosses of a coin."""

    probability: Annotated[Share, About("probability of heads")] = 0.5
    tosses: Annotated[tuple[Count, ...], Several(1, 16), About("numbers of tosses")] = (10, 100)
    repeats: Annotated[Repeats, About("how often each number is tossed")] = 50
