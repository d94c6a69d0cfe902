"""How benchmarks write down what they measured: into bench/results, and whether it meets its limits."""

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

ROOT = Path(__file__).resolve().parent.parent
#: What a process that benchmarks start needs to find the package.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}


def measured(
    command: Sequence[str], folder: Path = ROOT, *, well: bool = True, **environment: str
) -> tuple[str, float, resource.struct_rusage]:
    """What a command prints, its wall time in seconds, and what it used; it must end well, if `well`."""
    start, variables = time.perf_counter(), {**ENVIRONMENT, **environment}
    process = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, process.returncode, used = os.wait4(process.pid, 0)
    assert not well or process.returncode == 0, command
    return printed, time.perf_counter() - start, used


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
