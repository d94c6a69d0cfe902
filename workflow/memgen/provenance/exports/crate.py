"""The run as a Workflow Run RO-Crate, profile Provenance Run Crate 0.5, on RO-Crate 1.1.

Every rule is a step, every stage a tool, every job an action that used files and parameters and gave files.
The crate defines the terms that the context of RO-Crate 1.1 lacks, so that a reader needs that context alone.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from memgen.jobs.digests import canonical
from memgen.jobs.entries import version
from memgen.jobs.record import LOCK_FILE
from memgen.provenance.run import Record, Run, inputs

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_FORMATS = {
    ".css": "text/css", ".csv": "text/csv", ".html": "text/html", ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript", ".json": "application/json", ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf", ".png": "image/png",
    ".py": "text/x-python", ".rst": "text/x-rst", ".svg": "image/svg+xml", ".toml": "application/toml",
    ".tsv": "text/tab-separated-values", ".yaml": "application/yaml", ".yml": "application/yaml",
}  # fmt: skip
WORKFLOW = "Snakefile"
_ENGINE = "https://pypi.org/project/snakemake/"
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"


class Crate:
    """Entities of a crate by their identifier.

    `records` are the jobs to describe, `targets` what the run was to make, `files` the digests of all files
    in the crate. Other files are only named, with their digest.
    """

    def __init__(
        self, run: Run, records: Iterable[str], targets: Iterable[str], files: Mapping[str, str]
    ) -> None:
        self.run, self.files = run, files
        self.cited = _citation()
        # Of every tool, and of the workflow: they are released together.
        self.release = {"version": version()}
        if "repository-code" in self.cited:
            self.release["url"] = str(self.cited["repository-code"])
        self.entities: dict[str, dict[str, Any]] = {}
        self.times = {name: _execution(run.records[name]) for name in records}
        names = sorted(self.times, key=lambda name: (self.times[name]["startTime"], name))
        self.rules = list(dict.fromkeys(run.records[name]["recipe"]["rule"] for name in names))
        for path in sorted(files):
            self._add(path, "File", **self._described(path))
        if "README.md" in files:
            self._add("README.md", "File", about={"@id": "./"})
        actions = [self._job(name) for name in names]
        self._workflow(names, sorted(targets), actions)
        self._about(max(times["endTime"] for times in self.times.values()))

    def as_json(self) -> dict[str, Any]:
        """The crate's metadata file."""
        graph = [_unwrapped(entity) for entity in self.entities.values()]
        return {"@context": [CONTEXT, _TERMS], "@graph": graph}

    def _add(self, identifier: str, kind: str | list[str], **properties: Any) -> dict[str, str]:
        """Add an entity, or properties to it; returns what refers to it."""
        entity = self.entities.setdefault(identifier, {"@id": identifier, "@type": kind})
        entity.update(properties, **{"@type": kind})
        return {"@id": identifier}

    def _value(self, identifier: str, name: str, value: str, **more: str) -> dict[str, str]:
        return self._add(identifier, "PropertyValue", name=name, value=value, **more)

    def _described(self, path: str) -> dict[str, Any]:
        form = _FORMATS.get(Path(path).suffix, "text/plain")
        return {"name": path, "sha256": self.files[path], "encodingFormat": form}

    def _file(self, path: str, digest: str) -> dict[str, str]:
        """A file of the crate, or the name and digest of one that is not in it."""
        if path in self.files:
            return {"@id": path}
        return self._value(f"#file/{digest}", path, f"sha256:{digest}", propertyID=_TERMS["sha256"])

    def _job(self, name: str) -> dict[str, str]:
        record = self.run.records[name]
        recipe, rule = record["recipe"], record["recipe"]["rule"]
        tool = self._tool(record)
        given: list[dict[str, str]] = []
        made: list[dict[str, str]] = []
        for argument, parts in recipe["inputs"].items():
            files = [self._file(part["path"], part["sha256"]) for part in parts]
            given += self._example(tool, "input", argument, files, "File")
        for argument, value in recipe["parameters"].items():
            text = canonical(value).decode()
            part = self._value("#value/" + quote(f"{recipe['stage']}/{argument}/{text}"), argument, text)
            given += self._example(tool, "input", argument, [part], "Text")
        for argument, entry in record["arguments"].items():
            if entry["role"] == "output" and entry["value"] is not None:
                files = [self._file(entry["value"], record["outputs"][entry["value"]])]
                made += self._example(tool, "output", argument, files, "File")
        position = str(self.rules.index(rule) + 1)
        step = self._add(f"#step/{rule}", "HowToStep", name=rule, workExample=tool, position=position)
        action = self._add(
            f"#job/{name}",
            "CreateAction",
            name=f"{rule} {Path(name).stem}",
            description=f"One job of the rule {rule}: memgen {recipe['stage']}",
            instrument=tool,
            object=_unique(given),
            result=_unique(made),
            actionStatus="http://schema.org/CompletedActionStatus",
            **self.times[name],
            **({"subjectOf": {"@id": name}} if name in self.files else {}),
        )
        title = f"orchestrate {name}"
        self._add(f"#control/{name}", "ControlAction", name=title, instrument=step, object=action)
        return action

    def _tool(self, record: Record) -> dict[str, str]:
        name, module = f"memgen {record['stage']['name']}", record["stage"]["module"].replace(".", "/")
        path = f"workflow/{module}.py"
        if path in record["code"] and path in self.files:
            described = {**self._described(path), "name": name}
            return self._add(path, ["File", "SoftwareSourceCode"], **described, **self.release)
        identifier = f"#tool/{quote(record['stage']['name'])}"
        return self._add(identifier, "SoftwareSourceCode", name=name, **self.release)

    def _example(
        self, tool: dict[str, str], side: str, argument: str, values: list[dict[str, str]], kind: str
    ) -> list[dict[str, str]]:
        """Say that values were given for an argument of a stage; returns them."""
        if not values:
            return values
        identifier = f"#argument/{tool['@id'].removeprefix('#')}/{argument}"
        parameter = self._add(identifier, "FormalParameter", name=argument, additionalType=kind)
        self._list(parameter, "workExample", values)
        for value in values:
            self._list(value, "exampleOfWork", [parameter])
        self._list(tool, side, [parameter])
        return values

    def _list(self, entity: dict[str, str], key: str, values: list[dict[str, str]]) -> None:
        """Add values to a list of an entity, each once."""
        present = self.entities[entity["@id"]].setdefault(key, [])
        present.extend(value for value in values if value not in present)

    def _workflow(self, names: list[str], targets: list[str], actions: list[dict[str, str]]) -> None:
        run, snakemake = self.run, "https://snakemake.github.io"
        language = self._add(_LANGUAGE, "ComputerLanguage", name="Snakemake", url={"@id": snakemake})
        engine = self._add(
            _ENGINE, "SoftwareApplication", name="Snakemake", **_pinned("snakemake"), url=snakemake
        )
        workflow = self._add(
            WORKFLOW,
            ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            name="the study",
            programmingLanguage=language,
            conformsTo={"@id": _BIOSCHEMAS},
            hasPart=_unique([self.entities[action["@id"]]["instrument"] for action in actions]),
            step=[{"@id": key} for key in self.entities if key.startswith("#step/")],
            **self.release,
        )
        read = dict(pair for name in names for pair in inputs(run.records[name]))
        leaves = sorted((path, digest) for path, digest in read.items() if run.maker(path) is None)
        makers = {target: maker for target in targets if (maker := run.maker(target))}
        made = [(target, run.records[maker]["outputs"].get(target)) for target, maker in makers.items()]
        whole = self._add(
            "#run",
            "CreateAction",
            name="the run of the study",
            description="Every job of the run, from what it was given to its targets",
            instrument=workflow,
            object=[self._file(path, digest) for path, digest in leaves],
            result=[self._file(path, digest) for path, digest in made if digest],
            startTime=min(times["startTime"] for times in self.times.values()),
            endTime=max(times["endTime"] for times in self.times.values()),
        )
        self._add(
            "#orchestration",
            "OrganizeAction",
            name="Snakemake's run",
            instrument=engine,
            object=[{"@id": f"#control/{name}"} for name in names],
            result=whole,
        )

    def _about(self, date: str) -> None:
        """The crate as a whole."""
        cited = self.cited
        for identifier, name in _PROFILES.items():
            self._add(identifier, "CreativeWork", name=name, version=identifier.rpartition("/")[2])
        people = [author for author in cited.get("authors", []) if isinstance(author, dict)]
        authors = [
            self._add(f"#author/{number}", "Person", name=" ".join(map(str, filter(None, person.values()))))
            for number, person in enumerate(people)
        ]
        spdx = str(cited.get("license", "MIT"))
        licence = self._add(f"https://spdx.org/licenses/{spdx}", "CreativeWork", name=spdx)
        title = str(cited.get("title", "A study and its run"))
        described = f"{title}: figures, tables, sources and how each was made"
        root = self._add(
            "./",
            "Dataset",
            name=title,
            description=str(cited.get("abstract", described)),
            datePublished=date,
            license=licence,
            conformsTo=[{"@id": identifier} for identifier in _PROFILES],
            mainEntity={"@id": WORKFLOW},
            hasPart=[{"@id": path} for path in sorted(self.files)],
            mentions=[{"@id": key} for key in self.entities if key == "#run" or key.startswith("#job/")],
            **({"author": authors} if authors else {}),
        )
        standards = ("https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0")
        conforms = [{"@id": standard} for standard in standards]
        self._add("ro-crate-metadata.json", "CreativeWork", about=root, conformsTo=conforms)


