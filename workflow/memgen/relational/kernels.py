"""Representations of pairs: exchangeable kernels, those of deep networks, and any other, measured.

How a representation becomes the two numbers of the theory, conjunctivity and scale (theory: Kernel family),
and the dense kernel ridge regression that the closed forms are checked against. Where a matrix over pairs is
meant and no list is given, pairs stand in the order of `ordered_pairs`.
"""

import math
from dataclasses import astuple, dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memgen.errors import BadInput
from memgen.relational import hierarchy

Floats = NDArray[np.float64]
MAXIMAL_DEPTH = 10


@dataclass(frozen=True)
class Exchangeable:
    """Kernel that depends only on how two ordered pairs overlap (theory: Kernel family).

    Parameters
    ----------
    same : float
        Similarity of a pair with itself; more than `reversed`.
    position : float
        Of pairs that share one item in the same position.
    cross : float
        Of pairs that share one item in different positions.
    reversed : float
        Of a pair with its reverse.
    distinct : float
        Of pairs that share nothing; drops out of every prediction.
    """

    same: float
    position: float
    cross: float = 0.0
    reversed: float = 0.0
    distinct: float = 0.0

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, astuple(self))) or self.same <= self.reversed:
            raise BadInput(f"kernel {astuple(self)}: must be finite, with k_same more than k_reversed")

    @classmethod
    def from_overlap(cls, kappa_o: float, kappa_d: float = 0.0) -> Self:
        """Kernel with similarity 1 of equal, kappa_o of overlapping and kappa_d of all other pairs."""
        return cls(1.0, kappa_o, kappa_d, kappa_d, kappa_d)

    @classmethod
    def canonical(cls, alpha: float) -> Self:
        """Kernel of conjunctivity alpha and scale 1 that the theory's ridge refers to."""
        return cls(1.0, (1.0 - alpha) / 2.0)

    @property
    def scale(self) -> float:
        """k_same - k_reversed, by which a raw ridge is divided."""
        return self.same - self.reversed

    @property
    def conjunctivity(self) -> float:
        """Alpha = 1 - 2 (k_position - k_cross) / (k_same - k_reversed)."""
        return 1.0 - 2.0 * (self.position - self.cross) / self.scale

    def matrix(self, left: ArrayLike, right: ArrayLike) -> Floats:
        """Kernel (rows, columns) between two lists of ordered pairs, as for `overlap`."""
        return np.array(astuple(self))[overlap(left, right)]


def conjunctivity(kappa_o: ArrayLike, kappa_d: ArrayLike = 0.0) -> Floats:
    """Published conjunctivity (1 + kappa_d - 2 kappa_o) / (1 - kappa_d).

    Parameters
    ----------
    kappa_o, kappa_d : array_like (...)
        Similarity of pairs sharing an item in the same position, and of all other different pairs, that of a
        pair with itself being 1; kappa_d < 1.

    Returns
    -------
    array (...)
        May fall outside [0, 1); not clipped.

    Raises
    ------
    BadInput
        If kappa_d >= 1.
    """
    overlapping, different = np.asarray(kappa_o, dtype=float), np.asarray(kappa_d, dtype=float)
    if not np.all(np.isfinite(overlapping)) or not np.all(different < 1):
        raise BadInput("kappa_o must be finite and kappa_d less than 1")
    return (1.0 + different - 2.0 * overlapping) / (1.0 - different)


def network_similarities(
    kernel: Literal["nngp", "ntk"], depth: int, rho: ArrayLike = 1.0
) -> tuple[Floats, Floats]:
    """Similarities (kappa_o, kappa_d) that a deep network gives to pairs of one-hot items.

    Parameters
    ----------
    kernel : {"nngp", "ntk"}
        Of the network with only the last layer trained, or all layers, at infinite width.
    depth : int
        Layers, 1 (linear) to 10.
    rho : array_like (...)
        Nonlinearity (1 - a)^2 / (1 + a^2) of a leaky ReLU of slope a: 0 is linear, 1 is ReLU, 2 is |x|.

    Returns
    -------
    kappa_o, kappa_d : arrays (...)
        Relative to the similarity of a pair with itself.

    Raises
    ------
    BadInput
        If an argument is out of range.

    Notes
    -----
    Theory: Kernel family, last item.
    """
    nonlinearity = np.asarray(rho, dtype=float)
    if kernel not in ("nngp", "ntk"):
        raise BadInput(f"kernel {kernel!r}: must be nngp or ntk")
    if isinstance(depth, bool) or not 1 <= depth <= MAXIMAL_DEPTH or int(depth) != depth:
        raise BadInput(f"depth = {depth!r}: must be a whole number from 1 to {MAXIMAL_DEPTH}")
    if not np.all((nonlinearity >= 0) & (nonlinearity <= 2)):
        raise BadInput("rho: must be from 0 (linear) to 2 (absolute value); ReLU is 1")
    pair = []
    for start in (0.5, 0.0):
        nngp = np.full(nonlinearity.shape, start)
        ntk = nngp
        for layer in range(2, depth + 1):
            ntk = ntk * (1.0 - nonlinearity * np.arccos(nngp) / np.pi)
            nngp = nngp + nonlinearity * (np.sqrt((1 - nngp) * (1 + nngp)) - nngp * np.arccos(nngp)) / np.pi
            ntk = (nngp + (layer - 1) * ntk) / layer
        pair.append(nngp if kernel == "nngp" else ntk)
    return pair[0], pair[1]


