"""What the rule files build their commands with. Knows no study, and nothing of Snakemake.

A command is one line for the shell. What is put into it is quoted here, or by ``:q`` where it stands in the
command itself; a name with a blank, a semicolon or a quotation mark stays one argument.
"""

import contextlib
import difflib
import functools
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE, ROOT, own_packages
from memgen.jobs.definitions import present
from memgen.jobs.digests import canonical, digest_of, file_digest
from memgen.jobs.entries import entries, studies
from memgen.jobs.files import whole_file

#: Where the digests of stages are written down.
KEPT = Path(".snakemake/code")


class Quoted(str):
    """Part of a command in which every value is quoted already; it stands in a command without ``:q``."""

    __slots__ = ()


def words(values: Iterable[Any]) -> Quoted:
    """Values as arguments of a command, in their order, such as ``zipf 'two words' 0.5``."""
    return Quoted(" ".join(shlex.quote(str(value)) for value in values))


def repeated(flag: str, values: Iterable[Any]) -> Quoted:
    """A flag once per value, such as ``--exception 5:3 --exception 7:2``; nothing where there is none."""
    # A value that begins with a hyphen would be taken for a flag of its own.
    return Quoted(
        " ".join(
            f"{flag}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}" for value in map(str, values)
        )
    )


def flags(options: Mapping[str, Any] | None = None, /, **more: Any) -> Quoted:
    """Flags of a command, such as ``--conjunctivity 0 0.3 0.6 --memorization-limit 0.5``.

    They are named without their hyphens; an underscore becomes a hyphen. A list gives all its values to one
    flag, an empty list or None leaves the flag out, a boolean writes ``--flag`` or ``--no-flag``.
    """
    parts = []
    for key, value in {**(options or {}), **more}.items():
        name = key.replace("_", "-")
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise ValueError(f"{key!r} is not the name of a flag")
        if isinstance(value, bool):
            parts.append(f"--{name}" if value else f"--no-{name}")
            continue
        several = isinstance(value, (list, tuple, set, frozenset))
        values = [str(entry) for entry in (value if several else [value] if value is not None else [])]
        if any(entry.startswith("-") for entry in values):
            parts.append(repeated(f"--{name}", values))
        elif values:
            parts.append(f"--{name} {words(values)}")
    return Quoted(" ".join(parts))


def one_of(names: Iterable[str]) -> str:
    """Wildcard constraint: one of some names, or none where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def figure_alone(targets: list[str], name: str | None) -> list[str]:
    """Files of one figure, named without its suffix, among the targets of a run; all where none is named.

    BadInput is raised if there is no figure of that name; it lists the nearest names.
    """
    if not name:
        return targets
    drawn = [Path(target) for target in targets if Path(target).parent == Path("figures")]
    if found := [str(path) for path in drawn if path.stem == name]:
        return found
    names = sorted({path.stem for path in drawn})
    near = [other for other in names if name in other]
    for least in (0.6, 0.3):
        near = near or difflib.get_close_matches(name, names, 4, least)
    told = ", ".join(near[:4] or names[:4])
    raise BadInput(f"figure {name!r}: there is none of that name; nearest: {told}")


def code(stage: str) -> str:
    """Digest of the definitions that a stage, such as ``relational sweep``, reaches.

    As a parameter of the stage's rule it has an edit rerun the jobs that use what was edited.
    """
    if stage not in _digests():
        raise BadInput(f"there is no stage {stage!r}")
    return _digests()[stage]


@functools.cache
def _digests() -> dict[str, str]:
    """Digests of all stages, written down until a source file changes: they take seconds to find."""
    sources = [path for folder in (ROOT / PACKAGE, *own_packages()) for path in folder.rglob("*.py")]
    kept = KEPT / f"{digest_of({str(path): file_digest(path) for path in sources})}.json"
    try:
        return dict(json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError):  # not there, or damaged: found anew
        pass
    found = {
        f"{study} {name}".strip(): present().digest(entry.module, entry.function)
        for study in ("", *studies())
        for name, entry in entries(study).items()
        if entry.kind == "stage"
    }
    # A run needs the digests, not the file: another command may write it too, and the disk may be full.
    with contextlib.suppress(OSError, BadInput):
        KEPT.mkdir(parents=True, exist_ok=True)
        for earlier in KEPT.glob("*.json"):
            earlier.unlink(missing_ok=True)
        with whole_file(kept) as beside:
            beside.write_bytes(canonical(found))
    return found


def before_each_job(interpreter: str | None, variables: Mapping[str, str] | None = None) -> str:
    """What stands before each job's command, as a pattern that Snakemake formats.

    Jobs run with the Python that runs Snakemake, the `interpreter`, even where its environment is not
    activated; it is None where Snakemake deploys an environment for each job, which has a Python of its own.
    `variables` stand in the environment of every job too.
    """
    exported = {"PYTHONPATH": "workflow", **(variables or {})}
    text = f"export {' '.join(f'{name}={shlex.quote(value)}' for name, value in exported.items())}; "
    if interpreter is not None:
        text += f'export PATH={shlex.quote(str(Path(interpreter).parent))}"${{PATH:+:$PATH}}"; '
    return text.replace("{", "{{").replace("}", "}}")
