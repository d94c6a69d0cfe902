"""The house: rooms below know no study, no study knows Snakemake, and no folder is crowded."""

from collections import Counter

from memgen.jobs import closure

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


def test_a_room_uses_only_what_stands_below_it_and_is_not_drawn_by_itself():
    for path in FILES:
        room = path.relative_to(PACKAGE).parts[0]
        names = closure._imported_names(closure.module_of(path), path)
        used = {name.split(".")[1] for name in names if name.startswith("memgen.")} & STUDIES
        assert room not in BELOW or not used, path
        assert room not in ABOVE or used <= {room, *ABOVE[room]}, path
        assert room not in ABOVE or not any(name.startswith("snakemake") for name in names), path


def test_no_folder_is_crowded_and_initializers_are_empty():
    counted = Counter(path.parent for path in FILES)
    assert {folder: count for folder, count in counted.items() if count > 16} == {}
    assert not any(path.read_text() for path in PACKAGE.glob("*/**/__init__.py"))
    assert {path.name for path in closure.closure("memgen.errors")} == {"__init__.py", "errors.py"}
