"""The lock and the conda environments name the same versions, and the lock is complete."""

import importlib.metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from repository import ROOT, loaded


def test_lock_pins_everything_that_its_packages_need():
    """Every requirement of every pinned package is pinned, and at a version that fits."""
    pins = loaded("environments").pins()
    for name, version in pins.items():
        distribution = importlib.metadata.distribution(name)
        assert distribution.version.split("+")[0] == version, name
        for requirement in map(Requirement, distribution.requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                pin = pins.get(canonicalize_name(requirement.name), "")
                assert pin and requirement.specifier.contains(pin, prereleases=True), f"{name}: {requirement}"


def test_conda_environments_are_written_from_the_list_and_the_lock():
    tool = loaded("environments")
    written = {path.stem: path.read_text() for path in (ROOT / "envs").glob("*.yaml")}
    assert written == {name: tool.environment(name) for name in tool.ENVIRONMENTS}


@pytest.mark.parametrize(
    ("version", "system", "machine", "libc", "part"),
    [
        ((3, 14), "Linux", "x86_64", "glibc", "Python 3.14 is not covered"),
        ((3, 12), "Darwin", "arm64", "", "Darwin on arm64"),
        ((3, 12), "Linux", "x86_64", "", "unknown C library"),
    ],
)
def test_other_platforms_are_refused(version, system, machine, libc, part):
    module = loaded("check_platform")
    refusal = module.refusal(version, system, machine, libc)
    assert part in refusal and "\n" not in refusal and "needed: " in refusal
    assert module.refusal((3, 13), "Linux", "x86_64", "glibc") is None
