"""The table of figures: the tables that each one reads, and its options from the configuration.

A figure is a function marked `figure` in a file of ``memgen/figures/<study>/``, and an entry in the list of
``memgen/figures/<study>/table.py``. Its rule, its files in a whole run and its caption follow from the two.
"""

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from memgen.figures.labels import words
from memgen.jobs.closure import module_file
from memgen.jobs.entries import Entry as Command
from memgen.jobs.entries import docstring, find
from memgen.jobs.rules import Quoted, flags

#: The figures that say most, in their order: what a reader sees first.
LEADING = (
    "three_studies",
    "rank_profiles",
    "mechanism",
    "language_summary",
    "held_out_margins",
    "geometry",
    "longtail_singletons",
    "irrelevant_tradeoff",
)
FIRST = "First of all"
#: End of every caption in the report: the recipe's id, cut out of the record, and the commands that use it.
ENDING = """
Drawn by ``{source}`` from {tables}. Recipe:

.. include:: {{ snakemake.output.record }}
   :literal:
   :start-after: "recipe_id":"
   :end-before: ","stage":

``memgen provenance show {{ snakemake.output.png }}`` says how it was made, by the recipe of that id, and
``memgen provenance reproduce {{ snakemake.output.png }}`` makes it again.
"""


@dataclass(frozen=True)
class Entry:
    """One figure.

    Parameters
    ----------
    study : str
        Folder of `memgen.figures` that holds its function.
    category : str
        Heading in the report.
    name : str
        Name of its files, with wildcards at the end: "published_accuracy_{kind}" is drawn by the function
        published_accuracy.
    tables : mapping of str to str or sequence of str
        Inputs of the function: files in the study's results, or, from results/ on, in those of another.
    options : mapping of str to object
        Flags of the function, without hyphens; a wildcard is written "{method}".
    each : sequence of mapping of str to str
        Values of the wildcards, a mapping for each picture that a whole run draws.
    job : str
        Name of a job's record, log and benchmark; made of the wildcards where it is empty.
    words : mapping of str to str
        What captions call hierarchies and methods, by their keys.
    """

    study: str
    category: str
    name: str
    tables: Mapping[str, str | Sequence[str]]
    options: Mapping[str, Any] = field(default_factory=dict)
    each: Sequence[Mapping[str, str]] = ({},)
    job: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def whole(path: str) -> str:
            return path if path.startswith("results/") else f"results/{self.study}/{path}"

        tables = {
            name: whole(paths) if isinstance(paths, str) else [whole(path) for path in paths]
            for name, paths in self.tables.items()
        }
        by_wildcards = ",".join(f"{name}={{{name}}}" for name in self.wildcards)
        object.__setattr__(self, "tables", tables)
        object.__setattr__(self, "job", self.job or by_wildcards or "job")

    @property
    def wildcards(self) -> list[str]:
        """Names of the wildcards."""
        return re.findall(r"\{(\w+)\}", self.name)

    @property
    def function(self) -> str:
        """Name of the function."""
        return self.name.partition("_{")[0]

    @property
    def rule(self) -> str:
        """Name of the rule."""
        return f"figures_{self.function}"

    @property
    def stage(self) -> str:
        """Name of the stage, as one types it."""
        return f"figures {self.function.replace('_', '-')}"

    def targets(self) -> list[str]:
        """Files that a whole run makes."""
        names = [self.name.format(**wildcards) for wildcards in self.each]
        return [f"figures/{name}.{suffix}" for name in names for suffix in ("pdf", "png")]

    def told(self, wildcards: Mapping[str, str]) -> dict[str, Any]:
        """Options of one picture, its wildcards filled in."""
        known = {f"{{{name}}}": value for name, value in wildcards.items()}
        return {
            name: known.get(value, value) if isinstance(value, str) else value
            for name, value in self.options.items()
        }

    def command(self, wildcards: Mapping[str, str]) -> Quoted:
        """Command of one picture, all but its outputs."""
        return Quoted(f"{self.stage} {flags(self.tables)} {flags(self.told(wildcards))}".rstrip())

    def docstring(self) -> tuple[str, str]:
        """First line of the function's docstring, and the caption behind it."""
        first, _, caption = docstring(self._command).strip().partition("\n\n")
        return first, caption

    def caption(self, told: Mapping[str, Any]) -> str:
        """Caption of one picture, in reStructuredText: ``{name}`` in it is the option of that name."""
        said = {name: self.words.get(str(value), value) for name, value in told.items()}
        return re.sub(r"\{(\w+)\}", lambda match: str(said.get(match[1], match[0])), self.docstring()[1])

    def template(self) -> str:
        """Caption in the report, as the template that Snakemake fills in."""
        told = self.told({name: f"{{{{ snakemake.wildcards.{name} }}}}" for name in self.wildcards})
        named = ", ".join(f"``{path}``" for path in self.files)
        named = named.replace("{", "{{ snakemake.wildcards.").replace("}", " }}")
        return f"{self.caption(told)}\n{ENDING.replace('{source}', self.source).replace('{tables}', named)}"

    @property
    def files(self) -> list[str]:
        """Files of the tables."""
        return [path for one in self.tables.values() for path in ([one] if isinstance(one, str) else one)]

    @property
    def source(self) -> str:
        """Module and name of the function."""
        return f"{self._command.module}.{self._command.function}"

    @property
    def _command(self) -> Command:
        entry = find(*self.stage.split())
        assert entry is not None, f"{self.stage}: there is no such figure"
        return entry


def entries(config: Mapping[str, Any]) -> list[Entry]:
    """Every figure of the studies in a configuration: those that say most, then the others by study."""
    modules = [f"memgen.figures.{study}.table" for study in config]
    called = words(config) if "relational" in config else {}
    found = [
        replace(entry, words=called, category=FIRST if entry.function in LEADING else entry.category)
        for module in modules
        if module_file(module) is not None
        for entry in importlib.import_module(module).figures(config)
    ]
    place = {name: number for number, name in enumerate(LEADING)}
    return sorted(found, key=lambda entry: place.get(entry.function, len(place)))
