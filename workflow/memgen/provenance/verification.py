"""A run held against its records and its seal. Everything is hashed again; nothing is believed.

It finds every edit that its author did not also write into the records, the seal and the committed lock. Who
edits all of them is found only by a signature, or by running a job again.
"""

import functools
import json as json_format
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from memgen.configuration.own_folder import lock_path, repository
from memgen.errors import BadInput
from memgen.jobs.closure import ROOT, closure
from memgen.jobs.definitions import Package
from memgen.jobs.digests import MARKS, SNAKEMAKE_MARK, STUDY_MARK, file_digest, files_of
from memgen.jobs.files import whole_file
from memgen.jobs.record import LOCK_FILE, digests, git
from memgen.jobs.stage import command
from memgen.provenance.findings import Finding, Level, within
from memgen.provenance.reading import CRATE, MADE, home, is_external, is_left_out, leaves_the_study
from memgen.provenance.run import FIGURES, JOBS, Record, Run, inputs, output_named, read_run, recipe_ids
from memgen.provenance.sealing import BENCHMARKS, SEAL, TIDY, Seal, plan_files, read_seal, root_of, rooted

#: In the folders that hold what jobs wrote, what Snakemake and commands of the study write.
APART = ("results/provenance", BENCHMARKS.as_posix())


