"""A figure made again, from the commit that it was made from."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.digests import file_digest
from memgen.jobs.stage import command
from memgen.provenance.cells import VERDICTS, Verdict
from memgen.provenance.judging import judge_files
from memgen.provenance.locking import families
from memgen.provenance.naming import output_named
from memgen.provenance.reading import is_external
from memgen.provenance.record import kernels_of, urn
from memgen.provenance.run import Record, Run, inputs, read_run
from memgen.provenance.worktree import worktree


@command
def reproduce(figure: str, /, *, depth: int | None = None, out: Path | None = None) -> None:
    """Make a figure again in a clean checkout of its commit, and judge it; exit 0 unless it is different.

    The jobs that it stands on run again in their order, with the recorded arguments and threads, in the
    present environment. Verdicts: identical (bytes), equivalent (numbers within the tolerance of the table,
    or the same pixels), consistent (means within four standard errors over seeds), different, missing.

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
    again = _order(run, record, depth)
    commit = str(run.records[record]["execution"].get("commit"))
    with worktree(commit) as folder:
        print(f"commit {commit}: {len(again)} of {len(run.chain([record]))} jobs run again", flush=True)
        _refuse_other_code(run, again, folder)
        _give(run, again, folder)
        for name in again:
            _run(name, run.records[name], folder)
        if out is not None:
            for name in again:
                for output in run.records[name]["outputs"]:
                    (out / output).parent.mkdir(parents=True, exist_ok=True)
                    copy = shutil.copytree if (folder / output).is_dir() else shutil.copy
                    copy(folder / output, out / output)
        worst = _judge(run, again, record, folder)
    if worst in ("different", "missing"):
        raise SystemExit(1)


def _order(run: Run, record: str, depth: int | None) -> list[str]:
    """Records whose jobs run again, makers first."""
    if run.cycle():
        raise BadInput(f"{record}: its chain is a circle; see `memgen provenance verify`")
    steps: dict[str, int] = {record: 1}
    pending = [record]
    while pending:  # the longest way back counts
        name = pending.pop(0)
        for need in run.needs(name):
            if steps.get(need, 0) < steps[name] + 1 and (depth is None or steps[name] < depth):
                steps[need] = steps[name] + 1
                pending.append(need)
    return sorted(steps, key=lambda name: (-steps[name], name))


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
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)


def _run(name: str, record: Record, folder: Path) -> None:
    order = {
        "stage": record["stage"]["name"],
        "arguments": record["arguments"],
        "threads": record["execution"]["threads"] or 1,
        "kernels": kernels_of(record),
        "urn": urn(record["recipe_id"]),
        "folder": ".",
    }
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "memgen.provenance.rerun"],
        cwd=folder,
        input=json.dumps(order),
        text=True,
        env={**os.environ, "PYTHONPATH": "workflow"},
        check=False,
    )
    if done.returncode:
        raise BadInput(f"{name}: its job ended with status {done.returncode} this time")
    print(f"ran         {name}, {time.perf_counter() - start:.0f} s", flush=True)


def _judge(run: Run, again: list[str], record: str, folder: Path) -> Verdict:
    """Print one line per output; the worst verdict on those of the last job."""
    replicates = families(run, run.records)
    verdicts: dict[str, Verdict] = {}
    for name in again:
        shown = max((verdicts.get(path, "identical") for path, _ in inputs(run.records[name])),
                    key=VERDICTS.index, default="identical")  # fmt: skip
        found = {
            output: judge_files(Path(output), folder / output, replicates)
            for output in run.records[name]["outputs"]
        }
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
