"""How much memory this process may still take, and the refusal of what would take more.

The least of what the machine has free, what the control groups of the process leave (a batch system's limit,
for instance), and what the limit on its addresses leaves.
"""

import re
import resource
from pathlib import Path

from memgen.errors import BadInput

_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


def available_memory(proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Bytes that this process may still take; None where the system does not say."""
    free = _line(proc / "meminfo", "MemAvailable:")
    found = [free, *_left_by_groups(proc, groups), _left_by_addresses(proc)]
    return min((max(0, part) for part in found if part is not None), default=None)


def refuse_beyond_memory(size: float, what: str) -> None:
    """Refuse, as BadInput, work that would take more memory than there is.

    `size` is what it takes at least, in bytes, estimated; `what` begins the message, such as ``--n 100000``.
    """
    free = available_memory()
    if free is not None and size > free:
        raise BadInput(f"{what}: would take about {in_words(size)} of memory, and {in_words(free)} are free")


def in_words(size: float) -> str:
    """A number of bytes in the largest unit that leaves a whole one, such as ``74.5 GiB``."""
    units = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
    power = 0
    while size >= 1024 and power < len(units) - 1:
        size, power = size / 1024, power + 1
    return f"{size:.3g} {units[power]}" if size < 1000 else f"{size:.0f} {units[power]}"


def _left_by_addresses(proc: Path) -> int | None:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    return limit - (_line(proc / "self/status", "VmSize:") or 0)


def _left_by_groups(proc: Path, groups: Path) -> list[int]:
    """What each control group with a limit leaves, those above included; of both versions."""
    found = []
    for line in _text(proc / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        one = "memory" in controllers.split(",")
        if controllers and not one:
            continue
        root = groups / "memory" if one else groups
        limit, used = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes") if one else ("memory.max", "memory.current")
        )
        # In a container the path may name the group as the host sees it: the root of the mount is its own.
        own = [part for part in path.split("/") if part not in ("", "..")]
        for folder in (root.joinpath(*own[:length]) for length in range(len(own) + 1)):
            most, taken = _text(folder / limit).strip(), _text(folder / used).strip()
            if most.isdigit() and taken.isdigit():
                cache = _line(folder / "memory.stat", "total_inactive_file" if one else "inactive_file", 1)
                found.append(int(most) - int(taken) + (cache or 0))
    return found


def _line(path: Path, name: str, unit: int = 1024) -> int | None:
    """Number of one line of a file of names and numbers, in bytes."""
    found = re.search(rf"^{name}\s+(\d+)", _text(path), re.MULTILINE)
    return int(found[1]) * unit if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
