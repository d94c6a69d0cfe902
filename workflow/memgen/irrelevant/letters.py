"""Letters with a label, each of which carries a random number that has nothing to do with the label.

An account has a number and some letters; whether a letter complains is the task. Numbers, letters and labels
are drawn independently, so that a number is of no use for any label. All letters begin alike, up to the
number. Knows words; knows neither tokens nor models.
"""

from dataclasses import dataclass

import numpy as np

from memgen.irrelevant.configuration import Extraction

_THINGS = (
    "kettle", "lamp", "chair", "radio", "clock", "jacket", "camera", "carpet", "mirror", "printer", "ladder",
    "guitar",
)  # fmt: skip
_WRONG = (
    "came broken", "arrived too late", "stopped working", "smells bad", "fell apart", "has a crack",
    "is the wrong one", "is much too loud",
)  # fmt: skip
_RIGHT = (
    "came on time", "works very well", "looks lovely", "is just right", "was a bargain", "feels solid",
    "made us happy", "is nice and quiet",
)  # fmt: skip
#: How every letter begins, up to the number.
OPENING = "Account #"


@dataclass(frozen=True)
class Letter:
    """A letter, and whether it complains."""

    number: str
    message: str
    complains: bool

    @property
    def text(self) -> str:
        """All of it but the answer."""
        return f"{OPENING}{self.number}: {self.message} Complaint?"


@dataclass(frozen=True)
class Letters:
    """Account numbers and how many training letters carry each, those in none last; and the letters.

    Fresh letters have numbers of no training letter, and messages of none.
    """

    numbers: tuple[str, ...]
    multiplicities: tuple[int, ...]
    training: tuple[Letter, ...]
    fresh: tuple[Letter, ...]

    @property
    def trained(self) -> tuple[str, ...]:
        """Numbers that training letters carry."""
        return tuple(number for number, times in zip(self.numbers, self.multiplicities, strict=True) if times)


def draw_letters(extraction: Extraction, rng: np.random.Generator) -> Letters:
    """Draw account numbers, all different, and letters, those of training in a random order."""
    extraction.check()
    messages = [
        (f"the {thing} {predicate}.", predicates is _WRONG)
        for thing in _THINGS
        for predicates in (_WRONG, _RIGHT)
        for predicate in predicates
    ]
    messages = [messages[place] for place in rng.permutation(len(messages))]
    counts = [count for count in extraction.multiplicities for _ in range(extraction.each)]
    counts += [0] * extraction.unseen
    drawn = rng.choice(10**extraction.digits, len(counts), replace=False)
    numbers = [f"{number:0{extraction.digits}d}" for number in drawn.tolist()]
    carried = [number for number, count in zip(numbers, counts, strict=True) for _ in range(count)]
    unseen = numbers[len(counts) - extraction.unseen :]
    shown = [unseen[index % len(unseen)] for index in range(extraction.tests)]
    letters = [
        Letter(number, *message) for number, message in zip([*carried, *shown], messages, strict=False)
    ]
    training = len(carried)
    order = rng.permutation(training).tolist()
    return Letters(
        tuple(numbers), tuple(counts), tuple(letters[place] for place in order), tuple(letters[training:])
    )
