"""The id of a recipe inside a figure, read from its bytes alone."""

import re
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.files import fault
from memgen.provenance.record import URN_PATTERN

#: Suffixes of files that carry the id.
FIGURES = frozenset({".png", ".pdf", ".svg"})
_LARGEST = 256 * 2**20
_URN = re.compile(URN_PATTERN.pattern.encode())


def recipe_ids(path: Path) -> set[str]:
    """Ids of recipes that a file names; empty where it names none.

    Raises
    ------
    BadInput
        If the file cannot be read, or is larger than a figure.
    """
    wrong = fault(path)
    if wrong is not None:
        raise BadInput(f"{path}: {wrong}")
    if path.stat().st_size > _LARGEST:
        raise BadInput(f"{path}: larger than {_LARGEST >> 20} MB, which no figure is")
    return {match.decode() for match in _URN.findall(path.read_bytes())}
