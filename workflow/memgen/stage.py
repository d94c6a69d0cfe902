"""What every job passes through.

A stage is a plain function with typed keyword arguments. The type of an argument says what it is: an
`Input`, an `Output`, or, being neither, a parameter. From that, and from nothing else, each stage gets

- its command line (``memgen <study> <stage> --flag …``, see ``memgen.__main__``),
- atomic outputs: the function writes beside the target, and the target appears whole or not at all,
- pinned threads, logging and progress on standard error,
- a provenance record (``memgen.provenance.record``) when one is asked for.

This module imports no study, and no package heavier than the standard library before a stage runs.
"""

import contextlib
import contextvars
import functools
import inspect
import logging
import os
import shutil
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from memgen.errors import BadInput

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Role:
    """What a path is to a stage."""

    kind: Literal["input", "output"]


Input = Annotated[Path, Role("input")]
Inputs = Annotated[list[Path], Role("input")]
Output = Annotated[Path, Role("output")]
#: A folder written whole; the stage is given the path of an empty folder.
OutputDirectory = Annotated[Path, Role("output"), "directory"]

_urn: contextvars.ContextVar[str | None] = contextvars.ContextVar("recipe_urn", default=None)
_PARTIAL = ".partial-"
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)


def pin_threads(threads: int) -> None:
    """Pin every thread pool of this process and its children.

    Has no effect on pools that exist already: call it before numpy, polars or torch is imported.
    """
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def recipe_urn() -> str | None:
    """Name of the recipe of the job that is running, to stand inside its figures.

    None outside a recorded job, for instance when a stage is called from Python.
    """
    return _urn.get()


