"""The theory on the command line: one hierarchy, one learner, printed for people or as JSON."""

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

FewItems: TypeAlias = Annotated[
    int, Range(3, 1000), About("number of items, at least 3; every pair is looked at, so at most 1000")
]
Exceptions: TypeAlias = Annotated[
    list[str],
    About("an exception as WINNER:LOSER, items numbered from 0 (strongest), such as 5:3; repeatable"),
]
Alpha: TypeAlias = Annotated[
    float, Range(0, 1, below=True), About("conjunctivity, less than 1: 0 is additive")
]
Ridge: TypeAlias = Annotated[NonNegative, About("effective ridge, at least 0")]

TOLERANCE = 1e-9
"""Rounding allowed to a conjunctivity at an end of its range."""


def _learner(gamma: float, weight: float) -> str:
    return (
        f"gamma {gamma:.9g}, memorization weight {weight:.9g} (share of a trained margin that is its target)"
    )


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
    print(_learner(leak, weight))
    print(f"{'item':>6}  rank (target units)")
    print("\n".join(f"{item:>6}  {round(value, 9) + 0.0:.9f}" for item, value in enumerate(values)))


@command
@flat
def margins(
    *, n: FewItems, exception: Exceptions | None = None, alpha: Alpha, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print what a learner predicts for every pair, trained or not.

    The higher item of a pair is the stronger one, of the smaller number.

    Parameters
    ----------
    json
        Print JSON: gamma, memorization_weight and pairs. Each pair has higher, lower, pair_class, truth (1 if
        the higher-ranked item is the right answer, -1 if the lower, null where there is none), trained,
        margin (positive where the higher-ranked item wins).
    """
    hierarchy = Hierarchy.of(n, exception)
    leak, weight = exact.gamma(alpha, ridge), exact.memorization_weight(alpha, ridge)
    pairs = behaviour.Pairs.of(hierarchy)
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
    print(_learner(float(leak), float(weight)))
    print(f"{'higher':>6}{'lower':>6}  {'class':<10}margin (target units; positive: the higher item wins)")
    for higher, lower, name, _, _, margin in rows:
        print(f"{higher:>6}{lower:>6}  {name:<10}{margin + 0.0:.9f}")


@command
@flat
def memorization(
    *, n: FewItems, exception: Exceptions | None = None, alpha: Alpha, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print the gain in margin of each training pair from training on it.

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
    print("in target units: the margin, the margin without training on the pair, and their difference")
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
    """Print the parts that add up to the ranks: the chain alone, and a dipole at each exception.

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
    print(f"gamma {leak:.9g}; parts of the ranks, in target units")
    for part, strength, _ in columns[1:-1]:
        print(f"strength of the dipole at {part}: {strength:.9g} (target units)")
    print(f"{'item':>6}" + "".join(f"{part:>14}" for part, _, _ in columns))
    for item, row in enumerate(zip(*(values for _, _, values in columns), strict=True)):
        print(f"{item:>6}" + "".join(f"{value + 0.0:>14.9f}" for value in row))


@command
@flat
def critical(
    *, n: Items, exception: Exceptions | None = None, ridge: Ridge = 0.0, json: bool = False
) -> None:
    """Print the conjunctivity from which each pair next to an exception is answered wrong.

    At most three pairs for each exception. ``memgen explain`` lists up to ten wrong pairs at one
    conjunctivity, and ``memgen relational margins`` all pairs.

    Parameters
    ----------
    json
        Print JSON: alpha and gamma of the component whose outer pair errs first (null where there is no
        crossing), the number of crossings, all components, and pairs: each with higher, lower, pair_class,
        gamma and alpha (null where the pair is never answered wrong).
    """
    hierarchy = Hierarchy.of(n, exception)
    pairs = crossing.critical_pairs(hierarchy.n, hierarchy.exceptions, ridge)
    crossings = crossing.critical(hierarchy.n, hierarchy.exceptions, ridge)
    if json:
        found = [part for part in crossings if part.gamma is not None]
        lowest = min(found, key=lambda part: part.gamma or 0.0, default=None)
        first = {"alpha": lowest.alpha if lowest else None, "gamma": lowest.gamma if lowest else None}
        _print_json({**first, "crossings": len(found), "components": list(map(asdict, crossings)),
                     "pairs": list(map(asdict, pairs))})  # fmt: skip
        return
    if not pairs:
        print(f"no crossing: there is no untrained pair next to an exception among {hierarchy.n} items")
        return
    print(f"A pair is answered wrong from this conjunctivity (alpha) on, at ridge {ridge:g}:")
    print(f"{'pair':>15}  {'class':<10}{'alpha':<13}gamma")
    for pair in pairs:
        name = f"{pair.higher} v {pair.lower}"
        if pair.gamma is None:
            print(f"{name:>15}  {pair.pair_class:<10}no crossing: never answered wrong systematically")
            continue
        assert pair.alpha is not None
        note = "" if pair.alpha > 0 else "  (at this ridge every conjunctivity is beyond it)"
        print(f"{name:>15}  {pair.pair_class:<10}{pair.alpha:<13.9f}{pair.gamma:.9g}{note}")


@command
@flat
def phase(
    *,
    n: FewItems,
    exception: Exceptions | None = None,
    alpha: Annotated[list[Alpha], About("conjunctivities, at least 0 and less than 1")],
    ridge: Annotated[list[Ridge], About("effective ridges, at least 0; 0 by default")] | None = None,
    json: bool = False,
) -> None:
    """Print accuracy and margin of every pair class over a grid of conjunctivity and ridge.

    Parameters
    ----------
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
            margin = f"mean margin {part['margin'] + 0.0:.9f} (target units)"
            print(f"  {name:<10}{part['pairs']:>6} pairs  {right:<17}  {margin}")


@command
def conjunctivity(
    *,
    kappa_o: Annotated[float, Range(-1, 1)] | None = None,
    kappa_d: Annotated[float, Range(-1, 1, below=True)] | None = None,
    kernel: Literal["nngp", "ntk"] | None = None,
    depth: Annotated[int, Range(1, 10)] | None = None,
    rho: Annotated[float, Range(0, 2)] | None = None,
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
        Similarity of all other different pairs, less than 1; 0 by default.
    kernel
        Kernel of a deep network: nngp (last layer trained) or ntk (all layers).
    depth
        Layers of the network, 1 (linear) to 10.
    rho
        Nonlinearity of the network: 0 linear, 1 ReLU (the default), 2 absolute value.
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
    ways = {"--kappa-o": kappa_o, "--kernel": kernel, "--features": features, "--matrix": matrix}
    chosen = [name for name, value in ways.items() if value is not None]
    if len(chosen) != 1:
        raise BadInput(f"conjunctivity: give exactly one of {', '.join(ways)}")
    (way,) = chosen
    flags = {"--kappa-d": kappa_d, "--depth": depth, "--rho": rho, "--n": n}
    applies = {"--kappa-o": ["--kappa-d"], "--kernel": ["--depth", "--rho"]}.get(way, ["--n"])
    for name, value in flags.items():
        if value is not None and name not in applies:
            raise BadInput(f"{name}: does not apply to {way}; allowed with it: {', '.join(applies)}")
    if features is not None or matrix is not None:
        if n is None:
            raise BadInput(f"--n is missing; {way} needs the number of items")
        matrix_read = _read_matrix(features or matrix or Path())
        measured = (kernels.measure if features is None else kernels.measure_features)(matrix_read, n)
    else:
        overlapping, different = kappa_o, kappa_d or 0.0
        if kernel is not None:
            if depth is None:
                raise BadInput("--depth is missing; --kernel needs a whole number from 1 to 10")
            overlapping, different = map(
                float, kernels.network_similarities(kernel, depth, 1 if rho is None else rho)
            )
        assert overlapping is not None
        value = float(kernels.conjunctivity(overlapping, different))
        if kappa_o is not None and not -TOLERANCE <= value <= 1 + TOLERANCE:
            allowed = f"{different:g} to {(1 + different) / 2:g} with --kappa-d {different:g}"
            raise BadInput(
                f"--kappa-o: {kappa_o:g} gives a conjunctivity of {value:g}, not 0 to 1; allowed: {allowed}"
            )
        measured = kernels.Measured(value, 1.0 - different, 0.0)
    answer = {name: getattr(measured, name) for name in ("conjunctivity", "scale", "distance")}
    if json:
        _print_json(answer)
    else:
        print(f"conjunctivity                    {answer['conjunctivity']:.9g}")
        print(f"scale (k_same - k_reversed)      {answer['scale']:.9g}")
        print(f"distance from exchangeable, 0-1  {answer['distance']:.9g}")


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
