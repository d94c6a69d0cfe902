"""Answers the `conda` commands that Snakemake 9 calls: py-rattler solves and installs; it is no conda.

Every channel that an environment names is the one at LOCAL_CHANNEL.
"""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import rattler
import yaml


async def create(prefix: Path, specs: list[str]) -> None:
    channel, platforms = [os.environ["LOCAL_CHANNEL"]], ["linux-64", "noarch"]
    virtual = rattler.VirtualPackage.detect()
    records = await rattler.solve(channel, specs, platforms=platforms, virtual_packages=virtual)
    await rattler.install(records, prefix, cache_dir=Path(os.environ["LOCAL_PACKAGES"]), show_progress=False)


def main(arguments: list[str]) -> None:
    options = dict(itertools.pairwise(arguments))
    match arguments:
        case ["--version"]:
            print("conda 25.1.0")
        case ["info", "--json"]:
            print(json.dumps({"conda_prefix": os.environ["LOCAL_BASE"], "platform": "linux-64"}))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["env", "create", *_]:
            wanted: list[Any] = yaml.safe_load(Path(options["--file"]).read_text())["dependencies"]
            prefix = Path(options["--prefix"])
            asyncio.run(create(prefix, [part for part in wanted if isinstance(part, str)]))
            by_pip = [name for part in wanted if isinstance(part, dict) for name in part["pip"]]
            if by_pip:
                # Isolated: this process finds its own packages through PYTHONPATH.
                pip = [prefix / "bin/python", "-I", "-m", "pip", "install", "--quiet"]
                subprocess.run([*pip, *by_pip], check=True)
        case ["clean", *_]:
            pass  # packages go with the folder that holds them
        case _:
            sys.exit(f"conda of the tests: does not know {' '.join(arguments)}")


if __name__ == "__main__":
    main(sys.argv[1:])
    # The threads of py-rattler 0.28 may crash while Python ends.
    sys.stdout.flush()
    os._exit(0)
