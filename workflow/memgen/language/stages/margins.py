"""Average the margin of every pair over runs, with standard errors by seed."""

from memgen.jobs.stage import Input, Output, stage
from memgen.language.responses.averages import CELL, over_seeds, pair_margins
from memgen.language.responses.tables import MARGINS, RESPONSES


@stage
def margins(*, responses: Input, out: Output) -> None:
    """Average the margin of every pair over runs, with standard errors by seed.

    M(h, k) = (mean d(h, k) - mean d(k, h)) / 2 (theory: Fitting behaviour), for either phase.

    Parameters
    ----------
    responses
        Response table.
    out
        Margin table.
    """
    rows = pair_margins(RESPONSES.read(responses))
    table = over_seeds(rows, [*CELL, "higher", "lower", "pair_class"], ["margin"])
    MARGINS.write(
        table.rename({"margin_standard_error": "standard_error"}).drop("n_pairs", "margin_half_width"), out
    )
