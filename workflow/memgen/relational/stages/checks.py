"""Identities of the theory that the tables must obey, and that only a bug can break.

Every value is read from the tables; a check whose hierarchy or grid point they lack is not tested.
"""

from typing import Annotated

from memgen.configuration.options import About, flat
from memgen.jobs.stage import Input, Output, command, stage
from memgen.relational.hierarchy import PAPER, Hierarchy
from memgen.relational.metrics import CHAIN, EXACT, ROUNDED, numbers, summary_command
from memgen.relational.tables import CRITICAL, CRITICAL_PLACEMENT
from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import THIS_STUDY, shell_command
from memgen.tables.summaries import text


@command
def summary(*, table: Input, critical: Input | None = None, json: bool = False) -> None:
    """Print the few numbers that decide whether a table agrees with the theory.

    Parameters
    ----------
    table
        A sweep, ranks, critical placement, mechanism, depth or finite width slopes table.
    critical
        Critical table, beside a ranks table: tells where answers should turn wrong.
    json
        Print JSON, with every digit.
    """
    print(text(numbers(table, critical), json))


@stage
@flat
def checks(
    *,
    margins: Annotated[Input, About("sweep table")],
    ranks: Annotated[Input, About("ranks table")],
    critical: Annotated[Input, About("critical table")],
    placement: Annotated[Input, About("critical placement table")],
    mechanism: Annotated[Input, About("mechanism table")],
    depth: Annotated[Input, About("depth table")],
    out: Annotated[Output, About("checks table")],
) -> None:
    """Write the checks of the theory with the values of this study's tables."""
    ((winner, loser),) = PAPER.exceptions
    paper = f"{PAPER.n} items, {winner} beats {loser}"
    of_paper = CRITICAL.read(critical).filter(n=PAPER.n, exceptions=PAPER.label)
    crossing_of_paper = _critical(PAPER)
    found = [
        _check(f"{paper}: the critical {name} is {spelled}", expected,
               of_paper[column][0] if of_paper.height else None, crossing_of_paper)
        for name, spelled, column, expected in (
            ("gamma", "1", "gamma", 1.0), ("conjunctivity", "1/3", "alpha", 1 / 3)
        )
    ]  # fmt: skip
    none = CRITICAL_PLACEMENT.read(placement).filter(n=7, exceptions="4:2")
    swept, of_sweep = numbers(margins), summary_command(margins)
    ranked, of_ranks = numbers(ranks, critical), summary_command(ranks, "--critical", critical)
    found += [
        _check("7 items, 4 beats 2: there is no crossing (number of crossings)", 0.0,
               float(none["gamma"].is_not_null().sum()) if none.height else None,
               _critical(Hierarchy(7, ((4, 2),)))),
        _check(f"{paper}, gamma 1: ranks .6 .2 0 -.2 0 .2 0 -.2 -.6 (largest deviation)",
               0.0, ranked["largest_reference_deviation"], of_ranks),
        _check("Additive limit, one exception: all items of the loop share one rank (largest spread)",
               0.0, ranked["largest_loop_spread"], of_ranks),
        _check("Additive limit, one exception: the exception is not fitted (largest absolute margin)",
               0.0, swept["largest_exception_margin"], of_sweep),
        _check("Additive limit, one exception: a cross pair's margin is its number of chain steps outside "
               "the loop (largest deviation)", 0.0, swept["largest_cross_deviation"], of_sweep),
        _check("One exception: beyond the critical gamma the cross pair next to the loop is answered wrong "
               "(share of the grid)", 1.0, ranked["share_wrong_beyond_critical"], of_ranks),
        _check("One exception: below the critical gamma the cross pair next to the loop is answered right "
               "(share of the grid)", 1.0, ranked["share_right_below_critical"], of_ranks),
        _check("Without exception, untrained pairs follow the published closed form (largest deviation)",
               0.0, swept["largest_closed_form_deviation"], of_sweep, source=CHAIN),
        _check("One exception: there is a crossing exactly if l >= 2, w <= n - 3 and (l, w) != (2, n - 3) "
               "(share of the hierarchies tabulated)",
               1.0, numbers(placement)["share_crossing_as_stated"], summary_command(placement)),
        _check("Ranks are those of plain transitive inference plus a dipole at each exception (largest "
               "relative deviation)",
               0.0, numbers(mechanism)["largest_relative_deviation"], summary_command(mechanism)),
        _check("ReLU networks of 1 to 4 layers, NNGP and NTK: conjunctivity as stated (largest deviation)",
               0.0, numbers(depth)["largest_reference_deviation"], summary_command(depth), allowed=ROUNDED),
    ]  # fmt: skip
    write_checks(found, out)


def _check(
    words: str,
    expected: float,
    found: float | None,
    command: str,
    *,
    source: str = THIS_STUDY,
    allowed: float = EXACT,
) -> Check:
    return Check(
        study="relational",
        check=words,
        source=source,
        expected=expected,
        allowed=allowed,
        found=found,
        command=command,
    )


def _critical(hierarchy: Hierarchy) -> str:
    """Command that prints the critical conjunctivity of a hierarchy."""
    task = ("--n", hierarchy.n, "--exception", hierarchy.label)
    return shell_command("relational", "critical", *task, "--json")
