"""Figures of study 1, the theory."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["relational"]
    shown = block["figures"]
    profiles = dict(shown["rank_profiles"])
    profiles["hierarchy"] = profiles.pop("hierarchies")
    networks = block["networks"]["hierarchies"]
    width = {
        "networks": [f"networks/{name}.parquet" for name in networks],
        "margins": [f"networks/{name}_margins.parquet" for name in networks],
        "summary": "finite_width.csv",
        "slopes": "finite_width_slopes.csv",
    }
    of_map = {"n": block["critical"]["map_n"]}
    figure = partial(Entry, "relational", "Theory")
    return [
        figure("task", {"tasks": [f"tasks/{name}.parquet" for name in block["hierarchies"]]}),
        figure("rank_profiles", {"ranks": "ranks.parquet", "margins": "sweep.parquet"}, profiles),
        figure("mechanism", {"table": "mechanism.parquet"}, shown["mechanism"]),
        figure("memorization", {"table": "memorization.parquet"}, shown["memorization"]),
        figure("phase_representation", {"table": "phase.parquet"}, shown["phase_representation"]),
        figure("phase_placement", {"table": "placement.parquet"}, shown["phase_placement"]),
        figure("critical_placement", {"table": "critical_placement.parquet"}, of_map),
        figure("readout", {"table": "readout.parquet"}, shown["readout"]),
        figure("depth", {"table": "depth.parquet"}, shown["depth"]),
        figure("finite_width", width),
    ]
