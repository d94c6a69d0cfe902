"""The theory on the command line: one hierarchy, one learner, printed for people or as JSON."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from memgen.configuration.options import About, flat
from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative, Range
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Input, command
from memgen.relational import behaviour, crossing, kernels
from memgen.relational import memorization as scores
from memgen.relational import ranks as exact
from memgen.relational.configuration import Items
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.pairs import Pairs

FewItems: TypeAlias = Annotated[
    int, Range(3, 1000), About("number of items, at least 3; every pair is looked at, so at most 1000")
]
Exceptions: TypeAlias = Annotated[
    list[str], About("an exception as WINNER:LOSER in ranks from 0, for example 5:3; may be repeated")
]
Alpha: TypeAlias = Annotated[
    float, Range(0, 1, below=True), About("conjunctivity, less than 1: 0 is additive")
]
Ridge: TypeAlias = Annotated[NonNegative, About("effective ridge, at least 0")]


def _print_json(answer: Any) -> None:
    print(json_format.dumps(answer, allow_nan=False))


@command
@flat
def ranks(
    *, n: Items, exception: Exceptions | None = None, alpha: Alpha, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print the ranks that a learner gives to the items.

    Parameters
    ----------
    json
        Print JSON: ranks, gamma, memorization_weight.
    """
    hierarchy = Hierarchy.of(n, exception)
    refuse_beyond_memory(200 * hierarchy.n, f"--n {n}: the rank of every item")
    values = exact.ranks(hierarchy.n, hierarchy.exceptions, alpha, ridge).tolist()
    leak, weight = float(exact.gamma(alpha, ridge)), float(exact.memorization_weight(alpha, ridge))
    if json:
        _print_json({"ranks": values, "gamma": leak, "memorization_weight": weight})
        return
    print(f"gamma {leak:.9g}, memorization weight {weight:.9g}")
    print("\n".join(f"{item:>6}  {value + 0.0:.9f}" for item, value in enumerate(values)))


