"""The run as a Workflow Run RO-Crate, profile Provenance Run Crate 0.5, on RO-Crate 1.1.

Every rule is a step, every stage a tool, every job an action that used files and parameters and gave files.
Terms that the context of RO-Crate 1.1 lacks stand in the crate itself, so that a reader needs that context
alone.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from memgen.errors import BadInput
from memgen.jobs.digests import canonical
from memgen.jobs.entries import version
from memgen.provenance.record import LOCK_FILE
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
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
WORKFLOW = "Snakefile"
_ENGINE = "https://pypi.org/project/snakemake/"
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"


class Crate:
    """Entities of a crate by their identifier.

    Parameters
    ----------
    run : Run
    records : iterable of str
        Jobs to describe.
    targets : iterable of str
        Files that the run was to make.
    files : mapping of str to str
        Digest of every file that lies in the crate; all else is only named, with its digest.
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
        names = sorted(records, key=lambda name: (_execution(run.records[name])["startTime"], name))
        if not names:
            raise BadInput("there is no record of a job; nothing has run here")
        for path in sorted(files):
            self._add(path, "File", **self._described(path))
        if "README.md" in files:
            self._add("README.md", "File", about={"@id": "./"})
        actions = [self._job(name) for name in names]
        self._workflow(names, sorted(targets), actions)
        self._about(max(_execution(run.records[name])["endTime"] for name in names))

    def as_json(self) -> dict[str, Any]:
        """The crate's metadata file."""
        graph = [_unwrapped(entity) for entity in self.entities.values()]
        return {"@context": [CONTEXT, _TERMS], "@graph": graph}

    def _add(self, identifier: str, kind: str | list[str], **properties: Any) -> dict[str, str]:
        """Add an entity, or properties to it; returns what refers to it."""
        entity = self.entities.setdefault(identifier, {"@id": identifier, "@type": kind})
        entity.update(properties, **{"@type": kind})
        return {"@id": identifier}

    def _described(self, path: str) -> dict[str, Any]:
        form = _FORMATS.get(Path(path).suffix, "text/plain")
        return {"name": path, "sha256": self.files[path], "encodingFormat": form}

    def _file(self, path: str, digest: str) -> dict[str, str]:
        """A file of the crate, or the name and digest of one that is not in it."""
        if path in self.files:
            return {"@id": path}
        return self._add(
            f"#file/{digest}",
            "PropertyValue",
            name=path,
            value=f"sha256:{digest}",
            propertyID=_TERMS["sha256"],
        )

    def _job(self, name: str) -> dict[str, str]:
        record = self.run.records[name]
        recipe, execution = record["recipe"], _execution(record)
        tool = self._tool(record)
        given: list[dict[str, str]] = []
        for argument, parts in recipe["inputs"].items():
            files = [self._file(part["path"], part["sha256"]) for part in parts]
            given += files
            self._example(tool, "input", argument, files, "File")
        for argument, value in recipe["parameters"].items():
            text = canonical(value).decode()
            part = self._add(
                "#value/" + quote(f"{recipe['stage']}/{argument}/{text}"),
                "PropertyValue",
                name=argument,
                value=text,
            )
            given.append(part)
            self._example(tool, "input", argument, [part], "Text")
        made = []
        for argument, entry in record["arguments"].items():
            if entry["role"] == "output" and entry["value"] is not None:
                files = [self._file(entry["value"], record["outputs"][entry["value"]])]
                made += files
                self._example(tool, "output", argument, files, "File")
        step = self._add(
            f"#step/{recipe['rule']}",
            "HowToStep",
            name=recipe["rule"],
            workExample=tool,
            position=str(len([key for key in self.entities if key.startswith("#step/")]) + 1),
        )
        action = self._add(
            f"#job/{name}",
            "CreateAction",
            name=f"{recipe['rule']} {Path(name).stem}",
            description=f"One job of the rule {recipe['rule']}: memgen {recipe['stage']}",
            instrument=tool,
            object=_unique(given),
            result=_unique(made),
            actionStatus="http://schema.org/CompletedActionStatus",
            **execution,
            **({"subjectOf": {"@id": name}} if name in self.files else {}),
        )
        self._add(
            f"#control/{name}", "ControlAction", name=f"orchestrate {name}", instrument=step, object=action
        )
        return action

    def _tool(self, record: Record) -> dict[str, str]:
        path = next((path for path in record["code"] if _module(path) == record["stage"]["module"]), None)
        name = f"memgen {record['stage']['name']}"
        if path is not None and path in self.files:
            described = {**self._described(path), "name": name}
            return self._add(path, ["File", "SoftwareSourceCode"], **described, **self.release)
        return self._add(
            f"#tool/{quote(record['stage']['name'])}", "SoftwareSourceCode", name=name, **self.release
        )

    def _example(
        self, tool: dict[str, str], side: str, argument: str, values: list[dict[str, str]], kind: str
    ) -> None:
        """Say that values were given for an argument of a stage."""
        if not values:
            return
        identifier = f"#argument/{tool['@id'].removeprefix('#')}/{argument}"
        parameter = self._add(identifier, "FormalParameter", name=argument, additionalType=kind)
        examples = self.entities[identifier].setdefault("workExample", [])
        examples.extend(value for value in values if value not in examples)
        for value in values:
            uses = self.entities[value["@id"]].setdefault("exampleOfWork", [])
            if parameter not in uses:
                uses.append(parameter)
        sides = self.entities[tool["@id"]].setdefault(side, [])
        if parameter not in sides:
            sides.append(parameter)

    def _workflow(self, names: list[str], targets: list[str], actions: list[dict[str, str]]) -> None:
        run = self.run
        steps = [{"@id": key} for key in self.entities if key.startswith("#step/")]
        tools = _unique([self.entities[action["@id"]]["instrument"] for action in actions])
        self._add(_LANGUAGE, "ComputerLanguage", name="Snakemake", url={"@id": "https://snakemake.github.io"})
        self._add(
            _ENGINE,
            "SoftwareApplication",
            name="Snakemake",
            **_pinned("snakemake"),
            url="https://snakemake.github.io",
        )
        self._add(
            WORKFLOW,
            ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            name="the study",
            programmingLanguage={"@id": _LANGUAGE},
            conformsTo={"@id": _BIOSCHEMAS},
            hasPart=tools,
            step=steps,
            **self.release,
        )
        leaves = {
            path: digest
            for name in names
            for path, digest in inputs(run.records[name])
            if run.maker(path) is None
        }
        made = {
            target: run.records[maker]["outputs"].get(target)
            for target in targets
            if (maker := run.maker(target))
        }
        times = [_execution(run.records[name]) for name in names]
        self._add(
            "#run",
            "CreateAction",
            name="the run of the study",
            description="Every job of the run, from what it was given to its targets",
            instrument={"@id": WORKFLOW},
            object=[self._file(path, digest) for path, digest in sorted(leaves.items())],
            result=[self._file(path, digest) for path, digest in made.items() if digest],
            startTime=min(part["startTime"] for part in times),
            endTime=max(part["endTime"] for part in times),
        )
        self._add(
            "#orchestration",
            "OrganizeAction",
            name="Snakemake's run",
            instrument={"@id": _ENGINE},
            object=[{"@id": f"#control/{name}"} for name in names],
            result={"@id": "#run"},
        )

    def _about(self, date: str) -> None:
        """The crate as a whole."""
        cited = self.cited
        for identifier, name in _PROFILES.items():
            self._add(identifier, "CreativeWork", name=name, version=identifier.rpartition("/")[2])
        authors = [
            self._add(
                f"#author/{number}", "Person", name=" ".join(str(part) for part in author.values() if part)
            )
            for number, author in enumerate(cited.get("authors", []))
            if isinstance(author, dict)
        ]
        licence = f"https://spdx.org/licenses/{cited.get('license', 'MIT')}"
        self._add(licence, "CreativeWork", name=str(cited.get("license", "MIT")))
        title = str(cited.get("title", "A study and its run"))
        root = self._add(
            "./",
            "Dataset",
            name=title,
            description=str(
                cited.get("abstract", f"{title}: figures, tables, sources and how each was made")
            ),
            datePublished=date,
            license={"@id": licence},
            conformsTo=[{"@id": identifier} for identifier in _PROFILES],
            mainEntity={"@id": WORKFLOW},
            hasPart=[{"@id": path} for path in sorted(self.files)],
            mentions=[{"@id": key} for key in self.entities if key == "#run" or key.startswith("#job/")],
            **({"author": authors} if authors else {}),
        )
        self._add(
            "ro-crate-metadata.json",
            "CreativeWork",
            about=root,
            conformsTo=[
                {"@id": "https://w3id.org/ro/crate/1.1"},
                {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
            ],
        )


def _module(path: str) -> str:
    return path.removeprefix("workflow/").removesuffix(".py").replace("/", ".")


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
