# What every rule file uses. Knows no study, and holds no rule.
from memgen.closure import closure
from pathlib import Path
import re


def code(module):
    """Source files that a stage's module imports, directly or not, relative to the repository."""
    here = Path.cwd().resolve()
    return [
        str(path.relative_to(here) if path.is_relative_to(here) else path)
        for path in closure(module)
    ]


def repeated(flag, values):
    """A command-line flag given once per value, and not at all where there is none."""
    return " ".join(f"{flag} {value}" for value in values)


def one_of(names):
    """Wildcard constraint: one of some names, or none where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"
