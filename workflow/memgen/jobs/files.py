"""What is wrong with a file or folder that somebody named, in words, before it is opened.

A pipe, for instance, is never opened here: reading it would wait without end.
"""

import errno
import os
import stat
from pathlib import Path


def fault(path: Path, *, folder: bool = False) -> str | None:
    """Why a path cannot be read as a file, or as a folder, such as ``no such file``; None where it can be."""
    wanted = "folder" if folder else "file"
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "is a link to nothing" if path.is_symlink() else f"no such {wanted}"
    except OSError as error:
        return "is a loop of links" if error.errno == errno.ELOOP else f"cannot be read ({error.strerror})"
    except ValueError:  # a null character or a lone surrogate
        return f"no such {wanted}"
    if stat.S_ISDIR(mode) != folder:
        return "is not a folder" if folder else "is a folder"
    if not folder and not stat.S_ISREG(mode):
        return "is not a regular file"
    if not os.access(path, os.R_OK | (os.X_OK if folder else 0)):
        return "cannot be read (Permission denied)"
    return None
