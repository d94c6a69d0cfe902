"""How priors and learners are named: ``zipf``, ``zipf:1.2``, ``geometric:0.99``, ``exponential:0.5``.

The same words stand in the configuration, on the command line and in the tables. Nothing is imported here but
the standard library, so that a configuration is checked at once.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from memgen.errors import BadInput
from memgen.jobs.arguments import Range

Labels: TypeAlias = Annotated[int, Range(2, 1_000_000)]
"""Number of labels."""
Points: TypeAlias = Annotated[int, Range(1, 100_000_000)]
"""Number of points of a domain, or of a sample."""


@dataclass(frozen=True)
class Kind:
    """A kind of prior or learner, and the parameter that it takes.

    Parameters
    ----------
    meaning : str or None
        What the parameter is, with what is allowed; None where there is no parameter.
    allowed : callable
        Whether a finite value is allowed.
    default : float or None
        Value where none is given; None where one must be given.
    """

    meaning: str | None = None
    allowed: Callable[[float], bool] = lambda value: True
    default: float | None = None


def _count(value: float) -> bool:
    return value >= 1 and value == int(value)


PRIORS = {
    "zipf": Kind("an exponent >= 0", lambda value: value >= 0, 1.0),
    "uniform": Kind(),
    "geometric": Kind("a ratio between 0 and 1, ends excluded", lambda value: 0 < value < 1),
    "lognormal": Kind("a sigma >= 0", lambda value: value >= 0),
}

LEARNERS = {
    "optimal": Kind(),
    "ignore": Kind(
        "a whole number from 1 to 10^8: points seen that often or less are ignored",
        lambda value: _count(value) and value <= 1e8,
    ),
    "flip": Kind("a probability in [0, 1]", lambda value: 0 <= value <= 1),
    "limited": Kind("a memorization limit in [0, 1 - 1/labels]", lambda value: 0 <= value <= 1),
    "exponential": Kind("an epsilon of 0 or >= 0.001", lambda value: value == 0 or value >= 1e-3),
    "randomized_response": Kind("an epsilon >= 0", lambda value: value >= 0),
    "majority": Kind("a label_keep of 0 or in [0.1, 1]", lambda value: value == 0 or 0.1 <= value <= 1),
    "majority_ignore": Kind(
        "a label_keep of 0 or in [0.1, 1]", lambda value: value == 0 or 0.1 <= value <= 1
    ),
}

#: Classifiers that are trained on clustered data, and what regularizes each.
TRAINED = {
    "ridge": Kind("a ridge > 0, in units of the mean squared length of an example", lambda value: value > 0),
    "neighbours": Kind("a whole number of neighbours >= 1", _count),
    "network": Kind("a weight decay >= 0", lambda value: value >= 0),
    "private_network": Kind(
        "a noise multiplier >= 0, in units of the clipped gradient", lambda value: value >= 0
    ),
}


@dataclass(frozen=True)
class Spec:
    """One prior or learner: its kind and its parameter, None where it has none."""

    kind: str
    parameter: float | None

    @property
    def text(self) -> str:
        """The spec as it is written, with its parameter even where it is the default."""
        return self.kind if self.parameter is None else f"{self.kind}:{self.parameter:g}"


def _parse(text: str, kinds: dict[str, Kind], what: str) -> Spec:
    name, colon, value = text.partition(":")
    if name not in kinds:
        raise BadInput(f"{what} {text!r}: there is no {name!r}; allowed: {', '.join(kinds)}")
    kind = kinds[name]
    if kind.meaning is None:
        if colon:
            raise BadInput(f"{what} {text!r}: takes no parameter; allowed: {name}")
        return Spec(name, None)
    if not colon:
        if kind.default is None:
            raise BadInput(
                f"{what} {text!r}: its parameter is missing; allowed: {name}:NUMBER, {kind.meaning}"
            )
        return Spec(name, kind.default)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not kind.allowed(number):
        raise BadInput(f"{what} {text!r}: {value!r} is not allowed; allowed: {kind.meaning}")
    return Spec(name, number)


def parse_prior(text: str) -> Spec:
    """Read the name of a prior.

    Parameters
    ----------
    text : str
        ``zipf`` (exponent 1), ``zipf:<exponent>``, ``uniform``, ``geometric:<ratio>`` or
        ``lognormal:<sigma>``.

    Returns
    -------
    Spec

    Raises
    ------
    BadInput
        If there is no such prior, or its parameter is missing or not allowed.
    """
    return _parse(text, PRIORS, "prior")


def parse_learner(text: str, labels: int) -> Spec:
    """Read the name of a learner.

    Parameters
    ----------
    text : str
        ``optimal``, ``ignore:<times>``, ``flip:<probability>``, ``limited:<memorization limit>``,
        ``exponential:<epsilon>``, ``randomized_response:<epsilon>``, ``majority:<label_keep>`` or
        ``majority_ignore:<label_keep>``.
    labels : int
        Number of labels m: a singleton's memorization is at most 1 - 1/m.

    Returns
    -------
    Spec

    Raises
    ------
    BadInput
        If there is no such learner, or its parameter is missing or not allowed.
    """
    spec = _parse(text, LEARNERS, "learner")
    check_labels(labels)
    if spec.kind == "limited":
        check_memorization_limit(spec.parameter or 0.0, labels, f"learner {text!r}")
    return spec


def check_labels(labels: int) -> None:
    """Refuse fewer than two labels."""
    if labels < 2:
        raise BadInput(f"labels: {labels} is not allowed; allowed: a whole number >= 2")


def check_settings(learner: str, settings: Sequence[float]) -> None:
    """Refuse an unknown trained classifier, or a setting that it does not take.

    Raises
    ------
    BadInput
        Naming the classifier, the setting and what is allowed.
    """
    if learner not in TRAINED:
        raise BadInput(f"classifier {learner!r} is not allowed; allowed: {', '.join(TRAINED)}")
    kind = TRAINED[learner]
    for value in settings:
        if not math.isfinite(value) or not kind.allowed(value):
            raise BadInput(f"setting {value:g} of {learner} is not allowed; allowed: {kind.meaning}")


def check_memorization_limit(limit: float, labels: int, where: str) -> None:
    """Refuse a memorization limit that no singleton can reach."""
    most = 1 - 1 / labels
    if not 0 <= limit <= most:
        raise BadInput(f"{where}: {limit:g} is not allowed; allowed: 0 to 1 - 1/labels = {most:g}")
