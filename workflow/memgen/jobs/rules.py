"""What the rule files build their commands with. Knows no study, and nothing of Snakemake.

A command is one line for the shell. What is put into it is quoted here, or by ``:q`` where it stands in the
command itself; a name with a blank, a semicolon or a quotation mark stays one argument.
"""

import difflib
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.definitions import present
from memgen.jobs.entries import find


class Quoted(str):
    """Part of a command in which every value is quoted already; it stands in a command without ``:q``."""

    __slots__ = ()


def _values(value: Any) -> list[str]:
    entries = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    return [str(entry) for entry in entries]


def words(values: Iterable[Any]) -> Quoted:
    """Values as arguments of a command, in their order.

    Parameters
    ----------
    values : iterable
        Text, numbers or paths.

    Returns
    -------
    Quoted
        Such as ``zipf 'two words' 0.5``.
    """
    return Quoted(" ".join(shlex.quote(str(value)) for value in values))


def repeated(flag: str, values: Iterable[Any]) -> Quoted:
    """A flag given once per value, and not at all where there is none.

    Parameters
    ----------
    flag : str
        Such as ``--exception``.
    values : iterable
        Text, numbers or paths.

    Returns
    -------
    Quoted
        Such as ``--exception 5:3 --exception 7:2``.
    """
    # A value that begins with a hyphen would be taken for a flag of its own.
    return Quoted(
        " ".join(
            f"{flag}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}" for value in map(str, values)
        )
    )


def flags(options: Mapping[str, Any] | None = None, /, **more: Any) -> Quoted:
    """Flags of a command, named by their keys.

    Parameters
    ----------
    options : mapping, optional
        Flags without their hyphens; an underscore becomes a hyphen. A list gives all its values to one flag,
        an empty list or None leaves the flag out, a boolean writes ``--flag`` or ``--no-flag``.
    **more
        The same, after those of the mapping.

    Returns
    -------
    Quoted
        Such as ``--conjunctivity 0 0.3 0.6 --memorization-limit 0.5``.
    """
    parts = []
    for key, value in {**(options or {}), **more}.items():
        name = key.replace("_", "-")
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise ValueError(f"{key!r} is no name of a flag")
        if value is None:
            continue
        if isinstance(value, bool):
            parts.append(f"--{name}" if value else f"--no-{name}")
            continue
        values = _values(value)
        if any(entry.startswith("-") for entry in values):
            parts.append(repeated(f"--{name}", values))
        elif values:
            parts.append(f"--{name} {words(values)}")
    return Quoted(" ".join(parts))


def one_of(names: Iterable[str]) -> str:
    """Wildcard constraint: one of some names, or none where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def figure_alone(targets: list[str], name: str | None) -> list[str]:
    """Files of one figure among the targets of a whole run; all targets where no figure is named.

    Parameters
    ----------
    targets : list of str
        Files that a whole run makes.
    name : str or None
        Name of a figure, without folder and suffix; none where it is empty.

    Returns
    -------
    list of str

    Raises
    ------
    BadInput
        If there is no figure of that name; the nearest names are listed.
    """
    if not name:
        return targets
    drawn = [Path(target) for target in targets if Path(target).parent == Path("figures")]
    found = [str(path) for path in drawn if path.stem == name]
    if found:
        return found
    names = sorted({path.stem for path in drawn})
    near = [other for other in names if name in other] or difflib.get_close_matches(name, names, 4, 0.6)
    raise BadInput(f"figure {name!r}: there is none of that name; nearest: {', '.join(near[:5] or names)}")


def code(stage: str) -> str:
    """Digest of the definitions that a stage reaches; as a parameter of its rule, an edit reruns its jobs.

    Parameters
    ----------
    stage : str
        What follows ``memgen`` on the command line, such as ``relational sweep``.
    """
    entry = find(*(["", *stage.split()][-2:]))
    if entry is None:
        raise BadInput(f"there is no stage {stage!r}")
    return present().digest(entry.module, entry.function)


def before_each_job(interpreter: str | None, variables: Mapping[str, str] | None = None) -> str:
    """What stands before each job's command, as a pattern that Snakemake formats.

    Parameters
    ----------
    interpreter : str or None
        The Python that jobs run with: the one that runs Snakemake, even where its environment is not
        activated. None where Snakemake deploys an environment for each job, which has a Python of its own.
    variables : mapping of str to str, optional
        What else stands in the environment of every job.

    Returns
    -------
    str
    """
    exported = {"PYTHONPATH": "workflow", **(variables or {})}
    text = f"export {' '.join(f'{name}={shlex.quote(value)}' for name, value in exported.items())}; "
    if interpreter is not None:
        text += f'export PATH={shlex.quote(str(Path(interpreter).parent))}"${{PATH:+:$PATH}}"; '
    return text.replace("{", "{{").replace("}", "}}")
