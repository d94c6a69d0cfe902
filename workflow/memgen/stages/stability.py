"""Which verdicts are the same under two sets of CPU kernels."""

import platform
from pathlib import Path
from typing import Annotated

import cyclopts

from memgen.errors import BadInput
from memgen.stability import STABILITY, compared
from memgen.stage import Input, command

PROCESSORS = Path("/proc/cpuinfo")


@command
def stability(
    one: Input,
    other: Input,
    /,
    *,
    out: Path,
    kernels: Annotated[list[str], cyclopts.Parameter(negative_iterable="")],
) -> None:
    """List the verdict of every claim in two results trees of one study, run with different kernels.

    Parameters
    ----------
    one, other
        Claims tables of the two trees.
    out
        Table of both verdicts, one row per claim.
    kernels
        What each ran with, twice: such as native, then ATEN_CPU_CAPABILITY=default.
    """
    if len(kernels) != 2:
        raise BadInput(f"--kernels: {len(kernels)} given; allowed: two, one per table")
    table = compared(one, other, (kernels[0], kernels[1]), machine())
    out.parent.mkdir(parents=True, exist_ok=True)
    STABILITY.write(table, out)
    same = int(table["same"].sum())
    print(f"{same} of {table.height} verdicts are the same under {kernels[0]} and {kernels[1]}")
    for row in table.filter(~table["same"]).iter_rows(named=True):
        cell = " ".join(str(row[name]) for name in ("model", "items", "method") if row[name])
        print(f"{row['verdict']} -> {row['other_verdict']}: {row['claim']} ({cell or row['study']})")


def machine() -> str:
    """Name of the processor, as the kernel knows it."""
    if PROCESSORS.is_file():
        for text in PROCESSORS.read_text().splitlines():
            name, _, model = text.partition(":")
            if name.strip() == "model name":
                return model.strip()
    return platform.processor() or platform.machine()