def network_conjunctivity(kernel: Literal["nngp", "ntk"], depth: int, rho: ArrayLike = 1.0) -> Floats:
    """Conjunctivity of a deep network at infinite width; arguments as for `network_similarities`."""
    return conjunctivity(*network_similarities(kernel, depth, rho))


@dataclass(frozen=True)
class Measured:
    """What an arbitrary kernel is to the theory.

    Parameters
    ----------
    conjunctivity : float
        Alpha of the nearest exchangeable kernel; not clipped.
    scale : float
        Its k_same - k_reversed.
    distance : float
        Relative Frobenius distance of the kernel, restricted to antisymmetric functions, from that nearest
        exchangeable one: 0 is exchangeable, where the theory is exact.
    """

    conjunctivity: float
    scale: float
    distance: float


def measure(kernel: ArrayLike, n: int) -> Measured:
    """Conjunctivity of a kernel over all ordered pairs of n items, and how far it is from exchangeable.

    Parameters
    ----------
    kernel : array_like (n (n - 1), n (n - 1))
        Symmetric, rows and columns in the order of `ordered_pairs`.
    n : int
        Number of items, >= 3.

    Returns
    -------
    Measured

    Raises
    ------
    BadInput
        If the matrix has another shape, is not symmetric and finite, or tells no pair from its reverse.
    """
    pairs = ordered_pairs(n)
    full = np.asarray(kernel, dtype=float)
    if full.shape != (len(pairs), len(pairs)):
        raise BadInput(f"kernel of shape {full.shape}: must be {len(pairs)} x {len(pairs)} with n = {n}")
    if not np.all(np.isfinite(full)) or not np.allclose(
        full, full.T, rtol=1e-6, atol=1e-9 * np.abs(full).max()
    ):
        raise BadInput("kernel: must be finite and symmetric")
    up = np.flatnonzero(pairs[:, 0] < pairs[:, 1])
    place = {tuple(pair): index for index, pair in enumerate(pairs.tolist())}
    down = np.array([place[second, first] for first, second in pairs[up].tolist()])
    one = full[np.ix_(up, up)] + full[np.ix_(down, down)]
    antisymmetric = (one - full[np.ix_(up, down)] - full[np.ix_(down, up)]) / 2.0
    kinds = overlap(pairs[up], pairs[up])
    shared = (kinds == 1).astype(float) - (kinds == 2)
    scale = float(np.diagonal(antisymmetric).mean())
    if scale <= 1e-12 * np.abs(full).max():
        raise BadInput("kernel: must tell a pair from its reverse (k_same more than k_reversed)")
    sharing = float((antisymmetric * shared).sum() / np.abs(shared).sum())
    nearest = scale * np.eye(len(up)) + sharing * shared
    distance = float(np.linalg.norm(antisymmetric - nearest) / np.linalg.norm(antisymmetric))
    return Measured(1.0 - 2.0 * sharing / scale, scale, distance)


def measure_features(features: ArrayLike, n: int) -> Measured:
    """`measure` of the linear kernel of features (n (n - 1), dimensions), a row per ordered pair."""
    rows = np.asarray(features, dtype=float)
    if rows.ndim != 2:
        raise BadInput(f"features of shape {rows.shape}: must be a matrix, one row per ordered pair")
    return measure(rows @ rows.T, n)


def kernel_ridge(between: ArrayLike, targets: ArrayLike, toward: ArrayLike, ridge: float) -> Floats:
    """Dense kernel ridge regression, the reference for every closed form and the path of any other kernel.

    Parameters
    ----------
    between : array_like (training, training)
        Kernel between training points.
    targets : array_like (training,)
    toward : array_like (test, training)
        Kernel between test and training points.
    ridge : float
        Raw ridge; 0 gives the limit of no ridge (least norm), less raises `BadInput`.

    Returns
    -------
    array (test,)
        Predictions toward (between + ridge I)^-1 targets.
    """
    if not ridge >= 0:
        raise BadInput(f"ridge = {ridge!r}: must be at least 0")
    matrix, labels = np.asarray(between, dtype=float), np.asarray(targets, dtype=float)
    values, vectors = np.linalg.eigh(matrix + ridge * np.eye(len(matrix)))
    kept = values > len(values) * np.finfo(float).eps * values.max()
    weights = vectors[:, kept] @ ((vectors[:, kept].T @ labels) / values[kept])
    predictions: Floats = np.asarray(toward, dtype=float) @ weights
    return predictions


def ordered_pairs(n: int) -> NDArray[np.int64]:
    """The pairs of `hierarchy.ordered_pairs` as an array (n (n - 1), 2)."""
    if n < 3:
        raise BadInput(f"n = {n}: must be a whole number of items, at least 3")
    return np.array(hierarchy.ordered_pairs(n), dtype=np.int64)


def overlap(left: ArrayLike, right: ArrayLike) -> NDArray[np.int64]:
    """How ordered pairs (rows, 2) and (columns, 2) overlap: array of int (rows, columns).

    0 identical, 1 same item in the same position, 2 across positions, 3 reversed, 4 nothing shared.
    """
    one, other = np.asarray(left), np.asarray(right)
    first = one[:, None, 0] == other[None, :, 0]
    second = one[:, None, 1] == other[None, :, 1]
    ahead = one[:, None, 0] == other[None, :, 1]
    behind = one[:, None, 1] == other[None, :, 0]
    choices = [first & second, ahead & behind, first | second, ahead | behind]
    return np.select(choices, [0, 3, 1, 2], default=4).astype(np.int64)
