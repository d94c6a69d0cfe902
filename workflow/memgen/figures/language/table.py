"""Figures of study 1, language models."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.labels import words
from memgen.figures.table import Entry
from memgen.language import settings


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    kinds = {name: method["kind"] for name, method in config["language"]["methods"].items()}
    told = {"words": [f"{name}={text}" for name, text in words(config).items()]}
    every = {"hierarchy": list(config["relational"]["hierarchies"]), **told}
    contrast = {"hierarchy": list(settings.contrast(config) or every["hierarchy"]), **told}
    exceptional = {**contrast, "hierarchy": contrast["hierarchy"][1:]}
    probes = {"probes": [name for name, kind in kinds.items() if kind == "ridge"]}
    published = ["results/published/predictions.parquet"] if config["published"].get("source") else []
    summary = _summary(config, kinds)
    figure = partial(Entry, "language", "Language models")
    return [
        figure(
            "language_summary", {"predictions": [*published, "predictions.parquet"]},
            {**summary, **probes, **told}, [{}] if all(summary.values()) else [],
        ),
        figure("held_out_margins", {"held_out": "held_out.csv"}, told),
        figure("margin_heatmaps", {"predictions": "predictions.parquet"}, {"items": "fake", **contrast}),
        figure("language_cells", {"claims": "claims.csv"}, told),
        figure("baselines", {"baselines": "baselines.csv"}, exceptional),
        figure("accuracy_by_class", {"accuracy": "accuracy.csv"}, every),
        figure("symbolic_distance", {"distance": "distance.csv"}, {"items": "fake", **probes, **contrast}),
        figure("exception_effect", {"effects": "effects.csv"}, {**probes, **contrast}),
        figure(
            "geometry", {"representations": "representations.csv", "curve": "cost_curve.csv"},
            each=[{}] if settings.represented(config) else [],
        ),
    ]  # fmt: skip


def _summary(config: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Pretrained models of a wheel and their controls, by the first probe and finetuned, with and without."""
    models = config["language"]["models"]
    pretrained = settings.models_of(config, "wheel")
    shown = [
        name for like in pretrained for name, model in models.items() if like in (name, model.get("like"))
    ]
    plain, exceptional = settings.contrast(config) or (None, None)
    probes = [name for name, kind in kinds.items() if kind == "ridge"]
    finetuned = [name for name, kind in kinds.items() if kind in ("full", "lora")]
    return {
        "items": "fake",
        "plain": plain,
        "exceptional": exceptional,
        "models": shown,
        "methods": [*probes[:1], *finetuned],
    }