class Present:
    """What is there now: the digest of each file or folder, or what is wrong with it."""

    def __init__(self, labels: Iterable[str]) -> None:
        names = sorted(set(labels))
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets go of the interpreter
            self._found = dict(zip(names, pool.map(self._look, names), strict=True))
        self.bytes = sum(size for _, _, size in self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def digest(self, label: str) -> str | None:
        """Digest of a file or folder; None where there is none that can be trusted."""
        return self._found[label][0]

    def fault(self, label: str) -> tuple[str, str] | None:
        """What is wrong: ``missing``, ``linked`` or ``outside``, and why."""
        return self._found[label][1]

    def _look(self, label: str) -> tuple[str | None, tuple[str, str] | None, int]:
        path = Path(label)
        try:
            if leaves_the_study(path):
                return None, ("outside", "a link that leaves the study"), 0
            if path.resolve() != home(path).joinpath(*path.parts[1:]):
                return None, ("linked", f"a link to {path.resolve()}"), 0
            if not stat.S_ISDIR(path.stat().st_mode):
                if not path.is_file():
                    return None, ("missing", "is not a regular file"), 0
                return file_digest(path), None, path.stat().st_size
            parts = list(path.rglob("*"))
            for part in parts:
                if part.is_symlink() or not (part.is_file() or part.is_dir()):
                    text = f"holds {part.relative_to(path)}, a link or no regular file"
                    return None, ("linked", text), 0
            return file_digest(path), None, sum(part.stat().st_size for part in parts if part.is_file())
        except FileNotFoundError:
            return None, ("missing", "no such file"), 0
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links, in Python 3.11
            return None, ("missing", f"cannot be read ({error})"), 0


class Verification:
    """One run, what is there now, and what does not agree.

    Looks at `only` some records; by default at all, and then also at files that no record knows.
    """

    def __init__(self, run: Run, only: Iterable[str] | None = None) -> None:
        self.run = run
        self.seal: Seal | None = None
        self.findings: list[Finding] = []
        #: What could not be looked at, a line each.
        self.notes: list[str] = []
        self.whole = only is None
        self._package = functools.cache(Package)
        self._definitions = functools.cache(self._digest_of_definitions)
        try:
            self.seal = read_seal()
            if self.seal is None:
                self._add("SEAL-MISSING", SEAL, "no such file; `memgen provenance seal` writes one")
        except BadInput as problem:
            self._add("SEAL-EDITED", SEAL, str(problem).removeprefix(f"{SEAL}: "))
        self.records = {name: run.records[name] for name in sorted(run.records if only is None else only)}
        outputs = (output for record in self.records.values() for output in record["outputs"])
        self.left_out = {output for output in outputs if is_left_out(output)}
        self.present = Present(self._labels())
        self._look()

    def _add(self, kind: str, where: str | Path, text: str) -> None:
        self.findings.append(Finding(kind, str(where), text))

    def _labels(self) -> Iterator[str]:
        for record in self.records.values():
            yield from record["outputs"]
            yield from (path for path, _ in inputs(record) if not is_external(path))
            yield from (path for path in record["code"] if not is_external(path))
        if self.seal is not None and self.whole:
            yield from (*self.seal.benchmarks, *self._plan())

    def _plan(self) -> set[str]:
        """Files that planned the jobs, by the seal or by their place."""
        sealed = self.seal.workflow if self.seal is not None else {}
        return {path for path in sealed if not is_external(path)} | {path.as_posix() for path in plan_files()}

    def _look(self) -> None:
        for name, record in self.records.items():
            self._outputs(name, record)
        for name, record in self.records.items():
            self._inputs(name, record)
        self._code()
        self._configuration()
        self._lock()
        self._sealed()
        if cycle := self.run.cycle():
            self._add("CYCLE", cycle[0], " depends on ".join(cycle[::-1]))
        if self.left_out:
            self.notes.append(
                f"not here: {len(self.left_out)} folders of weights and files of features, which a deposit "
                f"leaves out ({CRATE} is here)"
            )
        if self.whole:
            self.findings += self.run.findings
            for path in untracked(self.run):
                kind = "UNTRACKED-FIGURE" if path.parts[0] == "figures" else "UNTRACKED-OUTPUT"
                self._add(kind, path, "no record names it")
        else:
            files = {output for record in self.records.values() for output in record["outputs"]}
            self.findings += [found for found in self.run.findings if found.where in files]

    def _fault(self, kinds: Mapping[str, str], label: str, name: str) -> bool:
        """Whether a file is not there as one; a finding says why."""
        fault = self.present.fault(label)
        if fault is not None:
            self._add(kinds[fault[0]], label, f"{fault[1]}; named by {name}")
        return fault is not None

    def _outputs(self, name: str, record: Record) -> None:
        kinds = {"missing": "OUTPUT-MISSING", "linked": "OUTPUT-LINKED", "outside": "PATH-OUTSIDE"}
        for label, recorded in record["outputs"].items():
            if label in self.left_out or self._fault(kinds, label, name):
                continue
            found, path = self.present.digest(label), Path(label)
            if found != recorded:
                self._add("OUTPUT-MODIFIED", label, f"sha256 {found}, recorded {recorded} by {name}")
            if not _marks_hold(path):
                self._add("OUTPUT-MODIFIED", label, "holds a mark of the study that is not as it was written")
            if path.suffix in FIGURES and path.is_file():
                named = recipe_ids(path)
                if named != {record["recipe_id"]}:
                    ids = ", ".join(sorted(named)) or "no recipe"
                    self._add("FIGURE-ID-CHANGED", label, f"names {ids}, recorded {record['recipe_id']}")

    def _inputs(self, name: str, record: Record) -> None:
        kinds = {"missing": "LEAF-MISSING", "linked": "LEAF-MODIFIED", "outside": "PATH-OUTSIDE"}
        for label, read in inputs(record):
            if is_external(label):
                continue
            found, maker = self.present.digest(label), self.run.maker(label)
            if maker is not None:
                if label in self.left_out:
                    found = read
                wrote = self.run.records[maker]["outputs"].get(label, found)
                if found != read or wrote != read:
                    other = found if found != read else wrote
                    self._add("STALE-INPUT", label, f"{name} read sha256 {read}, not {other}")
            elif label.partition("/")[0] in MADE:
                self._add("RECORD-MISSING", label, f"no record says what made it; {name} read it")
                if found != read:
                    self._add("STALE-INPUT", label, f"{name} read sha256 {read}, not {found}")
            elif not self._fault(kinds, label, name) and found != read:
                self._add("LEAF-MODIFIED", label, f"sha256 {found}, but {name} read {read}")

    def _code(self) -> None:
        """Sources that are gone or links, and those that differ where a job now reaches other definitions."""
        changed: dict[str, list[str]] = {}
        unused: set[str] = set()
        for name, record in self.records.items():
            found = {label: self._source(label, record) for label in record["code"]}
            differ = [label for label, ran in record["code"].items() if found[label] != ran]
            same = self._definitions(*self._stage(record)) == record["code_digest"]
            if not same and not differ:
                self._add("CODE-CHANGED", name, "its digest is not that of the sources which it names")
            for label in differ:
                if same and found[label] is not None:
                    unused.add(label)
                else:
                    changed.setdefault(label, []).append(name)
        for label, names in changed.items():
            others = f" and {len(names) - 1} others" if len(names) > 1 else ""
            self._add("CODE-CHANGED", label, f"is not the source that ran in {names[0]}{others}")
        if unused := unused - changed.keys():
            self.notes.append(f"edited, but nothing that a job uses: {', '.join(sorted(unused))}")

    def _stage(self, record: Record) -> tuple[Path, str, str]:
        """Folder of the package that a job used, and the module and function of its stage."""
        module, name = record["stage"]["module"], record["stage"]["name"]
        ending = f"{module.replace('.', '/')}.py"
        label = next((label for label in record["code"] if label.endswith(f"/{ending}")), "")
        root = Path(label.removesuffix(ending)) if label and not is_external(label) else ROOT
        return root, module, name.rpartition(" ")[2].replace("-", "_")

    def _digest_of_definitions(self, root: Path, module: str, function: str) -> str | None:
        """Present digest of the definitions that a stage reaches; None where they cannot be read."""
        try:
            return self._package(root).digest(module, function)
        except (ImportError, SyntaxError, ValueError, OSError, RecursionError):
            return None

    def _source(self, label: str, record: Record) -> str | None:
        if not is_external(label):
            return self.present.digest(label)
        try:  # the package is not in the study's folder, so that only the module's name finds it
            return digests(closure(record["stage"]["module"])).get(label)
        except ModuleNotFoundError:
            return None

    def _configuration(self) -> None:
        now = functools.cache(lambda name: file_digest(Path(name)) if Path(name).is_file() else None)
        for name, record in self.records.items():
            if record["environment"].get("lock") != now(LOCK_FILE):
                self._add("ENVIRONMENT-CHANGED", LOCK_FILE, f"{name} ran with another one")
            for layer in (record["configuration"] or {"layers": []})["layers"]:
                file, digest = layer["file"], layer["sha256"]
                apart = is_external(file) or file.startswith("--") or Path(file).is_absolute()
                if not apart and now(file) != digest:
                    self._add("CONFIGURATION-CHANGED", file, f"{name} ran with another one")

    def _lock(self) -> None:
        from memgen.provenance.reference import read_lock  # with polars, which a study does not wait for

        lock = lock_path()
        try:
            if os.path.lexists(lock):
                read_lock(lock)
        except BadInput as problem:
            self._add("LOCK-EDITED", lock, str(problem).removeprefix(f"{lock}: "))
        if git("-C", str(repository()), "cat-file", "-e", "HEAD:./Snakefile") is None:
            self.notes.append(f"not checked: {lock} against a commit; no git repository of the study is here")
            return
        committed = git("-C", str(lock.parent.resolve()), "show", f"HEAD:./{lock.name}")
        if lock.is_file() and lock.read_bytes() != committed:
            self._add("LOCK-NOT-COMMITTED", lock, "is not the file of the present commit")
        elif committed is not None and not lock.is_file():
            self._add("LOCK-NOT-COMMITTED", lock, "is gone; the present commit has it")

    def _sealed(self) -> None:
        if self.seal is None:
            return
        refused = {finding.where for finding in self.run.findings}
        for name, digest in self.seal.records.items():
            if name in self.records and self.records[name]["digest"] != digest:
                there = self.records[name]["digest"]
                self._add("LOCK-MISMATCH", name, f"has the digest {there}, sealed {digest}")
            elif self.whole and name not in self.run.records and name not in refused:
                self._add("RECORD-MISSING", name, f"no such file; {SEAL} names it")
        for name in self.records.keys() - self.seal.records:
            text = f"{SEAL} does not name it: it was added, or is of an earlier configuration ({TIDY})"
            self._add("RECORD-NOT-SEALED", name, text)
        if not self.whole:
            return
        whole = self.seal.records.keys() <= self.run.records.keys()  # else the record is named above
        for target in self.seal.targets:
            if whole and self.run.maker(target) is None:
                self._add("RECORD-MISSING", target, f"no record says what made it; {SEAL} names it")
        for label, digest in self.seal.benchmarks.items():
            if self.present.digest(label) != digest:
                self._add("BENCHMARK-MODIFIED", label, f"is not the file that {SEAL} names")
        for path in files_below(BENCHMARKS):
            if path.as_posix() not in self.seal.benchmarks:
                self._add("UNTRACKED-OUTPUT", path, f"{SEAL} does not name it")
        # Rules and what they import, but for modules of which a job's record says the same already.
        said = {finding.where for finding in self.findings if finding.kind == "CODE-CHANGED"}
        for label in self._plan() - said:
            if self.present.digest(label) != self.seal.workflow.get(label):
                text = "is not the file that was sealed; run the study, and seal it if nothing is left to do"
                self._add("WORKFLOW-CHANGED", label, text)


def files_below(folder: Path) -> list[Path]:
    """Everything in a folder but folders, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def untracked(run: Run) -> Iterator[Path]:
    """Files where only jobs write that no record names, sorted."""
    expected = {*run.makers, *APART, *(f"{root}/README.md" for root in MADE)}
    for root in MADE:
        for folder, folders, names in os.walk(root):
            here = Path(folder)
            links = {name for name in folders if (here / name).is_symlink()}
            folders[:] = sorted(
                name for name in folders if name not in links and (here / name).as_posix() not in expected
            )
            for name in sorted({*names, *links}):
                if (here / name).as_posix() not in expected:
                    yield here / name
    for path in files_below(SEAL.parent):
        record = path.is_relative_to(JOBS) and path.suffix == ".json"
        if path != SEAL and not record:
            yield path


def _marks_hold(folder: Path) -> bool:
    """Whether the marks in a folder say nothing that is not so, since its digest leaves them out.

    Both lie at its top: Snakemake's is empty, the study's names the files, and else only empty folders.
    """
    marks = {path for path in folder.rglob("*") if path.name in MARKS and not path.is_dir()}
    mark, empty = folder / STUDY_MARK, folder / SNAKEMAKE_MARK
    if marks - {mark, empty} or (empty in marks and empty.stat().st_size):
        return False
    if mark not in marks:
        return True
    lines, files = mark.read_bytes().split(b"\n"), {name.encode() for name in files_of(folder)}
    others = set(lines[:-1]) - files
    return (
        lines == [*sorted(lines[:-1]), b""]
        and files <= set(lines)
        and all((folder / os.fsdecode(name)).is_dir() for name in others)
    )


def sealed_run(purpose: str) -> tuple[Run, Seal]:
    """The run in the present folder and its seal, if `verify` finds nothing but a lock to be written anew.

    Otherwise BadInput says that the run is not ``locked``, or whatever the purpose is.
    """
    run = read_run()
    found = Verification(run)
    for finding in within(found.findings, "lock"):
        if finding.kind not in ("LOCK-EDITED", "LOCK-NOT-COMMITTED"):
            raise BadInput(f"not {purpose}: {finding}")
    assert found.seal is not None, "SEAL-MISSING is a finding"
    if found.left_out:
        raise BadInput(f"not {purpose}: {found.notes[-1]}")
    return run, found.seal


@command
def lock() -> None:
    """Write the lock from the run in the present folder, for others to compare theirs with.

    It is refused where `memgen provenance verify` finds anything except an outdated lock. Commit the
    file: provenance.lock.json, or for a study with overlays one beside the last of them, such as
    configs/hour.lock.json.
    """
    from memgen.provenance.reference import lock_of  # with polars, which a study does not wait for

    path = lock_path()
    run, seal = sealed_run("locked")
    body = lock_of(run, seal.records)
    text = rooted(body)
    with whole_file(path) as beside:
        beside.write_bytes(text)
    print(
        f"{path}: {len(body['figures'])} figures, {len(body['tables'])} tables, "
        f"{len(text) / 1e6:.1f} MB, root {root_of(body)}"
    )


@command
def verify(*figures: str, level: Level = "lock", json: bool = False) -> None:
    """Hash the run again and compare it with its records and seal; exit 0 only without a finding.

    Prints one line per finding: its name, the file and the fault; and one for each check that was not
    possible, such as that of the lock's commit without a repository. Exit status 1: something was
    found; 2: bad input.

    Parameters
    ----------
    figures
        Figures or other results; only they and what they depend on are looked at. By default everything.
    level
        integrity: outputs against their records; chain: inputs and sources too; lock: the seal and the
        committed lock too; fresh: also whether configuration and requirements.lock are still the same.
    json
        Print findings as JSON.
    """
    if not JOBS.is_dir():
        raise BadInput(f"{JOBS}: no such folder; nothing has run here")
    start = time.perf_counter()
    run = read_run()
    chosen = run.chain(run.makers[output_named(run, name)] for name in figures) if figures else None
    found = Verification(run, chosen)
    findings = within(found.findings, level)
    root = f"; root {found.seal.root}" if found.seal is not None and found.whole else ""
    line = (
        f"{len(found.records)} jobs, {len(found.present)} files, {found.present.bytes / 1e6:.0f} MB "
        f"in {time.perf_counter() - start:.1f} s: {len(findings)} finding{'s' * (len(findings) != 1)}{root}"
    )
    if json:
        listed = [{"finding": one.kind, "where": one.where, "text": one.text} for one in findings]
        print(json_format.dumps({"findings": listed, "notes": found.notes, "summary": line}, indent=1))
    else:
        print(*findings, *found.notes, line, sep="\n")
    if findings:
        raise SystemExit(1)
