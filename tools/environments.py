"""Write envs/*.yaml from one list of what the rules of each import, at the versions of requirements.lock.

`make lock` runs this after the lock. A test reads the imports of every rule and holds them to the list.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What every job imports.
EVERY = ["numpy", "polars", "cyclopts", "rich", "rfc8785", "threadpoolctl"]
#: What the jobs of each environment import besides.
ENVIRONMENTS = {
    "theory": ("Tables and kernel theory", ["scipy", "numba"]),
    "networks": ("Finite networks of the relational study", ["scipy", "numba", "torch"]),
    "longtail": ("Classifiers with long tails", ["scipy", "torch", "opacus"]),
    "irrelevant": (
        "Irrelevant information: learners and attacks",
        ["scipy", "torch", "transformers", "huggingface-hub", "safetensors", "opacus"],
    ),
    "language": (
        "Language models",
        [
            "scipy",
            "numba",
            "torch",
            "transformers",
            "huggingface-hub",
            "tokenizers",
            "safetensors",
            "gguf",
            "pip",
        ],
    ),
    "poker": ("Poker equities", ["eval7"]),
    "figures": ("Figures", ["scipy", "matplotlib"]),
}
#: Names at conda-forge that differ from the package index's.
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base", "huggingface-hub": "huggingface_hub"}
#: What pip installs into an environment, with what it needs there and nothing else of the environment brings.
BY_PIP = {"gguf": ["requests"], "eval7": ["future", "pyparsing"]}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def conda_name(name: str) -> str:
    """Name at conda-forge of a package of the index."""
    return CONDA_NAMES.get(_canonical(name), _canonical(name))


def index_name(name: str) -> str:
    """Name at the index of a package of conda-forge."""
    return {conda: index for index, conda in CONDA_NAMES.items()}.get(name, name)


def pins() -> dict[str, str]:
    """Version of every package of requirements.lock."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pairs = [line.partition("==") for line in lines if not line.startswith("#")]
    return {_canonical(name): version for name, _, version in pairs}


def environment(name: str) -> str:
    """Text of envs/<name>.yaml."""
    title, packages = ENVIRONMENTS[name]
    versions = pins()
    by_pip = [package for package in packages if package in BY_PIP]
    needed = [part for package in by_pip for part in BY_PIP[package]]
    wanted = [package for package in (*EVERY, *packages, *needed) if package not in (*by_pip, "pip")]
    lines = [
        f"# {title}. Written by `make lock` (tools/environments.py), at the versions of requirements.lock.",
        *("channels:", "  - conda-forge", "  - nodefaults", "dependencies:", "  - python =3.11"),
        *(["  - pip"] if by_pip or "pip" in packages else []),
        *(f"  - {conda_name(package)} ={versions[package]}" for package in wanted),
        *(["  - pip:"] if by_pip else []),
        *(f"      - {package}=={versions[package]}" for package in by_pip),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name in ENVIRONMENTS:
        (ROOT / f"envs/{name}.yaml").write_text(environment(name))
