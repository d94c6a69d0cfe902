"""What a long job keeps beside the study, to go on after it was killed: ended runs, and states of training.

The folder is named after everything that the answers depend on: arguments, inputs and the source code. A job
that was killed finds its own there, and no other job does. A training's weights, its optimizer's state and
its position are one file of safetensors, saved every few minutes; its name holds its digest, so that a
damaged file is never used. A training that goes on there gives the bytes of one that never stopped.
"""

import contextlib
import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from memgen.jobs.definitions import present
from memgen.jobs.digests import bytes_digest, digest_of, file_digest
from memgen.tables.schema import Schema

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

MINUTES = 10.0
"""Between two saved states: what a killed training loses at most. A shorter one saves nothing."""
_DTYPES = {"float64": "F64", "float32": "F32", "bfloat16": "BF16", "float16": "F16", "int64": "I64"}


def depends_on(module: str, arguments: Mapping[str, Any], inputs: Sequence[Path]) -> dict[str, Any]:
    """Everything that the answers of a stage depend on: the code of its module, arguments, input files."""
    named = [[path.name, file_digest(path)] for path in inputs]
    return {"arguments": dict(arguments), "inputs": named, "code": present().digest(module)}


def _put(beside: Path, name: str, suffix: str) -> Path:
    """Give a written file its place in the same folder, under a name that holds its digest."""
    path = beside.with_name(f"{name}.{file_digest(beside)}.{suffix}")
    beside.replace(path)
    return path


def _whole(folder: Path, name: str, suffix: str) -> Iterator[Path]:
    """Files that were `_put` under a name and are as they were written."""
    for path in sorted(folder.glob(f"{name}.*.{suffix}")):
        if path.name == f"{name}.{file_digest(path)}.{suffix}":
            yield path
        else:
            log.warning("%s: is not what was kept, and is not used", path)


class RunCache:
    """Tables of groups of runs that have ended, in a folder named after all that they depend on."""

    def __init__(self, root: Path, recipe: Mapping[str, Any], tables: Mapping[str, Schema]) -> None:
        named = bytes_digest(json.dumps(recipe, sort_keys=True).encode())[:32]
        self.folder, self._tables = root / named, tables
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, name: str) -> tuple[pl.DataFrame, ...] | None:
        """Tables of a group, or None where it has not ended."""
        paths = [next(_whole(self.folder, f"{name}.{part}", "parquet"), None) for part in self._tables]
        if None in paths:
            return None
        return tuple(
            table.read(path) for table, path in zip(self._tables.values(), paths, strict=True) if path
        )

    def write(self, name: str, tables: tuple[pl.DataFrame, ...]) -> None:
        """Keep a group; it has ended once all of its tables are there, whole."""
        for (part, table), frame in zip(self._tables.items(), tables, strict=True):
            beside = self.folder / f".{name}.{part}.partial.parquet"
            table.write(frame, beside)
            _put(beside, f"{name}.{part}", "parquet")

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)


@dataclass
class Position:
    """How far a training is, beside its weights and its optimizer's state."""

    epoch: int
    #: First prompt, in the order of the epoch, of the next batch.
    start: int
    #: Prompts of a run that pass at once.
    micro: int
    #: Each mean loss so far in this epoch, times the share of it that has passed.
    last: list[float]
    #: Whether a loss was not finite.
    diverged: list[bool]


class Keeper:
    """Saves the state of one training, every so many minutes, in a folder that is made when it is needed."""

    def __init__(self, folder: Path, name: str, minutes: float = MINUTES) -> None:
        self._folder, self._name, self._every = folder, name, 60 * minutes
        self._before = time.monotonic()

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}.*.safetensors"))

    def save_if_due(
        self,
        position: Position,
        parameters: "Sequence[torch.nn.Parameter]",
        optimizer: "torch.optim.Optimizer",
    ) -> None:
        """Save the state if the time has come; a full disk is no reason to stop the training."""
        if time.monotonic() - self._before < self._every:
            return
        beside = self._folder / f".{self._name}.partial"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as stream:
                stream.writelines(_content(position, parameters, optimizer))
            path = _put(beside, self._name, "safetensors")
            for old in self._files():
                if old != path:
                    old.unlink()
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            log.warning("%s: the state of the training cannot be kept (%s)", self._folder, error.strerror)
        self._before = time.monotonic()

    def resume(
        self,
        position: Position,
        parameters: "Sequence[torch.nn.Parameter]",
        optimizer: "torch.optim.Optimizer",
    ) -> Position:
        """Restore weights and optimizer in place from the last saved state; returns its position.

        Where nothing was saved, the position is the one given.
        """
        import torch
        from safetensors import safe_open

        found: list[tuple[int, int, Path, Position]] = []
        for path in _whole(self._folder, self._name, "safetensors"):
            with safe_open(path, framework="pt") as saved:
                told = json.loads(saved.metadata()["position"])
            if told.pop("of") != _identity(parameters, optimizer):
                log.warning("%s: is of another training, and is not used", path)
                continue
            at = Position(**told)
            found.append((at.epoch, at.start, path, at))
        if not found:
            return position
        _, _, path, at = max(found, key=lambda entry: entry[:2])
        state: dict[int, dict[str, Any]] = {}
        with safe_open(path, framework="pt") as saved, torch.no_grad():
            for name in saved.keys():  # noqa: SIM118
                place, _, part = name.partition(".")
                if part == "weight":
                    parameters[int(place)].copy_(saved.get_tensor(name))
                else:
                    state.setdefault(int(place), {})[part] = saved.get_tensor(name)
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        log.info("goes on at epoch %d, prompt %d, as kept in %s", at.epoch, at.start, path)
        return at

    def clear(self) -> None:
        """Remove what was saved of this training."""
        for path in self._files():
            path.unlink()


def _identity(parameters: "Sequence[torch.nn.Parameter]", optimizer: "torch.optim.Optimizer") -> str:
    """Digest of what a saved state must fit, beside all that the folder is named after."""
    import torch

    shapes = [[list(part.shape), str(part.dtype), part.device.type] for part in parameters]
    return digest_of({"torch": torch.__version__, "optimizer": type(optimizer).__name__, "weights": shapes})


def _content(
    position: Position, parameters: "Sequence[torch.nn.Parameter]", optimizer: "torch.optim.Optimizer"
) -> Iterator[Any]:
    """A file of safetensors, a tensor at a time: all of it at once would double what a training holds.

    The format is a header's length in eight bytes, the header, and the numbers of every tensor one after the
    other.
    """
    import torch

    tensors = {f"{place}.weight": part.detach() for place, part in enumerate(parameters)}
    for place, part in enumerate(parameters):
        own = optimizer.state.get(part, {})
        tensors |= {f"{place}.{name}": value for name, value in own.items() if torch.is_tensor(value)}
    told = {**asdict(position), "of": _identity(parameters, optimizer)}
    header: dict[str, Any] = {"__metadata__": {"position": json.dumps(told)}}
    end = 0
    for name, value in tensors.items():
        begin, end = end, end + value.numel() * value.element_size()
        dtype = _DTYPES[str(value.dtype).removeprefix("torch.")]
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for value in tensors.values():
        yield value.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
