"""Trees of prompts: every prompt is a path, nothing stands twice, and a token sees its own beginning."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memgen.engine.prompts import prefix_tree as tree_of

ROWS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple), min_size=1, max_size=8)
PREFIX = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple)


@given(PREFIX, ROWS)
def test_every_prompt_is_a_path(prefix: tuple, queries: list) -> None:
    tree = tree_of(prefix, queries)
    sees, positions = tree.sees(), tree.positions()
    for query in queries:
        row = prefix + query
        path = tree.path(row)
        assert tuple(tree.tokens[node] for node in path) == row
        assert positions[path].tolist() == list(range(len(row)))
        for place, node in enumerate(path):
            assert np.flatnonzero(sees[node]).tolist() == sorted(path[: place + 1])
    beginnings = {(prefix + query)[:end] for query in queries for end in range(1, len(prefix + query) + 1)}
    assert len(tree.tokens) == len(beginnings), "every common beginning stands once"


@given(PREFIX, ROWS, st.data())
def test_some_prompts_are_found_in_the_tree_of_all(prefix: tuple, queries: list, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(queries), min_size=1, max_size=8))
    large, small = tree_of(prefix, queries), tree_of(prefix, chosen)
    places = small.places_in(large)
    for query in chosen:
        assert [places[node] for node in small.path(prefix + query)] == large.path(prefix + query)
    assert tree_of(prefix, queries[::-1]) is large, "the same prompts in another order are the same tree"
