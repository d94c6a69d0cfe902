"""Build the documentation into site/: warnings are errors, the notebook is run, links must lead somewhere.

Run it by `make docs`, which installs what it needs.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "docs"))

from site_check import check  # noqa: E402


def main() -> None:
    """Build and check; exit status 1 if anything is wrong."""
    start = time.monotonic()
    site = ROOT / "site"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--quiet", "--keep-going"]
    command += ["-d", str(ROOT / ".cache/docs"), str(ROOT / "docs"), str(site)]
    # The notebook's kernel starts in another folder; one thread is faster than two that wait for each other.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if built.returncode:
        sys.exit("make docs: Sphinx found the faults above")
    problems, pages, links = check(site)
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"make docs: {len(problems)} faults in {pages} pages")
    took = time.monotonic() - start
    print(
        f"site/index.html: {pages} pages, {links} links checked, nothing loaded from elsewhere, {took:.0f} s"
    )


if __name__ == "__main__":
    main()
