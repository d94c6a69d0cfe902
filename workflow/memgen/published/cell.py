"""What this study finds in one cell of the published responses, beside values known from elsewhere."""

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative
from memgen.jobs.stage import Input, command
from memgen.language.fits.tables import FIT
from memgen.language.responses.averages import rows_of, scan
from memgen.tables.summaries import text

HIGHER, LOWER = 2, 6
"""The pair whose accuracy is published, in ranks."""


@command
def cell(
    *,
    responses: Input,
    fits: Input,
    model: str,
    hierarchy: str,
    items: str,
    method: str,
    hyperparameter: NonNegative | None = None,
    json: bool = False,
) -> None:
    """Print the fitted gamma of one cell of the published responses, its correlation and a pair's accuracy.

    Parameters
    ----------
    responses
        Response table converted from the published files.
    fits
        Table of fits of the same responses.
    model, hierarchy, items, method
        The cell, as the response table names it.
    hyperparameter
        LoRA rank or L2 of the probe; none for full finetuning.
    json
        Print JSON, with every digit.
    """
    key = {"model": model, "hierarchy": hierarchy, "items": items, "method": method}
    answer = fitted(FIT.read(fits), **key, hyperparameter=hyperparameter)
    pair = pair_responses(scan(responses))
    answer[f"accuracy_{HIGHER}_v_{LOWER}"] = accuracy(pair, **key, hyperparameter=hyperparameter)
    if all(value is None for value in answer.values()):
        value = "" if hyperparameter is None else f" {hyperparameter:g}"
        raise BadInput(f"{fits}, {responses}: hold no {model} {hierarchy} {items} {method}{value}")
    print(text(answer, json))


def fitted(fits: pl.DataFrame, **cell: str | float | None) -> dict[str, float | None]:
    """Fitted gamma and correlation of a cell, None where the table, `FIT`, does not hold it.

    The cell is given by its model, hierarchy, items, method and hyperparameter.
    """
    found = rows_of(fits, cell)
    return {name: found[name][0] if len(found) else None for name in ("gamma", "correlation")}


def pair_responses(responses: pl.LazyFrame) -> pl.DataFrame:
    """Responses to the published pair after training, in both orders."""
    chosen = responses.filter(
        pl.col("phase") == "post",
        pl.min_horizontal("first", "second") == HIGHER,
        pl.max_horizontal("first", "second") == LOWER,
    )
    return chosen.collect(engine="streaming")


def accuracy(pair: pl.DataFrame, **cell: str | float | None) -> float | None:
    """Share of right answers to the published pair of a cell, None where `pair_responses` has none."""
    found = rows_of(pair, cell)["correct"]
    return float(found.cast(pl.Float64).mean()) if len(found) else None  # type: ignore[arg-type]
