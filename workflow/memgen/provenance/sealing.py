"""The seal of a run: its records, the workflow that made them, and one root digest over both.

A run is the chain of the study's targets, and every other job that ran with its configuration. A record that
an earlier configuration left, and that no target needs now, is not part of it.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memgen.errors import BadInput
from memgen.jobs.closure import PACKAGE, ROOT, closure, module_of, own_packages
from memgen.jobs.digests import bytes_digest, file_digest
from memgen.jobs.files import whole_file
from memgen.jobs.record import digests
from memgen.jobs.stage import command
from memgen.provenance.reading import DIGESTS, SHA256, check_form, is_label, mapping, parse_json
from memgen.provenance.run import JOBS, read_run

SEAL = Path("results/provenance/seal.json")
FORMAT = "memgen-seal/2"
BENCHMARKS = Path("results/benchmarks")
TIDY = "`memgen tidy` moves such results to .damaged"
#: What plans the jobs, beside the modules that the rules import: rules, and Snakemake's options.
PLAN = ("Snakefile", "workflow/rules/*.smk", "profiles/default/config.yaml")
_IMPORTED = re.compile(rf"^\s*(?:from|import)\s+({PACKAGE}[\w.]*)", re.MULTILINE)
_LARGEST = 64 * 2**20
_SCHEMA = mapping(
    format={"const": FORMAT},
    targets={"type": "array", "items": {"type": "string"}},
    records={**DIGESTS, "minProperties": 1},
    benchmarks=DIGESTS,
    workflow=DIGESTS,
    root=SHA256,
)


@dataclass(frozen=True)
class Seal:
    """Which files belong to a run: its targets, and digests of records, measured times and workflow."""

    targets: Sequence[str]
    records: Mapping[str, str]
    benchmarks: Mapping[str, str]
    workflow: Mapping[str, str]

    @property
    def _body(self) -> dict[str, Any]:
        return {"format": FORMAT, **vars(self)}

    @property
    def root(self) -> str:
        """One digest for everything that the run read, ran and wrote."""
        return root_of(self._body)

    def text(self) -> bytes:
        """The seal as a file."""
        return rooted(self._body)


def as_text(content: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, an entry a line, the same bytes for the same content."""
    parts = []
    for key, value in sorted(content.items()):
        if isinstance(value, dict) and value:
            lines = [f"  {_compact(name)}: {_compact(part)}" for name, part in sorted(value.items())]
            parts.append(f" {_compact(key)}: {{\n" + ",\n".join(lines) + "\n }")
        else:
            parts.append(f" {_compact(key)}: {_compact(value)}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def root_of(body: Mapping[str, Any]) -> str:
    """One digest for all that a seal or lock holds beside it."""
    return bytes_digest(as_text(body))


def rooted(body: Mapping[str, Any]) -> bytes:
    """A seal or lock as a file."""
    return as_text({**body, "root": root_of(body)})


def read_rooted(path: Path, schema: Mapping[str, Any], what: str) -> dict[str, Any] | None:
    """Content of a seal or lock that anyone may have written; None if there is none.

    BadInput is raised if it is of another form, or not as `rooted` wrote it.
    """
    content = parse_json(path, what, _LARGEST)
    if content is None:
        return None
    check_form(path, content, schema, what)
    try:
        text = rooted({key: value for key, value in content.items() if key != "root"})
    except (RecursionError, ValueError):  # nested too deeply, an infinity, half of a character
        text = b""
    if bytes_digest(text) != file_digest(path):
        raise BadInput(f"{path}: was edited: its root is not that of its content")
    return dict(content)


def plan_files() -> list[Path]:
    """Files that match `PLAN`, sorted."""
    return sorted(path for pattern in PLAN for path in Path().glob(pattern) if path.is_file())


def workflow_digests() -> dict[str, str]:
    """Digest of each file that plans the jobs: `PLAN`, and the modules that the rules import."""
    plan = plan_files()
    text = "\n".join(path.read_text(encoding="utf-8") for path in plan if path.suffix != ".yaml")
    modules = set(_IMPORTED.findall(text))
    # The configuration imports these by name.
    for name in ("configuration", "settings"):
        modules |= {
            module_of(path)
            for package in (ROOT / PACKAGE, *own_packages())
            for path in package.glob(f"**/{name}.py")
        }
    imported = {path for module in modules for path in closure(module)} if plan else set()
    return digests({*plan, *imported})


def read_seal(path: Path = SEAL) -> Seal | None:
    """Read the seal of the run in the present folder; None if there is none, BadInput if it was edited."""
    content = read_rooted(path, _SCHEMA, "the seal of a run")
    if content is None:
        return None
    seal = Seal(*(content[part] for part in ("targets", "records", "benchmarks", "workflow")))
    if others := [name for name in (*seal.records, *seal.benchmarks, *seal.workflow) if not is_label(name)]:
        raise BadInput(f"{path}: names {others[0]!r}, which is not a path inside the study")
    return seal


def sealed(
    targets: Iterable[str] | None = None,
    description: str | None = None,
    workflow: Mapping[str, str] | None = None,
) -> str:
    """Seal the run in the present folder; say so in a line, and in another what is not part of it.

    `targets` are the files that the study is to make; those that no job has made yet are left out, so that a
    part of it can be sealed. By default targets and jobs are those of the present seal, or, where there is
    none, all jobs. Jobs that ran with the configuration of the `description` (`layers.described`) belong to
    the run too. `workflow` is what `workflow_digests` gave before the first job; by default it is asked now.
    BadInput is raised if a record is not to be trusted, or no job has run.
    """
    run = read_run()
    if run.findings:
        raise BadInput(str(run.findings[0]))
    if targets is None:
        present = read_seal()
        targets = run.ends() if present is None else present.targets
        ends = set() if present is None else set(present.records) & set(run.records)
    else:
        digest = description and json.loads(description)["digest"]
        configured = {name: record["configuration"] or {} for name, record in run.records.items()}
        ends = {name for name, stated in configured.items() if digest and stated.get("digest") == digest}
    makers = {target: maker for target in targets if (maker := run.maker(target))}
    chain = run.chain({*ends, *makers.values()})
    if not chain:
        raise BadInput(f"{JOBS}: holds no record; no job of the study has run here")
    seal = Seal(
        sorted(makers),
        {name: run.records[name]["digest"] for name in chain},
        {path.as_posix(): file_digest(path) for path in BENCHMARKS.rglob("*.tsv") if path.is_file()},
        workflow_digests() if workflow is None else dict(workflow),
    )
    with whole_file(SEAL) as beside:
        beside.write_bytes(seal.text())
    others = len(run.records) - len(seal.records)
    line = f"sealed {len(seal.records)} jobs in {SEAL}: root {seal.root}"
    return f"{line}\nnot part of this run: {others} jobs; {TIDY}" if others else line


@command
def seal() -> None:
    """Seal the run in the present folder: write results/provenance/seal.json and print its root digest.

    `make study` does so at its end. The targets and jobs are those of the seal that is there; without one,
    all jobs.
    """
    print(sealed())
