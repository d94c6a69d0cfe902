"""Hierarchies: components, pair classes and truth against theory.md's words, and how they are written."""

import numpy as np
from hypothesis import given
from tests.relational.reference import hierarchies

from memgen.relational.hierarchy import PAIR_CLASSES, Hierarchy


@given(task=hierarchies(largest=14))
def test_components_by_flooding(task):
    """Reference: items are joined if some loop holds both, transitively."""
    n, exceptions = task
    loops = [set(range(loser, winner + 1)) for winner, loser in exceptions]
    for _ in loops:
        loops = [set().union(*(other for other in loops if other & loop)) for loop in loops]
    expected = {(min(loop), max(loop)) for loop in loops}
    assert set(Hierarchy(n, tuple(exceptions)).components) == expected


@given(task=hierarchies(largest=14))
def test_classes_and_truth_as_the_theory_words_them(task):
    n, exceptions = task
    hierarchy = Hierarchy(n, tuple(exceptions))
    components = [set(range(first, last + 1)) for first, last in hierarchy.components]
    for h, k in hierarchy.unordered_pairs():
        inside = [component for component in components if {h, k} & component]
        between = any(h < min(component) and max(component) < k for component in components)
        if k == h + 1:
            expected = "train"
        elif not exceptions:
            expected = "test"
        elif (k, h) in exceptions:
            expected = "exception"
        elif any({h, k} <= component for component in components):
            expected = "loop"
        else:
            expected = "boundary" if inside else "cross" if between else "within"
        found = hierarchy.pair_class(h, k)
        assert found == expected == hierarchy.pair_class(k, h) and found in PAIR_CLASSES
        truth = {"loop": None, "exception": -1}.get(found, 1)
        assert hierarchy.truth(h, k) == truth
        assert hierarchy.truth(k, h) == (None if truth is None else -truth)
        assert hierarchy.trained(h, k) == (found in ("train", "exception"))
    trained = [pair for pair in hierarchy.unordered_pairs() if hierarchy.trained(*pair)]
    assert sorted(tuple(sorted(pair)) for pair in hierarchy.training_pairs()) == trained
    assert all(hierarchy.truth(*pair) == 1 for pair in hierarchy.training_pairs())


def test_a_hierarchy_of_whatever_holds_it():
    expected = Hierarchy(9, ((5, 3), (8, 6)))
    for exceptions in ("5:3 8:6", ["5:3", "8:6"], ("5:3", (8, 6)), np.array([[5, 3], [8, 6]])):
        assert Hierarchy.of(9, exceptions) == expected and expected.label == "5:3 8:6"
    for nothing in (None, "", [], np.empty((0, 2), dtype=int)):
        assert Hierarchy.of(np.int64(9), nothing) == Hierarchy(9)