def progress(items: Iterable[T], description: str, total: float | None = None) -> Iterable[T]:
    """Iterate with a progress bar on standard error when a person watches, silently otherwise."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=description, total=total, console=Console(stderr=True))


def _hint_metadata(hint: Any) -> tuple[Any, ...]:
    """Metadata of an Annotated hint, also inside an optional one."""
    if typing.get_origin(hint) is Annotated:
        return tuple(hint.__metadata__)
    return tuple(value for part in typing.get_args(hint) for value in _hint_metadata(part))


@dataclass(frozen=True)
class Job:
    """A stage with its arguments sorted into inputs, outputs and parameters."""

    function: Callable[..., None]
    arguments: Mapping[str, Any]
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Path]
    directories: frozenset[str]
    parameters: Mapping[str, Any]

    @classmethod
    def bind(cls, function: Callable[..., None], *args: Any, **kwargs: Any) -> "Job":
        """Sort the arguments of one call by the types that the stage declares."""
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        hints = typing.get_type_hints(function, include_extras=True)
        inputs, outputs, parameters, directories = {}, {}, {}, set()
        for name, value in bound.arguments.items():
            metadata = _hint_metadata(hints.get(name))
            kinds = {part.kind for part in metadata if isinstance(part, Role)}
            if not kinds:
                parameters[name] = value
            elif value is not None and "input" in kinds:
                inputs[name] = value
            elif value is not None:
                outputs[name] = Path(value)
                if "directory" in metadata:
                    directories.add(name)
        return cls(function, dict(bound.arguments), inputs, outputs, frozenset(directories), parameters)

    def input_paths(self) -> list[Path]:
        """Every input file or folder.

        Raises
        ------
        BadInput
            If one of them does not exist.
        """
        paths = []
        for name, value in self.inputs.items():
            for path in value if isinstance(value, (list, tuple)) else [value]:
                if not Path(path).exists():
                    raise BadInput(f"{path}: no such file, given as --{name.replace('_', '-')}")
                paths.append(Path(path))
        return paths

    @contextlib.contextmanager
    def _written_beside(self) -> Iterator[dict[str, Path]]:
        """Temporary path of each output, in the target's folder; removed unless renamed."""
        beside = {}
        for name, target in self.outputs.items():
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                _remove_leftovers(target)
                path = target.with_name(f".{target.stem}{_PARTIAL}{os.getpid()}{target.suffix}")
                if name in self.directories:
                    path.mkdir()
            except OSError as error:
                raise BadInput(
                    f"{target}: cannot be written ({error.strerror}); allowed: a writable folder"
                ) from None
            beside[name] = path
        try:
            yield beside
        finally:
            for path in beside.values():
                _remove(path)

    def run(
        self, record: Path | None = None, threads: int | None = None, code: Mapping[str, str] | None = None
    ) -> None:
        """Run the stage: outputs appear together when all are complete, the record last.

        Parameters
        ----------
        record : pathlib.Path, optional
            Where to write the provenance record; none is written by default.
        threads : int, optional
            Threads that the process was pinned to, for the record.
        code : mapping of str to str, optional
            Digest of each source file, taken before the stage's module was imported.

        Raises
        ------
        BadInput
            If an input is missing or an output cannot be written.
        RuntimeError
            If an input or a source file changed while the stage ran, or an output was not written. No
            output is left then.
        """
        paths = self.input_paths()
        if record is None:
            with self._written_beside() as beside:
                self.function(**{**self.arguments, **beside})
                self._publish(beside)
            return

        from memgen.closure import closure
        from memgen.provenance import record as provenance

        sources = closure(self.function.__module__)
        code = dict(code) if code is not None else provenance.digests(sources)
        inputs = provenance.digests(paths)
        start = provenance.now()
        recipe, recipe_id = provenance.recipe(record, inputs, _plain(self.parameters))
        token = _urn.set(provenance.urn(recipe_id))
        try:
            with self._written_beside() as beside:
                self.function(**{**self.arguments, **beside})
                self._refuse_changes(inputs, provenance.digests(paths), "input")
                self._refuse_changes(code, provenance.digests(sources), "source file")
                missing = [str(self.outputs[name]) for name, path in beside.items() if not path.exists()]
                if missing:
                    raise RuntimeError(f"the stage ended without writing {', '.join(missing)}")
                outputs = {
                    provenance.label(self.outputs[name]): provenance.file_digest(path)
                    for name, path in beside.items()
                }
                content = {
                    "format": provenance.FORMAT,
                    "recipe": recipe,
                    "recipe_id": recipe_id,
                    "code": code,
                    "code_digest": provenance.digest_of(code),
                    "environment": provenance.environment(),
                    "outputs": dict(sorted(outputs.items())),
                    "execution": provenance.execution(start, threads),
                }
                self._publish(beside)
                write_atomically(record, provenance.seal(content))
        finally:
            _urn.reset(token)

    @staticmethod
    def _refuse_changes(before: Mapping[str, str], after: Mapping[str, str], what: str) -> None:
        changed = sorted(name for name in before if after.get(name) != before[name])
        if changed:
            raise RuntimeError(f"{what} {', '.join(changed)} changed while the stage ran; run it again")

    def _publish(self, beside: Mapping[str, Path]) -> None:
        """Rename every finished output to its target."""
        for name, path in beside.items():
            if not path.exists():
                raise RuntimeError(f"the stage ended without writing {self.outputs[name]}")
            if self.outputs[name].is_dir():
                shutil.rmtree(self.outputs[name])
            path.replace(self.outputs[name])


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file beside its target and rename it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}{_PARTIAL}{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_leftovers(target: Path) -> None:
    """Remove what a killed run left beside an output, unless the process that writes it is alive."""
    for leftover in target.parent.glob(f".{target.stem}{_PARTIAL}*{target.suffix}"):
        process = leftover.name.partition(_PARTIAL)[2].removesuffix(target.suffix)
        if process.isdigit() and not Path(f"/proc/{process}").exists():
            _remove(leftover)


def _plain(value: Any) -> Any:
    """A parameter as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Path) else value


def stage(function: Callable[P, None]) -> Callable[P, None]:
    """Make a stage of a function whose inputs and outputs are typed `Input` and `Output`.

    Calling the stage from Python writes its outputs atomically and no record.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        Job.bind(function, *args, **kwargs).run()

    return run


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function that answers a person on the command line and writes no file."""
    return function


def log_to_stderr() -> None:
    """Send the study's messages, and the warnings of libraries, to standard error, one line each."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    logging.getLogger("memgen").setLevel(logging.INFO)
