"""What a record says about one job, and how its digests are taken.

A record is written inside the job, after hashing inputs and code before the work and again after it. Its
`recipe` and `outputs` are the same for two honest runs of the same study; everything that may differ
between them (commit, host, times, threads) stands in `execution`, and what was installed in `environment`.
Snakemake's own metadata is not used: it hashes inputs after the job, and outputs not at all.
"""

import datetime
import hashlib
import importlib.metadata
import inspect
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import rfc8785

FORMAT = "memgen-record/1"
LOCK_FILE = "requirements.lock"
#: Snakemake adds this empty file to every folder that a job declares, after the job.
SNAKEMAKE_MARK = ".snakemake_timestamp"


def canonical(value: Any) -> bytes:
    """RFC 8785 canonical JSON of a value."""
    return rfc8785.dumps(value)


def digest_of(value: Any) -> str:
    """SHA-256, in hexadecimal, of a value's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, the digest of its files' names and digests."""
    if path.is_dir():
        files = sorted(entry for entry in path.rglob("*") if entry.is_file() and entry.name != SNAKEMAKE_MARK)
        return digest_of({entry.relative_to(path).as_posix(): file_digest(entry) for entry in files})
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def label(path: Path) -> str:
    """Name of a file in a record: relative to the study, or only its own name if it lies outside.

    Two runs in different folders, or on different machines, then write the same recipe.
    """
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return f"external/{path.name}"


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """Digest of each file, by its name in the record, sorted."""
    return dict(sorted((label(path), file_digest(path)) for path in paths))


def rule_and_wildcards(record: Path) -> tuple[str, dict[str, str]]:
    """Rule and wildcards of a job, from the path ``…/<rule>/<key>=<value>,….json`` of its record.

    A job without wildcards is called ``job.json``.
    """
    pairs = [part.split("=", 1) for part in record.stem.split(",") if "=" in part]
    return record.parent.name, dict(sorted((key, value) for key, value in pairs))


def recipe(
    record: Path, inputs: Mapping[str, str], parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """Recipe of a job and its id.

    Parameters
    ----------
    record : pathlib.Path
        Where the record will stand; its name gives rule and wildcards.
    inputs : mapping of str to str
        Digest of each input file.
    parameters : mapping
        Every other argument of the stage, by name. They are all of the configuration that the job sees,
        so the digest of the configuration used is taken over them.

    Returns
    -------
    recipe : dict
    recipe_id : str
        SHA-256 of the recipe's canonical JSON.
    """
    rule, wildcards = rule_and_wildcards(record)
    content = {
        "rule": rule,
        "wildcards": wildcards,
        "parameters": dict(parameters),
        "inputs": dict(inputs),
        "configuration": digest_of(dict(parameters)),
    }
    return content, digest_of(content)


def _installed_packages() -> dict[str, str]:
    """Distributions whose modules this process has imported, with their versions."""
    loaded = {name.split(".")[0] for name in sys.modules}
    # importlib.metadata.packages_distributions answers the same, but parses every file of every package.
    found = {}
    for distribution in importlib.metadata.distributions():
        if loaded.isdisjoint(_top_level(distribution)):
            continue
        name = distribution.metadata["Name"]
        if name != "memgen":
            found[name] = importlib.metadata.version(name)
    return dict(sorted(found.items()))


def _top_level(distribution: importlib.metadata.Distribution) -> set[str]:
    """Names of the modules and packages that a distribution puts beside the others."""
    stated = distribution.read_text("top_level.txt")
    if stated:
        return set(stated.split())
    rows = (distribution.read_text("RECORD") or "").splitlines()
    files = {row.rpartition(",")[0].rpartition(",")[0].strip('"') for row in rows}
    modules = {inspect.getmodulename(file) for file in files if "/" not in file}
    return {file.partition("/")[0] for file in files if "/" in file} | {name for name in modules if name}


def _fonts() -> dict[str, str]:
    """Digest of each font file that matplotlib has opened to draw text, by file name."""
    manager = sys.modules.get("matplotlib.font_manager")
    if manager is None:
        return {}
    family = manager.FontProperties()
    paths = {
        Path(manager.findfont(family, fallback_to_default=False)),
        Path(manager.findfont(manager.FontProperties(weight="bold"), fallback_to_default=False)),
    }
    return {path.name: file_digest(path) for path in sorted(paths)}


def _accelerator() -> dict[str, str] | None:
    """GPU and CUDA version where torch has opened one, else None."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return {"device": torch.cuda.get_device_name(), "cuda": str(torch.version.cuda)}


def environment() -> dict[str, Any]:
    """What the job ran on: lock file, packages imported, Python, BLAS and threads, fonts, accelerator."""
    import threadpoolctl

    pools = [
        {key: pool.get(key) for key in ("user_api", "internal_api", "version", "architecture", "num_threads")}
        for pool in threadpoolctl.threadpool_info()
    ]
    lock = Path(LOCK_FILE)
    return {
        "lock": file_digest(lock) if lock.is_file() else None,
        "packages": _installed_packages(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "pools": sorted(pools, key=canonical),
        "fonts": _fonts(),
        "accelerator": _accelerator(),
    }


def _git(*arguments: str) -> str | None:
    """Output of a git command, or None where git or a repository is missing."""
    try:
        answer = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def now() -> str:
    """Present time, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def execution(start: str, threads: int | None) -> dict[str, Any]:
    """Everything that may differ between two honest runs of a job."""
    status = _git("status", "--porcelain", "--untracked-files=no")
    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": None if status is None else bool(status),
        "host": socket.gethostname(),
        "start": start,
        "end": now(),
        "threads": threads,
    }


def seal(content: Mapping[str, Any]) -> bytes:
    """Record file: the content and its own digest, as canonical JSON."""
    body = {key: value for key, value in content.items() if key != "digest"}
    return canonical({**body, "digest": digest_of(body)})


def urn(recipe_id: str) -> str:
    """Name of a recipe as it stands inside figures."""
    return f"urn:memgen:recipe:sha256:{recipe_id}"


URN_PATTERN = re.compile(r"urn:memgen:recipe:sha256:([0-9a-f]{64})")
