"""The published responses, converted to the study's response table.

Each file is checked first: columns, values, and the pair classes that its own flags imply. Number of items
and exceptions are read off the file, so a hierarchy needs no entry in the configuration. Rows stream from the
files to the output; no file is ever held in memory whole.
"""

import logging
from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.arguments import MOST_WHOLE
from memgen.jobs.digests import check_digest
from memgen.jobs.stage import Input, InputDirectory, Output, progress, stage
from memgen.language.responses.averages import TRAINED
from memgen.language.responses.tables import RESPONSES
from memgen.published.files import VERSIONS, held_by, read_versions
from memgen.relational.hierarchy import Hierarchy

logger = logging.getLogger(__name__)

ROW_GROUP = 1 << 18

COLUMNS = {
    **dict.fromkeys(("setting", "model", "task", "hier", "phase", "direction", "label"), "text"),
    **dict.fromkeys(("reverse", "is_train", "is_exception", "no_gt"), "true or false"),
    **dict.fromkeys(("seed", "rank_a", "rank_b", "rank_higher", "rank_lower", "gap"), "integer"),
    **dict.fromkeys(("logit_diff", "prob_yes", "ground_truth", "margin", "correct"), "number"),
    **dict.fromkeys(("paired_correct", "lora_r", "l2_reg"), "number"),
}
"""Columns of a published file and the kind of value each holds."""

FILLED = ["model", "seed", "reverse", "rank_a", "rank_b", "logit_diff", "is_train", "is_exception", "no_gt"]
"""Columns without an empty row."""

KINDS = {
    "text": lambda dtype: dtype == pl.String,
    "true or false": lambda dtype: dtype == pl.Boolean,
    "integer": lambda dtype: dtype.is_integer(),
    "number": lambda dtype: dtype.is_numeric(),
}


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
        out, compression="zstd", compression_level=3, row_group_size=ROW_GROUP, maintain_order=True
    )
    logger.info("%d published files converted", len(frames))


def convert(path: Path, hierarchy: str, items: str) -> pl.LazyFrame:
    """Lazy response table of one published file.

    Parameters
    ----------
    path : Path
    hierarchy, items : str
        What the file must hold, by its name.

    Returns
    -------
    polars.LazyFrame
        Columns of RESPONSES, in the order of the file's rows.

    Raises
    ------
    BadInput
        If the file is not such a table.
    """
    frame = _open(path)
    _check_values(frame, path, hierarchy, items)
    classes = _classes(frame, path)
    d = pl.col("logit_diff")
    columns = {
        "source": pl.lit("published"),
        "items": pl.col("task"),
        "hierarchy": pl.col("hier"),
        "method": pl.col("setting"),
        # One is empty where the other is not.
        "hyperparameter": pl.coalesce("lora_r", "l2_reg"),
        "first": pl.col("rank_a"),
        "second": pl.col("rank_b"),
        "logit_difference": d,
        "p_yes": 1 / (1 + (-d).exp()),
        "correct": pl.col("correct") > 0.5,
        "paired_correct": pl.col("paired_correct") > 0.5,
    }
    joined = frame.join(classes.lazy(), on=["rank_a", "rank_b"], how="left", maintain_order="left")
    return joined.select(
        columns.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in RESPONSES.schema.items()
    )


def _open(path: Path) -> pl.LazyFrame:
    """Lazy frame of a published file whose columns are as expected."""
    try:
        frame = pl.scan_parquet(path)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as parquet ({str(error).splitlines()[0]})") from None
    missing = [name for name in COLUMNS if name not in schema]
    extra = [name for name in schema if name not in COLUMNS]
    if missing or extra:
        raise BadInput(
            f"{path}: missing columns {missing}, unexpected columns {extra}; allowed: {', '.join(COLUMNS)}"
        )
    for name, kind in COLUMNS.items():
        if not KINDS[kind](schema[name]):
            raise BadInput(f"{path}: column {name} is {schema[name]}; allowed: {kind}")
    return frame


