"""Files with timestamps in the future, which a clock that was ahead gave them, get the current time.

Snakemake takes a job whose output is older than its input for failed, and so every job that reads such a
file, in every run until the future has come. What a file holds is told by its digest, never by its time.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from memgen.errors import BadInput

#: Folders whose files jobs read.
READ = ("results", "figures", "workflow")


def to_the_present(*, dry: bool = False) -> list[str]:
    """Set times in the future to the present, in the study in the present folder.

    Says so in one line, or in none where no file is from the future; a `dry` run changes nothing. BadInput is
    raised if the time of a file may not be set.
    """
    found = []
    # The present is the file system's: the clock of the machine that holds it need not agree with this one's.
    with tempfile.TemporaryFile(dir=".") as probe:  # without a name: a kill leaves nothing of it
        now = os.fstat(probe.fileno()).st_mtime_ns
    for path in (path for folder in READ for path in (Path(folder), *Path(folder).rglob("*"))):
        with contextlib.suppress(OSError):  # a broken link, or gone meanwhile; whoever needs it says so
            if path.stat().st_mtime_ns > now:
                found.append(path)
    for path in [] if dry else found:
        try:
            os.utime(path, ns=(now, now))
        except FileNotFoundError:
            pass  # gone meanwhile: another program's
        except OSError as error:
            raise BadInput(
                f"{path}: is from the future, and its time cannot be set ({error.strerror}); "
                "allowed: files dated before now"
            ) from None
    if not found:
        return []
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return [f"{found[0]}{others}: from the future, for a clock was ahead; dated to the present"]
