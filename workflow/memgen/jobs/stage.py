"""What every job passes through.

A stage is a plain function with typed keyword arguments. The type of an argument says what it is: an
`Input`, an `Output`, or, being neither, a parameter. From that, and from nothing else, each stage gets

- its command line (``memgen <study> <stage> --flag …``, see ``memgen.__main__``),
- atomic outputs that destroy nothing (``memgen.jobs.outputs``): the function writes beside the target, and
  the target appears whole or not at all,
- pinned threads, logging and progress on standard error,
- a provenance record (``memgen.jobs.record``) when one is asked for.

This module imports no study, and no package heavier than the standard library before a stage runs.
"""

import contextlib
import contextvars
import functools
import inspect
import logging
import os
import signal
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from memgen.errors import BadInput
from memgen.jobs.arguments import check_arguments, flag, metadata
from memgen.jobs.digests import file_digest
from memgen.jobs.files import fault
from memgen.jobs.outputs import Target, publish, refuse_missing, refuse_overwriting, written_beside

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Role:
    """Whether a path is an input or an output of a stage."""

    kind: Literal["input", "output"]


Input = Annotated[Path, Role("input")]
Inputs = Annotated[list[Path], Role("input")]
#: Folders that are read.
InputDirectory = Annotated[Path, Role("input"), "directory"]
InputDirectories = Annotated[list[Path], Role("input"), "directory"]
Output = Annotated[Path, Role("output")]
#: A folder written whole; the stage is given the path of an empty folder.
OutputDirectory = Annotated[Path, Role("output"), "directory"]

_urn: contextvars.ContextVar[str | None] = contextvars.ContextVar("recipe_urn", default=None)
#: The record among the outputs of a job; no stage may have an argument of this name.
_RECORD = "record"
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
    """Name of the recipe of the running job, which its figures carry.

    None outside a recorded job, for instance when a stage is called from Python.
    """
    return _urn.get()


@contextlib.contextmanager
def recipe_named(urn: str) -> Iterator[None]:
    """Name the recipe of the jobs that run meanwhile."""
    token = _urn.set(urn)
    try:
        yield
    finally:
        _urn.reset(token)


