"""From a network's depth and nonlinearity to its conjunctivity, and from there to its behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import polars as pl

from memgen.configuration.options import flat
from memgen.jobs.stage import Inputs, Output, stage
from memgen.relational.behaviour import class_frames, phase
from memgen.relational.configuration import OF_DEPTH_TABLE, Depth
from memgen.relational.kernels import network_conjunctivity, network_similarities
from memgen.relational.tables import DEPTH
from memgen.relational.tasks import read_tasks

KERNELS: tuple[Literal["nngp", "ntk"], ...] = ("nngp", "ntk")


@stage
@flat
def depth_table(*, tasks: Inputs, networks: Annotated[Depth, OF_DEPTH_TABLE], out: Output) -> None:
    """Write conjunctivity and behaviour of infinitely wide networks over depth and nonlinearity.

    Parameters
    ----------
    tasks
        Task tables, one per hierarchy.
    out
        Depth table.
    """
    hierarchies = read_tasks([Path(path) for path in tasks])
    rho = np.array(networks.nonlinearity)
    frames = []
    for kernel in KERNELS:
        for layers in networks.layers:
            alpha = np.maximum(network_conjunctivity(kernel, layers, rho), 0.0)  # -1e-17 for a linear one
            scale = 1.0 - network_similarities(kernel, layers, rho)[1]
            for raw in networks.ridge:
                grid = np.stack([alpha, raw / scale], axis=1)
                for name, hierarchy in hierarchies.items():
                    found = phase(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
                    common = {"hierarchy": name, "n": hierarchy.n, "exceptions": hierarchy.label}
                    labels = {**common, "kernel": kernel, "depth": layers, "raw_ridge": raw}
                    schema = {key: kind for key, kind in DEPTH.schema.items() if key != "rho"}
                    for frame in class_frames(labels, grid, found, schema):
                        frames.append(frame.with_columns(rho=pl.Series(rho)))
    DEPTH.write(pl.concat(frames), out)
