"""Items: names of the right kind, drawn by seed alone, with an anchor pair outside the hierarchy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.language.items import FAKE_TEAMS, FAMILIES, REAL_TEAMS, largest_hierarchy, sample

TEAMS = ["fake", "real"]
SAMPLES = st.tuples(st.sampled_from(TEAMS), st.integers(3, 28), st.integers(0, 10_000))


def test_families_have_enough_distinct_names() -> None:
    assert len(set(REAL_TEAMS)) == 30
    assert len(set(FAKE_TEAMS)) == len(FAKE_TEAMS) >= 30
    for fake in FAKE_TEAMS:
        assert not {word.lower() for word in fake.split()} & {
            word.lower() for real in REAL_TEAMS for word in real.split()
        }


@given(SAMPLES)
def test_sample_is_distinct_and_its_anchor_is_real_and_outside(key: tuple[str, int, int]) -> None:
    items, n, _ = key
    drawn = sample(*key)
    assert len(set(drawn.names)) == len(drawn.names) == n
    assert set(drawn.names) <= set(FAMILIES[items].names)
    assert len(set(drawn.anchor)) == 2
    assert set(drawn.anchor) <= set(REAL_TEAMS) - set(drawn.names)


@given(SAMPLES)
def test_sample_depends_on_its_key_alone(key: tuple[str, int, int]) -> None:
    first = sample(*key)
    sample(key[0], key[1], key[2] + 1)
    assert sample(*key) == first


def test_reverse_turns_the_ranks_round_and_nothing_else() -> None:
    drawn = sample("real", 9, 4)
    assert drawn.ranked(reverse=False) == drawn.names
    assert drawn.ranked(reverse=True) == tuple(reversed(drawn.names))


@pytest.mark.parametrize("items", TEAMS)
def test_the_largest_hierarchy_fits_and_one_more_is_refused(items: str) -> None:
    most = largest_hierarchy(items)
    assert len(sample(items, most, 0).names) == most
    with pytest.raises(BadInput, match=f"allowed: 2 to {most}$"):
        sample(items, most + 1, 0)


def test_unknown_items_are_refused() -> None:
    with pytest.raises(BadInput, match="allowed: real, fake, poker"):
        sample("chess", 9, 0)


def test_hands_are_not_drawn_like_teams() -> None:
    with pytest.raises(BadInput, match="drawn by their equities"):
        sample("poker", 9, 0)