@command
@flat
def margins(
    *, n: FewItems, exception: Exceptions | None = None, alpha: Alpha, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print what a learner predicts for every pair, trained or not.

    Parameters
    ----------
    json
        Print JSON: gamma, memorization_weight, and pairs, each with higher, lower, pair_class, truth (1 if
        the higher-ranked item is the right answer, -1 if the lower, null where there is none), trained,
        margin (positive where the higher-ranked item wins).
    """
    hierarchy = Hierarchy.of(n, exception)
    leak, weight = exact.gamma(alpha, ridge), exact.memorization_weight(alpha, ridge)
    pairs = Pairs.of(hierarchy)
    found = pairs.margins(exact.ranks_at(hierarchy.n, hierarchy.exceptions, leak), weight)
    columns = (pairs.higher, pairs.lower, pairs.classes, pairs.truth, pairs.trained, found)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    if json:
        names = ("higher", "lower", "pair_class", "truth", "trained", "margin")
        listed = [dict(zip(names, row, strict=True)) for row in rows]
        for pair in listed:
            pair["truth"] = pair["truth"] or None
        _print_json({"gamma": float(leak), "memorization_weight": float(weight), "pairs": listed})
        return
    print(f"gamma {float(leak):.9g}, memorization weight {float(weight):.9g}")
    for higher, lower, name, _, _, margin in rows:
        print(f"{higher:>6}{lower:>6}  {name:<10}{margin + 0.0:.9f}")


@command
@flat
def memorization(
    *, n: FewItems, exception: Exceptions | None = None, alpha: Alpha, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print how much the margin of each training pair gains from having been trained on it.

    Parameters
    ----------
    json
        Print JSON: a list with winner, loser, pair_class, margin (in the direction that wins in training),
        left_out_margin (that of the learner trained without the pair) and score, their difference.
    """
    hierarchy = Hierarchy.of(n, exception)
    task = hierarchy.n, hierarchy.exceptions
    left_out = scores.left_out_predictions(*task, exact.gamma(alpha, ridge)).tolist()
    found = scores.memorization_scores(*task, alpha, ridge).tolist()
    rows = [
        {
            "winner": winner,
            "loser": loser,
            "pair_class": hierarchy.pair_class(winner, loser),
            "margin": score + without,
            "left_out_margin": without,
            "score": score,
        }
        for (winner, loser), without, score in zip(hierarchy.training_pairs(), left_out, found, strict=True)
    ]
    if json:
        _print_json(rows)
        return
    print(f"{'winner':>6}{'loser':>6}  {'class':<10}{'margin':>13}{'left out':>14}{'score':>14}")
    for row in rows:
        print(
            "{winner:>6}{loser:>6}  {pair_class:<10}{margin:>13.9f}{left_out_margin:>14.9f}"
            "{score:>14.9f}".format(**row)
        )


@command
@flat
def mechanism(
    *, n: Items, exception: Exceptions | None = None, alpha: Alpha, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print the parts whose sum the ranks are: the chain alone, and a dipole at each exception.

    Parameters
    ----------
    json
        Print JSON: gamma, and parts, each with part (chain, WINNER:LOSER or ranks, their sum), strength (of a
        dipole, else null), item and value, the dipole's times its strength.
    """
    hierarchy = Hierarchy.of(n, exception)
    parts = len(hierarchy.exceptions) + 2
    refuse_beyond_memory(400 * hierarchy.n * parts, f"--n {n}: every part at every item")
    leak = float(exact.gamma(alpha, ridge))
    columns = [
        (part, None if strength is None else float(strength), values.tolist())
        for part, strength, values in exact.mechanism(hierarchy, leak)
    ]
    if json:
        listed = [
            {"part": part, "strength": strength, "item": item, "value": value}
            for part, strength, values in columns
            for item, value in enumerate(values)
        ]
        _print_json({"gamma": leak, "parts": listed})
        return
    print(f"gamma {leak:.9g}")
    for part, strength, _ in columns[1:-1]:
        print(f"{part} has strength {strength:.9g}")
    print(f"{'item':>6}" + "".join(f"{part:>14}" for part, _, _ in columns))
    for item, row in enumerate(zip(*(values for _, _, values in columns), strict=True)):
        print(f"{item:>6}" + "".join(f"{value + 0.0:>14.9f}" for value in row))


@command
@flat
def critical(
    *, n: Items, exception: Exceptions | None = None, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print the conjunctivity beyond which the pairs next to an exception are answered wrong.

    Parameters
    ----------
    json
        Print JSON: alpha and gamma of the component that errs first, null where there is no crossing, the
        number of crossings, and all components.
    """
    hierarchy = Hierarchy.of(n, exception)
    crossings = crossing.critical(hierarchy.n, hierarchy.exceptions, ridge)
    if json:
        found = [part for part in crossings if part.gamma is not None]
        lowest = min(found, key=lambda part: part.gamma or 0.0, default=None)
        first = {"alpha": lowest.alpha if lowest else None, "gamma": lowest.gamma if lowest else None}
        _print_json({**first, "crossings": len(found), "components": list(map(asdict, crossings))})
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
@flat
def phase(
    *,
    n: FewItems,
    exception: Exceptions | None = None,
    alpha: list[Alpha],
    ridge: list[Ridge] | None = None,
    json: bool = False,
) -> None:
    """Print accuracy and margin of every pair class over a grid of conjunctivity and ridge.

    Parameters
    ----------
    alpha
        Conjunctivities, at least 0 and less than 1.
    ridge
        Effective ridges, at least 0; 0 by default.
    json
        Print JSON: a list with alpha, ridge, gamma, and by pair class pairs, accuracy (null where there is no
        right answer), margin and lowest_margin.
    """
    hierarchy = Hierarchy.of(n, exception)
    grid = np.array([(one, other) for one in alpha for other in ridge or [0.0]])
    leak = exact.gamma(grid[:, 0], grid[:, 1])
    found = behaviour.phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
    points: list[dict[str, Any]] = []
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
        _print_json(points)
        return
    for point in points:
        print(f"alpha {point['alpha']:.9g}, ridge {point['ridge']:.9g}, gamma {point['gamma']:.9g}")
        for name, part in point["classes"].items():
            right = "no right answer" if part["accuracy"] is None else f"accuracy {part['accuracy']:.6f}"
            print(f"  {name:<10}{part['pairs']:>6} pairs  {right:<17}  margin {part['margin'] + 0.0:.9f}")


@command
def conjunctivity(
    *,
    kappa_o: Annotated[float, Range(-1, 1)] | None = None,
    kappa_d: Annotated[float, Range(-1, 1, below=True)] = 0.0,
    kernel: Literal["nngp", "ntk"] | None = None,
    depth: Annotated[int, Range(1, 10)] | None = None,
    rho: Annotated[float, Range(0, 2)] = 1.0,
    features: Input | None = None,
    matrix: Input | None = None,
    n: Items | None = None,
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
    if sum(part is not None for part in (kappa_o, kernel, features, matrix)) != 1:
        raise BadInput("conjunctivity: give exactly one of --kappa-o, --kernel, --features and --matrix")
    if features is not None or matrix is not None:
        if n is None:
            raise BadInput("conjunctivity: --features and --matrix need --n, the number of items")
        if features is not None:
            measured = kernels.measure_features(_read_matrix(features), n)
        elif matrix is not None:
            measured = kernels.measure(_read_matrix(matrix), n)
    else:
        overlapping, different = kappa_o, kappa_d
        if kernel is not None:
            if depth is None:
                raise BadInput("conjunctivity: --kernel needs --depth, a whole number from 1 to 10")
            overlapping, different = map(float, kernels.network_similarities(kernel, depth, rho))
        assert overlapping is not None
        value = float(kernels.conjunctivity(overlapping, different))
        measured = kernels.Measured(value, 1.0 - different, 0.0)
    answer = {name: getattr(measured, name) for name in ("conjunctivity", "scale", "distance")}
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