def _check_values(frame: pl.LazyFrame, path: Path, hierarchy: str, items: str) -> None:
    """Refuse a file whose rows contradict its name or one another."""
    allowed = {
        "setting": ("full", "lora", "probe"),
        "phase": ("pre", "post"),
        "task": (items,),
        "hier": (hierarchy,),
    }
    for name, values in allowed.items():
        found = frame.select(pl.col(name).unique()).collect(engine="streaming")[name].to_list()
        if other := [value for value in found if value not in values]:
            raise BadInput(f"{path}: column {name} holds {other[0]!r}; allowed: {', '.join(values)}")
    seed, ranks = (pl.col(*names).cast(pl.Float64) for names in (["seed"], ["rank_a", "rank_b"]))
    lora, probe = pl.col("setting") == "lora", pl.col("setting") == "probe"
    answers = pl.col("correct", "paired_correct")
    impossible = (seed < 0) | (seed > MOST_WHOLE) | pl.any_horizontal(ranks < 0)
    known = pl.col("correct").is_not_null()
    conditions = {
        "columns that must be filled are empty": pl.any_horizontal(pl.col(FILLED).is_null()),
        "seed or a rank is negative, or beyond 2^53": impossible,
        "correct is empty where there is a truth, or filled where there is none": pl.col("no_gt") == known,
        "correct or paired_correct is neither 0 nor 1": pl.any_horizontal((answers != 0) & (answers != 1)),
        "correct does not follow from logit_diff and label": pl.col("correct")
        != ((pl.col("logit_diff") > 0) == (pl.col("label") == "Yes")),
        "lora_r is empty for lora, or filled for another setting": lora != pl.col("lora_r").is_not_null(),
        "l2_reg is empty for probe, or filled for another setting": probe != pl.col("l2_reg").is_not_null(),
    }
    wrong = frame.select(
        condition.fill_null(False).sum().alias(name) for name, condition in conditions.items()
    ).collect(engine="streaming")
    for name, count in wrong.row(0, named=True).items():
        if count:
            raise BadInput(f"{path}: {name}, in {count} rows; allowed: none")


def _classes(frame: pl.LazyFrame, path: Path) -> pl.DataFrame:
    """Class of every ordered pair of a file, columns rank_a, rank_b, pair_class; flags must agree with it."""
    flags = ["rank_a", "rank_b", "is_train", "is_exception", "no_gt"]
    pairs = frame.select(flags).unique().sort(flags).collect(engine="streaming")
    if not len(pairs):
        raise BadInput(f"{path}: holds no rows")
    ranks = pairs.select("rank_a", "rank_b")
    n = 1 + max(map(max, ranks.iter_rows()))
    if len(pairs) != n * (n - 1) or ranks.n_unique() != len(pairs):
        raise BadInput(
            f"{path}: {len(pairs)} kinds of pair and flags; allowed: the {n * (n - 1)} ordered pairs of its "
            f"{n} items, each with one set of flags"
        )
    exceptions = ranks.filter(pairs["is_exception"], pl.col("rank_a") > pl.col("rank_b"))
    task = Hierarchy(n, tuple(exceptions.iter_rows()))
    names = [task.pair_class(min(pair), max(pair)) for pair in ranks.iter_rows()]
    pairs = pairs.with_columns(pl.Series("pair_class", names, dtype=pl.String))
    implied = {
        "is_train": pl.col("pair_class").is_in(TRAINED),
        "is_exception": pl.col("pair_class") == "exception",
        "no_gt": pl.col("pair_class") == "loop",
    }
    for name, value in implied.items():
        for a, b in pairs.filter(pl.col(name) != value).select("rank_a", "rank_b").iter_rows():
            expected = f"{n} items" + (f" with exceptions {task.label}" if task.label else "")
            raise BadInput(f"{path}: {name} of pair ({a}, {b}) is wrong for {expected}")
    return pairs.select("rank_a", "rank_b", "pair_class")
