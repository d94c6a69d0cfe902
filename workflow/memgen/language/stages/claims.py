"""What the papers claim about language models, beside what this study's pretrained models do.

Knows the response table and the claims; trains nothing. The published models are others than ours, so a
claim here is about a direction, never about equality of two numbers: it agrees if the 95% confidence
interval of ours, Student's t over seeds, lies on the claimed side, and differs if it does not, also where
the seeds cannot decide. Untrained controls are no subject of the paper's claims and stand in the figures.
"""

from typing import Annotated

import cyclopts
import polars as pl

from memgen.claims import Claim, shell_command, write_claims
from memgen.language.responses.changes import change, chosen_runs, generalization
from memgen.language.responses.rows import RESPONSES
from memgen.stage import Input, Output, stage
from memgen.statistics import mean_with_error

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

    mean, error = mean_with_error(values)
    if mean is None or error is None:
        return mean, None, "not tested"
    reach = float(t.ppf(0.975, len(values) - 1)) * error
    return mean, error, "agrees" if side * mean > reach else "differs"


def cell_claims(rows: pl.DataFrame, model: str, items: str, method: str, command: str) -> list[Claim]:
    """Claims of one model, kind of item and method.

    Parameters
    ----------
    rows : polars.DataFrame
        From `changes.chosen_runs`.
    model, items, method : str
    command : str
        Command that prints their values.

    Returns
    -------
    list of Claim
    """
    pair = rows.filter(pl.col("higher") == HIGHER, pl.col("lower") == LOWER)
    change_of = f"{HIGHER} v {LOWER} falls from {BASELINE} to {EXCEPTION} (change)"
    falls = {
        value: direction(change(pair, value, BASELINE, EXCEPTION), -1) for value in ("margin", "accuracy")
    }
    tests = [
        (
            f"{BASELINE} is generalized: paired accuracy on untrained pairs exceeds 1/2 (excess)",
            None,
            direction(generalization(rows, BASELINE), 1),
        ),
        (f"the margin of ranks {change_of}", None, falls["margin"]),
        (f"the accuracy on ranks {change_of}", PUBLISHED_CHANGE.get(items), falls["accuracy"]),
    ]
    return [
        Claim(
            study="language",
            claim=claim,
            paper=PAPER,
            figure=f"margin_heatmaps_{method}_{items}",
            model=model,
            items=items,
            method=method,
            published_value=published,
            ours=mean,
            standard_error=error,
            judged=verdict,
            command=command,
        )
        for claim, published, (mean, error, verdict) in tests
    ]


@stage
def claims(
    *,
    responses: Input,
    out: Output,
    controls: Annotated[list[str] | None, cyclopts.Parameter(name="--control")] = None,
) -> None:
    """Test the claims on every pretrained model, method and kind of item that bears on them.

    Of several hyperparameters the smallest is tested. Models that were run on neither hierarchy of the
    claims are left out.

    Parameters
    ----------
    responses
        Response table of the study.
    controls
        Untrained models, to which the claims do not apply.
    out
        Claims, three per model, method and kind of item.
    """
    table = RESPONSES.read(responses)
    cells = (
        table.filter(
            pl.col("source") == "study",
            pl.col("phase") == "post",
            pl.col("hierarchy").is_in([BASELINE, EXCEPTION]),
            ~pl.col("model").is_in(controls or []),
        )
        .select("method", "model", "items")
        .unique()
        .sort("method", "model", "items")
    )
    found: list[Claim] = []
    for method, model, kind in cells.iter_rows():
        cell = ("--model", model, "--items", kind, "--method", method, "--responses", responses)
        command = shell_command("language", "effect", *cell, "--json")
        runs = chosen_runs(table, model, kind, method, str(responses))
        found += cell_claims(runs, model, kind, method, command)
    write_claims(found, out)
