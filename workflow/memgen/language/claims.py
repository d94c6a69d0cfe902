"""What the papers claim about language models, beside what this study's pretrained models do.

Knows the response table and the claims; trains nothing. The published models are others than ours, so a
claim here is about a direction, never about equality of two numbers: it agrees if the 95% confidence
interval of ours, Student's t over seeds, lies on the claimed side, and differs if it does not, also where
the seeds cannot decide. Untrained controls are no subject of the paper's claims and stand in the figures.
"""

import polars as pl

from memgen.claims import CLAIMS
from memgen.language.effect import by_seed, change, mean_and_error, runs_of
from memgen.stage import Input, Output, stage

PAPER = "Cheng & Lippl 2026, arXiv 2605.22972"
BASELINE, EXCEPTION = "ti_n9", "exc_mid_n9"
HIGHER, LOWER = 2, 6
#: Change of per-direction accuracy of the pair 2 v 6, ti_n9 to exc_mid_n9 (language-models: Published
#: numbers): lm_head probes of Llama-3.2-1B (fake, .655 to .405) and Qwen3.5-2B (real, .885 to .735).
PUBLISHED_CHANGE = {"fake": 0.405 - 0.655, "real": 0.735 - 0.885}


def direction(values: pl.Series, side: int) -> tuple[float | None, float | None, str]:
    """Whether a mean over seeds lies on the claimed side of zero.

    Parameters
    ----------
    values : polars.Series
        One value per seed.
    side : {1, -1}
        Claimed sign of the mean.

    Returns
    -------
    mean : float or None
        None without a seed.
    standard_error : float or None
        None with fewer than two seeds.
    verdict : {"agrees", "differs", "not tested"}
        Not tested with fewer than two seeds.
    """
    from scipy.stats import t

    mean, error = mean_and_error(values)
    if mean is None or error is None:
        return mean, None, "not tested"
    reach = float(t.ppf(0.975, len(values) - 1)) * error
    return mean, error, "agrees" if side * mean > reach else "differs"


def cell_claims(rows: pl.DataFrame, model: str, items: str) -> list[dict[str, object]]:
    """Claims of one model and kind of item.

    Parameters
    ----------
    rows : polars.DataFrame
        From `runs_of`.
    model, items : str

    Returns
    -------
    list of dict
        Rows of `CLAIMS` without paper, figure and command.
    """
    pair = rows.filter(pl.col("higher") == HIGHER, pl.col("lower") == LOWER)
    untrained = rows.filter(~pl.col("pair_class").is_in(["train", "exception", "loop"]))
    above_chance = by_seed(untrained, BASELINE, "paired_accuracy")["paired_accuracy"] - 0.5
    change_of = f"{HIGHER} v {LOWER} falls from {BASELINE} to {EXCEPTION} ({model}, {items} names; change)"
    falls = {
        value: direction(change(pair, value, BASELINE, EXCEPTION), -1) for value in ("margin", "accuracy")
    }
    tests = [
        (
            f"{BASELINE} is generalized: paired accuracy on untrained pairs exceeds 1/2 "
            f"({model}, {items} names; excess)",
            None,
            direction(above_chance, 1),
        ),
        (f"the margin of ranks {change_of}", None, falls["margin"]),
        (f"the accuracy on ranks {change_of}", PUBLISHED_CHANGE.get(items), falls["accuracy"]),
    ]
    return [
        {
            "claim": claim,
            "published_value": published,
            "ours": mean,
            "standard_error": error,
            "verdict": verdict,
        }
        for claim, published, (mean, error, verdict) in tests
    ]


@stage
def claims(
    *, responses: Input, models: list[str], items: list[str], method: str, figure: str, out: Output
) -> None:
    """Test the claims that the responses of one method bear on.

    Parameters
    ----------
    responses
        Response table of the study.
    models
        Pretrained models to which the claims apply.
    items
        Kinds of item.
    method
        Method whose smallest hyperparameter is tested.
    figure
        Name of the figure that shows them.
    out
        Claims, three per model and kind of item.

    Raises
    ------
    BadInput
        If the table holds no responses of a model, kind of item and method.
    """
    found: list[dict[str, object]] = []
    for model in models:
        for kind in items:
            command = f"memgen language effect --model {model} --items {kind} --method {method}"
            constant = {"paper": PAPER, "figure": figure, "tolerance": None, "command": command}
            rows = cell_claims(runs_of(responses, model, kind, method), model, kind)
            found += [{**row, **constant} for row in rows]
    CLAIMS.write(pl.DataFrame(found, schema=CLAIMS.schema), out)
