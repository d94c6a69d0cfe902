"""The theory as a calculator on the command line.

Knows how answers are printed, for people or as JSON; the numbers come from `ranks`, `crossing`, `phase`
and `kernels`.
"""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
import numpy as np

from memgen.errors import BadInput
from memgen.relational import kernels
from memgen.relational.crossing import critical as exact_critical
from memgen.relational.hierarchy import Hierarchy, parse_exceptions
from memgen.relational.phase import phase as exact_phase
from memgen.relational.ranks import gamma as exact_gamma
from memgen.relational.ranks import memorization_weight
from memgen.relational.ranks import ranks as exact_ranks
from memgen.stage import command

ExceptionFlag = Annotated[list[str] | None, cyclopts.Parameter(name="--exception")]

LARGEST_PHASE = 1000
"""Most items for which every pair is looked at on the command line."""


@command
def ranks(
    *, n: int, exception: ExceptionFlag = None, alpha: float, ridge: float = 0.0, json: bool = False
) -> None:
    """Print the ranks that a learner gives to the items.

    Parameters
    ----------
    n
        Number of items, at least 3.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    alpha
        Conjunctivity, less than 1: 0 is additive.
    ridge
        Effective ridge, at least 0.
    json
        Print JSON: ranks, gamma, memorization_weight.
    """
    hierarchy = Hierarchy(n, parse_exceptions(exception or []))
    if alpha < 0:
        raise BadInput(f"alpha = {alpha!r}: must be at least 0 and less than 1")
    values = exact_ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge).tolist()
    leak, weight = float(exact_gamma(alpha, ridge)), float(memorization_weight(alpha, ridge))
    if json:
        _print_json({"ranks": values, "gamma": leak, "memorization_weight": weight})
        return
    print(f"gamma {leak:.9g}, memorization weight {weight:.9g}")
    print("\n".join(f"{item:>6}  {value + 0.0:.9f}" for item, value in enumerate(values)))


@command
def critical(*, n: int, exception: ExceptionFlag = None, ridge: float = 0.0, json: bool = False) -> None:
    """Print the conjunctivity beyond which the pairs next to an exception are answered wrong.

    Parameters
    ----------
    n
        Number of items, at least 3.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    ridge
        Effective ridge at which the conjunctivity is stated, at least 0.
    json
        Print JSON: alpha and gamma of the component that errs first, null where there is no crossing, and all
        components.
    """
    hierarchy = Hierarchy(n, parse_exceptions(exception or []))
    crossings = exact_critical(hierarchy.n, hierarchy.exceptions, ridge)
    if json:
        found = [crossing for crossing in crossings if crossing.gamma is not None]
        lowest = min(found, key=lambda crossing: crossing.gamma or 0.0, default=None)
        parts = [
            {"first": part.first, "last": part.last, "alpha": part.alpha, "gamma": part.gamma}
            for part in crossings
        ]
        _print_json(
            {
                "alpha": lowest.alpha if lowest else None,
                "gamma": lowest.gamma if lowest else None,
                "components": parts,
            }
        )
        return
    if not crossings:
        print("no crossing: the hierarchy has no exception")
    for part in crossings:
        where = f"items {part.first} to {part.last}"
        if part.alpha is None:
            print(
                f"{where}: no crossing, pairs next to the exception are never answered wrong systematically"
            )
        else:
            beyond = "" if part.alpha > 0 else " (every conjunctivity is beyond it at this ridge)"
            print(f"{where}: alpha {part.alpha:.9f}, gamma {part.gamma:.9g}{beyond}")


