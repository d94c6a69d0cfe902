"""Figures of study 2, the long tail."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry

TABLES = "results/longtail"


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["longtail"]
    clusters = block["clusters"]
    memorization = [
        f"{TABLES}/memorization/{structure}_{learner}.parquet"
        for structure in clusters["structures"]
        for learner in clusters["memorization"]["learners"]
    ]
    figure = partial(Entry, "longtail", "Long tail")
    return [
        figure("longtail_spectra", {"spectra": f"{TABLES}/spectra.parquet"}),
        figure("longtail_scaling", {"scaling": f"{TABLES}/scaling.parquet"}),
        figure("longtail_simulation", {"simulation": f"{TABLES}/simulation.csv"}),
        figure("longtail_tradeoff", {"tradeoff": f"{TABLES}/tradeoff.csv"}),
        figure("longtail_privacy", {"privacy": f"{TABLES}/privacy.csv"}),
        figure("longtail_noise", {"noise": f"{TABLES}/noise.csv"}),
        figure(
            "longtail_subgroups",
            {"subgroups": [f"{TABLES}/subgroups/{mixture}.csv" for mixture in block["mixtures"]]},
        ),
        figure("longtail_classifiers", {"curves": f"{TABLES}/curves.csv"}),
        figure("longtail_memorization", {"memorization": memorization}),
        figure(
            "longtail_currency",
            {"relational": "results/relational/memorization.parquet", "longtail": memorization},
            block["currency"],
        ),
    ]
