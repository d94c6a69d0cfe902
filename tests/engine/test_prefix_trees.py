"""Trees of prompts: every prompt is a path, nothing stands twice, and a token sees its own beginning."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memgen.engine.prompts import Prompts, prefix_tree

ROWS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple), min_size=1, max_size=8)
PREFIX = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple)
PROMPTS = st.builds(Prompts, PREFIX, ROWS.map(tuple))


@given(PROMPTS)
def test_every_prompt_is_a_path(prompts):
    tree, rows = prefix_tree(prompts), prompts.whole().queries
    sees, positions = tree.sees(), tree.positions()
    for row in rows:
        path = tree.path(row)
        assert tuple(tree.tokens[node] for node in path) == row
        assert positions[path].tolist() == list(range(len(row)))
        for place, node in enumerate(path):
            assert np.flatnonzero(sees[node]).tolist() == sorted(path[: place + 1])
    beginnings = {row[:end] for row in rows for end in range(1, len(row) + 1)}
    assert len(tree.tokens) == len(beginnings), "every common beginning stands once"


@given(PROMPTS, st.data())
def test_some_prompts_are_found_in_the_tree_of_all(prompts, data):
    chosen = data.draw(st.lists(st.sampled_from(range(len(prompts.queries))), min_size=1, max_size=8))
    some = prompts.select(chosen)
    large, small = prefix_tree(prompts), prefix_tree(some)
    places = small.places_in(large)
    for row in some.whole().queries:
        assert [places[node] for node in small.path(row)] == large.path(row)
    turned = Prompts(prompts.prefix, prompts.queries[::-1])
    assert prefix_tree(turned) is large, "the same prompts in another order are the same tree"
