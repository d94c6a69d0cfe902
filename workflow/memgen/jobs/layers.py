"""The layers of the study's configuration, and how a job learns of them.

The Snakefile puts a description of them into the environment of every job; a stage that is called by hand has
none. A layer is a configuration file, or what ``--config`` set on Snakemake's command line.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE, ROOT
from memgen.jobs.digests import canonical, digest_of, file_digest

VARIABLE = "MEMGEN_CONFIGURATION"
#: Stands for the folder of a file outside the study.
EXTERNAL = "external"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def label(path: Path) -> str:
    """Name of a file in a record: relative to the study, or only its own name if it lies outside.

    Two runs in different folders, or on different machines, then write the same recipe. Where a link inside
    the study leads out of it, such as `results` on another disk, the file is called by its path there. A file
    of this package, installed outside the study, has its path within the package.
    """
    here = Path.cwd().resolve()
    for absolute in (path.resolve(), Path(os.path.normpath(here / path))):
        if absolute.is_relative_to(here):
            return absolute.relative_to(here).as_posix()
    package = path.is_relative_to(ROOT / PACKAGE)
    return f"{EXTERNAL}/{path.relative_to(ROOT).as_posix() if package else path.name}"


def described(config: Mapping[str, Any], files: Iterable[Path], options: Mapping[str, Any]) -> str:
    """What `VARIABLE` holds: each layer with its digest, and the digest of the validated whole, `config`.

    Layers are files, later ones laid over earlier ones, and over them options of the command line.
    """
    layers = [{"file": label(path), "sha256": file_digest(path)} for path in map(Path, files)]
    if options:
        layers.append({"file": "--config", "sha256": digest_of(dict(options))})
    return canonical({"layers": layers, "digest": digest_of(dict(config))}).decode()


def in_use() -> dict[str, Any] | None:
    """Layers and digest of the configuration of the study that runs this job, or None by hand.

    BadInput is raised if the variable does not hold what `described` writes.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        match json.loads(text):
            case {"layers": [*layers], "digest": digest, **rest} if not rest:
                files = [layer["file"] for layer in layers if set(layer) == {"file", "sha256"}]
                sums = [digest, *(layer["sha256"] for layer in layers)]
                whole = len(files) == len(layers) and all(isinstance(file, str) for file in files)
                if whole and all(_SHA256.fullmatch(part) for part in sums):
                    return {"layers": layers, "digest": digest}
    except (ValueError, RecursionError, TypeError, KeyError):
        pass
    raise BadInput(f"{VARIABLE}: does not describe a configuration; only the Snakefile may set it")
