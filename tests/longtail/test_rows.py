"""The words that tables allow are those that the commands take."""

from memgen.longtail.rows import LEARNERS
from memgen.longtail.specs import LEARNERS as SIMULATED
from memgen.longtail.specs import TRAINED
from memgen.longtail.tables import SIMULATION


def test_every_learner_has_its_place_in_the_tables() -> None:
    assert tuple(TRAINED) == LEARNERS
    assert tuple(SIMULATED) == SIMULATION.columns["learner"].allowed
