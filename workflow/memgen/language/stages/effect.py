"""What an exception changes for one pair, and how far the order is generalized, on the command line."""

import json as json_format
from pathlib import Path

from memgen.arguments import CountOrNone
from memgen.language.responses.changes import (
    by_seed,
    change,
    chosen_runs,
    generalization,
)
from memgen.language.responses.rows import RESPONSES
from memgen.stage import Input, command
from memgen.statistics import mean_with_error

RESPONSE_FILE = Path("results/language/responses.parquet")


@command
def effect(
    *,
    model: str,
    items: str,
    method: str = "probe",
    higher: CountOrNone = 2,
    lower: CountOrNone = 6,
    before: str = "ti_n9",
    after: str = "exc_mid_n9",
    responses: Input = RESPONSE_FILE,
    json: bool = False,
) -> None:
    """Print a pair's margin and accuracy in two hierarchies, and the change with its standard error by seed.

    Beside them stands by how much the paired accuracy on untrained pairs of the first hierarchy exceeds 1/2.

    Parameters
    ----------
    model
        Model, as in the response table.
    items
        Kind of item: real, fake or poker.
    method
        Method of training.
    higher, lower
        Ranks of the pair, 0 the strongest.
    before, after
        Hierarchies to compare.
    responses
        Response table of the study.
    json
        Print JSON, with every digit.
    """
    runs = chosen_runs(RESPONSES.read(responses), model, items, method, str(responses))
    pair = runs.filter(higher=higher, lower=lower)
    answer: dict[str, dict[str, float | None]] = {}
    for value in ("margin", "accuracy", "paired_accuracy"):
        rows = {}
        for name, values in (
            (before, by_seed(pair, before, value)[value]),
            (after, by_seed(pair, after, value)[value]),
            ("change", change(pair, value, before, after)),
        ):
            rows[name], rows[f"{name}_standard_error"] = mean_with_error(values)
        answer[value] = rows
    excess, error = mean_with_error(generalization(runs, before))
    if json:
        answer["untrained"] = {"excess": excess, "excess_standard_error": error}
        print(json_format.dumps(answer))
        return
    for value, rows in answer.items():
        names = (before, after, "change")
        parts = [
            f"{name} {_number(rows[name])} ± {_number(rows[f'{name}_standard_error'])}" for name in names
        ]
        print(f"{value} of {higher} v {lower}: {', '.join(parts)}")
    print(f"paired accuracy on untrained pairs of {before}, above 1/2: {_number(excess)} ± {_number(error)}")


def _number(number: float | None) -> str:
    return "none" if number is None else f"{number:.4f}"
