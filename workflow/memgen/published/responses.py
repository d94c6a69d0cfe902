"""Convert the published responses that a folder holds to the study's response table."""

import logging

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.digests import check_digest
from memgen.jobs.stage import Input, InputDirectory, Output, progress, stage
from memgen.published.conversion import convert
from memgen.published.files import VERSIONS, held_by, read_versions

logger = logging.getLogger(__name__)

ROW_GROUP = 1 << 18


@stage
def responses(*, source: InputDirectory, versions: Input = VERSIONS, out: Output) -> None:
    """Convert the published responses that a folder holds to the study's response table.

    Every file is checked before the first row is written. The hyperparameter is the LoRA rank, or the
    probe's L2; p_yes is computed again from the logit difference, in double precision.

    Parameters
    ----------
    source
        Folder with any of the published files, such as ti/ti_n9__fake.parquet.
    versions
        Versions table: file, sha256, url.
    out
        Response table, parquet.
    """
    if out.suffix != ".parquet":
        raise BadInput(f"{out.name}: the converted responses are written as .parquet only")
    frames = []
    for listed in progress(held_by(source, read_versions(versions)), "checking published files"):
        path = source / listed.file
        check_digest(path, listed.sha256, "as in the versions table")
        frames.append(convert(path, listed.hierarchy, listed.items))
    pl.concat(frames).sink_parquet(
        out,
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP,
        maintain_order=True,
    )
    logger.info("%d published files converted", len(frames))
