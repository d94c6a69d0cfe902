"""Compile requirements.lock and requirements-docs.txt from what they name, in a throw-away environment.

torch's local version tag is dropped, so that each index may serve its own build of the same version.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HEADER = """\
# Compiled from requirements.in by `make lock`; do not edit by hand.
# Covers Python 3.11 to 3.13 on Linux, x86_64: every package has a wheel there, or is pure Python. torch
# carries neither a local tag nor a hash: the index decides whether its build is for CPU or for a GPU.
"""
DOCS_HEADER = """\
# Compiled from requirements-docs.in by `make lock`; do not edit by hand. Where requirements.lock has a
# package, its version is the same.
"""
PIP_TOOLS = "pip-tools==7.6.2"


def main() -> None:
    """Resolve the requirements and write both locks; `docs` as argument leaves the study's as it is."""
    if sys.version_info[:2] != (3, 11):
        sys.exit("make lock: needs Python 3.11, the oldest version that the lock covers")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = f"{folder}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", PIP_TOOLS], check=True)
        output = Path(folder) / "lock.txt"
        options = ["--allow-unsafe", "--strip-extras", "--no-emit-index-url", "--no-emit-find-links"]
        command = [python, "-m", "piptools", "compile", "--quiet", "--no-header", "--no-annotate", *options]

        def compiled(*arguments: str) -> list[str]:
            output.unlink(missing_ok=True)
            subprocess.run([*command, *arguments, "--output-file", str(output)], check=True)
            return [line for line in output.read_text().splitlines() if line and not line.startswith("#")]

        if sys.argv[1:] != ["docs"]:
            found = compiled("pyproject.toml", "requirements.in")
            pins = [re.sub(r"^(torch==[^+]+)\+.*", r"\1", pin) for pin in found]
            Path("requirements.lock").write_text(HEADER + "\n".join(pins) + "\n")
        pins = compiled("--generate-hashes", "--constraint", "requirements.lock", "requirements-docs.in")
        Path("requirements-docs.txt").write_text(DOCS_HEADER + "\n".join(pins) + "\n")


if __name__ == "__main__":
    main()
