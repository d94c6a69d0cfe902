"""The house: rooms know nothing above them, no file imports in a circle, and no folder is crowded."""

from collections import Counter, defaultdict
from graphlib import TopologicalSorter

from memgen.jobs import closure

PACKAGE = closure.ROOT / "memgen"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
GROUND = {"errors", "jobs", "configuration", "tables", "engine", "planning"}
#: Rooms that another may use beside those on the ground.
MORE = {
    "relational": set(),
    "longtail": set(),
    "language": {"relational"},
    "irrelevant": {"language"},
    "published": {"relational", "language"},
    "provenance": set(),
    "recovery": {"provenance"},
}


def test_rooms_use_only_what_stands_below_them():
    imports, rooms = defaultdict(set), defaultdict(set)
    modules = {closure.module_of(path): path for path in FILES}
    for module, path in modules.items():
        names = closure._imported_names(module, path)
        imports[module] = {name for name in names if name in modules} - {module}
        room = path.relative_to(PACKAGE).parts[0]
        rooms[room] |= {name.split(".")[1] for name in imports[module]} - {room}
        assert room not in {*GROUND, *MORE} or not any(name.startswith("snakemake") for name in names), path
    assert len(list(TopologicalSorter(imports).static_order())) == len(modules), "an error names a circle"
    for room, used in rooms.items():
        if room in GROUND or room in MORE:
            assert used - GROUND <= MORE.get(room, set()), room


def test_no_folder_is_crowded_and_initializers_are_empty():
    counted = Counter(path.parent for path in FILES)
    assert {folder: count for folder, count in counted.items() if count > 16} == {}
    assert not any(path.read_text() for path in PACKAGE.glob("*/**/__init__.py"))
    assert {path.name for path in closure.closure("memgen.errors")} == {"__init__.py", "errors.py"}
