"""Equities: against full enumeration of pairs, an independent simulation, and the published matrix."""

import eval7
import numpy as np
import pytest

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.language.boards import LABEL_OF, Compare, play, strengths
from memgen.language.hands import DECK, HOLDINGS, LABELS, label


def test_labels_are_the_standard_ones():
    assert len(LABELS) == len(set(LABELS)) == 169
    sizes = np.bincount(LABEL_OF, minlength=169)
    expected = [6 if len(name) == 2 else 4 if name[2] == "s" else 12 for name in LABELS]
    assert sizes.tolist() == expected and len(set(HOLDINGS)) == 1326
    assert label("7d", "2c") == "72o" and label("2c", "7c") == "72s" and label("Th", "Td") == "TT"


def test_one_board_is_compared_as_by_two_plain_loops():
    board = ("Ah", "Kd", "7c", "7d", "2s")
    strength = strengths(board)
    legal = np.flatnonzero(strength >= 0)
    assert len(legal) == 47 * 46 // 2
    won, played = np.zeros((169, 169)), np.zeros((169, 169))
    for one in legal:
        for other in legal:
            if not set(HOLDINGS[one]) & set(HOLDINGS[other]):
                cell = LABEL_OF[one], LABEL_OF[other]
                won[cell] += (strength[one] > strength[other]) + 0.5 * (strength[one] == strength[other])
                played[cell] += 1
    found = Compare()(strength)
    np.testing.assert_array_equal(found[0], won)
    np.testing.assert_array_equal(found[1], played)


def simulate(first: str, second: str, count: int, random: np.random.Generator) -> tuple[float, float]:
    """Equity of one label against another, hand by hand: holdings, then a board, drawn at random."""
    ones = [pair for pair in HOLDINGS if label(*pair) == first]
    others = [pair for pair in HOLDINGS if label(*pair) == second]
    pairs = [(a, b) for a in ones for b in others if not set(a) & set(b)]
    results = []
    for index in random.integers(len(pairs), size=count):
        one, other = pairs[index]
        left = [card for card in DECK if card not in (*one, *other)]
        board = [eval7.Card(left[card]) for card in random.choice(48, 5, replace=False)]
        a, b = (eval7.evaluate([*board, *map(eval7.Card, pair)]) for pair in (one, other))
        results.append((a > b) + 0.5 * (a == b))
    return float(np.mean(results)), float(np.std(results, ddof=1) / np.sqrt(count))


def test_thirty_pairs_agree_with_an_independent_simulation():
    values, errors = play(2000, 0)
    np.testing.assert_allclose(values + values.T, 1, atol=1e-12)
    random = generator("test", "poker", "simulation")
    scores = []
    for _ in range(30):
        one, other = random.choice(169, 2, replace=False)
        mean, error = simulate(LABELS[one], LABELS[other], 500, random)
        scores.append((values[one, other] - mean) / np.hypot(errors[one, other], error))
    assert np.abs(scores).max() < 4, scores
    assert 0.4 < np.std(scores) < 1.8, "the standard errors are about right"


def test_too_few_boards_for_every_pair_are_refused():
    with pytest.raises(BadInput, match=r"^--boards 2: too few, \w+ v \w+ was played on none of them$"):
        play(2, 0)
