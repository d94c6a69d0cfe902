"""The container's image is built from its recipe, and the study runs in it to the bytes of one outside."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from builder import Builder
from repository import copy_repository, loaded
from runs import assert_same_results, study

IMAGE = "memgen"
#: How the names of variables begin by which a machine chooses the kernels of its CPU.
KERNELS = ("OPENBLAS_", "MKL_", "ATEN_")


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """With the image built, from a checkout with nothing else in it."""
    found = Builder(tmp_path_factory.mktemp("images") / "store")
    context = copy_repository(tmp_path_factory.mktemp("context") / "repository")
    found(
        *("bud", "--isolation=chroot", f"--from={found.base()}", "--file=container/Dockerfile"),
        *(f"--tag={IMAGE}", *found.settings_of_pip(), "."),
        cwd=context,
    )
    yield found
    found("rm", "--all")
    found("rmi", "--all", "--force")
    shutil.rmtree(found.folder)


def in_image(builder: Builder, *command: str, shared: dict[str, Path] | None = None) -> str:
    """What a command prints in a new container, some of whose folders lie here."""
    (container,) = builder("from", "--pull-never", f"localhost/{IMAGE}").split()
    volumes = [f"--volume={place}:/memgen/{name}" for name, place in (shared or {}).items()]
    # The study downloads some weights by pip, and another choice of kernels gives other last digits.
    chosen = [f"--env={name}={value}" for name, value in os.environ.items() if name.startswith(KERNELS)]
    options = [*volumes, *chosen, *builder.settings_of_pip()]
    return builder("run", "--isolation=chroot", *options, container, "--", *command)


def test_the_image_holds_what_the_lock_pins(builder):
    frozen = in_image(builder, ".venv/bin/python", "-m", "pip", "list", "--format=json", "--exclude-editable")
    installed = {canonicalize_name(part["name"]): part["version"] for part in json.loads(frozen)}
    # It comes with a new virtual environment; torch's local tag is the index's, not the lock's.
    del installed["pip"]
    versions = {name: version.partition("+")[0] for name, version in installed.items()}
    pins = loaded("environments").pins()
    assert len(versions) > 100 and versions == {name: pins[name] for name in versions}


def test_the_study_in_the_image_gives_the_bytes_of_one_outside(builder, tmp_path):
    """Another build of Python makes them, and with it a record says another environment."""
    outside, inside = copy_repository(tmp_path / "outside"), tmp_path / "inside"
    for name in ("results", "figures"):
        shutil.copytree(outside / name, inside / "smoke" / name)
    study(outside)
    in_image(builder, "make", "study", "CONFIG=configs/smoke.yaml", shared={"studies": inside})
    assert_same_results(outside, inside / "smoke", "environment")
