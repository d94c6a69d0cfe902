"""Disparate effect: the rarer and the longer-tailed subgroup pays more."""

from pathlib import Path

import pytest

from memgen.errors import BadInput
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies, joined
from memgen.longtail.stages.simulations import group_masses, subgroups
from memgen.longtail.tables import SUBGROUPS

FIXED = {"labels": 10, "memorization_limit": 0.5}


@pytest.mark.parametrize(
    ("domains", "weights", "samples", "costs"),
    [
        ([5000, 5000], [5 / 6, 1 / 6], 60000, [0.01465, 0.03530]),
        ([5000, 25000], [1 / 2, 1 / 2], 100000, [0.01465, 0.03100]),
    ],
)
def test_costs_of_the_theory(
    domains: list[int], weights: list[float], samples: int, costs: list[float]
) -> None:
    """The values of memorization, part A, to every digit given."""
    for domain, weight, cost in zip(domains, weights, costs, strict=True):
        _, once = group_masses(frequencies("zipf", domain), weight, samples)
        assert round((0.9 - 0.5) * once, 5) == cost


def test_subgroups_make_up_the_mixture() -> None:
    parts, weights = [frequencies("zipf", 30), frequencies("geometric:0.8", 20)], [0.7, 0.3]
    mixture, _ = joined("both", parts, weights)
    masses = [group_masses(part, weight, 80) for part, weight in zip(parts, weights, strict=True)]
    once = sum(weight * mass[1] for weight, mass in zip(weights, masses, strict=True))
    unseen = sum(weight * mass[0] for weight, mass in zip(weights, masses, strict=True))
    values = mixture.expanded()
    assert once == pytest.approx((values * 80 * values * (1 - values) ** 79).sum(), abs=1e-12)
    assert unseen == pytest.approx((values * (1 - values) ** 80).sum(), abs=1e-12)


def test_a_group_of_all_is_the_domain() -> None:
    drawn = frequencies("zipf", 100)
    unseen, once = group_masses(drawn, 1.0, 60)
    risk = Risk(drawn, 60, 10)
    assert (unseen, once) == (pytest.approx(risk.mass(0)), pytest.approx(risk.mass(1)))


def test_simulated_costs_are_within_four_standard_errors(tmp_path: Path) -> None:
    out = tmp_path / "subgroups.csv"
    subgroups(
        mixture="test",
        groups=["common", "rare", "long"],
        priors=["zipf", "zipf", "lognormal:2"],
        domains=[60, 60, 200],
        weights=[8, 1, 3],
        samples=600,
        repeats=3000,
        out=out,
        **FIXED,
    )
    table = SUBGROUPS.read(out)
    assert table["weight"].sum() == pytest.approx(1)
    deviation = ((table["cost_simulated"] - table["cost_closed"]) / table["standard_error"]).abs()
    assert deviation.max() < 4
    assert table["cost_closed"][1] > table["cost_closed"][0], "the rarer group pays more"


@pytest.mark.parametrize(
    "change",
    [
        {"weights": [1.0]},
        {"weights": [1.0, 0.0]},
        {"priors": ["zipf", "best"]},
        {"memorization_limit": 0.95},
        {"repeats": 1},
    ],
)
def test_bad_mixtures_are_refused_and_leave_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    arguments = {
        "mixture": "test",
        "groups": ["one", "other"],
        "priors": ["zipf", "zipf"],
        "domains": [5, 5],
        "weights": [1.0, 2.0],
        "samples": 10,
        "repeats": 2,
        **FIXED,
        **change,
    }
    with pytest.raises(BadInput, match=r"allowed|differ"):
        subgroups(**arguments, out=tmp_path / "subgroups.csv")
    assert not list(tmp_path.iterdir())
