"""A file that appears whole or not at all, also where the disk is full or the process is killed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from memgen.errors import BadInput


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path of a file beside, which takes the place of `path` once it has been written.

    Yields
    ------
    pathlib.Path
        What to write to. It is removed where the writing fails.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.partial")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
