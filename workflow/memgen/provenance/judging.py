"""How nearly two files are the same: by bytes, by numbers or cells of a table, or by their pictures."""

import base64
import functools
import importlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE, ROOT
from memgen.jobs.digests import bytes_digest, file_digest
from memgen.jobs.outputs import columns_of
from memgen.provenance.cells import Verdict, cells, compare_cells
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS
from memgen.tables.schema import Table

#: Suffixes of files that hold a table.
TABLES = frozenset({".csv", ".parquet"})
#: Size in pixels of the picture that stands for a figure, which is grey.
PICTURE = (48, 32)
#: Entry of a PNG that names the rows that are drawn; see `memgen.figures.style.save`.
DRAWN = "Rows"
#: What a page holds of the tables that it was made from, and the recipe that made it.
_MADE_FROM = re.compile(
    rb'(?<=<script type="application/json" id="fitted">).*?(?=</script>)|(?<=sha256:)[0-9a-f]{64}', re.S
)


@functools.cache
def known_tables() -> dict[tuple[str, ...], Table]:
    """Every kind of table that a stage writes, by its column names, from each room's ``tables.py``."""
    found: dict[tuple[str, ...], Table] = {tuple(table.columns): table for table in (CLAIMS, CHECKS)}
    for path in sorted((ROOT / PACKAGE).rglob("*/tables.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found |= {tuple(kind.columns): kind for kind in vars(module).values() if isinstance(kind, Table)}
    return found


def table_of(path: Path) -> tuple[Table, pl.DataFrame] | None:
    """Kind and content of a table; None if the study does not know such a table.

    BadInput is raised if it has the columns of a table and does not fit it.
    """
    if path.suffix not in TABLES or not path.is_file():
        return None
    table = known_tables().get(tuple(columns_of(path)))
    return None if table is None else (table, table.read(path))


def judge_files(recorded: Path, again: Path, families: Mapping[str, str]) -> tuple[Verdict, str]:
    """Verdict on a file made again, and what differs: bytes, else numbers or cells of a table, else pixels.

    `families` is as in `memgen.provenance.cells.cells`.
    """
    if not (recorded.exists() and again.exists()):
        return "missing", f"{recorded if not recorded.exists() else again}: no such file"
    if file_digest(recorded) == file_digest(again):
        return "identical", ""
    try:
        one, other = table_of(recorded), table_of(again)
    except BadInput as problem:
        return "different", str(problem)
    if one is not None and other is not None and one[0] == other[0]:
        tolerance = one[0].tolerance
        if not tolerance.cells:
            return compare_numbers(one[1], other[1], tolerance.relative)
        before, after = (cells(frame, tolerance, families) for _, frame in (one, other))
        return compare_cells(before, after, tolerance.cells)[:2]
    if recorded.suffix == ".png":
        return _pixels(recorded, again)
    return "different", "other bytes"


def compare_numbers(locked: pl.DataFrame, present: pl.DataFrame, tolerance: float) -> tuple[Verdict, str]:
    """Verdict on two tables of a kind; numbers may differ by a tolerance, relative to the larger and 1."""
    if locked.columns != present.columns:
        return "different", "has other columns"
    if locked.height != present.height:
        return "different", f"has {present.height} rows, locked {locked.height}"
    for name in locked.columns:
        one, other = locked[name], present[name]
        if one.dtype != other.dtype:
            return "different", f"column {name} has type {other.dtype}, locked {one.dtype}"
        if one.dtype.is_float():
            one, other = one.fill_nan(None), other.fill_nan(None)
            size = pl.max_horizontal(pl.lit(1.0), pl.col("one").abs(), pl.col("other").abs())
            pair = pl.DataFrame({"one": one, "other": other})
            beyond = ((pl.col("one") - pl.col("other")).abs() > tolerance * size) | size.is_infinite()
            apart = (beyond & (pl.col("one") != pl.col("other"))).fill_null(False)
            away = pair.select(apart | (pl.col("one").is_null() != pl.col("other").is_null())).to_series()
        else:
            away = one.ne_missing(other)
        if away.any():
            row = int(away.arg_max() or 0)
            return "different", f"row {row + 1}, column {name}: {other[row]}, locked {one[row]}"
    return "equivalent", ""


def _pixels(recorded: Path, again: Path) -> tuple[Verdict, str]:
    from PIL import Image, ImageChops

    with Image.open(recorded) as one, Image.open(again) as other:
        if one.size != other.size:
            return "different", f"{other.size[0]} x {other.size[1]} pixels, not {one.size[0]} x {one.size[1]}"
        box = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox()
    if box is None:
        return "equivalent", "other bytes, the same pixels"
    return "different", f"other pixels between {box[:2]} and {box[2:]}"


def picture(path: Path) -> str | None:
    """A PNG, or the first page of a PDF, in grey and very small, as base64; None where it cannot be drawn."""
    from PIL import Image, UnidentifiedImageError

    try:
        with _page(path) if path.suffix == ".pdf" else Image.open(path) as image:
            small = image.convert("RGB").convert("L").resize(PICTURE, Image.Resampling.BOX)
            return base64.b64encode(small.tobytes()).decode()
    except (OSError, UnidentifiedImageError, ValueError, RuntimeError):
        return None


def _page(path: Path) -> Any:
    """First page of a PDF, as large as the PNG beside it."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return document[0].render(scale=200 / 72).to_pil()
    finally:
        document.close()


def drawn_rows(path: Path) -> dict[str, dict[str, list[Any]]]:
    """Values of the columns that name what a PNG draws, by table; empty where the figure does not say."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return dict(json.loads(image.info.get(DRAWN, "{}")))
    except (OSError, UnidentifiedImageError, ValueError):
        return {}


def skeleton(files: Iterable[str]) -> str:
    """Digest of some pages without the data and the recipe in them."""
    return bytes_digest(b"".join(_MADE_FROM.sub(b"", Path(path).read_bytes()) for path in files))
