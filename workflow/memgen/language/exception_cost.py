"""What learning an exception costs a ridge probe on one representation: as found, and as the theory predicts.

A representation enters through its kernel over ordered pairs, in the order of
`relational.kernels.ordered_pairs`. Features of pairs have an additive part, one vector for each first and
each second item, and a pair part, the rest. The measured conjunctivity of features is n / (n - 2) times the
pair part's share of the antisymmetric variance.
"""

from collections.abc import Sequence

import numpy as np

from memgen.errors import BadInput
from memgen.language.probing import contrast, places, predict
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import measure, ordered_pairs
from memgen.relational.ranks import gamma, ranks_at


def difference(kernel: np.ndarray, n: int) -> np.ndarray:
    """Kernel of half the difference between the features of a pair's two directions; as for `mixtures`.

    In it cancels by how much first items are more alike than second ones, or less. The theory assumes that
    they are equally alike (theory: Kernel family).
    """
    pairs = ordered_pairs(n)
    back = places(n)[pairs[:, 1], pairs[:, 0]]
    half = (kernel - kernel[back]) / 2
    found: np.ndarray = (half - half[:, back]) / 2
    return found


def mixtures(kernel: np.ndarray, n: int, conjunctivities: Sequence[float]) -> list[np.ndarray]:
    """Kernels of the two parts of some features, weighted to given conjunctivities and a scale of 1.

    Each is the kernel of the additive and the pair part side by side, both divided by their own scale. The
    additive part alone measures 0, the pair part alone n / (n - 2).

    Parameters
    ----------
    kernel : ndarray, shape (n (n - 1), n (n - 1))
        Of features.
    n : int
        Number of items, >= 3.
    conjunctivities : sequence of float
        In [0, 1).
    """
    pairs = ordered_pairs(n)
    design = np.concatenate([np.eye(n)[pairs[:, 0]], np.eye(n)[pairs[:, 1], 1:]], axis=1)
    additive = design @ np.linalg.solve(design.T @ design, design.T)
    parts = []
    for projection in (additive, np.eye(len(pairs)) - additive):
        part = projection @ kernel @ projection.T
        part = (part + part.T) / 2
        parts.append(part / measure(part, n).scale)
    shares = [conjunctivity * (n - 2) / n for conjunctivity in conjunctivities]
    return [(1 - share) * parts[0] + share * parts[1] for share in shares]


def probe_margins(kernel: np.ndarray, hierarchy: Hierarchy, orders: np.ndarray, ridge: float) -> np.ndarray:
    """Margins of a ridge probe, the items holding the ranks in some orders.

    Parameters
    ----------
    kernel : ndarray, shape (n (n - 1), n (n - 1))
    hierarchy : Hierarchy
        Of n items.
    orders : ndarray of int, shape (o, n)
        The item at every rank.
    ridge : float
        Effective, > 0.

    Returns
    -------
    ndarray, shape (o, n (n - 1) / 2)
        M(h, k) of every pair h < k, in target units.

    Raises
    ------
    BadInput
        If the kernel does not tell a pair from its reverse.
    """
    place = places(hierarchy.n)
    ranks = np.array(list(hierarchy.training_pairs()))
    ranks = np.concatenate([ranks, ranks[:, ::-1]])
    target = np.repeat([1.0, -1.0], len(ranks) // 2)
    higher, lower = np.triu_indices(hierarchy.n, 1)
    found = []
    for order in orders:
        trained, reverse = (place[order[one], order[other]] for one, other in (ranks.T, ranks.T[::-1]))
        scale = contrast(kernel, trained, reverse)
        if not scale > 0:
            raise BadInput("kernel: does not tell a v b from b v a; allowed: ones that do")
        answers = predict(kernel / scale, trained, target, ridge)
        ahead, back = place[order[higher], order[lower]], place[order[lower], order[higher]]
        found.append((answers[ahead] - answers[back]) / 2)
    return np.array(found)


def theory_margins(hierarchy: Hierarchy, conjunctivity: float, ridge: float) -> np.ndarray:
    """The same margins by the theory, of untrained pairs (theory: Solution); shape (n (n - 1) / 2,)."""
    # Features measure no less than 0, but for rounding.
    shape = ranks_at(hierarchy.n, hierarchy.exceptions, gamma(max(conjunctivity, 0.0), ridge))
    higher, lower = np.triu_indices(hierarchy.n, 1)
    found: np.ndarray = shape[higher] - shape[lower]
    return found


def nearest(hierarchy: Hierarchy) -> list[tuple[int, int]]:
    """Untrained pairs next to an exception l to w: l - 1 v w, l v w + 1, and l - 1 v w + 1.

    BadInput if there is not one exception, or it ends at an end of the hierarchy.
    """
    if len(hierarchy.exceptions) != 1:
        raise BadInput(f"exceptions {hierarchy.label or 'none'}: {len(hierarchy.exceptions)}; allowed: one")
    winner, loser = hierarchy.exceptions[0]
    if loser == 0 or winner == hierarchy.n - 1:
        raise BadInput(f"exception {winner}:{loser}: nothing lies beside it; allowed: one within the order")
    return [(loser - 1, winner), (loser, winner + 1), (loser - 1, winner + 1)]


def exception_costs(hierarchy: Hierarchy, plain: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """What an exception costs, from margins without it and with it, all of the same pairs.

    Parameters
    ----------
    hierarchy : Hierarchy
        With the exception.
    plain, margins : ndarray, shape (..., n (n - 1) / 2)
        M(h, k) of every pair h < k without the exception, and with it.

    Returns
    -------
    ndarray, shape (4,)
        As in `tables.COSTS`: share of untrained pairs with a truth that are wrong with the exception, less
        without it; the same of the pairs next to it; the margin of these with it; what cross pairs lose of
        their margin. Each is a mean over all leading axes. A tie is wrong.
    """
    pairs = list(hierarchy.unordered_pairs())
    classes = np.array([hierarchy.pair_class(*pair) for pair in pairs])
    told = np.isin(classes, ("boundary", "cross", "within"))
    beside = np.isin(np.arange(len(pairs)), [pairs.index(pair) for pair in nearest(hierarchy)])
    cross = classes == "cross"
    turned = (margins <= 0).astype(float) - (plain <= 0)
    return np.array(
        [
            turned[..., told].mean(),
            turned[..., beside].mean(),
            margins[..., beside].mean(),
            (plain - margins)[..., cross].mean(),
        ]
    )
