"""Recorded jobs run again and judged: one from its record, or the chain of a figure from its commit."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.closure import ROOT, closure
from memgen.jobs.definitions import present
from memgen.jobs.digests import check_digest, file_digest
from memgen.jobs.layers import EXTERNAL
from memgen.jobs.record import digests, kernels_of, urn
from memgen.jobs.stage import Input, command
from memgen.provenance.cells import VERDICTS, Verdict
from memgen.provenance.judging import judge_files
from memgen.provenance.reading import is_external, leaves_the_study, read_record
from memgen.provenance.reference import families
from memgen.provenance.rerun import stage_of
from memgen.provenance.run import Record, Run, inputs, output_named, read_run


def _run(record: Record, study: Path, package: Path, out: Path) -> int:
    """Exit status of a recorded job that runs again in a study's folder, and writes into another one."""
    order = {
        "stage": record["stage"]["name"],
        "arguments": record["arguments"],
        "threads": record["execution"]["threads"] or 1,
        "kernels": kernels_of(record),
        "urn": urn(record["recipe_id"]),
        "folder": str(out),
    }
    return subprocess.run(
        [sys.executable, "-m", "memgen.provenance.rerun"],
        cwd=study,
        input=json.dumps(order),
        text=True,
        env={**os.environ, "PYTHONPATH": str(package)},
        check=False,
    ).returncode


@command
def replay(record: Input, /, *, out: Path | None = None) -> None:
    """Run a recorded job again from its record and compare what it writes; exit 0 only if all is equal.

    The job gets the recorded arguments, inputs and number of threads, in a separate process, and writes
    into another folder. Exit status 1: an output differs, or the job failed; 2: bad input.

    Parameters
    ----------
    record
        A record, such as results/provenance/jobs/relational_sweep/job.json. Its inputs are those of the study
        in the present folder.
    out
        New or empty folder for the outputs, kept. By default a temporary one, kept only if an output differs.
    """
    content = read_record(record)
    stage = stage_of(content["stage"]["name"])
    _check_inputs(content)
    folder = _folder(out)
    now, digest = digests(closure(stage.module)), present().digest(stage.module, stage.function)
    print(_about_the_code(content, now, digest))
    try:
        done = _run(content, Path(), ROOT, folder)
        if done == 2:  # the job has said why, in one line
            raise SystemExit(2)
        equal = done == 0 and _compared(content["outputs"], folder)
    except BaseException:
        if out is None:
            shutil.rmtree(folder)
        raise
    if out is None and equal:
        shutil.rmtree(folder)
    else:
        print(f"outputs are in {folder}")
    if not equal:
        raise SystemExit(1)


def _check_inputs(content: Record) -> None:
    """Refuse inputs that are not there, are no longer what they were, or lay outside the study."""
    for label, digest in inputs(content):
        path = Path(label)
        if is_external(label) or leaves_the_study(path):
            raise BadInput(f"{path}: an input outside the study ({EXTERNAL}/); its job cannot be replayed")
        if not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path}: no such input here; run this in the folder of the study")
        check_digest(path, digest, "the input that the record names")


def _folder(out: Path | None) -> Path:
    if out is None:
        return Path(tempfile.mkdtemp(prefix="memgen-replay-"))
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise BadInput(f"{out}: holds something; allowed for --out: a new or empty folder")
        return out.resolve()
    except OSError as error:
        raise BadInput(
            f"{out}: cannot be written ({error.strerror}); allowed for --out: a new folder"
        ) from None


def _about_the_code(content: Record, now: dict[str, str], digest: str) -> str:
    code = content["code"]
    changed = [name for name in sorted(code.keys() | now.keys()) if code.get(name) != now.get(name)]
    if content["code_digest"] != digest:
        return f"code       differs from the record: {', '.join(changed) or content['stage']['module']}"
    prose = f"; edited since, but not what the job uses: {', '.join(changed)}" if changed else ""
    return f"code       as recorded ({len(code)} source files{prose})"


def _compared(recorded: dict[str, str], folder: Path) -> bool:
    """Print one line per output; whether all are what was recorded."""
    equal = True
    for name, digest in recorded.items():
        path = folder / name
        found = file_digest(path) if path.exists() else None
        equal &= found == digest
        differs = f"different  {name}: sha256 {found}, recorded {digest}"
        print(f"identical  {name}" if found == digest else differs)
    return equal


