"""Debian's packages that some tests need, installed by the tests' own scripts, as root."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_POLICY = Path("/usr/sbin/policy-rc.d")


def missing(packages: Sequence[str]) -> list[str]:
    asked = ["dpkg-query", "--show", "--showformat=${db:Status-Status}"]
    states = [subprocess.run([*asked, name], capture_output=True, check=False).stdout for name in packages]
    return [name for name, state in zip(packages, states, strict=True) if state != b"installed"]


def obstacle(packages: Sequence[str]) -> str | None:
    """Why packages cannot be installed and used here as root; None where they can."""
    if os.geteuid() != 0:
        return f"it needs root, to install and start {', '.join(packages)}"
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        return f"it needs Debian or Ubuntu, for their packages {', '.join(packages)}"
    return None


def install(packages: Sequence[str]) -> None:
    """Install what is missing, without letting a service start."""
    if not (needed := missing(packages)):
        return
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *needed]):
            subprocess.run(["apt-get", *arguments], env=quiet, stdout=subprocess.DEVNULL, check=True)
    finally:
        if ours:
            _POLICY.unlink()


if __name__ == "__main__":
    if problem := obstacle(sys.argv[1:]):
        raise SystemExit(problem)
    install(sys.argv[1:])
