"""The prompts of a run as one tree of tokens: what several of them begin with stands there once.

A causal network's state of a token depends on the token and on those before it alone. So one pass over the
tree, in which every token sees its own ancestors, gives the states, and the gradients, of all the prompts
passed one by one. Two shots and nine names make 72 prompts of 60 tokens a tree of some 600.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Tokens = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Tree:
    """Tokens in an order in which each stands behind those that it sees.

    Parameters
    ----------
    tokens : tuple of int, length t
    parents : tuple of int, length t
        Place of the token before; -1 at the beginning.
    nodes : dict
        Place of a token by the place before it and the token.
    ends : dict
        Place of the last token of a prompt by its query.
    """

    tokens: Tokens
    parents: Tokens
    nodes: dict[tuple[int, int], int]
    ends: dict[Tokens, int]

    def positions(self) -> np.ndarray:
        """Place of every token in its prompt; shape (t,)."""
        found: list[int] = []
        for parent in self.parents:
            found.append(0 if parent < 0 else found[parent] + 1)
        return np.array(found)

    def sees(self) -> np.ndarray:
        """Whether the token of a row sees that of a column; bool, shape (t, t)."""
        count = len(self.tokens)
        found = np.zeros((count, count), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                found[node] = found[parent]
            found[node, node] = True
        return found

    def path(self, row: Tokens) -> list[int]:
        """Places of the tokens of a prompt, or of its beginning, that the tree holds."""
        found, at = [], -1
        for token in row:
            at = self.nodes[at, token]
            found.append(at)
        return found

    def places_in(self, larger: "Tree") -> list[int]:
        """Places of all tokens in a tree that holds these and more."""
        found: list[int] = []
        for token, parent in zip(self.tokens, self.parents, strict=True):
            found.append(larger.nodes[-1 if parent < 0 else found[parent], token])
        return found


def tree_of(prefix: Tokens, queries: Sequence[Tokens]) -> Tree:
    """Tree of some prompts; the same object for the same prompts, in whatever order.

    Parameters
    ----------
    prefix : tuple of int
        What all begin with.
    queries : sequence of tuple of int
        The rest of each.
    """
    return _grown(prefix, tuple(sorted(set(queries))))


@lru_cache(maxsize=256)
def _grown(prefix: Tokens, queries: tuple[Tokens, ...]) -> Tree:
    tokens, parents = list(prefix), list(range(-1, len(prefix) - 1))
    ends = {}
    nodes = {(place - 1, token): place for place, token in enumerate(prefix)}
    for query in queries:
        at = len(prefix) - 1
        for token in query:
            node = nodes.setdefault((at, token), len(tokens))
            if node == len(tokens):
                tokens.append(token)
                parents.append(at)
            at = node
        ends[query] = at
    return Tree(tuple(tokens), tuple(parents), nodes, ends)
