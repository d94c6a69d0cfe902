"""What the papers claim about language models, beside what this study's models do.

Knows the response table and the claims; trains nothing. The published models are others than ours, so a
claim here is about a direction, never about equality of two numbers: it agrees if the 95% confidence
interval of ours, Student's t over seeds, lies on the claimed side, it differs if the interval lies on the
other side, and counts as not tested where the interval holds both.
"""

import polars as pl

from memgen.claims import CLAIMS
from memgen.language.responses import pair_margins
from memgen.language.tables import RESPONSES
from memgen.stage import Input, Output, stage

PAPER = "transitive inference with exceptions (sflippl/ti-with-exceptions)"
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
    """
    from scipy.stats import t

    count = len(values)
    mean = float(values.mean()) if count else None  # type: ignore[arg-type]
    if mean is None or count < 2:
        return mean, None, "not tested"
    error = float(values.std()) / count**0.5  # type: ignore[arg-type]
    reach = float(t.ppf(0.975, count - 1)) * error
    verdict = "agrees" if side * mean > reach else "differs" if side * mean < -reach else "not tested"
    return mean, error, verdict


def by_seed(rows: pl.DataFrame, hierarchy: str, value: str) -> pl.DataFrame:
    """Mean of a column by seed in one hierarchy: columns seed and `value`, sorted."""
    chosen = rows.filter(pl.col("hierarchy") == hierarchy).sort("seed", "reverse", "higher", "lower")
    return chosen.group_by("seed", maintain_order=True).agg(pl.col(value).mean()).drop_nulls()


def change(rows: pl.DataFrame, value: str) -> pl.Series:
    """Change of a column from the hierarchy without to that with the exception, one value per seed."""
    before, after = by_seed(rows, BASELINE, value), by_seed(rows, EXCEPTION, value)
    both = before.join(after, on="seed", suffix="_after").sort("seed")
    return both[f"{value}_after"] - both[value]


def cell_claims(rows: pl.DataFrame, model: str, items: str) -> list[dict[str, object]]:
    """Claims of one model and kind of item.

    Parameters
    ----------
    rows : polars.DataFrame
        From `pair_margins`, of one method and hyperparameter.
    model, items : str

    Returns
    -------
    list of dict
        Rows of `CLAIMS` without paper, figure and command.
    """
    pair = rows.filter(pl.col("higher") == HIGHER, pl.col("lower") == LOWER)
    untrained = rows.filter(~pl.col("pair_class").is_in(["train", "exception", "loop"]))
    above_chance = by_seed(untrained, BASELINE, "paired_accuracy")["paired_accuracy"] - 0.5
    names = f"ranks {HIGHER} v {LOWER} falls from {BASELINE} to {EXCEPTION} ({model}, {items} names)"
    tests = [
        (
            f"paired accuracy on untrained pairs of {BASELINE} above 1/2 ({model}, {items} names)",
            None,
            direction(above_chance, 1),
        ),
        (f"margin of {names}", None, direction(change(pair, "margin"), -1)),
        (f"accuracy of {names}", PUBLISHED_CHANGE.get(items), direction(change(pair, "accuracy"), -1)),
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
def claims(*, responses: Input, out: Output, method: str = "probe", figure: str = "margin_heatmaps") -> None:
    """Test the claims that the responses of one method bear on.

    Parameters
    ----------
    responses
        Response table of the study.
    out
        Claims; none where the method was not run.
    method
        Method whose smallest hyperparameter is tested.
    figure
        Name of the figure that shows them.
    """
    table = RESPONSES.read(responses).filter(
        pl.col("source") == "study", pl.col("phase") == "post", pl.col("method") == method
    )
    smallest = pl.col("hyperparameter").min().over("model")
    table = table.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == smallest))
    command = f"memgen language claims --responses {responses} --method {method} --out claims.csv"
    found: list[dict[str, object]] = []
    for (model, items), part in sorted(
        pair_margins(table).group_by("model", "items"), key=lambda cell: cell[0]
    ):
        found += cell_claims(part, str(model), str(items))
    constant = {"paper": PAPER, "figure": figure, "tolerance": None, "command": command}
    CLAIMS.write(pl.DataFrame([{**row, **constant} for row in found], schema=CLAIMS.schema), out)
