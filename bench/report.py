"""How benchmarks write down what they measured: into bench/results, and whether it meets its limits."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

ROOT = Path(__file__).resolve().parent.parent
#: What a process that benchmarks start needs to find the package.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
_STARTER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(code)
"""


def measured(
    command: Sequence[str], folder: Path = ROOT, *, well: bool = True, **environment: str
) -> tuple[str, float, float, float]:
    """What a command prints, its wall and processor time in seconds, and its peak memory in MB.

    It must end well, if `well`. A small process starts it: of a large one it would inherit the peak.
    """
    start, variables = time.perf_counter(), {**ENVIRONMENT, **environment}
    starter = [sys.executable, "-c", _STARTER, *command]
    done = subprocess.run(starter, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True, check=well)
    printed, _, used = done.stdout.rstrip("\n").rpartition("\n")
    seconds, peak = map(float, used.split())
    return printed, time.perf_counter() - start, seconds, peak


def save(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write bench/results/<name>.csv."""
    target = ROOT / "bench/results" / f"{name}.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, infer_schema_length=None).write_csv(target)


def save_limits(name: str, rows: Sequence[tuple[str, str, float, str, float | None, bool | None]]) -> None:
    """Write and print quantities with their limits; exit status 1 where one is not met."""
    columns = ("what", "quantity", "value", "unit", "limit", "met")
    save(name, [dict(zip(columns, row, strict=True)) for row in rows])
    for what, quantity, value, unit, limit, met in rows:
        verdict = "" if limit is None else f"  (limit {limit:g}: {'met' if met else 'NOT MET'})"
        print(f"{what}: {quantity} {value:.3g} {unit}{verdict}")
    if not all(met for *_, met in rows if met is not None):
        raise SystemExit(1)
