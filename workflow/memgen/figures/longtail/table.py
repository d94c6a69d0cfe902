"""Figures of study 2, the long tail."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["longtail"]
    clusters = block["clusters"]
    memorization = [
        f"results/longtail/memorization/{structure}_{learner}.parquet"
        for structure in clusters["structures"]
        for learner in clusters["memorization"]["learners"]
    ]
    both = {"relational": "results/relational/memorization.parquet", "longtail": memorization}
    singletons = {name: f"{name}.csv" for name in ("tradeoff", "noise", "mislabelled")}
    mixtures = [f"subgroups/{name}.csv" for name in block["mixtures"]]
    paying = {"subgroups": mixtures, "compression": "compression.csv"}
    figure = partial(Entry, "longtail", "Long tail")
    return [
        figure("longtail_spectra", {"spectra": "spectra.parquet"}),
        figure("longtail_scaling", {"scaling": "scaling.parquet"}),
        figure("longtail_singletons", singletons),
        figure("longtail_privacy", {"privacy": "privacy.csv"}),
        figure("longtail_subgroups", paying),
        figure("longtail_classifiers", {"curves": "curves.csv"}),
        figure("longtail_memorization", {"memorization": memorization}),
        figure("longtail_currency", both, block["currency"]),
    ]
