"""From a network's depth and nonlinearity to its conjunctivity, and from there to its behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import polars as pl

from memgen.arguments import NonNegative, Range
from memgen.relational.behaviour import class_frames, phase
from memgen.relational.kernels import network_conjunctivity, network_similarities
from memgen.relational.tables import DEPTH
from memgen.relational.tasks import read_tasks
from memgen.stage import Inputs, Output, stage

KERNELS: tuple[Literal["nngp", "ntk"], ...] = ("nngp", "ntk")


@stage
def depth_table(
    *,
    tasks: Inputs,
    depth: list[Annotated[int, Range(1, 10)]],
    nonlinearity: list[Annotated[float, Range(0, 2)]],
    ridge: list[NonNegative],
    out: Output,
) -> None:
    """Write conjunctivity and behaviour of infinitely wide networks over depth and nonlinearity.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    depth
        Layers, 1 (linear) to 10.
    nonlinearity
        Values of rho, from 0 (linear) over 1 (ReLU) to 2 (absolute value).
    ridge
        Raw ridges, at least 0, in units of the similarity of a pair with itself.
    out
        Depth table.
    """
    hierarchies = read_tasks([Path(path) for path in tasks])
    rho = np.array(nonlinearity)
    frames = []
    for kernel in KERNELS:
        for layers in depth:
            alpha = np.maximum(network_conjunctivity(kernel, layers, rho), 0.0)  # -1e-17 for a linear one
            scale = 1.0 - network_similarities(kernel, layers, rho)[1]
            for raw in ridge:
                grid = np.stack([alpha, raw / scale], axis=1)
                for name, hierarchy in hierarchies.items():
                    found = phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
                    common = {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}
                    labels = {**common, "kernel": kernel, "depth": layers, "raw_ridge": raw}
                    schema = {key: kind for key, kind in DEPTH.schema.items() if key != "rho"}
                    for frame in class_frames(labels, grid, found, schema):
                        frames.append(frame.with_columns(rho=pl.Series(rho)))
    DEPTH.write(pl.concat(frames), out)
