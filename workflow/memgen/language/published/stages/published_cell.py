"""What this study finds in one cell of the published responses, on the command line."""

from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative
from memgen.jobs.stage import Input, command
from memgen.language.fits.tables import FIT
from memgen.language.published.references import HIGHER, LOWER, accuracy, fitted, pair_responses
from memgen.language.responses.scanning import scan
from memgen.tables.summaries import text


@command
def published_cell(
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
    cell = {"model": model, "hierarchy": hierarchy, "items": items, "method": method}
    answer = fitted(FIT.read(fits), **cell, hyperparameter=hyperparameter)
    pair = pair_responses(scan(responses))
    answer[f"accuracy_{HIGHER}_v_{LOWER}"] = accuracy(pair, **cell, hyperparameter=hyperparameter)
    if all(value is None for value in answer.values()):
        value = "" if hyperparameter is None else f" {hyperparameter:g}"
        raise BadInput(f"{fits}, {responses}: hold no {model} {hierarchy} {items} {method}{value}")
    print(text(answer, json))
