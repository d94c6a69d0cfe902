"""Items: teams as sampled, hands whose equities agree with the ranks; anchor pairs, and the questions."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.language.boards import equity
from memgen.language.hands import LABELS
from memgen.language.items import FAKE_TEAMS, FAMILIES, REAL_TEAMS, Sample, largest_hierarchy, sample
from memgen.language.lineups import BAND, Equities, chain, read_samples
from memgen.language.prompts import prompt, prompts
from memgen.language.stages.lineups import lineups
from memgen.language.tables import EQUITY
from memgen.relational.hierarchy import Hierarchy, ordered_pairs

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


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("equity") / "equity.parquet"
    equity(boards=1500, seed=0, out=path)
    return path


@pytest.mark.parametrize(
    ("n", "exceptions", "ordered"),
    [(9, [], False), (9, ["5:3"], True), (11, ["7:3"], False), (9, ["2:0", "8:6"], False)],
)
def test_hands_win_as_the_ranks_and_the_exceptions_say(tmp_path, table, n, exceptions, ordered):
    """Where ordered, the plain hierarchy has 35 true pairs of 36: the exception alone tells the two apart."""
    out = tmp_path / "lineup.parquet"
    seeds = {"first_seed": 0, "last_seed": 19}
    lineups(items="poker", n=n, exceptions=exceptions, ordered=ordered, equity=table, out=out, **seeds)
    items, drawn = read_samples(out, 0, 19)
    assert items == "poker" and len({one.names for one in drawn}) > 15
    assert min(len({one.names[rank] for one in drawn}) for rank in range(n)) > 3
    equities = Equities.read(table)
    hierarchy = Hierarchy.of(n, exceptions)
    for one in drawn:
        assert one.anchor == ("AA", "72o") and one.wording == "hands"
        assert len(set(one.names)) == n and not set(one.names) & set(one.anchor)
        place = [equities.labels.index(name) for name in one.names]
        pairs = hierarchy.training_pairs() if exceptions else hierarchy.unordered_pairs()
        for winner, loser in pairs:
            assert BAND[0] <= equities.equity[place[winner], place[loser]] <= BAND[1]
        for h, k in hierarchy.unordered_pairs() if ordered else ():
            assert (k, h) in hierarchy.exceptions or equities.equity[place[h], place[k]] >= BAND[0]


def test_what_no_hands_fit_is_refused(tmp_path, table):
    count = 12
    strength = np.where(np.arange(count)[:, None] < np.arange(count)[None], 0.55, 0.45)
    equities = Equities(LABELS[:count], strength, np.zeros((count, count)))
    random = generator("test")
    assert chain(equities, Hierarchy(count), random) == LABELS[:count]
    with pytest.raises(BadInput, match="no chain of 5 hands with exceptions 3:1"):
        chain(equities, Hierarchy(5, ((3, 1),)), random)
    with pytest.raises(BadInput, match="exceptions 3:1, every other pair in order, was found"):
        chain(equities, Hierarchy(5, ((3, 1),)), random, ordered=True)
    with pytest.raises(BadInput, match="no chain of 12 hands"):
        chain(equities, Hierarchy(count), random, without=[LABELS[3]])
    with pytest.raises(BadInput, match="--equity is missing"):
        lineups(items="poker", n=9, first_seed=0, last_seed=0, out=tmp_path / "x.parquet")
    EQUITY.write(EQUITY.read(table).head(-1), tmp_path / "part.parquet")
    with pytest.raises(BadInput, match="allowed: each pair once"):
        Equities.read(tmp_path / "part.parquet")


def test_teams_are_sampled_and_read_back(tmp_path):
    out = tmp_path / "lineup.parquet"
    lineups(items="real", n=9, first_seed=2, last_seed=5, out=out)
    assert read_samples(out, 3, 4) == ("real", [sample("real", 9, seed) for seed in (3, 4)])
    with pytest.raises(BadInput, match="no items of seed 6; allowed: 2 to 5"):
        read_samples(out, 5, 6)
    pl.read_parquet(out).head(5).write_parquet(out)
    with pytest.raises(BadInput, match="allowed: 0 to 8"):
        read_samples(out, 2, 2)
