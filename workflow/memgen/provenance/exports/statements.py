"""The run in two other languages: PROV-JSON, and an in-toto statement with SLSA provenance."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from memgen.provenance.reading import is_external
from memgen.provenance.run import Run, inputs
from memgen.provenance.sealing import Seal

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"


def prov_json(run: Run, records: Iterable[str]) -> dict[str, Any]:
    """Files as entities, jobs as activities, stages as software agents (W3C PROV-JSON).

    Parameters
    ----------
    run : Run
    records : iterable of str
        Jobs to describe.
    """
    parts: dict[str, dict[str, Any]] = {
        key: {} for key in ("entity", "activity", "agent", "used", "wasGeneratedBy", "wasAssociatedWith")
    }

    def entity(path: str, digest: str) -> str:
        name = f"file:{digest}"
        parts["entity"].setdefault(name, {"prov:label": path, "memgen:sha256": digest})
        return name

    for number, name in enumerate(sorted(records)):
        record = run.records[name]
        activity, agent = f"job:{quote(name, safe='')}", f"stage:{quote(record['stage']['name'], safe='')}"
        execution = record["execution"]
        parts["activity"][activity] = {
            "prov:startTime": execution.get("start"),
            "prov:endTime": execution.get("end"),
            "prov:label": name,
            "memgen:recipe": record["recipe_id"],
            "memgen:code": record["code_digest"],
            "memgen:commit": str(execution.get("commit")),
        }
        parts["agent"][agent] = {"prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}}
        parts["wasAssociatedWith"][f"_:a{number}"] = {"prov:activity": activity, "prov:agent": agent}
        for part, (path, digest) in enumerate(inputs(record)):
            parts["used"][f"_:u{number}.{part}"] = {
                "prov:activity": activity,
                "prov:entity": entity(path, digest),
            }
        for part, (path, digest) in enumerate(record["outputs"].items()):
            parts["wasGeneratedBy"][f"_:g{number}.{part}"] = {
                "prov:entity": entity(path, digest),
                "prov:activity": activity,
            }
    prefixes = {
        "memgen": "urn:memgen:",
        "file": "urn:memgen:file:sha256:",
        "job": "urn:memgen:job:",
        "stage": "urn:memgen:stage:",
    }
    return {"prefix": prefixes, **parts}


def slsa(run: Run, records: Iterable[str], seal: Seal) -> dict[str, Any]:
    """Outputs as subjects; the commit, sources, what was given and the environment's lock as dependencies.

    Parameters
    ----------
    run : Run
    records : iterable of str
        Jobs to describe.
    seal : Seal
        Seal of the run, whose root names the invocation.
    """
    names = sorted(records)
    chosen = [run.records[name] for name in names]
    subjects = {output: digest for record in chosen for output, digest in record["outputs"].items()}
    sources = {path: digest for record in chosen for path, digest in record["code"].items()}
    leaves = {path: digest for record in chosen for path, digest in inputs(record) if run.maker(path) is None}
    commits = sorted({str(record["execution"].get("commit")) for record in chosen})
    locks = sorted({str(record["environment"].get("lock")) for record in chosen})
    files = {path: digest for path, digest in (sources | leaves).items() if not is_external(path)}
    dependencies = [
        *({"uri": "git+file:.", "digest": {"gitCommit": commit}} for commit in commits),
        *({"name": "requirements.lock", "digest": {"sha256": lock}} for lock in locks),
        *({"name": path, "digest": {"sha256": digest}} for path, digest in sorted(files.items())),
    ]
    configurations = [record["configuration"] for record in chosen if record["configuration"]]
    times = [record["execution"] for record in chosen]
    return {
        "_type": STATEMENT,
        "subject": [
            # A folder's digest is that of its files' names and digests.
            {"name": path, "digest": {"memgenFolder" if Path(path).is_dir() else "sha256": digest}}
            for path, digest in sorted(subjects.items())
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:memgen:build:snakemake:1",
                "externalParameters": {
                    "workflow": "Snakefile",
                    "targets": list(seal.targets),
                    "configuration": configurations[-1] if configurations else {},
                },
                "internalParameters": {"recipes": {name: run.records[name]["recipe_id"] for name in names}},
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {"id": "urn:memgen:builder:make-study"},
                "metadata": {
                    "invocationId": f"urn:memgen:run:sha256:{seal.root}",
                    "startedOn": min(str(part.get("start")) for part in times),
                    "finishedOn": max(str(part.get("end")) for part in times),
                },
            },
        },
    }
