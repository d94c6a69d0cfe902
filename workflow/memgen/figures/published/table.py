"""Figures of published language models, beside the theory and our models."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from memgen.configuration.own_folder import given
from memgen.figures.labels import words
from memgen.figures.table import Entry
from memgen.language import settings
from memgen.published.files import held_by, read_versions


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["published"]
    source = block.get("source")
    local = Path(given(source)) if source not in (None, "download") else None
    kinds = _kinds(block, local)
    each = [{"kind": kind} for kind in kinds] if source else []
    once: list[Mapping[str, str]] = [{}] if source else []
    has_equities = local and (local / "poker/preflop_equity.csv").is_file()
    told = {"words": [f"{name}={text}" for name, text in words(config).items()]}
    compared = {"hierarchy": list(config["relational"]["hierarchies"]), **told}
    of_items = {"items": "{kind}", **compared}
    beside_ours = {**of_items, "methods": ["full", "probe"], "ours": _ours(config)}
    explained = {"items": kinds, "method": "full", **compared}
    predictions = {"predictions": _with_ours("predictions.parquet")}
    fitted = {**predictions, "fits": _with_ours("fit.csv")}
    rates = {"accuracy": "accuracy.csv", "fit": "fit.csv"}
    equities = {"classes": "equity_classes.csv", "suits": "equity_suits.csv"}
    figure = partial(Entry, "published", "Published language models")
    return [
        figure("published_equities", equities, each=once if has_equities else []),
        figure("published_heatmaps_{kind}", predictions, beside_ours, each),
        figure("published_predicted_{kind}", fitted, beside_ours, each),
        figure("published_accuracy_{kind}", {"accuracy": _with_ours("accuracy.csv")}, of_items, each),
        figure("published_regularization_{kind}", rates, of_items, each),
        figure("published_explanations", {"summary": "explanations_summary.csv"}, explained, once),
        figure("published_transfer", {"transfer": "transfer.parquet"}, told, once),
        figure("published_comparison", {"comparison": "comparison.csv"}, told, once),
    ]


def _with_ours(file: str) -> list[str]:
    """A table of the published models, and the same of ours."""
    return [file, f"results/language/{file}"]


def _kinds(block: Mapping[str, Any], local: Path | None) -> list[str]:
    """Kinds of item: those that a local folder holds, or those to be downloaded."""
    if local is not None:
        return sorted({row.items for row in held_by(local, read_versions())})
    return sorted({row.items for row in read_versions()} & set(block["items"]))


def _ours(config: Mapping[str, Any]) -> list[str]:
    """The first of our models from each source, and those in GGUF files; our own figures show all models."""
    return [
        name
        for source in ("wheel", "corpus", "hub", "folder")
        for place, name in enumerate(settings.models_of(config, source))
        if place == 0 or name in settings.quantized(config)
    ]
