"""A builder of images on Debian, as root, without a registry: buildah, and a base from Debian's packages.

    python tests/container/builder.py      install what is missing; say why where it cannot

The recipe's own base is an image of a registry. In its place stands what that one is made of, the same
release of Debian, with Debian's Python. Steps run in a chroot, which is possible also inside a container.
"""

import re
import subprocess
import sys
from pathlib import Path

import debian
from repository import ran

PACKAGES = ["buildah", "debootstrap"]
RELEASE = "bookworm"
BASE = ["ca-certificates", "python3", "python3-venv"]


class Builder:
    """Buildah, with all of its images in a new folder of 5 GB: each layer copies the one below it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def __call__(self, *arguments: str, cwd: Path = Path()) -> str:
        places = ["--storage-driver=vfs", f"--root={self.folder}/images", f"--runroot={self.folder}/running"]
        status, said = ran(["buildah", *places, *arguments], cwd)
        assert status == 0, said[-5000:]
        return said

    def base(self) -> str:
        """Make the image on which the recipe is built here, and give its name."""
        tree, recipe = self.folder / "base", self.folder / "Base"
        made = ["debootstrap", "--variant=minbase", f"--include={','.join(BASE)}", RELEASE, str(tree)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        recipe.write_text("FROM scratch\nCOPY . /\n")
        self("bud", "--isolation=chroot", "--file", str(recipe), "--tag=base", str(tree))
        return "localhost/base"

    def settings_of_pip(self) -> list[str]:
        """Options that give a step what pip is told here: an index, its certificate, files on a disk."""
        listed = subprocess.check_output([sys.executable, "-m", "pip", "config", "list"], text=True)
        told = dict(re.findall(r"^[^.]+\.(\S+)='(.*)'$", listed, re.MULTILINE))
        written = self.folder / "pip.conf"
        written.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in told.items()))
        words = {word for value in told.values() for word in value.split()}
        # Pages of an index on a disk lead to files beside it.
        beside = {str(Path(word[7:]).parent) for word in words if word.startswith("file://")}
        shared = sorted(word for word in words | beside if word.startswith("/") and Path(word).exists())
        mounts = [f"{written}:/etc/pip.conf:ro", *(f"{place}:{place}:ro" for place in shared)]
        return [f"--volume={mount}" for mount in mounts]


if __name__ == "__main__":
    if problem := debian.obstacle(PACKAGES):
        raise SystemExit(f"make test-container: {problem}")
    debian.install(PACKAGES)
