"""Tokens of prompts, and the prompts of a run as one prefix tree: a common beginning is stored once.

The state of a token in a causal network depends on the token and on those before it alone. So one pass over
the tree, in which every token sees its own ancestors, gives the states, and the gradients, of all the prompts
passed one by one. Two shots and nine names make 72 prompts of 60 tokens a tree of some 600.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from memgen.errors import BadInput

if TYPE_CHECKING:
    import torch

Tokens = tuple[int, ...]
ANSWERS = (" Yes", " No")


@dataclass(frozen=True)
class Prompts:
    """Tokens of one run's prompts: the prefix of all, maybe empty, and the rest of each."""

    prefix: Tokens
    queries: tuple[Tokens, ...]

    def whole(self) -> "Prompts":
        """The same prompts, nothing shared."""
        return Prompts((), tuple(self.prefix + query for query in self.queries))

    def select(self, rows: Sequence[int]) -> "Prompts":
        """Some of the prompts."""
        return Prompts(self.prefix, tuple(self.queries[row] for row in rows))


def tokenize(tokenizer: Any, texts: Sequence[str], longest: int) -> Prompts:
    """Tokens of the prompts of one run; BadInput if one has more than `longest`, which the model takes."""
    tokens = [tokenizer(text, padding=False, truncation=False)["input_ids"] for text in texts]
    most = max(map(len, tokens))
    if most > longest:
        raise BadInput(f"a prompt has {most} tokens; allowed: {longest}, which the model takes")
    shared = min(map(len, tokens)) - 1
    for position in range(shared):
        if len({row[position] for row in tokens}) > 1:
            shared = position
            break
    return Prompts(tuple(tokens[0][:shared]), tuple(tuple(row[shared:]) for row in tokens))


def answer_tokens(tokenizer: Any) -> tuple[int, int]:
    """Tokens of " Yes" and " No"; BadInput unless each is one known token, and they differ."""
    found = []
    for answer in ANSWERS:
        tokens = tokenizer(answer, add_special_tokens=False)["input_ids"]
        if len(tokens) != 1 or tokens[0] == tokenizer.unk_token_id:
            raise BadInput(f"tokenizer: {answer!r} is {len(tokens)} tokens; allowed: a single, known one")
        found.append(int(tokens[0]))
    if found[0] == found[1]:
        raise BadInput(f"tokenizer: {ANSWERS[0]!r} and {ANSWERS[1]!r} are one token; allowed: two")
    return found[0], found[1]


def padded(rows: Sequence[Sequence[int]], device: Any, fill: int = 0) -> "tuple[torch.Tensor, torch.Tensor]":
    """Rows of tokens padded on the right, shape (rows, longest), and their lengths."""
    import torch

    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.full((len(rows), int(lengths.max())), fill)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row, dtype=torch.long)
    return ids.to(device), lengths.to(device)


@dataclass(frozen=True, eq=False)
class PrefixTree:
    """Tokens of several prompts in an order in which each stands behind those that it sees."""

    tokens: Tokens
    #: Place of the token before each; -1 at the beginning.
    parents: Tokens
    #: Place of a token by the place before it and the token.
    nodes: dict[tuple[int, int], int]
    #: Place of the last token of a prompt by its query.
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
        """Places of the tokens of a prompt, or of its beginning."""
        found, at = [], -1
        for token in row:
            at = self.nodes[at, token]
            found.append(at)
        return found

    def places_in(self, larger: "PrefixTree") -> list[int]:
        """Places of all tokens in a tree that holds these and more."""
        found: list[int] = []
        for token, parent in zip(self.tokens, self.parents, strict=True):
            found.append(larger.nodes[-1 if parent < 0 else found[parent], token])
        return found


def prefix_tree(prompts: Prompts) -> PrefixTree:
    """Tree of some prompts; the same object for the same prompts in any order."""
    return _grown(prompts.prefix, tuple(sorted(set(prompts.queries))))


@lru_cache(maxsize=256)
def _grown(prefix: Tokens, queries: tuple[Tokens, ...]) -> PrefixTree:
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
    return PrefixTree(tuple(tokens), tuple(parents), nodes, ends)
