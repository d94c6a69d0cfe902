"""The house: rooms below know no study, no study knows Snakemake, and no folder is crowded."""

from collections import Counter

import pytest

from memgen.jobs import closure, entries

PACKAGE = closure.ROOT / "memgen"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
STUDIES = {"relational", "longtail", "irrelevant", "language", "published", "figures"}
BELOW = ("jobs", "configuration", "tables", "engine", "planning", "recovery", "cluster")
#: Rooms that a study may use beside those below and itself.
ABOVE = {
    "relational": set(),
    "longtail": {"relational"},
    "irrelevant": {"language"},
    "language": {"relational"},
    "published": {"relational", "language"},
}


def used(path: closure.Path) -> set[str]:
    """Rooms of the package that a file imports from, at its top or inside a function."""
    names = closure._imported_names(closure.module_of(path), path)
    return {name.split(".")[1] for name in names if name.startswith("memgen.")}


@pytest.mark.parametrize("room", BELOW)
def test_what_stands_below_knows_no_study(room):
    found = {path.name: used(path) & STUDIES for path in FILES if path.is_relative_to(PACKAGE / room)}
    assert {name: rooms for name, rooms in found.items() if rooms} == {}


@pytest.mark.parametrize("study", ABOVE)
def test_a_study_uses_what_stands_below_it_and_is_not_drawn_by_itself(study):
    for path in (path for path in FILES if path.is_relative_to(PACKAGE / study)):
        assert used(path) & STUDIES <= {study, *ABOVE[study]}, path
        names = closure._imported_names(closure.module_of(path), path)
        assert "snakemake" not in {name.split(".")[0] for name in names}, path


def test_no_folder_is_crowded_and_initializers_are_empty():
    counted = Counter(path.parent for path in FILES)
    assert {folder: count for folder, count in counted.items() if count > 16} == {}
    assert not any(path.read_text() for path in PACKAGE.glob("*/**/__init__.py"))
    assert {path.name for path in closure.closure("memgen.errors")} == {"__init__.py", "errors.py"}


def test_no_study_has_two_commands_of_one_name():
    for study in entries.studies():
        paths = (PACKAGE / study).rglob("*.py")
        found = [one.function for path in paths for one in entries._defined(path, entries._MARKED)]
        assert len(found) == len(entries.entries(study)), study
