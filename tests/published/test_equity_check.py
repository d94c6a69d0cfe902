"""The published matrix against every fixed suit: assignments by plain loops, a planted matrix explained."""

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from memgen.errors import BadInput
from memgen.language.boards import equity, strengths
from memgen.language.hands import HOLDINGS, LABELS, label
from memgen.published.equity_check import Assignments, assigned, equity_check, kind, read_matrix
from memgen.published.tables import EQUITY_CLASSES, EQUITY_SUITS

BOARD = ("Ah", "Kd", "7c", "7d", "2s")


@pytest.mark.parametrize("pair", [("T7s", "T4s"), ("66", "Q6s"), ("AKo", "72o"), ("33", "44")])
def test_assignments_hold_every_deal_once(pair):
    ways = Assignments.of(*pair)
    deals = set(zip(ways.first.tolist(), ways.second.tolist(), strict=True))
    sizes = [sum(label(*held) == name for held in HOLDINGS) for name in pair]
    assert len(deals) == len(ways.first) == sizes[0] * sizes[1]
    ends = [*ways.starts[1:], len(ways.first)]
    strength = strengths(BOARD)
    found = ways.on(strength)
    for place, (start, end) in enumerate(zip(ways.starts, ends, strict=True)):
        won = played = 0.0
        for i, j in zip(ways.first[start:end], ways.second[start:end], strict=True):
            assert bool(set(HOLDINGS[i]) & set(HOLDINGS[j])) == ways.shared[place]
            if strength[i] >= 0 and strength[j] >= 0:
                won += (strength[i] > strength[j]) + 0.5 * (strength[i] == strength[j])
                played += 1
        assert found[:, place].tolist() == [won, played]


def planted(folder: Path) -> Path:
    """Our own equities, but the entries of suited hands at one fixed assignment; lower cards first."""
    equity(boards=150, seed=0, out=folder / "equity.parquet")
    table = pl.read_parquet(folder / "equity.parquet").sort("first", "second")
    matrix = table["equity"].to_numpy().reshape(169, 169).copy()
    suited = [name for name in LABELS if kind(name) == "suited"][:4]
    pairs = list(itertools.combinations(suited, 2))
    for pair, (ways, values, _) in zip(pairs, assigned(pairs, 4000, 5), strict=True):
        # One suit for both hands: their first assignment but for the order of names.
        one_suit = [len(set(name) & set("cdhs")) == 1 for name in ways.names]
        i, j = (LABELS.index(name) for name in pair)
        matrix[i, j] = values[np.flatnonzero(one_suit)[0]]
        matrix[j, i] = 1 - matrix[i, j]
    turned = [f"{name[1]}{name[0]}o" if kind(name) == "offsuit" else name for name in LABELS]
    pl.DataFrame({"": turned, **dict(zip(turned, matrix.T, strict=True))}).write_csv(folder / "matrix.csv")
    return folder / "matrix.csv"


def test_a_planted_assignment_is_found(tmp_path):
    matrix = planted(tmp_path)
    paths = {"classes": tmp_path / "classes.csv", "suits": tmp_path / "suits.csv"}
    equity_check(equity=tmp_path / "equity.parquet", published=matrix, boards=600, entries=2, seed=0, **paths)
    classes, suits = EQUITY_CLASSES.read(paths["classes"]), EQUITY_SUITS.read(paths["suits"])
    assert classes.height == 12 and classes["n_entries"].sum() == 169 * 168 // 2
    others = classes.filter((pl.col("first_class") != "suited") | (pl.col("second_class") != "suited"))
    assert others["mean_absolute_difference"].drop_nulls().max() == 0, "only suited hands were changed"
    assert classes["mean_absolute_difference"].max() > 0
    assert suits.height == 2 * 11 and suits["explained"].mean() > 0.8


def test_another_table_is_refused(tmp_path):
    (tmp_path / "m.csv").write_text(",AA,KK\nAA,0.5,0.8\nKK,0.2,0.5\n")
    with pytest.raises(BadInput, match="2 x 2 labels; allowed: the 169 hands"):
        read_matrix(tmp_path / "m.csv")


def test_the_published_matrix_deals_cards_twice(shared):
    """T7s v T4s: no legal assignment comes near the published entry, one suit for both hands does."""
    matrix = read_matrix(shared / "published/poker/preflop_equity.csv")
    pairs = [("T7s", "T4s"), ("A5s", "72s")]
    for pair, (ways, values, errors) in zip(pairs, assigned(pairs, 6000, 0), strict=True):
        published = matrix[LABELS.index(pair[0]), LABELS.index(pair[1])]
        one_suit = np.array([len(set(name) & set("cdhs")) == 1 for name in ways.names])
        score = np.abs(values - published) / errors
        assert score[one_suit].max() < 4
        assert score[~one_suit].min() > 4, "other suits do not explain it"
