"""A recorded job run again from its record alone, and its outputs compared."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.closure import ROOT, closure
from memgen.jobs.definitions import present
from memgen.jobs.digests import check_digest, file_digest
from memgen.jobs.stage import Input, command
from memgen.provenance.names import EXTERNAL
from memgen.provenance.reading import is_external, leaves_the_study, read_record
from memgen.provenance.record import digests, kernels_of, urn
from memgen.provenance.rerun import stage_of


@command
def replay(record: Input, /, *, out: Path | None = None) -> None:
    """Run a recorded job again from its record and compare what it writes; exit 0 only if all is equal.

    The job gets the recorded arguments, inputs and number of threads, in a process of its own, and writes
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
    print(
        _about_the_code(
            content, digests(closure(stage.module)), present().digest(stage.module, stage.function)
        )
    )
    try:
        done = _run(content, folder)
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


def _check_inputs(content: dict[str, Any]) -> None:
    """Refuse inputs that are not there, are no longer what they were, or lay outside the study."""
    for parts in content["recipe"]["inputs"].values():
        for part in parts:
            path = Path(part["path"])
            if is_external(part["path"]) or leaves_the_study(path):
                raise BadInput(
                    f"{path}: an input outside the study ({EXTERNAL}/); its job cannot be replayed"
                )
            if not (path.is_file() or path.is_dir()):
                raise BadInput(f"{path}: no such input here; run this in the folder of the study")
            check_digest(path, part["sha256"], "the input that the record names")


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


def _about_the_code(content: dict[str, Any], now: dict[str, str], digest: str) -> str:
    code = content["code"]
    changed = [name for name in sorted(code.keys() | now.keys()) if code.get(name) != now.get(name)]
    if content["code_digest"] != digest:
        return f"code       differs from the record: {', '.join(changed) or content['stage']['module']}"
    prose = f"; edited since, but not what the job uses: {', '.join(changed)}" if changed else ""
    return f"code       as recorded ({len(code)} source files{prose})"


def _run(content: dict[str, Any], folder: Path) -> int:
    order = {
        "stage": content["stage"]["name"],
        "arguments": content["arguments"],
        "threads": content["execution"]["threads"] or 1,
        "kernels": kernels_of(content),
        "urn": urn(content["recipe_id"]),
        "folder": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-m", "memgen.provenance.rerun"],
        input=json.dumps(order),
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return done.returncode


def _compared(recorded: dict[str, str], folder: Path) -> bool:
    """Print one line per output; whether all are what was recorded."""
    equal = True
    for name, digest in recorded.items():
        path = folder / name
        found = file_digest(path) if path.exists() else None
        equal &= found == digest
        print(
            f"identical  {name}"
            if found == digest
            else f"different  {name}: sha256 {found}, recorded {digest}"
        )
    return equal
