"""Figures of published language models, beside the theory and our models."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from memgen.configuration.own_folder import given
from memgen.figures.table import Entry
from memgen.language import settings
from memgen.published.files import held_by, read_versions

TABLES = "results/published"


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["published"]
    source = block.get("source")
    local = Path(given(source)) if source not in (None, "download") else None
    kinds = _kinds(block, local)
    each = [{"kind": kind} for kind in kinds] if source else []
    once: list[Mapping[str, str]] = [{}] if source else []
    equities = local and (local / "poker/preflop_equity.csv").is_file()
    compared = {"hierarchy": list(config["relational"]["hierarchies"])}
    of_items = {"items": "{kind}", **compared}
    beside_ours = {**of_items, "methods": ["full", "probe"], "ours": _ours(config)}
    figure = partial(Entry, "published", "Published language models")
    return [
        figure(
            "published_equities",
            {"classes": f"{TABLES}/equity_classes.csv", "suits": f"{TABLES}/equity_suits.csv"},
            each=[{}] if equities else [],
        ),
        figure("published_heatmaps_{kind}", _both("predictions", "predictions.parquet"), beside_ours, each),
        figure(
            "published_predicted_{kind}",
            _both("predictions", "predictions.parquet") | _both("fits", "fit.csv"),
            beside_ours,
            each,
        ),
        figure("published_accuracy_{kind}", _both("accuracy", "accuracy.csv"), of_items, each),
        figure(
            "published_regularization_{kind}",
            {"accuracy": f"{TABLES}/accuracy.csv", "fit": f"{TABLES}/fit.csv"},
            of_items,
            each,
        ),
        figure(
            "published_explanations",
            {"summary": f"{TABLES}/explanations_summary.csv"},
            {"items": kinds, "method": "full", **compared},
            once,
        ),
        figure("published_transfer", {"transfer": f"{TABLES}/transfer.parquet"}, each=once),
        figure("published_comparison", {"comparison": f"{TABLES}/comparison.csv"}, each=once),
    ]


def _both(name: str, file: str) -> dict[str, str | list[str]]:
    """A table of the published models, and the same of ours."""
    return {name: [f"{TABLES}/{file}", f"results/language/{file}"]}


def _kinds(block: Mapping[str, Any], local: Path | None) -> list[str]:
    """Kinds of item: those that a local folder holds, or those to be downloaded."""
    if local is not None:
        return sorted({row.items for row in held_by(local, read_versions())})
    return sorted({row.items for row in read_versions()} & set(block["items"]))


def _ours(config: Mapping[str, Any]) -> list[str]:
    """The first of our models from each source, and those in GGUF files; our own figures show all models."""
    return [
        name
        for source in ("wheel", "corpus", "hub")
        for place, name in enumerate(settings.models_of(config, source))
        if place == 0 or name in settings.quantized(config)
    ]
