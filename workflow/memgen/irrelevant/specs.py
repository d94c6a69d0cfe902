"""Which defences and attacks there are for which learner; computes nothing and imports nothing heavy."""

import math
from collections.abc import Callable, Sequence

from memgen.errors import BadInput

#: Defences that each learner can have.
DEFENCES = {
    "logistic": ("weight_decay", "noise", "early_stopping", "no_momentum"),
    "network": ("weight_decay", "noise", "early_stopping", "no_momentum", "fewer_parameters"),
    "transformer": ("weight_decay", "early_stopping"),
}

#: Attacks that each learner can meet.
ATTACKS = {
    "logistic": ("sign", "informed_sign", "coordinate_ascent", "weight_signs", "gradient_inversion"),
    "network": ("sign", "informed_sign", "coordinate_ascent"),
    "transformer": ("prefix",),
}

#: Different messages that letters can hold, half of them complaints.
MOST_LETTERS = 192


def _count(value: float) -> bool:
    return value >= 1 and value == int(value)


#: What the strength of each kind of defence is, and whether a finite value is allowed.
STRENGTHS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "weight_decay": ("a weight decay >= 0", lambda value: value >= 0),
    "noise": ("a standard deviation >= 0, in units of the clipped gradient", lambda value: value >= 0),
    "early_stopping": ("a whole number of steps >= 1", _count),
    "no_momentum": ("a learning rate > 0", lambda value: value > 0),
    "fewer_parameters": ("a whole number of hidden units >= 1", _count),
}


def check_learner(learner: str) -> None:
    """Refuse an unknown learner."""
    if learner not in DEFENCES:
        raise BadInput(f"learner: {learner!r} is not allowed; allowed: {', '.join(DEFENCES)}")


def check_defence(learner: str, name: str, kind: str, strength: float) -> None:
    """Refuse a defence that a learner does not have, or a strength that it does not take.

    Raises
    ------
    BadInput
        Naming the defence and what is allowed.
    """
    check_learner(learner)
    if kind == "none":
        return
    if kind not in DEFENCES[learner]:
        raise BadInput(
            f"{name!r}: {learner} has no defence {kind}; allowed: {', '.join(('none', *DEFENCES[learner]))}"
        )
    meaning, fits = STRENGTHS[kind]
    if not math.isfinite(strength) or not fits(strength):
        raise BadInput(f"{name!r}: {strength:g} is not allowed; allowed: {meaning}")


def check_attacks(learner: str, attacks: Sequence[str]) -> None:
    """Refuse an attack that cannot be made on a learner."""
    check_learner(learner)
    for attack in attacks:
        if attack not in ATTACKS[learner]:
            raise BadInput(f"{attack!r} cannot be made on {learner}; allowed: {', '.join(ATTACKS[learner])}")


def check_letters(training: int, tests: int, digits: int, drawn: int) -> None:
    """Refuse more letters than there are messages, and more numbers than there are of some digits.

    Raises
    ------
    BadInput
        Saying how many are allowed.
    """
    if training + tests > MOST_LETTERS:
        raise BadInput(
            f"letters: {training} for training and {tests} tests; allowed: {MOST_LETTERS} together, each "
            "with a message of its own"
        )
    if drawn > 10**digits - 1:
        raise BadInput(f"drawn: {drawn} numbers of {digits} digits; allowed: 1 to {10**digits - 1}")
