"""Figures of study 3, irrelevant information."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry

TABLES = "results/irrelevant"


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["irrelevant"]
    averages = {"averages": f"{TABLES}/averages.parquet"}
    figure = partial(Entry, "irrelevant", "Irrelevant information")
    return [
        figure("irrelevant_training", averages),
        figure("irrelevant_multiplicity", averages),
        figure("irrelevant_defences", averages),
        figure("irrelevant_storage", {"simulation": f"{TABLES}/simulation.csv"}),
        figure("irrelevant_scaling", averages),
        figure("irrelevant_leakage", {"leakage": f"{TABLES}/leakage.csv"}),
        figure("irrelevant_controls", averages),
        figure("irrelevant_attacks", averages),
        figure("irrelevant_completion", averages),
        figure(
            "irrelevant_extraction",
            {"extraction": f"{TABLES}/extraction.csv"},
            each=[{}] if "extraction" in block else [],
        ),
        figure(
            "three_studies",
            {
                "memorization": "results/relational/memorization.parquet",
                "tradeoff": "results/longtail/tradeoff.csv",
                "leakage": f"{TABLES}/leakage.csv",
            },
            block["three_studies"],
            each=[{}] if {"relational", "longtail"} <= set(config) else [],
        ),
    ]
