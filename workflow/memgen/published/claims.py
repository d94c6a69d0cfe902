"""What is known of the published responses, beside what this study's tables say of them.

The reference values of the fit (theory: What it predicts), the published accuracies of one cross pair
(language-models: Published numbers), and every statement of the abstracts put to the published answers, seed
by seed. A claim whose files were not given is written down as not tested.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative
from memgen.jobs.stage import Input, Output, command, stage
from memgen.language.claims.statements import Study, claims_by_method
from memgen.language.fits.tables import FIT
from memgen.language.responses.averages import rows_of, scan
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims
from memgen.tables.summaries import text

PAPER = "Cheng & Lippl 2026, arXiv 2605.22972, published responses"

HIGHER, LOWER = 2, 6
"""The pair whose accuracy is published, in ranks."""

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

FIGURES = {
    "margin_heatmaps": "published_heatmaps_{items}",
    "accuracy_by_class": "published_accuracy_{items}",
    "symbolic_distance": "published_predicted_{items}",
}
"""Figures of the published responses, by those of our own."""


@stage
def claims(*, responses: Input, fits: Input, out: Output) -> None:
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
    pair = pair_responses(scan(responses))
    tables = ("--responses", responses, "--fits", fits)
    found = [*_fit_claims(FIT.read(fits), tables), *_accuracy_claims(pair, tables)]
    study = Study("published", responses, ridge=("probe",), figures=FIGURES)
    write_claims([*found, *claims_by_method(study)], out)


def _claim(
    id: str, words: str, cell: Mapping[str, str], hyperparameter: float | None, expected: float,
    ours: float | None, margin: float, tables: Sequence[str | Path], published: bool,
) -> Claim:  # fmt: skip
    """A claim about one cell, which `memgen published cell` prints: of a published value, or one of ours."""
    flags = [part for name, value in cell.items() for part in (f"--{name}", value)]
    if hyperparameter is not None:
        flags += ["--hyperparameter", repr(hyperparameter)]
    return Claim(
        study="published",
        id="-".join([id, *cell.values()]),
        claim=words,
        paper=PAPER if published else THIS_STUDY,
        model=cell["model"],
        items=cell["items"],
        method=cell["method"],
        figure=f"published_{'accuracy' if published else 'heatmaps'}_{cell['items']}",
        sense="equal",
        threshold=expected,
        margin=margin,
        published_value=expected if published else None,
        ours=ours,
        would_fail=f"A value further than {margin:.2g} from {expected:g}.",
        command=shell_command("published", "cell", *tables, *flags, "--json"),
    )


def _fit_claims(table: pl.DataFrame, tables: Sequence[str | Path]) -> Iterator[Claim]:
    for model, hierarchy, gamma, correlation in FITS:
        cell = {"model": model, "hierarchy": hierarchy, "items": "fake", "method": "full"}
        found = fitted(table, **cell, hyperparameter=None)
        for name, value in (("gamma", gamma), ("correlation", correlation)):
            words = f"fitted {name} on {hierarchy}"
            yield _claim(f"fit-{name}", words, cell, None, value, found[name], 0.01 * value, tables, False)


def _accuracy_claims(pair: pl.DataFrame, tables: Sequence[str | Path]) -> Iterator[Claim]:
    for method, hyperparameter, model, items, *values in ACCURACIES:
        for hierarchy, value in zip(("ti_n9", "exc_mid_n9"), values, strict=True):
            cell = {"model": model, "hierarchy": hierarchy, "items": items, "method": method}
            ours = accuracy(pair, **cell, hyperparameter=hyperparameter)
            l2 = "" if hyperparameter is None else f", L2 {hyperparameter:g}"
            words = f"accuracy of ranks {HIGHER} v {LOWER} on {hierarchy}{l2}"
            # Published to three digits at most; one answer in 200 is .005.
            yield _claim("accuracy-stated", words, cell, hyperparameter, value, ours, 0.0005, tables, True)


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
