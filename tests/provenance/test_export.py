"""Exports are read by those who know nothing of this study: validators and libraries of each standard."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from memgen.__main__ import run
from memgen.digests import file_digest
from memgen.errors import BadInput
from memgen.provenance.run import inputs, read_run
from memgen.provenance.sealing import read_seal
from offline_context import seed


def exported(kind: str, out: Path) -> dict:
    with pytest.raises(SystemExit) as ended:
        run(["provenance", "export", "--format", kind, "--out", str(out)])
    assert not ended.value.code
    return json.loads(out.read_text())


def deposited(out: Path) -> str:
    with pytest.raises(SystemExit) as ended:
        run(["provenance", "deposit", "--out", str(out)])
    assert not ended.value.code
    return file_digest(out)


def tool(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that was installed beside this Python."""
    return subprocess.run(
        [str(Path(sys.executable).parent / name), *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deposit_is_a_valid_provenance_run_crate(real_run: Path, tmp_path: Path) -> None:
    """Validated at level REQUIRED without a network, and read by another program."""
    pytest.importorskip("rocrate_validator")
    archive, crate = tmp_path / "deposit.zip", tmp_path / "crate"
    deposited(archive)
    with zipfile.ZipFile(archive) as content:
        content.extractall(crate)
    seed(tmp_path / "cache")
    answer = tool(
        "rocrate-validator",
        *("-y", "validate", "--offline", "--cache-path", str(tmp_path / "cache"), "--no-paging"),
        *("--profile-identifier", "provenance-run-crate", "--requirement-severity", "required", str(crate)),
        cwd=tmp_path,
    )
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]
    assert "[OK] RO-Crate is a valid provenance-run-crate-0.5" in answer.stdout

    report = tool("runcrate", "report", str(crate), cwd=tmp_path)
    assert report.returncode == 0, report.stderr[-2000:]
    assert report.stdout.startswith("action: #run\n  instrument: Snakefile ")
    assert report.stdout.count("action: ") == 1 + len(read_run().records)
    assert "    results/relational/sweep.parquet <- #argument/" in report.stdout


def test_the_crate_holds_every_file_with_its_digest(real_run: Path, tmp_path: Path) -> None:
    archive = tmp_path / "deposit.zip"
    deposited(archive)
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
        crate = json.loads(content.read("ro-crate-metadata.json"))
        files = {
            entity["@id"]: entity["sha256"]
            for entity in crate["@graph"]
            if "File" in entity["@type"] and "sha256" in entity
        }
        assert set(names) == {*files, "ro-crate-metadata.json"} and len(names) == len(set(names))
        content.extractall(tmp_path / "crate")
    for name, digest in files.items():
        assert file_digest(tmp_path / "crate" / name) == digest
    wanted = (
        "LICENSE",
        "CITATION.cff",
        "provenance.lock.json",
        "figures/task.pdf",
        "results/provenance/seal.json",
    )
    assert set(wanted) <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith((".", "/"))]
    identifiers = [entity["@id"] for entity in crate["@graph"]]
    assert len(identifiers) == len(set(identifiers))


def test_the_same_run_gives_the_same_deposit(real_run: Path, tmp_path: Path) -> None:
    first = deposited(tmp_path / "a.zip")
    for path in Path("results").rglob("*"):
        os.utime(path)
    assert deposited(tmp_path / "b.zip") == first
    assert deposited(tmp_path / "b.zip") == first, "an earlier deposit is replaced"


def test_prov_json_is_read_back(real_run: Path, tmp_path: Path) -> None:
    model = pytest.importorskip("prov.model")
    path = tmp_path / "prov.json"
    content = exported("prov", path)
    document = model.ProvDocument.deserialize(str(path), format="json")
    present = read_run()
    activities = list(document.get_records(model.ProvActivity))
    assert len(activities) == len(present.records)
    used = list(document.get_records(model.ProvUsage))
    assert len(used) == sum(len(inputs(record)) for record in present.records.values())
    made = list(document.get_records(model.ProvGeneration))
    assert len(made) == sum(len(record["outputs"]) for record in present.records.values())
    entities = {str(entity.identifier) for entity in document.get_records(model.ProvEntity)}
    assert entities == set(content["entity"])
    again = model.ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document


def test_the_statement_is_one_of_in_toto_with_slsa_provenance(real_run: Path, tmp_path: Path) -> None:
    statement = pytest.importorskip("in_toto_attestation.v1.statement")
    resource = pytest.importorskip("in_toto_attestation.v1.resource_descriptor")
    from google.protobuf import json_format
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2

    content = exported("slsa", tmp_path / "slsa.json")
    subjects = [
        resource.ResourceDescriptor(name=part["name"], digest=part["digest"]).pb
        for part in content["subject"]
    ]
    statement.Statement(subjects, content["predicateType"], content["predicate"]).validate()
    read = json_format.ParseDict(content["predicate"], provenance_pb2.Provenance())
    assert read.run_details.metadata.invocation_id.endswith(read_seal().root)
    assert read.build_definition.build_type and read.run_details.builder.id
    digests = {part["name"]: part["digest"].get("sha256") for part in content["subject"]}
    assert digests["figures/task.pdf"] == file_digest(Path("figures/task.pdf"))
    sources = {part.get("name") for part in content["predicate"]["buildDefinition"]["resolvedDependencies"]}
    assert {"workflow/memgen/relational/ranks.py", "data/given.parquet", "requirements.lock"} <= sources


def test_a_tampered_run_is_not_given_to_others(real_run: Path, tmp_path: Path) -> None:
    Path("figures/mine.png").write_bytes(b"mine")
    for arguments in (("export", "--format", "prov"), ("deposit", "--out", str(tmp_path / "a.zip"))):
        with pytest.raises(BadInput, match="UNTRACKED-FIGURE"):
            run(["provenance", *arguments])
    assert not list(tmp_path.glob("*.zip"))
    with pytest.raises(BadInput, match="allowed for --out: a new file"):
        run(["provenance", "export", "--format", "prov", "--out", "LICENSE"])
    with pytest.raises(BadInput, match="wrroc"):
        run(["provenance", "export", "--format", "other"])
