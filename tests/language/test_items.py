"""Items: names of the right kind, drawn by seed alone, with an anchor pair outside, and their questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.language.items import FAKE_TEAMS, FAMILIES, REAL_TEAMS, Sample, largest_hierarchy, sample
from memgen.language.prompts import prompt, prompts
from memgen.relational.hierarchy import ordered_pairs

TEAMS = ["fake", "real"]
SAMPLES = st.tuples(st.sampled_from(TEAMS), st.integers(3, 28), st.integers(0, 10_000))


def test_families_have_enough_distinct_names():
    assert len(set(REAL_TEAMS)) == 30 and len(set(FAKE_TEAMS)) == len(FAKE_TEAMS) >= 30
    fake, real = (set(" ".join(names).lower().split()) for names in (FAKE_TEAMS, REAL_TEAMS))
    assert not fake & real


@given(SAMPLES)
def test_sample_depends_on_its_key_alone_and_its_anchor_is_real_and_outside(key):
    items, n, seed = key
    drawn = sample(*key)
    assert len(set(drawn.names)) == len(drawn.names) == n
    assert set(drawn.names) <= set(FAMILIES[items].names)
    assert len(set(drawn.anchor)) == 2
    assert set(drawn.anchor) <= set(REAL_TEAMS) - set(drawn.names)
    assert drawn.ranked(reverse=False) == drawn.names == drawn.ranked(reverse=True)[::-1]
    sample(items, n, seed + 1)
    assert sample(*key) == drawn


def test_the_largest_hierarchy_fits_and_what_is_not_there_is_refused():
    for items in TEAMS:
        most = largest_hierarchy(items)
        assert len(sample(items, most, 0).names) == most
        with pytest.raises(BadInput, match=f"allowed: 2 to {most}$"):
            sample(items, most + 1, 0)
    for items, message in (("chess", "allowed: real, fake, poker"), ("poker", "drawn by their equities")):
        with pytest.raises(BadInput, match=message):
            sample(items, 9, 0)


def test_wording_is_the_protocols():
    assert prompt(("W", "L"), "X", "Y") == (
        "Q: Will the W win against the L? A: Yes. Q: Will the L win against the W? A: No. "
        "Q: Will the X win against the Y? A:"
    )
    assert prompt(("AA", "72o"), "KQs", "55", "hands") == (
        "We consider pre-flop all-in heads-up. Q: Is AA likely to win against 72o? A: Yes. "
        "Q: Is 72o likely to win against AA? A: No. Q: Is KQs likely to win against 55? A:"
    )


def test_every_ordered_pair_is_asked_once():
    drawn = Sample(("A", "B", "C", "D"), ("W", "L"))
    for reverse in (False, True):
        names, asked = drawn.ranked(reverse), prompts(drawn, reverse)
        assert len(set(asked)) == len(asked) == 12
        for (first, second), text in zip(ordered_pairs(4), asked, strict=True):
            assert text.endswith(f"Will the {names[first]} win against the {names[second]}? A:")
