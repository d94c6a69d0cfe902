"""Figures of study 1, language models."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry
from memgen.language import settings

TABLES = "results/language"


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    block = config["language"]
    kinds = {name: method["kind"] for name, method in block["methods"].items()}
    cells = settings.cells(config)
    methods = [{"method": method} for method in sorted({cell.method for cell in cells})]
    methods_and_items = [
        {"method": method, "kind": items}
        for method, items in sorted({(cell.method, cell.items) for cell in cells})
    ]
    compared = {"hierarchy": list(config["relational"]["hierarchies"])}
    of_method = {"method": "{method}", **compared}
    of_items = {"method": "{method}", "items": "{kind}", **compared}
    predicted = {"predictions": f"{TABLES}/predictions.parquet", "fit": f"{TABLES}/fit.csv"}
    summary = _summary(config, kinds)
    figure = partial(Entry, "language", "Language models")
    return [
        figure(
            "language_summary",
            {"predictions": [*_published(config), f"{TABLES}/predictions.parquet"]},
            summary,
            each=[{}] if all(summary.values()) else [],
        ),
        *(
            figure(name, predicted, of_items, methods_and_items, job="method={method},items={kind}")
            for name in ("margin_heatmaps_{method}_{kind}", "predicted_margins_{method}_{kind}")
        ),
        figure("held_out_margins", {"held_out": f"{TABLES}/held_out.csv"}),
        figure("language_cells", {"claims": f"{TABLES}/claims.csv"}),
        figure("baselines", {"baselines": f"{TABLES}/baselines.csv"}, compared),
        figure("accuracy_by_class_{method}", {"accuracy": f"{TABLES}/accuracy.csv"}, of_method, methods),
        figure("symbolic_distance_{method}", {"distance": f"{TABLES}/distance.csv"}, of_method, methods),
        figure("response_bias", {"effects": f"{TABLES}/effects.csv"}, compared),
        figure("exception_effect", {"effects": f"{TABLES}/effects.csv"}, compared),
        figure(
            "conjunctivity",
            {"geometry": f"{TABLES}/geometry.csv", "relation": f"{TABLES}/relation.csv"},
        ),
        figure(
            "own_kernel",
            {"geometry": f"{TABLES}/geometry.csv", "fit": f"{TABLES}/fit.csv"},
            compared,
            each=[{}] if any(kinds[cell.method] != "ridge" for cell in cells) else [],
        ),
    ]


def _published(config: Mapping[str, Any]) -> list[str]:
    """Predictions of published models, where the study has them."""
    return ["results/published/predictions.parquet"] if config["published"].get("source") else []


def _summary(config: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Pretrained models of a wheel and their controls, by the first probe and finetuned, with and without."""
    wheels = settings.models_of(config, "wheel")
    models = config["language"]["models"]
    plain, exceptional = settings.contrast(config) or (None, None)
    return {
        "items": "fake",
        "plain": plain,
        "exceptional": exceptional,
        "models": [
            *wheels,
            *(name for name in settings.models_of(config, "random") if models[name]["like"] in wheels),
        ],
        "methods": [
            *[name for name, kind in kinds.items() if kind == "ridge"][:1],
            *(name for name, kind in kinds.items() if kind in ("full", "lora")),
        ],
    }