@command
def reproduce(figure: str, /, *, depth: int | None = None, out: Path | None = None) -> None:
    """Make a figure again in a clean checkout of its commit, and compare; exit 0 unless it is different.

    The jobs that it depends on run again in their order, with the recorded arguments and threads, in the
    present environment. Verdicts: identical (bytes), equivalent (numbers within the tolerance of the table,
    or the same pixels), consistent (means that chance alone may have moved so far), different, missing.

    Parameters
    ----------
    figure
        A figure or other result of this run, or a figure from anywhere that carries its recipe's id.
    depth
        Jobs that run again, counted back from the figure: 1 is its own job alone, on the present tables. By
        default the whole chain.
    out
        New folder for what was made again; by default it is removed.
    """
    if depth is not None and depth < 1:
        raise BadInput(f"--depth: {depth} is not allowed; allowed: a whole number of at least 1")
    if out is not None and out.exists():
        raise BadInput(f"{out}: is there; allowed for --out: a new folder")
    run = read_run()
    record = run.makers[output_named(run, figure)]
    again = _chain(run, record, depth)
    commit = str(run.records[record]["execution"].get("commit"))
    with worktree(commit) as folder:
        print(f"commit {commit}: {len(again)} of {len(run.chain([record]))} jobs run again", flush=True)
        _refuse_other_code(run, again, folder)
        _give(run, again, folder)
        for name in again:
            start = time.perf_counter()
            if done := _run(run.records[name], folder, Path("workflow"), Path()):
                raise BadInput(f"{name}: its job ended with status {done} this time")
            print(f"ran         {name}, {time.perf_counter() - start:.0f} s", flush=True)
        for output in (output for name in again for output in run.records[name]["outputs"]):
            if out is not None:
                _copy(folder / output, out / output)
        worst = _judge(run, again, record, folder)
    if worst in ("different", "missing"):
        raise SystemExit(1)


def _chain(run: Run, record: str, depth: int | None) -> list[str]:
    """Records whose jobs run again, makers first."""
    chosen: set[str] = set()
    level, steps = {record}, 0
    while level and steps != depth:
        chosen |= level
        level = {need for name in level for need in run.needs(name)} - chosen
        steps += 1
    return [name for name in run.in_order() if name in chosen]


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Check a commit out into a new folder, and remove it afterwards; BadInput if there is no such commit."""
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise BadInput(f"{commit!r} is not a commit")
    folder = Path(tempfile.mkdtemp(prefix="memgen-reproduce-"))
    try:
        _worktree("add", "--quiet", "--detach", str(folder / "study"), commit)
        yield folder / "study"
    finally:
        with contextlib.suppress(BadInput):
            _worktree("remove", "--force", str(folder / "study"))
        shutil.rmtree(folder, ignore_errors=True)


def _worktree(*arguments: str) -> None:
    words = ["git", "worktree", *arguments]
    try:
        subprocess.run(words, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise BadInput(f"git: cannot be run ({error.strerror})") from None
    except subprocess.CalledProcessError as error:
        text = " ".join(error.stderr.split())[:200]
        raise BadInput(f"git worktree {arguments[0]}: {text}") from None


def _refuse_other_code(run: Run, again: list[str], folder: Path) -> None:
    for name in again:
        for source, digest in run.records[name]["code"].items():
            path = folder / source
            if is_external(source) or not path.is_file() or file_digest(path) != digest:
                raise BadInput(
                    f"{source}: the commit's is not the source that ran in {name}; it was not committed then"
                )


def _give(run: Run, again: list[str], folder: Path) -> None:
    """Copy what the jobs read and none of them makes, after a look at its digest."""
    made = {output for name in again for output in run.records[name]["outputs"]}
    for name in again:
        for label, digest in inputs(run.records[name]):
            source, target = Path(label), folder / label
            if label in made or target.exists():
                continue
            if is_external(label):
                raise BadInput(f"{label}: an input outside the study; its job cannot run again")
            if not source.exists() or file_digest(source) != digest:
                raise BadInput(f"{label}: is not what {name} read; see `memgen provenance verify`")
            _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    copy = shutil.copytree if source.is_dir() else shutil.copy
    copy(source, target)


def _judge(run: Run, again: list[str], record: str, folder: Path) -> Verdict:
    """Print one line per output; the worst verdict on those of the last job."""
    replicates = families(run, run.records)
    verdicts: dict[str, Verdict] = {}
    for name in again:
        content = run.records[name]
        read = [verdicts.get(path, "identical") for path, _ in inputs(content)]
        shown = max(read, key=VERDICTS.index, default="identical")
        pairs = {output: (Path(output), folder / output) for output in content["outputs"]}
        found = {output: judge_files(*pair, replicates) for output, pair in pairs.items()}
        pictures = [verdict for output, (verdict, _) in found.items() if output.endswith(".png")]
        for output, (verdict, text) in found.items():
            if verdict == "different" and pictures and shown == "consistent":
                # Other means give another picture.
                verdict, text = "consistent", "shows tables that are consistent"
            elif verdict == "different" and output.endswith(".pdf") and pictures:
                verdict, text = pictures[0], "other bytes; judged by its PNG"
            print(f"{verdict:<10}  {output}{f': {text}' if text else ''}")
            verdicts[output] = verdict
    return max((verdicts[output] for output in run.records[record]["outputs"]), key=VERDICTS.index)
