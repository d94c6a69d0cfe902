"""The container's two recipes agree, and their steps are the Makefile's. Nothing here builds an image."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from repository import ROOT, loaded


def docker() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile."""
    text = (ROOT / "container/Dockerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], " ".join(line.split()[1:])) for line in lines]


def apptainer() -> dict[str, list[str]]:
    """Lines of each section of Apptainer's definition; those of its head under the empty name."""
    text = re.sub(r"^#.*\n", "", (ROOT / "container/apptainer.def").read_text(), flags=re.MULTILINE)
    parts = re.split(r"^%(\w+)\n", text, flags=re.MULTILINE)
    sections = dict(zip(["", *parts[1::2]], parts[::2], strict=True))
    return {name: [line.strip() for line in body.splitlines() if line] for name, body in sections.items()}


def test_both_start_from_one_digest_of_a_python_that_the_lock_covers() -> None:
    (base,) = [rest for instruction, rest in docker() if instruction == "FROM"]
    found = re.fullmatch(r"python:(3)\.(\d+)\.\d+-slim-bookworm@(sha256:[0-9a-f]{64})", base)
    assert found
    version = (int(found[1]), int(found[2]))
    assert loaded("check_platform").refusal(version, "Linux", "x86_64", "glibc") is None
    assert apptainer()[""] == ["Bootstrap: docker", f"From: python@{found[3]}"]


def test_both_take_the_same_steps() -> None:
    run = [step for instruction, rest in docker() if instruction == "RUN" for step in rest.split(" && ")]
    assert [step for step in apptainer()["post"] if step != "cd /memgen"] == run
    assert ("WORKDIR", "/memgen") in docker() and ("COPY", ". .") in docker()
    (command,) = [rest for instruction, rest in docker() if instruction == "CMD"]
    assert (
        apptainer()["runscript"] == ["cd /memgen", 'exec make study "$@"'] and command == '["make", "study"]'
    )


def test_what_git_ignores_stays_outside() -> None:
    wanted = [line.removesuffix("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    anywhere = [line if "/" in line else f"**/{line}" for line in wanted]
    assert (ROOT / ".dockerignore").read_text().splitlines()[1:] == anywhere


def test_steps_after_the_packages_of_the_system_are_the_makefiles(tmp_path: Path) -> None:
    """The folder is filled as Apptainer fills it; make then says what it would install and run there."""
    subprocess.run(
        ["sh", "-e", "-c", "\n".join(apptainer()["setup"])],
        cwd=ROOT,
        env={**os.environ, "APPTAINER_ROOTFS": str(tmp_path)},
        check=True,
    )
    (install,) = [shlex.split(step) for step in apptainer()["post"] if step.startswith("make ")]
    # Not as a part of the make that runs the tests.
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    planned = subprocess.check_output(
        [*install, "study", "--dry-run"], cwd=tmp_path / "memgen", env=alone, text=True
    )
    assert "-m pip install" in planned and "-r requirements.lock" in planned
    assert planned.splitlines()[-1].strip().startswith(".venv/bin/python -m memgen study")
