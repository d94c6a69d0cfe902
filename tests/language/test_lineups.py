"""Lineups: teams as sampled; hands whose equities agree with the ranks and the exceptions."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.language.hands import LABELS
from memgen.language.items import sample
from memgen.language.lineups import BAND, Equities, block_of, chain, read_samples
from memgen.language.stages.equity import equity
from memgen.language.stages.lineups import lineups
from memgen.language.tables import EQUITY
from memgen.relational.hierarchy import Hierarchy


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
    items, drawn = read_samples(out)
    assert items == "poker" and len({one.names for one in drawn.values()}) > 15
    assert min(len({one.names[rank] for one in drawn.values()}) for rank in range(n)) > 3
    equities = Equities.read(table)
    hierarchy = Hierarchy.of(n, exceptions)
    for one in drawn.values():
        assert one.anchor == ("AA", "72o") and one.wording == "hands"
        assert len(set(one.names)) == n and not set(one.names) & set(one.anchor)
        place = [equities.labels.index(name) for name in one.names]
        pairs = hierarchy.training_pairs() if exceptions else hierarchy.unordered_pairs()
        for winner, loser in pairs:
            assert BAND[0] <= equities.equity[place[winner], place[loser]] <= BAND[1]
        for pair in hierarchy.unordered_pairs() if ordered else ():
            assert (
                pair[::-1] in hierarchy.exceptions
                or equities.equity[place[pair[0]], place[pair[1]]] >= BAND[0]
            )


def test_what_no_hands_fit_is_refused():
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


def test_teams_are_sampled_and_read_back(tmp_path):
    out = tmp_path / "lineup.parquet"
    lineups(items="real", n=9, first_seed=2, last_seed=5, out=out)
    items, drawn = read_samples(out)
    assert items == "real" and drawn == {seed: sample("real", 9, seed) for seed in range(2, 6)}
    assert block_of(drawn, 3, 4, out) == [drawn[3], drawn[4]]
    with pytest.raises(BadInput, match="no items of seed 6; allowed: 2 to 5"):
        block_of(drawn, 5, 6, out)
    pl.read_parquet(out).head(5).write_parquet(out)
    with pytest.raises(BadInput, match="allowed: 0 to 8"):
        read_samples(out)


def test_bad_input_is_refused(tmp_path, table):
    for items, last, message in (("poker", 1, "--equity is missing"), ("fake", 0, "0 <= first <= last")):
        with pytest.raises(BadInput, match=message):
            lineups(items=items, n=9, first_seed=1, last_seed=last, out=tmp_path / "x.parquet")
    EQUITY.write(EQUITY.read(table).head(-1), tmp_path / "part.parquet")
    with pytest.raises(BadInput, match="allowed: each pair once"):
        Equities.read(tmp_path / "part.parquet")
