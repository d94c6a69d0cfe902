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
from memgen.jobs.digests import canonical, digest_of, file_digest
from memgen.provenance.names import label

VARIABLE = "MEMGEN_CONFIGURATION"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def described(config: Mapping[str, Any], files: Iterable[Path], options: Mapping[str, Any]) -> str:
    """What `VARIABLE` holds: each layer with its digest, and the digest of the validated whole.

    Parameters
    ----------
    config : mapping
        The whole configuration, after validation.
    files : iterable of pathlib.Path
        Configuration files, later ones laid over earlier ones.
    options : mapping
        Keys set on the command line, laid over the files.
    """
    layers = [{"file": label(path), "sha256": file_digest(path)} for path in map(Path, files)]
    if options:
        layers.append({"file": "--config", "sha256": digest_of(dict(options))})
    return canonical({"layers": layers, "digest": digest_of(dict(config))}).decode()


def in_use() -> dict[str, Any] | None:
    """Layers and digest of the configuration of the study that runs this job, or None by hand.

    Raises
    ------
    BadInput
        If the variable does not hold what `described` writes.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        content = json.loads(text)
        if is_description(content):
            return dict(content)
    except (ValueError, RecursionError):
        pass
    raise BadInput(f"{VARIABLE}: does not describe a configuration; it is set by the Snakefile alone")


def is_description(content: Any) -> bool:
    """Whether a value has the form of what `described` writes."""
    if not isinstance(content, dict) or set(content) != {"layers", "digest"}:
        return False
    layers = content["layers"]
    return (
        _is_digest(content["digest"])
        and isinstance(layers, list)
        and all(
            isinstance(layer, dict)
            and set(layer) == {"file", "sha256"}
            and isinstance(layer["file"], str)
            and _is_digest(layer["sha256"])
            for layer in layers
        )
    )


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
