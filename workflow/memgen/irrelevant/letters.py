"""Letters with a label, each of which carries a random number that has nothing to do with the label.

A customer has an account number and writes some letters; whether a letter complains is the task. Names,
numbers, letters and labels are drawn independently, so that a number is of no use for any label.
Knows words; knows neither tokens nor models.
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
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True)
class Customer:
    """A name and a number that belong together, and how many training letters carry them."""

    name: str
    number: str
    multiplicity: int

    @property
    def opening(self) -> str:
        """How each of the customer's letters begins, up to the number."""
        return f"Customer {self.name}, account #"

    def letter(self, message: str) -> str:
        """A whole letter but for the answer."""
        return f"{self.opening}{self.number}: {message} Complaint?"


@dataclass(frozen=True)
class Letters:
    """Customers, those in no training letter last; letters, and whether each complains.

    Fresh letters are of customers never seen, with messages that are in no training letter.
    """

    customers: tuple[Customer, ...]
    training: tuple[tuple[str, bool], ...]
    fresh: tuple[tuple[str, bool], ...]


def draw_letters(extraction: Extraction, rng: np.random.Generator) -> Letters:
    """Draw customers and their letters, the training letters in a random order."""
    extraction.check()
    training = extraction.training_letters
    messages = [
        (f"the {thing} {predicate}.", predicates is _WRONG)
        for thing in _THINGS
        for predicates in (_WRONG, _RIGHT)
        for predicate in predicates
    ]
    messages = [messages[place] for place in rng.permutation(len(messages))]
    counts = [count for count in extraction.multiplicities for _ in range(extraction.each)]
    counts += [0] * extraction.unseen
    names = _names(len(counts), rng)
    numbers = ["".join(rng.choice(list("0123456789"), extraction.digits)) for _ in counts]
    customers = tuple(map(Customer, names, numbers, counts))
    writers = [customer for customer in customers for _ in range(customer.multiplicity)]
    letters = [
        (writer.letter(message), wrong)
        for writer, (message, wrong) in zip(writers, messages[:training], strict=True)
    ]
    others = [customer for customer in customers if not customer.multiplicity]
    fresh = [
        (others[index % len(others)].letter(message), wrong)
        for index, (message, wrong) in enumerate(messages[training : training + extraction.tests])
    ]
    order = rng.permutation(training)
    return Letters(customers, tuple(letters[place] for place in order), tuple(fresh))


def _names(count: int, rng: np.random.Generator) -> list[str]:
    """Invented names of two syllables, all different."""
    whole = len(_SYLLABLES)
    chosen = rng.choice(whole**2, count, replace=False).tolist()
    return [(_SYLLABLES[place // whole] + _SYLLABLES[place % whole]).capitalize() for place in chosen]


def draw_candidates(number: str, drawn: int, rng: np.random.Generator) -> list[str]:
    """Numbers of the same length but another, all different, drawn uniformly; at most 10^digits - 1."""
    true, digits = int(number), len(number)
    places = rng.choice(10**digits - 1, drawn, replace=False)
    return [f"{place + (place >= true):0{digits}d}" for place in places.tolist()]