def progress(items: Iterable[T], description: str, total: float | None = None) -> Iterable[T]:
    """Iterate with a progress bar on standard error when a person watches, silently otherwise."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=description, total=total, console=Console(stderr=True))


def role_of(hint: Any) -> Literal["input", "output", "parameter"]:
    """Whether an argument of some type is an input, an output or a parameter."""
    return next((part.kind for part in metadata(hint) if isinstance(part, Role)), "parameter")


@dataclass(frozen=True)
class Job:
    """A stage or command with its arguments, the role of each, and the names of those that are folders."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    roles: Mapping[str, Literal["input", "output", "parameter"]]
    directories: frozenset[str]

    @classmethod
    def bind(cls, function: Callable[..., Any], *args: Any, **kwargs: Any) -> "Job":
        """Check the arguments of one call by the types that the stage declares."""
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        if complete := getattr(function, "complete", None):
            complete(bound.arguments)
        hints = typing.get_type_hints(function, include_extras=True)
        check_arguments(_each_of_its_own(function, hints), bound.arguments)
        roles = {name: role_of(hints.get(name)) for name in bound.arguments}
        folders = frozenset(name for name in roles if "directory" in metadata(hints.get(name)))
        return cls(function, dict(bound.arguments), roles, folders)

    def _given(self, role: str) -> dict[str, Any]:
        """Arguments of a role that have a value."""
        given = {name: value for name, value in self.arguments.items() if self.roles[name] == role}
        return {name: value for name, value in given.items() if value is not None}

    def input_paths(self) -> dict[str, list[Path]]:
        """Every input file or folder, by the name of its argument.

        BadInput is raised if one of them is not there, cannot be read, is a folder for a file or a file for a
        folder, or is given twice as one argument.
        """
        paths = {
            name: [Path(path) for path in (value if isinstance(value, (list, tuple)) else [value])]
            for name, value in self._given("input").items()
        }
        for name, values in paths.items():
            seen: set[Path] = set()
            for path in values:
                if problem := fault(path, folder=name in self.directories):
                    raise BadInput(f"{path}: {problem}, given as {flag(name)}")
                if path.resolve() in seen:
                    raise BadInput(f"{path}: given twice as {flag(name)}; allowed: once")
                seen.add(path.resolve())
        return paths

    def targets(self, record: Path | None) -> dict[str, Target]:
        """Where each output goes, and last the record, if one is written."""
        targets = {
            name: Target(flag(name), Path(path), name in self.directories)
            for name, path in self._given("output").items()
        }
        return targets if record is None else {**targets, _RECORD: Target(flag(_RECORD), record)}

    def run(
        self, record: Path | None = None, threads: int | None = None, code: Mapping[str, str] | None = None
    ) -> None:
        """Run the stage: outputs appear together when all are complete, the record last.

        A `record` holds the `threads` that the process was pinned to, and the digest of each source file
        (`code`), taken before the stage's module was imported; by default none is written.

        Raises
        ------
        BadInput
            If an input is missing, or an output cannot be written or would destroy something. Nothing has
            been done then.
        RuntimeError
            If an input or a source file changed while the stage ran, or an output was not written. No
            output is left then.
        """
        paths = self.input_paths()
        targets = self.targets(record)
        self._refuse_overwriting(paths, targets, record)
        if record is None:
            with written_beside(targets) as beside:
                self.function(**{**self.arguments, **beside})
                self._refuse_overwriting(paths, targets, record, beside)
                publish(targets, beside)
            return

        from memgen.jobs import record as provenance
        from memgen.jobs.closure import closure
        from memgen.jobs.definitions import Package
        from memgen.jobs.layers import label

        sources = closure(self.function.__module__)
        code = dict(code) if code is not None else provenance.digests(sources)
        labels = {name: label(target.path) for name, target in targets.items() if name != _RECORD}
        if len(set(labels.values())) < len(labels):
            raise BadInput("two outputs outside the study have one name; a record cannot tell them apart")
        content = provenance.before_the_work(record, self.function, self.arguments, self.roles, paths)
        reached = Package().digest(self.function.__module__, self.function.__name__)
        content |= {"code": code, "code_digest": reached}
        start = provenance.now()
        with recipe_named(provenance.urn(content["recipe_id"])), written_beside(targets) as beside:
            written = {name: path for name, path in beside.items() if name != _RECORD}
            self.function(**{**self.arguments, **written})
            provenance.refuse_changes(content["recipe"], paths, code, sources)
            refuse_missing(targets, written)
            content["outputs"] = dict(
                sorted((labels[name], file_digest(path)) for name, path in written.items())
            )
            content["environment"] = provenance.environment()
            content["execution"] = provenance.execution(start, threads)
            beside[_RECORD].write_bytes(provenance.seal(content))
            self._refuse_overwriting(paths, targets, record, beside)
            publish(targets, beside, _RECORD)

    def _refuse_overwriting(
        self,
        paths: Mapping[str, list[Path]],
        targets: Mapping[str, Target],
        record: Path | None,
        beside: Mapping[str, Path] | None = None,
    ) -> None:
        recorded: Mapping[str, str] = {}
        if record is not None:
            from memgen.jobs.record import recorded_outputs

            recorded = recorded_outputs(record)
        given = [(flag(name), path) for name, values in paths.items() for path in values]
        refuse_overwriting(targets, given, recorded, beside)


def _each_of_its_own(function: Callable[..., Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    """Hints without those of `*arguments`, which are meant for another program."""
    free = inspect.Parameter.VAR_POSITIONAL
    others = {name for name, part in inspect.signature(function).parameters.items() if part.kind is free}
    return {name: hint for name, hint in hints.items() if name not in others}


def stage(function: Callable[P, None]) -> Callable[P, None]:
    """Make a stage of a function whose inputs and outputs are typed `Input` and `Output`.

    Calling the stage from Python writes its outputs atomically and no record.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        Job.bind(function, *args, **kwargs).run()

    return run


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Make a command of a function that answers a person on the command line and writes no table."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        Job.bind(function, *args, **kwargs).input_paths()
        return function(*args, **kwargs)

    return run


def log_to_stderr() -> None:
    """Send the study's messages, and the warnings of libraries, to standard error, one line each."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    logging.getLogger("memgen").setLevel(logging.INFO)


def interrupted(number: int, frame: object) -> None:
    """End by exception, so that partial outputs are removed."""
    raise SystemExit(128 + number)


@contextlib.contextmanager
def ending_in_one_line() -> Iterator[None]:
    """End the process on bad input with one line and exit status 2, and a failed stage with its traceback."""
    signal.signal(signal.SIGTERM, interrupted)
    log_to_stderr()
    try:
        yield
    except BadInput as error:
        print(f"memgen: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except MemoryError as error:
        text = " ".join(str(error).split()) or "the allocation failed"
        print(f"memgen: error: there is not enough memory for these arguments: {text}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        logging.getLogger("memgen").error("interrupted")
        raise SystemExit(130) from None
