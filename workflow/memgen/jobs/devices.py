"""Whether this machine has the GPU that a configuration asks for; torch is imported only where it does."""

from collections.abc import Iterator, Mapping
from typing import Any

from memgen.errors import BadInput


def _devices(value: Any) -> Iterator[str]:
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if key == "device" and isinstance(part, str):
            yield part
        else:
            yield from _devices(part)


def _asks_for_gpu(config: Mapping[str, Any]) -> bool:
    return any(device.startswith("cuda") for device in _devices(config))


def refuse_missing_gpu(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that runs networks on a GPU where this machine has none.

    Raises
    ------
    BadInput
        If a ``device`` is cuda and torch finds no GPU. Where there is no torch, each job has an environment
        of its own and finds out by itself.
    """
    if not _asks_for_gpu(config):
        return
    try:
        import torch
    except ModuleNotFoundError:
        return
    if not torch.cuda.is_available():
        raise BadInput("device: cuda: this machine has no GPU that torch can use; allowed: cpu")


def refuse_gpu(config: Mapping[str, Any]) -> None:
    """Refuse, as BadInput, a configuration that runs networks on a GPU, whose kernels are never portable."""
    if _asks_for_gpu(config):
        raise BadInput("--kernels portable: a GPU's results are not portable; allowed: device: cpu")
