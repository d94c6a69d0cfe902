"""Damaged outputs, which are not what their records say, are moved aside before a run and rebuilt.

Everything that a record names is hashed; sizes and times are not believed, for a disk that lost what it was
given, or a clock that jumped, changes either without the other. What was made from them goes with them, since
Snakemake makes no file again while all that was made from it is there. Nothing is deleted.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from memgen.errors import BadInput
from memgen.jobs.digests import MARKS
from memgen.provenance.reading import MADE
from memgen.provenance.run import Run, inputs, read_run
from memgen.provenance.sealing import SEAL, read_seal
from memgen.provenance.verification import APART, Present, untracked

#: Where they are put, under the names that they had.
ASIDE = Path(".damaged")


def damaged(run: Run) -> dict[str, list[str]]:
    """Outputs that are there and are not as recorded, by the record that names them."""
    present = Present(output for record in run.records.values() for output in record["outputs"])
    found = {
        name: [
            output
            for output, digest in record["outputs"].items()
            if present.digest(output) not in (digest, None)
        ]
        for name, record in run.records.items()
    }
    return {name: outputs for name, outputs in found.items() if outputs}


def standing_on(run: Run, records: Iterable[str], files: Iterable[str]) -> list[str]:
    """Records of all jobs that read something of some jobs, or some files, or of each other, sorted."""
    needs = {name: set(run.needs(name)) for name in run.records}
    lost = {str(part) for file in files for part in (Path(file), *Path(file).parents)}
    first = set(records)
    found = first | {
        name for name, record in run.records.items() if any(path in lost for path, _ in inputs(record))
    }
    while more := {name for name in needs if name not in found and needs[name] & found}:
        found |= more
    return sorted(found - first)


def set_aside(*, dry: bool = False) -> list[str]:
    """Move damaged outputs out of the study in the present folder, and what was made by or from their jobs.

    A damaged record does not say what its job wrote: what no other record names then goes with it. Returns a
    line for each damaged file or folder, and one for what depends on them. A `dry` run moves nothing.
    """
    run = read_run()
    found = damaged(run)
    broken = [part.where for part in run.findings if part.kind in ("RECORD-INVALID", "RECORD-EDITED")]
    others = (path for path in untracked(run) if not any(path.is_relative_to(part) for part in APART))
    unknown = [path.as_posix() for path in others] if broken else []
    depending = standing_on(run, found, unknown)
    moved = [path for record in (*found, *depending) for path in (*run.records[record]["outputs"], record)]
    for name in () if dry else (*moved, *broken, *unknown):
        _move(Path(name))
    wrong = [path for outputs in found.values() for path in outputs]
    kept = f"set aside in {ASIDE}"
    lines = [f"{path}: is not what its job wrote; {kept}, to be rebuilt" for path in wrong]
    lines += [f"{path}: is not a record that a job wrote; {kept}, to be rebuilt" for path in broken]
    lines += [f"{path}: no record says what made it; {kept}" for path in unknown]
    if depending:
        lines.append(f"{len(depending)} jobs depend on that; what they wrote is {kept}, to be rebuilt")
    return lines


def set_left_over_aside() -> int:
    """Move outputs and records of jobs that the seal does not name out of the study; returns how many jobs.

    BadInput is raised if there is no seal, or it was edited.
    """
    run, seal = read_run(), read_seal()
    if seal is None:
        raise BadInput(f"{SEAL}: no such file; it says which jobs are part of the run")
    kept = {output for name in seal.records if name in run.records for output in run.records[name]["outputs"]}
    left_over = sorted(run.records.keys() - seal.records)
    for name in left_over:
        for path in (*sorted(run.records[name]["outputs"].keys() - kept), name):
            _move(Path(path))
    return len(left_over)


def _move(path: Path) -> None:
    """Move a file or folder, if it is there, and remove the folder that it leaves with nothing but marks."""
    if not os.path.lexists(path):
        return
    target = ASIDE / path
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, target)
    for folder in path.parents:
        if len(folder.parts) < 2 or folder.parts[0] not in MADE:
            break
        if {part.name for part in folder.iterdir()} - MARKS:
            break
        shutil.rmtree(folder)
