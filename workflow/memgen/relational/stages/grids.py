"""Tables of every hierarchy over a grid of learners: what follows from ranks and margins."""

from typing import Annotated, Literal

import numpy as np
import polars as pl
from scipy.special import expit

from memgen.configuration.options import About, flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.stage import Output, stage
from memgen.relational.behaviour import Pairs, right_answers
from memgen.relational.configuration import OF_DEPTH_TABLE, Depth, Phase, Readout, Theory
from memgen.relational.crossing import critical
from memgen.relational.frames import Tasks, by_class, columns_of, grid_of, over_grid, read_tasks
from memgen.relational.hierarchy import PAIR_CLASSES
from memgen.relational.kernels import network_conjunctivity, network_similarities
from memgen.relational.memorization import left_out_predictions, memorization_scores
from memgen.relational.ranks import gamma, mechanism, memorization_weight, ranks
from memgen.relational.tables import CRITICAL, DEPTH, MECHANISM, MEMORIZATION, PHASE, READOUT

KERNELS: tuple[Literal["nngp", "ntk"], ...] = ("nngp", "ntk")


@stage
@flat
def critical_table(*, tasks: Tasks, out: Output) -> None:
    """Write where the pairs next to each exception begin to be answered wrong.

    Parameters
    ----------
    out
        Critical table: one row per hierarchy and component; empty values where there is no crossing.
    """
    rows: list[dict[str, object]] = []
    for name, hierarchy in read_tasks(tasks).items():
        common = columns_of(hierarchy, name)
        crossings = critical(hierarchy.n, hierarchy.exceptions)
        for crossing in crossings:
            place = f"{crossing.first}-{crossing.last}"
            rows.append({**common, "component": place, "gamma": crossing.gamma, "alpha": crossing.alpha})
        if not crossings:
            rows.append({**common, "component": None, "gamma": None, "alpha": None})
    CRITICAL.write(pl.DataFrame(rows, schema=CRITICAL.schema), out)


