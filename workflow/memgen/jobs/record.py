"""What a record says about one job.

The job writes it, and hashes inputs and code before the work and again after it. `recipe` and `outputs` are
the same for two honest runs of a study; what may differ (commit, host, times, threads) is in `execution`, and
what was installed in `environment`. `stage` and `arguments` are enough to run the job again. `configuration`
is outside the recipe, which has the parameters that the job used and changes with nothing else.
Snakemake's own metadata is not used: it hashes inputs after the job, and outputs not at all.
"""

import datetime
import importlib.metadata
import inspect
import json
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs import kernels, layers
from memgen.jobs.closure import PACKAGE
from memgen.jobs.digests import canonical, digest_of, file_digest
from memgen.jobs.layers import label

FORMAT = "memgen-record/3"
LOCK_FILE = "requirements.lock"
#: Largest record that is read, in bytes; those of the study have some ten thousand.
LARGEST = 16 * 2**20


def rule_and_wildcards(record: Path) -> tuple[str, dict[str, str]]:
    """Rule and wildcards of a job, from the path ``…/<rule>/<key>=<value>,….json`` of its record.

    A job without wildcards is called ``job.json``.
    """
    pairs = [part.split("=", 1) for part in record.stem.split(",") if "=" in part]
    return record.parent.name, dict(sorted((key, value) for key, value in pairs))


def stage_name(module: str, function: str) -> str:
    """Name of a stage as one types it after ``memgen``, such as ``relational sweep``."""
    top, *rest = module.split(".")
    room = top if top != PACKAGE else rest[0] if len(rest) > 1 else "commands"
    return " ".join([*([room] if room != "commands" else []), function.replace("_", "-")])


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """Digest of each file, by its name in the record, sorted."""
    return dict(sorted((label(path), file_digest(path)) for path in paths))


def plain(value: Any) -> Any:
    """An argument as JSON holds it, paths by their names in the record."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return label(value) if isinstance(value, Path) else value


def before_the_work(
    record: Path,
    function: Callable[..., Any],
    values: Mapping[str, Any],
    roles: Mapping[str, str],
    inputs: Mapping[str, list[Path]],
) -> dict[str, Any]:
    """What a record says before the job has begun: which job it is, and its recipe.

    The record's path gives rule and wildcards; `inputs` holds the files of each input. BadInput is raised for
    an argument that is not JSON.
    """
    rule, wildcards = rule_and_wildcards(record)
    stage = stage_name(function.__module__, function.__name__)
    arguments = {name: {"role": roles[name], "value": plain(value)} for name, value in values.items()}
    parameters = {name: part["value"] for name, part in arguments.items() if part["role"] == "parameter"}
    for name, value in parameters.items():
        try:
            canonical(value)
        except BadInput as problem:
            raise BadInput(f"--{name.replace('_', '-')}: {problem}") from None
    recipe = {
        "rule": rule,
        "wildcards": wildcards,
        "stage": stage,
        "parameters": parameters,
        "inputs": input_digests(inputs),
    }
    return {
        "format": FORMAT,
        "stage": {"name": stage, "module": function.__module__},
        "arguments": arguments,
        "configuration": layers.in_use(),
        "recipe": recipe,
        "recipe_id": digest_of(recipe),
    }


def input_digests(inputs: Mapping[str, list[Path]]) -> dict[str, list[dict[str, str]]]:
    """Name in the record and digest of every input, by the name of its argument."""
    return {
        name: [{"path": label(path), "sha256": file_digest(path)} for path in paths]
        for name, paths in inputs.items()
    }


def refuse_changes(
    recipe: Mapping[str, Any],
    inputs: Mapping[str, list[Path]],
    code: Mapping[str, str],
    sources: Sequence[Path],
) -> None:
    """Raise RuntimeError if a job's inputs or sources are no longer those of its recipe."""
    after = input_digests(inputs)
    edited = [
        f"input {now['path']}"
        for name, parts in recipe["inputs"].items()
        for before, now in zip(parts, after[name], strict=True)
        if before != now
    ]
    present = digests(sources)
    edited += [f"source file {name}" for name in sorted(code) if present.get(name) != code[name]]
    if edited:
        raise RuntimeError(f"{', '.join(edited)} changed while the stage ran; run it again")


def recorded_outputs(record: Path) -> dict[str, str]:
    """Digest of each output that a record names, by absolute path; none where there is no such record."""
    try:
        if not record.is_file() or record.stat().st_size > LARGEST:
            return {}
        outputs = json.loads(record.read_bytes())["outputs"]
        return {os.path.realpath(name): digest for name, digest in outputs.items()}
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return {}


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
    """What the job ran on: lock file, packages, Python, BLAS and threads, fonts, processor, kernels.

    BadInput is raised if portable kernels were asked for and a library reports others.
    """
    import threadpoolctl

    found = kernels.in_force()
    if kernels.asked() == "portable":
        kernels.refuse_ignored(found)

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
        "processor": kernels.processor(),
        "kernels": {"mode": kernels.asked(), **found},
        "accelerator": _accelerator(),
    }


def kernels_of(content: Mapping[str, Any]) -> kernels.Kernels:
    """Kernels that a recorded job was asked to use."""
    return "portable" if content["environment"].get("kernels", {}).get("mode") == "portable" else "ordinary"


def git(*arguments: str) -> bytes | None:
    """Output of a git command; None where git, the repository or what is asked for is missing."""
    try:
        answer = subprocess.run(
            ["git", *arguments], capture_output=True, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout


def now() -> str:
    """Present time, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def execution(start: str, threads: int | None) -> dict[str, Any]:
    """Everything that may differ between two honest runs of a job."""
    status, commit = git("status", "--porcelain", "--untracked-files=no"), git("rev-parse", "HEAD")
    return {
        "commit": None if commit is None else commit.decode().strip(),
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
    """Name of a recipe as figures contain it."""
    return f"urn:memgen:recipe:sha256:{recipe_id}"


URN_PATTERN = re.compile(r"urn:memgen:recipe:sha256:([0-9a-f]{64})")
