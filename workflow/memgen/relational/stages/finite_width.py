"""Finite networks beside the theory: each network's deviation, and the margins of every pair."""

import logging
import math
from typing import Annotated

import numpy as np
import polars as pl

from memgen.configuration.options import About, flat
from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import integer_seed
from memgen.jobs.stage import Input, Output, progress, stage
from memgen.relational.behaviour import Pairs, right_answers
from memgen.relational.configuration import OF_FINITE_WIDTH, Networks
from memgen.relational.frames import columns_of, read_tasks
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import network_conjunctivity
from memgen.relational.networks import DEPTH, Trained, train
from memgen.relational.ranks import memorization_weight, ranks
from memgen.relational.tables import FINITE_WIDTH, FINITE_WIDTH_MARGINS
from memgen.tables.statistics import means_with_errors

logger = logging.getLogger(__name__)


@stage
@flat
def finite_width(
    *,
    task: Annotated[Input, About("task table")],
    networks: Annotated[Networks, OF_FINITE_WIDTH],
    out: Annotated[Output, About("finite width table: a row per network")],
    margins: Annotated[Output, About("margins of every pair, averaged over seeds")],
) -> None:
    """Train finite networks on one hierarchy, lazy and rich, and write how far they are from the theory."""
    ((name, hierarchy),) = read_tasks([task]).items()
    largest = max(*networks.width, networks.scan_width)
    refuse_beyond_memory(
        8.0 * networks.seeds * largest * hierarchy.n * (hierarchy.n + 2),
        f"{networks.seeds} networks of width {largest}",
    )
    settings = [("lazy", units, 1.0) for units in networks.width]
    settings += [("rich", units, networks.rich_scale / math.sqrt(units)) for units in networks.width]
    settings += [("scan", networks.scan_width, scale) for scale in networks.scan_scale]
    rows, pair_rows = [], []
    for regime, units, scale in progress(settings, "finite networks"):
        keys = [
            integer_seed("relational", "finite width", name, units, seed) for seed in range(networks.seeds)
        ]
        trained = train(hierarchy, units, scale, networks.steps, keys)
        network = {"regime": regime, "width": units, "scale": scale}
        labels = {key: pl.lit(value) for key, value in {**columns_of(hierarchy, name), **network}.items()}
        one, other = _rows(hierarchy, trained)
        rows.append(one.with_columns(**labels))
        pair_rows.append(other.with_columns(**labels))
        logger.info("%s, width %d, scale %g: deviation %.4f", regime, units, scale, one["deviation"].mean())
    FINITE_WIDTH.write(pl.concat(rows).cast(pl.Schema(FINITE_WIDTH.schema)), out)
    FINITE_WIDTH_MARGINS.write(pl.concat(pair_rows).cast(pl.Schema(FINITE_WIDTH_MARGINS.schema)), margins)


def _rows(hierarchy: Hierarchy, trained: Trained) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of the networks, and of their pairs."""
    pairs = Pairs.of(hierarchy)
    alpha = network_conjunctivity("ntk", DEPTH)
    theory = pairs.margins(ranks(hierarchy.n, hierarchy.exceptions, alpha), memorization_weight(alpha))
    margins = trained.margins[:, pairs.higher, pairs.lower]
    untrained, with_truth = ~pairs.trained, ~pairs.trained & (pairs.truth != 0)
    count = len(margins)
    means, errors = means_with_errors(margins)
    networks = pl.DataFrame(
        {
            "seed": np.arange(count),
            "deviation": np.sqrt(np.square(margins - theory)[:, untrained].mean(axis=1)),
            "accuracy": right_answers(pairs.truth * margins)[:, with_truth].mean(axis=1),
            "training_error": trained.training_error,
            "kernel_change": trained.kernel_change,
        }
    )
    by_pair = pl.DataFrame(
        {
            "higher": pairs.higher,
            "lower": pairs.lower,
            "pair_class": pairs.classes.tolist(),
            "margin": means,
            "standard_error": errors,
            "seeds": count,
            "theory": theory,
        }
    )
    return networks, by_pair
