"""The conjunctivity of a representation on the command line."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from memgen.errors import BadInput
from memgen.jobs.arguments import Range
from memgen.jobs.stage import Input, command
from memgen.relational import kernels
from memgen.relational.flags import Items


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
        print(json_format.dumps(answer, allow_nan=False))
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
