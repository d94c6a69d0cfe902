"""How networks are trained; the learners in closed form need none of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """Size and training of a network.

    Parameters
    ----------
    hidden : int
        Hidden units.
    steps : int
        Steps, each on all examples.
    learning_rate : float
        Of Adam for plain networks, of gradient descent with momentum 0.9 for private ones.
    clip : float
        Largest norm of one example's gradient, for private ones.
    delta : float
        Delta of the differential privacy, for private ones.
    """

    hidden: int = 64
    steps: int = 150
    learning_rate: float = 0.005
    clip: float = 1.0
    delta: float = 1e-5
