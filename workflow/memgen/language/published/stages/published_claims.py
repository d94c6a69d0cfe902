"""What is known of the published responses, beside what this study's tables say of them.

Knows the reference values of the fit (theory: What it predicts) and the published accuracies of one cross
pair (language-models: Published numbers). A claim whose files were not given is written down as not tested.
"""

import polars as pl

from memgen.claims import CLAIMS, verdict
from memgen.language.fits.tables import FIT
from memgen.language.responses.scanning import scan
from memgen.stage import Input, Output, stage

PAPER = "Cheng & Lippl 2026, arXiv 2605.22972, published responses"


REFERENCE = "Reference fit of the published responses (theory: What it predicts); not a value of the paper"


HIGHER, LOWER = 2, 6


FITS = (
    ("llama32-1b", "exc_mid_n9", 0.980, 0.9913),
    ("qwen35-2b", "exc_mid_n9", 0.550, 0.9494),
    ("llama32-1b", "ti_n9", 0.947, 0.9902),
)
"""Model, hierarchy, gamma and correlation of full finetuning on fake names; good to 1%."""


ACCURACIES = (
    ("full", None, "llama32-1b", "fake", 0.645, 0.455),
    ("full", None, "llama32-1b", "real", 0.52, 0.305),
    ("full", None, "qwen35-2b", "fake", 0.73, 0.555),
    ("full", None, "qwen35-2b", "real", 0.77, 0.61),
    ("probe", 1e-4, "llama32-1b", "fake", 0.655, 0.405),
    ("probe", 1e-4, "qwen35-2b", "real", 0.885, 0.735),
)
"""Method, hyperparameter, model, items, and accuracy of ranks 2 v 6 in ti_n9 and in exc_mid_n9."""


@stage
def published_claims(*, responses: Input, fits: Input, out: Output) -> None:
    """Write the claims about the published responses with the values found here.

    Parameters
    ----------
    responses
        Response table converted from the published files.
    fits
        Table of fits of the same responses.
    out
        Claims table.
    """
    chosen = scan(responses).filter(
        pl.col("phase") == "post",
        pl.min_horizontal("first", "second") == HIGHER,
        pl.max_horizontal("first", "second") == LOWER,
    )
    pair = chosen.collect(engine="streaming")
    rows = [*_fit_claims(FIT.read(fits), str(responses)), *_accuracy_claims(pair, str(responses))]
    CLAIMS.write(pl.DataFrame(rows, schema=CLAIMS.schema, orient="row"), out)


def _row(
    claim: str, paper: str, published: float, ours: float | None, tolerance: float, command: str
) -> dict[str, object]:
    return {
        "claim": claim,
        "paper": paper,
        "figure": None,
        "published_value": published,
        "ours": ours,
        "standard_error": None,
        "tolerance": tolerance,
        "verdict": verdict(published, ours, tolerance, None),
        "command": command,
    }


def _fit_claims(fits: pl.DataFrame, responses: str) -> list[dict[str, object]]:
    rows = []
    command = f"memgen language fit {responses} --out fit.csv"
    for model, hierarchy, gamma, correlation in FITS:
        found = fits.filter(
            pl.col("model") == model,
            pl.col("hierarchy") == hierarchy,
            pl.col("items") == "fake",
            pl.col("method") == "full",
        )
        for name, value in (("gamma", gamma), ("correlation", correlation)):
            claim = f"fitted {name} of full finetuning of {model} on {hierarchy}, fake names"
            ours = found[name][0] if len(found) else None
            rows.append(_row(claim, REFERENCE, value, ours, 0.01 * value, command))
    return rows


def _accuracy_claims(pair: pl.DataFrame, responses: str) -> list[dict[str, object]]:
    rows = []
    command = f"memgen language published-claims --responses {responses} --fits FIT --out claims.csv"
    for method, hyperparameter, model, items, *values in ACCURACIES:
        for hierarchy, value in zip(("ti_n9", "exc_mid_n9"), values, strict=True):
            found = pair.filter(
                pl.col("method") == method,
                pl.col("hyperparameter").eq_missing(pl.lit(hyperparameter, dtype=pl.Float64)),
                pl.col("model") == model,
                pl.col("items") == items,
                pl.col("hierarchy") == hierarchy,
            )["correct"]
            text = method if hyperparameter is None else f"{method}, L2 {hyperparameter:g},"
            claim = f"accuracy of ranks {HIGHER} v {LOWER}, {text} {model} on {hierarchy}, {items} names"
            ours = float(found.cast(pl.Float64).mean()) if len(found) else None  # type: ignore[arg-type]
            # Published to three digits at most; one answer in 200 is .005.
            rows.append(_row(claim, PAPER, value, ours, 0.0005, command))
    return rows
