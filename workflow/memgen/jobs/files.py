"""What is wrong with a file that somebody named, and files that appear whole or not at all."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from memgen.errors import BadInput


def fault(path: Path, *, folder: bool = False) -> str | None:
    """Why a path cannot be read as a file, or as a folder, such as ``no such file``; None where it can be.

    A pipe, for instance, is not opened to find out: reading it would wait without end.
    """
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


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path of a file beside, which takes the place of `path` once it has been written.

    It is removed where the writing fails: the disk may be full, or the process killed. BadInput is raised if
    the file cannot be written.
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
