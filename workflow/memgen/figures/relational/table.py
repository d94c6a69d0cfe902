"""Figures of study 1, the theory."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry

TABLES = "results/relational"


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["relational"]
    shown = block["figures"]
    profiles = dict(shown["rank_profiles"])
    profiles["hierarchy"] = profiles.pop("hierarchies")
    networks = [f"{TABLES}/networks/{name}" for name in block["networks"]["hierarchies"]]
    figure = partial(Entry, "relational", "Theory")
    return [
        figure("task", {"tasks": [f"{TABLES}/tasks/{name}.parquet" for name in block["hierarchies"]]}),
        figure(
            "rank_profiles",
            {"ranks": f"{TABLES}/ranks.parquet", "margins": f"{TABLES}/sweep.parquet"},
            profiles,
        ),
        figure("mechanism", {"table": f"{TABLES}/mechanism.parquet"}, shown["mechanism"]),
        figure("memorization", {"table": f"{TABLES}/memorization.parquet"}, shown["memorization"]),
        figure("phase_representation", {"table": f"{TABLES}/phase.parquet"}, shown["phase_representation"]),
        figure("phase_placement", {"table": f"{TABLES}/placement.parquet"}, shown["phase_placement"]),
        figure(
            "critical_placement",
            {"table": f"{TABLES}/critical_placement.parquet"},
            {"n": block["critical"]["map_n"]},
        ),
        figure("readout", {"table": f"{TABLES}/readout.parquet"}, shown["readout"]),
        figure("depth", {"table": f"{TABLES}/depth.parquet"}, shown["depth"]),
        figure(
            "finite_width",
            {
                "networks": [f"{path}.parquet" for path in networks],
                "margins": [f"{path}_margins.parquet" for path in networks],
                "summary": f"{TABLES}/finite_width.csv",
                "slopes": f"{TABLES}/finite_width_slopes.csv",
            },
        ),
    ]
