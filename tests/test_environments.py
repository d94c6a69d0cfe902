"""The lock and the conda environments name the same versions, and the lock is complete."""

import importlib.metadata
import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from repository import ROOT

#: conda-forge names that differ from the package index's.
INDEX_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def lock() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def test_every_line_pins_one_version_and_torch_has_no_local_tag() -> None:
    lines = [
        line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line) for line in lines)
    assert "torch==2.13.0" in lines


def test_lock_pins_everything_that_its_packages_need() -> None:
    """Every requirement of every pinned package is pinned, and at a version that fits."""
    pins = lock()
    for name, version in pins.items():
        distribution = importlib.metadata.distribution(name)
        assert distribution.version.split("+")[0] == version, name
        for text in distribution.requires or []:
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            needed = canonicalize_name(requirement.name)
            assert needed in pins, f"{name} needs {needed}"
            assert requirement.specifier.contains(pins[needed], prereleases=True), f"{name} needs {text}"


def test_lock_holds_what_requirements_name() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    named = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pins = lock()
    for requirement in named:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_conda_versions_are_the_locks(path: Path) -> None:
    environment = yaml.safe_load(path.read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    pins = lock()
    of_index = [
        part for entry in environment["dependencies"] if isinstance(entry, dict) for part in entry["pip"]
    ]
    for entry in of_index:
        name, _, version = entry.partition("==")
        assert version == pins[canonicalize_name(name)], entry
    for entry in environment["dependencies"]:
        if isinstance(entry, dict):
            continue
        name, _, version = entry.partition(" =")
        if name in ("python", "pip"):
            continue
        assert version == pins[canonicalize_name(INDEX_NAMES.get(name, name))], entry


@pytest.mark.parametrize(
    ("version", "system", "machine", "libc", "part"),
    [
        ((3, 10), "Linux", "x86_64", "glibc", "Python 3.10 is not covered"),
        ((3, 14), "Linux", "x86_64", "glibc", "Python 3.14 is not covered"),
        ((3, 12), "Darwin", "arm64", "", "Darwin on arm64"),
        ((3, 12), "Linux", "aarch64", "glibc", "Linux on aarch64"),
        ((3, 12), "Linux", "x86_64", "", "unknown C library"),
    ],
)
def test_other_platforms_are_refused(
    version: tuple[int, int], system: str, machine: str, libc: str, part: str
) -> None:
    location = ROOT / "tools/check_platform.py"
    spec = importlib.util.spec_from_file_location("check_platform", location)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    refusal = module.refusal(version, system, machine, libc)
    assert part in refusal and "\n" not in refusal and "needed: " in refusal
    assert module.refusal((3, 13), "Linux", "x86_64", "glibc") is None
