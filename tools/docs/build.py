"""Build the documentation into site/: warnings are errors, the notebook is run, links must lead somewhere.

Run it by `make docs`, which installs what it needs.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "docs"))

from site_check import check  # noqa: E402

#: What the notebook's kernel says of itself; it is on this machine, and asks for a key.
UNASKED = ("[IPKernelApp] WARNING | Kernel is running over TCP", "Executing notebook with kernel")


def main() -> None:
    """Build and check; exit status 1 if anything is wrong."""
    start = time.monotonic()
    cache = ROOT / ".cache/docs"
    site = cache / "site"
    # From nothing: Sphinx does not say again what it found wrong with a page that it keeps.
    shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--quiet", "--keep-going"]
    command += ["-d", str(cache / "pages"), str(ROOT / "docs"), str(site)]
    # The notebook's kernel starts in another folder; one thread is faster than two that wait for each other.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    for line in built.stderr.splitlines():
        if line.strip() and not any(mark in line for mark in UNASKED):
            print(line, file=sys.stderr)
    if built.returncode:
        sys.exit("make docs: Sphinx found the faults above")
    problems, pages, links = check(site)
    told = [path for path in sorted(site.rglob("*.html")) if str(ROOT) in path.read_text(encoding="utf-8")]
    problems += [f"{path.relative_to(site)}: names a folder of this machine" for path in told]
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"make docs: {len(problems)} faults in {pages} pages")
    shutil.rmtree(ROOT / "site", ignore_errors=True)
    shutil.copytree(site, ROOT / "site", ignore=shutil.ignore_patterns(".buildinfo*"))
    took = time.monotonic() - start
    print(
        f"site/index.html: {pages} pages, {links} links checked, nothing loaded from elsewhere, {took:.0f} s"
    )


if __name__ == "__main__":
    main()