def _execution(record: Record) -> dict[str, str]:
    """When a job began and ended, in the one form of ISO 8601 that the profile's validator knows."""
    times = ((key, str(record["execution"].get(key))) for key in ("start", "end"))
    return {f"{key}Time": re.sub("Z$", "+00:00", time) for key, time in times}


def _unique(values: list[dict[str, str]]) -> list[dict[str, str]]:
    return list({value["@id"]: value for value in values}.values())


def _unwrapped(entity: Mapping[str, Any]) -> dict[str, Any]:
    """An entity without empty lists, and with the one value of a list of one."""
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value
        for key, value in entity.items()
        if value != []
    }


def _pinned(package: str) -> dict[str, str]:
    """Version of a package as requirements.lock pins it."""
    path = Path(LOCK_FILE)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(rf"^{re.escape(package)}==(\S+)", text, re.MULTILINE)
    return {"softwareVersion": found[1]} if found else {}


def _citation() -> dict[str, Any]:
    """What CITATION.cff says, with the license of pyproject.toml where it names none."""
    cited: dict[str, Any] = {}
    if Path("CITATION.cff").is_file():
        cited = dict(yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8")))
    if "license" not in cited and Path("pyproject.toml").is_file():
        project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8")).get("project", {})
        cited["license"] = project.get("license", "MIT")
    return cited
