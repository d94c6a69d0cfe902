"""Whether this machine has the GPU that a configuration asks for; torch is imported only where it does."""

from collections.abc import Iterator, Mapping
from typing import Any

from memgen.errors import BadInput


def _devices(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "device" and isinstance(part, str):
                yield part
            else:
                yield from _devices(part)


def refuse_missing_gpu(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that runs networks on a GPU where this machine has none.

    Parameters
    ----------
    config : mapping
        The whole configuration.

    Raises
    ------
    BadInput
        If a ``device`` is cuda and torch finds no GPU. Where there is no torch, each job has an environment
        of its own and finds out by itself.
    """
    if not any(device.startswith("cuda") for device in _devices(config)):
        return
    try:
        import torch
    except ModuleNotFoundError:
        return
    if not torch.cuda.is_available():
        raise BadInput("device: cuda: this machine has no GPU that torch can use; allowed: cpu")


def refuse_gpu(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that runs networks on a GPU, whose kernels no setting makes portable.

    Raises
    ------
    BadInput
        If a ``device`` is cuda.
    """
    if any(device.startswith("cuda") for device in _devices(config)):
        raise BadInput("--kernels portable: a GPU's results are not portable; allowed: device: cpu")
