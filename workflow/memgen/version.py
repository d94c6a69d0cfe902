"""Which version of the package this is, whether or not it is installed."""

import importlib.metadata
import tomllib

from memgen.closure import PACKAGE, ROOT


def version() -> str:
    """Version of the package, from the file that states it or, without that, from what is installed."""
    try:
        with (ROOT.parent / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])
    except OSError:
        return importlib.metadata.version(PACKAGE)