@command
def phase(
    *,
    n: int,
    exception: ExceptionFlag = None,
    alpha: list[float],
    ridge: list[float] | None = None,
    json: bool = False,
) -> None:
    """Print accuracy and margin of every pair class over a grid of conjunctivity and ridge.

    Parameters
    ----------
    n
        Number of items, at least 3; the table holds every pair, so at most 1000.
    exception
        An exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated.
    alpha
        Conjunctivities, at least 0 and less than 1.
    ridge
        Effective ridges, at least 0; 0 by default.
    json
        Print JSON: a list with alpha, ridge, gamma, and by pair class pairs, accuracy (null where there is no
        right answer), margin and lowest_margin.
    """
    if n > LARGEST_PHASE:
        raise BadInput(f"n = {n}: must be at most {LARGEST_PHASE} here, where every pair is looked at")
    hierarchy = Hierarchy(n, parse_exceptions(exception or []))
    for value in alpha:
        if value < 0:
            raise BadInput(f"alpha = {value!r}: must be at least 0 and less than 1")
    grid = np.array([(one, other) for one in alpha for other in ridge or [0.0]])
    leak = exact_gamma(grid[:, 0], grid[:, 1])
    found = exact_phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
    points = []
    for index, (one, other) in enumerate(grid.tolist()):
        classes = {
            name: {
                "pairs": part.pairs,
                "accuracy": None if part.accuracy is None else float(part.accuracy[index]),
                "margin": float(part.margin[index]),
                "lowest_margin": float(part.lowest_margin[index]),
            }
            for name, part in found.items()
        }
        points.append({"alpha": one, "ridge": other, "gamma": float(leak[index]), "classes": classes})
    if json:
        print(json_format.dumps(points, allow_nan=False))
        return
    for point in points:
        print(f"alpha {point['alpha']:.9g}, ridge {point['ridge']:.9g}, gamma {point['gamma']:.9g}")
        for name, part in point["classes"].items():  # type: ignore[attr-defined]
            right = "no right answer" if part["accuracy"] is None else f"accuracy {part['accuracy']:.6f}"
            print(f"  {name:<10}{part['pairs']:>6} pairs  {right:<17}  margin {part['margin'] + 0.0:.9f}")


@command
def conjunctivity(
    *,
    kappa_o: float | None = None,
    kappa_d: float = 0.0,
    kernel: Literal["nngp", "ntk"] | None = None,
    depth: int | None = None,
    rho: float = 1.0,
    features: Path | None = None,
    matrix: Path | None = None,
    n: int | None = None,
    json: bool = False,
) -> None:
    """Print the conjunctivity of a representation: by its similarities, of a deep network, or measured.

    Parameters
    ----------
    kappa_o
        Similarity of pairs that share an item in the same position, that of a pair with itself being 1.
    kappa_d
        Similarity of all other different pairs, less than 1.
    kernel
        Kernel of a deep network: nngp (last layer trained) or ntk (all layers).
    depth
        Layers of the network, 1 (linear) to 10.
    rho
        Nonlinearity of the network, from 0 (linear) over 1 (ReLU) to 2 (absolute value).
    features
        Features of every ordered pair of n items (.npy, or .csv without header), one row each, sorted by
        pair.
    matrix
        Kernel between all ordered pairs of n items, in the same order and format.
    n
        Number of items of --features or --matrix, at least 3.
    json
        Print JSON: conjunctivity, scale, distance from exchangeability.
    """
    given = [kappa_o is not None, kernel is not None, features is not None, matrix is not None]
    if sum(given) != 1:
        raise BadInput("conjunctivity: give exactly one of --kappa-o, --kernel, --features and --matrix")
    answer: dict[str, Any]
    if kappa_o is not None:
        value = float(kernels.conjunctivity(kappa_o, kappa_d))
        answer = {"conjunctivity": value, "scale": 1.0 - kappa_d, "distance": 0.0}
    elif kernel is not None:
        if depth is None:
            raise BadInput("conjunctivity: --kernel needs --depth, a whole number from 1 to 10")
        overlapping, different = kernels.network_similarities(kernel, depth, rho)
        value = float(kernels.conjunctivity(overlapping, different))
        answer = {"conjunctivity": value, "scale": 1.0 - float(different), "distance": 0.0}
    else:
        if n is None:
            raise BadInput("conjunctivity: --features and --matrix need --n, the number of items")
        if features is not None:
            measured = kernels.measure_features(_read_matrix(features), n)
        else:
            assert matrix is not None
            measured = kernels.measure(_read_matrix(matrix), n)
        answer = {
            "conjunctivity": measured.conjunctivity,
            "scale": measured.scale,
            "distance": measured.distance,
        }
    if json:
        _print_json(answer)
    else:
        print("\n".join(f"{name:<14}{value:.9g}" for name, value in answer.items()))


def _read_matrix(path: Path) -> np.ndarray:
    """A matrix of numbers from a .npy or .csv file."""
    if not path.is_file():
        raise BadInput(f"{path}: no such file; expected a matrix (.npy or .csv)")
    try:
        if path.suffix == ".npy":
            found = np.load(path, allow_pickle=False)
        else:
            found = np.loadtxt(path, delimiter=",", ndmin=2)
        return np.asarray(found, dtype=float)
    except (ValueError, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise BadInput(f"{path}: cannot be read as a matrix of numbers ({reason})") from None


def _print_json(answer: dict[str, Any]) -> None:
    print(json_format.dumps(answer, allow_nan=False))
