"""Files that say they were written in the future: a clock was ahead, and has been put right since.

Snakemake takes a job whose output is older than its input for failed, and so every job that reads such a
file, in every run until the future has come. What a file holds is told by its digest, never by its time, so
the present may be set as its time.
"""

import os
import tempfile
from pathlib import Path

from memgen.errors import BadInput

READ = ("results", "figures", "workflow")
"""Folders whose files jobs read."""


def to_the_present(*, dry: bool = False) -> list[str]:
    """Set the times of files from the future to the present, in the study in the present folder.

    Parameters
    ----------
    dry : bool
        Say what would be changed, and change nothing.

    Returns
    -------
    list of str
        One line, or none where no file is from the future.

    Raises
    ------
    BadInput
        If the time of one may not be set.
    """
    found = []
    # The present is the file system's: the clock of the machine that holds it need not agree with this one's.
    with tempfile.TemporaryFile(dir=".") as probe:  # without a name: a kill leaves nothing of it
        now = os.fstat(probe.fileno()).st_mtime_ns
    for folder in READ:
        for path in (Path(folder), *Path(folder).rglob("*")):
            if _is_later(path, now):
                found.append(path)
                if not dry:
                    _set_time(path, now)
    if not found:
        return []
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return [f"{found[0]}{others}: from the future, for a clock was ahead; dated to the present"]


def _is_later(path: Path, now: int) -> bool:
    try:
        return path.stat().st_mtime_ns > now
    except OSError:
        return False  # a broken link, or gone meanwhile; whoever needs it says so


def _set_time(path: Path, now: int) -> None:
    try:
        os.utime(path, ns=(now, now))
    except FileNotFoundError:
        pass  # gone meanwhile: another program's
    except OSError as error:
        raise BadInput(
            f"{path}: is from the future, and its time cannot be set ({error.strerror}); "
            "allowed: files dated before now"
        ) from None
