"""Fetch one published file by URL: retried, resumed where cut, kept only if its digest is the listed one.

What has arrived is kept beside (`partial`) under a name taken from the digest it should have, so that a
killed or failed download goes on where it stopped, also in a later process. A file is moved to its place only
when it is complete and right.
"""

import http.client
import logging
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated

from memgen.errors import BadInput
from memgen.jobs.arguments import NonNegative, Positive, Range
from memgen.jobs.digests import file_digest
from memgen.jobs.stage import Input, Output, stage
from memgen.published.files import VERSIONS, PublishedFile, read_versions

logger = logging.getLogger(__name__)

BLOCK = 1 << 16

WORTH_RETRYING = (408, 425, 429, 500, 502, 503, 504)
"""HTTP statuses that may be another one next time; any other error status is final."""


class Interrupted(Exception):
    """The transfer ended early; another attempt may go on from there."""


@stage
def download(
    *,
    file: str,
    partial: Path,
    versions: Input = VERSIONS,
    attempts: Annotated[int, Range(1, 100)] = 5,
    pause: NonNegative = 1.0,
    timeout: Positive = 60.0,
    out: Output,
) -> None:
    """Download one of the published files and check its digest.

    Parameters
    ----------
    file
        Path in the versions table, such as ti/ti_n9__fake.parquet.
    partial
        Folder that keeps an unfinished download for the next attempt.
    versions
        Versions table: file, sha256, url.
    attempts
        Attempts before giving up, at least 1.
    pause
        Seconds before the second attempt; doubled before each further one.
    timeout
        Seconds without a byte after which an attempt counts as failed.
    out
        The file.
    """
    listed = {row.file: row for row in read_versions(versions)}
    if file not in listed:
        raise BadInput(f"{file}: not in the versions table; allowed: {', '.join(listed)}")
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be written ({error.strerror}); allowed: a writable folder"
        raise BadInput(f"{partial}: {problem}") from None
    shutil.move(fetch(listed[file], partial, attempts, pause, timeout), out)


def fetch(listed: PublishedFile, partial: Path, attempts: int, pause: float, timeout: float) -> Path:
    """Download a file into a folder for unfinished downloads; what is complete there has the listed digest.

    BadInput if the server says that there is no such file, the whole file has another digest, or every
    attempt was interrupted. What has arrived is then kept, unless its digest is wrong.
    """
    kept = partial / f"{listed.sha256}.part"
    reason = ""
    for attempt in range(attempts):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        have = kept.stat().st_size if kept.exists() else 0
        try:
            _transfer(listed.url, kept, have, timeout)
            if (actual := file_digest(kept)) == listed.sha256:
                return kept
            kept.unlink()
            if not have:
                allowed = f"allowed: {listed.sha256}, as in the versions table"
                raise BadInput(f"{listed.url}: sha256 is {actual}; {allowed}")
            raise Interrupted("what was resumed does not have the listed sha256; starting over")
        except Interrupted as error:
            reason = str(error)
            logger.warning("%s: attempt %d of %d: %s", listed.url, attempt + 1, attempts, reason)
    raise BadInput(
        f"{listed.url}: no complete download in {attempts} attempts ({reason}); "
        "needed: a connection, or a local copy as published.source"
    )


def _transfer(url: str, kept: Path, have: int, timeout: float) -> None:
    """Append the missing bytes to a file; `Interrupted` if another attempt may go on from there."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            start = response.headers.get("Content-Range", "")
            if response.status != 206 or not start.startswith(f"bytes {have}-"):
                have = 0
            expected = response.headers.get("Content-Length")
            got = 0
            with kept.open("ab" if have else "wb") as stream:
                while block := response.read(BLOCK):
                    stream.write(block)
                    got += len(block)
            if expected is not None and got != int(expected):
                raise Interrupted(f"cut after {have + got} of {have + int(expected)} bytes")
    except urllib.error.HTTPError as error:
        if error.code == 416:
            kept.unlink()
            raise Interrupted("more bytes kept than the server has; starting over") from None
        if error.code in WORTH_RETRYING:
            raise Interrupted(f"HTTP status {error.code}") from None
        raise BadInput(f"{url}: HTTP status {error.code} ({error.reason}); expected: the file") from None
    except (OSError, http.client.HTTPException) as error:
        raise Interrupted(str(getattr(error, "reason", None) or error) or type(error).__name__) from None
