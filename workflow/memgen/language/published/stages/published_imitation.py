"""Make up responses in the published columns, for trying the rules that read those; never a result."""

import logging

import polars as pl

from memgen.errors import BadInput
from memgen.language.published.imitation import matrix, write
from memgen.language.stimuli.chains import Equities
from memgen.stage import Input, Inputs, Output, OutputDirectory, stage

logger = logging.getLogger(__name__)

KINDS = ("fake", "real", "poker")


@stage
def published_imitation(
    *,
    tasks: Inputs,
    items: list[str],
    equity: Input,
    out: OutputDirectory,
    matrix_out: Output,
    versions: Output,
) -> None:
    """Make up responses in the published columns, for trying the rules that read those; never a result.

    Margins are the theory's, with noise, so that agreement with the theory says nothing. Every model's name
    begins with made-up.

    Parameters
    ----------
    tasks
        Task tables, one of each hierarchy.
    items
        Kinds of item: fake, real, poker.
    equity
        Our equities, of which a matrix is made up.
    out
        Folder of made-up files, such as ti/ti_n9__fake.parquet.
    matrix_out
        Made-up matrix of equities, comma-separated.
    versions
        Versions table of the made-up files: file, sha256, url.
    """
    if set(items) - set(KINDS) or len(set(items)) < len(items):
        raise BadInput(f"items: {', '.join(items)}; allowed: some of {', '.join(KINDS)}, each once")
    rows = write(out, tasks, items)
    table = {name: [getattr(row, name) for row in rows] for name in ("file", "sha256", "url")}
    pl.DataFrame(table).write_csv(versions)
    matrix(Equities.read(equity)).write_csv(matrix_out)
    logger.warning("%d files of MADE-UP responses: for trying the rules, never a result", len(rows))
