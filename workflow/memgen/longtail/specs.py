"""Names of priors, learners and classifiers with their parameter: ``zipf``, ``geometric:0.99``, ``ignore:2``.

The configuration, the command line and the tables use the same names.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from memgen.errors import BadInput

Structure: TypeAlias = Literal["gaussian", "hypercube"]
"""Kind of cluster."""
STRUCTURES: tuple[str, ...] = get_args(Structure)


@dataclass(frozen=True)
class Kind:
    """What the parameter of a prior, learner or classifier means, where it has one, and which are allowed."""

    meaning: str | None = None
    allowed: Callable[[float], bool] = lambda value: True
    default: float | None = None


@dataclass(frozen=True)
class Spec:
    """One prior or learner: its kind and its parameter, None where it has none."""

    kind: str
    parameter: float | None

    @property
    def value(self) -> float:
        """The parameter as a number."""
        return self.parameter or 0.0


def _count(value: float) -> bool:
    return value >= 1 and value == int(value)


_KEEP = Kind("a label_keep of 0 or in [0.1, 1]", lambda value: value == 0 or 0.1 <= value <= 1)

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
    "majority": _KEEP,
    "majority_ignore": _KEEP,
}

#: Classifiers that are trained on clustered data, and what regularizes each.
CLASSIFIERS = {
    "ridge": Kind("a ridge > 0, in units of the mean squared length of an example", lambda value: value > 0),
    "neighbours": Kind("a whole number of neighbours >= 1", _count),
    "network": Kind("a weight decay >= 0", lambda value: value >= 0),
    "private_network": Kind(
        "a noise multiplier >= 0, in units of the clipped gradient", lambda value: value >= 0
    ),
}


def _parse(text: str, kinds: Mapping[str, Kind], what: str) -> Spec:
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
    """Read the name of a prior, or refuse it: a key of `PRIORS`, with its parameter after a colon."""
    return _parse(text, PRIORS, "prior")


def parse_learner(text: str, labels: int) -> Spec:
    """Read the name of a learner of m labels, or refuse it: a key of `LEARNERS`, with its parameter."""
    spec = _parse(text, LEARNERS, "learner")
    if labels < 2:
        raise BadInput(f"labels: {labels} is not allowed; allowed: a whole number >= 2")
    if spec.kind == "limited":
        check_memorization_limit(spec.value, labels, f"learner {text!r}")
    return spec


def check_settings(classifier: str, settings: Sequence[float]) -> None:
    """Refuse a setting that a classifier does not take."""
    kind = CLASSIFIERS[classifier]
    for value in settings:
        if not kind.allowed(value):
            raise BadInput(f"setting {value:g} of {classifier} is not allowed; allowed: {kind.meaning}")


def check_memorization_limit(limit: float, labels: int, where: str) -> None:
    """Refuse a memorization limit that no singleton can reach."""
    most = 1 - 1 / labels
    if not 0 <= limit <= most:
        raise BadInput(f"{where}: {limit:g} is not allowed; allowed: 0 to 1 - 1/labels = {most:g}")