@stage
@flat
def memorization_table(
    *, tasks: Tasks, theory: Theory, out: Annotated[Output, About("memorization table")]
) -> None:
    """Write the gain in margin of each training pair from training on it."""
    grid = grid_of(theory.conjunctivity, theory.ridge)
    frames = []
    for name, hierarchy in read_tasks(tasks).items():
        pairs = [(min(pair), max(pair)) for pair in hierarchy.training_pairs()]
        scores = memorization_scores(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
        left_out = left_out_predictions(hierarchy.n, hierarchy.exceptions, gamma(grid[:, 0], grid[:, 1]))
        columns = {
            "higher": [higher for higher, _ in pairs],
            "lower": [lower for _, lower in pairs],
            "pair_class": [hierarchy.pair_class(*pair) for pair in pairs],
            "in_loop": [
                any(first <= higher and lower <= last for first, last in hierarchy.components)
                for higher, lower in pairs
            ],
            "margin": scores + left_out,
            "left_out_margin": left_out,
            "score": scores,
            "answer_gain": np.heaviside(scores + left_out, 0.5) - np.heaviside(left_out, 0.5),
        }
        frames.append(over_grid(MEMORIZATION, grid, {**columns_of(hierarchy, name), **columns}))
    MEMORIZATION.write(pl.concat(frames), out)


@stage
@flat
def mechanism_table(
    *, tasks: Tasks, theory: Theory, out: Annotated[Output, About("mechanism table")]
) -> None:
    """Write the ranks of every hierarchy, the chain's own, and what each exception adds to them.

    Ranks are those of plain transitive inference plus a dipole per exception (theory: Closed form).
    """
    grid = grid_of(theory.conjunctivity, theory.ridge)
    leak = gamma(grid[:, 0], grid[:, 1])
    frames = []
    for name, hierarchy in read_tasks(tasks).items():
        for part, strength, values in mechanism(hierarchy, leak):
            columns = {
                "part": part,
                "strength": None if strength is None else strength[:, None],
                "item": np.arange(hierarchy.n),
                "value": values,
            }
            frames.append(over_grid(MECHANISM, grid, {**columns_of(hierarchy, name), **columns}))
    MECHANISM.write(pl.concat(frames), out)


@stage
@flat
def readout_table(
    *, tasks: Tasks, theory: Theory, noisy: Readout, out: Annotated[Output, About("readout table")]
) -> None:
    """Write the expected accuracy of a noisy readout by pair class and by distance between the items.

    An answer is drawn by softmax from the margin over a temperature, both in units of the target; at
    temperature 1 its probability is the `p_yes` of a language model whose logits are the margins.
    """
    grid = grid_of(theory.conjunctivity, theory.ridge)
    frames = []
    for name, hierarchy in read_tasks(tasks).items():
        pairs = Pairs.of(hierarchy)
        profile = ranks(hierarchy.n, hierarchy.exceptions, grid[:, 0], grid[:, 1])
        scored = pairs.truth * pairs.margins(profile, memorization_weight(grid[:, 0], grid[:, 1]))
        distance = pairs.lower - pairs.higher
        of_class = {kind: pairs.classes == kind for kind in PAIR_CLASSES if kind != "loop"}
        groups: list[tuple[str, int | None, np.ndarray]] = [
            *((kind, None, chosen) for kind, chosen in of_class.items()),
            *(
                (kind, int(steps), chosen & (distance == steps))
                for kind, chosen in of_class.items()
                for steps in np.unique(distance)
            ),
        ]
        for noise in noisy.temperature:
            right = expit(scored / noise) if noise > 0 else right_answers(scored)
            for kind, steps, chosen in groups:
                if chosen.any():
                    columns = {
                        "temperature": noise,
                        "pair_class": kind,
                        "distance": steps,
                        "pairs": int(chosen.sum()),
                        "accuracy": right[:, chosen].mean(axis=1)[:, None],
                    }
                    frames.append(over_grid(READOUT, grid, {**columns_of(hierarchy, name), **columns}))
    READOUT.write(pl.concat(frames), out)


@stage
@flat
def phase_table(*, tasks: Tasks, diagram: Phase, out: Annotated[Output, About("phase table")]) -> None:
    """Write accuracy and margin of every pair class over a fine grid of conjunctivity and ridge."""
    hierarchies = read_tasks(tasks)
    across, up = diagram.conjunctivity_points, diagram.ridge_points
    most = max(one.n for one in hierarchies.values())
    what = f"--conjunctivity-points {across} by --ridge-points {up}"
    refuse_beyond_memory(across * up * (1000 + 12 * most**2), what)
    alpha = np.linspace(0.0, diagram.highest_conjunctivity, across)
    grid = grid_of(alpha, np.geomspace(diagram.lowest_ridge, diagram.highest_ridge, up))
    frames = []
    for name, hierarchy in hierarchies.items():
        frames += by_class(PHASE, grid, columns_of(hierarchy, name), hierarchy)
    PHASE.write(pl.concat(frames), out)


@stage
@flat
def depth_table(
    *, tasks: Tasks, networks: Annotated[Depth, OF_DEPTH_TABLE], out: Annotated[Output, About("depth table")]
) -> None:
    """Write conjunctivity and behaviour of infinitely wide networks over depth and nonlinearity."""
    hierarchies = read_tasks(tasks)
    rho = np.array(networks.nonlinearity)
    frames = []
    for kernel in KERNELS:
        for layers in networks.layers:
            alpha = np.maximum(network_conjunctivity(kernel, layers, rho), 0.0)  # -1e-17 for a linear one
            scale = 1.0 - network_similarities(kernel, layers, rho)[1]
            for raw in networks.ridge:
                grid = np.stack([alpha, raw / scale], axis=1)
                network = {"kernel": kernel, "depth": layers, "rho": rho[:, None], "raw_ridge": raw}
                for name, hierarchy in hierarchies.items():
                    frames += by_class(DEPTH, grid, {**columns_of(hierarchy, name), **network}, hierarchy)
    DEPTH.write(pl.concat(frames), out)
