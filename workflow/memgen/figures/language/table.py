"""Figures of study 1, language models."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from memgen.figures.table import Entry
from memgen.language import settings


def figures(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the study."""
    kinds = {name: method["kind"] for name, method in config["language"]["methods"].items()}
    cells = settings.cells(config)
    methods = [{"method": method} for method in sorted({cell.method for cell in cells})]
    methods_and_items = [
        {"method": method, "kind": items}
        for method, items in sorted({(cell.method, cell.items) for cell in cells})
    ]
    compared = {"hierarchy": list(config["relational"]["hierarchies"])}
    of_method = {"method": "{method}", **compared}
    of_items = {"method": "{method}", "items": "{kind}", **compared}
    predicted = {"predictions": "predictions.parquet", "fit": "fit.csv"}
    published = ["results/published/predictions.parquet"] if config["published"].get("source") else []
    summary = _summary(config, kinds)
    trained: list[dict[str, str]] = [{}] if any(kinds[cell.method] != "ridge" for cell in cells) else []
    figure = partial(Entry, "language", "Language models")
    of_pairs = partial(figure, tables=predicted, options=of_items, each=methods_and_items,
                       job="method={method},items={kind}")  # fmt: skip
    return [
        figure(
            "language_summary", {"predictions": [*published, "predictions.parquet"]}, summary,
            [{}] if all(summary.values()) else [],
        ),
        of_pairs("margin_heatmaps_{method}_{kind}"),
        of_pairs("predicted_margins_{method}_{kind}"),
        figure("held_out_margins", {"held_out": "held_out.csv"}),
        figure("language_cells", {"claims": "claims.csv"}),
        figure("baselines", {"baselines": "baselines.csv"}, compared),
        figure("accuracy_by_class_{method}", {"accuracy": "accuracy.csv"}, of_method, methods),
        figure("symbolic_distance_{method}", {"distance": "distance.csv"}, of_method, methods),
        figure("response_bias", {"effects": "effects.csv"}, compared),
        figure("exception_effect", {"effects": "effects.csv"}, compared),
        figure(
            "geometry", {"representations": "representations.csv", "curve": "cost_curve.csv"},
            each=[{}] if settings.represented(config) else [],
        ),
        figure("own_kernel", {"geometry": "geometry.csv", "fit": "fit.csv"}, compared, trained),
    ]  # fmt: skip


def _summary(config: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Pretrained models of a wheel and their controls, by the first probe and finetuned, with and without."""
    wheels = settings.models_of(config, "wheel")
    models = config["language"]["models"]
    drawn = [name for name in settings.models_of(config, "random") if models[name]["like"] in wheels]
    controls = [name for name in drawn if name not in settings.further(config)]
    plain, exceptional = settings.contrast(config) or (None, None)
    probes = [name for name, kind in kinds.items() if kind == "ridge"]
    finetuned = [name for name, kind in kinds.items() if kind in ("full", "lora")]
    return {
        "items": "fake",
        "plain": plain,
        "exceptional": exceptional,
        "models": [*wheels, *controls],
        "methods": [*probes[:1], *finetuned],
    }
