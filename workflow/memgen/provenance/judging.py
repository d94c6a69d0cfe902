"""Two files that are to be the same, and how nearly they are."""

from collections.abc import Mapping
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.provenance.cells import Verdict, cells, compare_cells
from memgen.provenance.comparison import compare_numbers
from memgen.provenance.known_tables import table_of


def judge_files(recorded: Path, again: Path, families: Mapping[str, str]) -> tuple[Verdict, str]:
    """Bytes, else numbers or cells of a table, else pixels of a picture.

    Parameters
    ----------
    recorded, again : pathlib.Path
        What the run has, and what was made again.
    families : mapping of str to str
        As in `memgen.provenance.cells.cells`.

    Returns
    -------
    verdict : {"identical", "equivalent", "consistent", "different", "missing"}
    text : str
        What differs.
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
        held = one[0].held
        if not held.cells:
            return compare_numbers(one[1], other[1], held.tolerance)
        before, after = (cells(frame, held, families) for _, frame in (one, other))
        return compare_cells(before, after, held.cells)[:2]
    if recorded.suffix == ".png":
        return _pixels(recorded, again)
    return "different", "other bytes"


def _pixels(recorded: Path, again: Path) -> tuple[Verdict, str]:
    from PIL import Image, ImageChops

    with Image.open(recorded) as one, Image.open(again) as other:
        if one.size != other.size:
            return "different", f"{other.size[0]} x {other.size[1]} pixels, not {one.size[0]} x {one.size[1]}"
        box = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox()
    if box is None:
        return "equivalent", "other bytes, the same pixels"
    return "different", f"other pixels between {box[:2]} and {box[2:]}"
