"""Figures of study 3, irrelevant information."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["irrelevant"]
    averages = {"averages": "averages.parquet"}
    of_all = {
        "memorization": "results/relational/memorization.parquet",
        "tradeoff": "results/longtail/tradeoff.csv",
        "leakage": "leakage.csv",
    }
    extracted: list[dict[str, str]] = [{}] if "extraction" in block else []
    all_run: list[dict[str, str]] = [{}] if {"relational", "longtail"} <= set(config) else []
    figure = partial(Entry, "irrelevant", "Irrelevant information")
    return [
        figure("irrelevant_attacks", {"leakage": "leakage.csv"}),
        figure("irrelevant_tradeoff", {"simulation": "simulation.csv", "leakage": "leakage.csv"}),
        figure("irrelevant_scaling", {"matched": "matched.csv"}),
        figure("irrelevant_training", averages),
        figure("irrelevant_multiplicity", averages),
        figure("irrelevant_completion", averages),
        figure("irrelevant_extraction", {"extraction": "extraction.csv"}, each=extracted),
        figure("three_studies", of_all, block["three_studies"], all_run),
    ]
