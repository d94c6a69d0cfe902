"""A clean checkout of a commit, beside the study, for as long as it is needed."""

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from memgen.errors import BadInput


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Check a commit out into a new folder, and remove it afterwards.

    Parameters
    ----------
    commit : str
        Forty hexadecimal digits.

    Raises
    ------
    BadInput
        If this is no repository, or it does not have the commit.
    """
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise BadInput(f"{commit!r} is no commit")
    folder = Path(tempfile.mkdtemp(prefix="memgen-reproduce-"))
    try:
        _git("worktree", "add", "--quiet", "--detach", str(folder / "study"), commit)
        yield folder / "study"
    finally:
        with contextlib.suppress(BadInput):
            _git("worktree", "remove", "--force", str(folder / "study"))
        shutil.rmtree(folder, ignore_errors=True)


def _git(*arguments: str) -> None:
    try:
        subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise BadInput(f"git: cannot be run ({error.strerror})") from None
    except subprocess.CalledProcessError as error:
        text = " ".join(error.stderr.split())[:200]
        raise BadInput(f"git {arguments[0]} {arguments[1]}: {text}") from None
