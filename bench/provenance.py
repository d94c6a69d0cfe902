"""What provenance costs: verifying many records, verifying the present run, and recording.

Writes bench/results/provenance.csv. The many records are those of a chain of jobs, each of which reads what
ten before it wrote, in the form and about the size of real ones. Recording is timed on a quick stage, with a
record and without, and set against what the present run took by its benchmarks.
"""

import csv
import resource
import statistics
import sys
import tempfile
from pathlib import Path

from memgen.jobs.digests import digest_of, file_digest
from memgen.jobs.record import FORMAT, environment, seal
from report import measured, save

RECORDS, FAN_IN, SOURCES = 10_000, 10, 25
VERIFY = [sys.executable, "-m", "memgen", "provenance"]


def record(number: int, digests: list[str], code: dict[str, str], around: dict) -> dict:
    """Record of the job of a number, which reads what the ten before it wrote."""
    read = [
        {"path": f"results/many/{one}.csv", "sha256": digests[one]}
        for one in range(max(0, number - FAN_IN), number)
    ]
    out = f"results/many/{number}.csv"
    recipe = {
        "rule": "many",
        "wildcards": {"number": str(number)},
        "stage": "many job",
        "parameters": {"number": number},
        "inputs": {"tables": read},
    }
    return {
        "format": FORMAT,
        "stage": {"name": "many job", "module": "memgen.many.job"},
        "arguments": {
            "number": {"role": "parameter", "value": number},
            "tables": {"role": "input", "value": [part["path"] for part in read]},
            "out": {"role": "output", "value": out},
        },
        "configuration": None,
        "recipe": recipe,
        "recipe_id": digest_of(recipe),
        "code": code,
        "code_digest": digest_of(code),
        "environment": around,
        "outputs": {out: digests[number]},
        "execution": {
            "commit": "0" * 40, "dirty": False, "host": "bench", "threads": 1,
            "start": "2000-01-01T00:00:00Z", "end": "2000-01-01T00:00:01Z",
        },
    }  # fmt: skip


def write_many(folder: Path) -> None:
    """Records, outputs and sources of many jobs."""
    tables = folder / "results/many"
    jobs = folder / "results/provenance/jobs/many"
    sources = folder / "workflow/memgen/many"
    for path in (tables, jobs, sources):
        path.mkdir(parents=True)
    code = {}
    for number in range(SOURCES):
        name = f"workflow/memgen/many/source_{number}.py"
        (folder / name).write_text(f"NUMBER = {number}\n")
        code[name] = file_digest(folder / name)
    digests = []
    for number in range(RECORDS):
        path = tables / f"{number}.csv"
        path.write_text(f"number\n{number}\n")
        digests.append(file_digest(path))
    around = environment()
    for number in range(RECORDS):
        (jobs / f"number={number}.json").write_bytes(seal(record(number, digests, code, around)))


def recording(folder: Path, repeats: int = 7) -> float:
    """Processor seconds that a record adds to a job: medians over some repeats, one after the other."""
    job = ["relational", "task", "--name", "a", "--n", "5", "--out", "a.parquet"]
    with_record = [*job, "--record", "results/provenance/jobs/relational_task/job.json"]
    times = [[processor_seconds(each, folder) for each in (job, with_record)] for _ in range(repeats)]
    bare, recorded = (statistics.median(column) for column in zip(*times, strict=True))
    return recorded - bare


def processor_seconds(arguments: list[str], folder: Path) -> float:
    """Processor time of a command of the study."""
    return measured([sys.executable, "-m", "memgen", *arguments], folder)[2]


def study_seconds() -> tuple[int, float]:
    """Jobs of the present run, and the processor seconds that they took together."""
    jobs, seconds = 0, 0.0
    for path in Path("results/benchmarks").rglob("*.tsv"):
        with path.open(newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                jobs, seconds = jobs + 1, seconds + float(row["cpu_time"])
    return jobs, seconds


def _last(printed: str) -> str:
    return (printed.splitlines() or [""])[-1]


def main() -> None:
    """Measure, print and write the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        added = recording(folder)
        (folder / "a.parquet").unlink()
        (folder / "results/provenance/jobs/relational_task/job.json").unlink()
        write_many(folder)
        for command in ("seal", "verify"):
            printed, took, _, peak = measured([*VERIFY, command], folder, well=False)
            rows.append((f"{command} {RECORDS} records", took, peak, _last(printed)))
    rows.append(("record of one job, processor s", added, float("nan"), ""))
    if Path("results/provenance/seal.json").is_file():
        printed, took, _, peak = measured([*VERIFY, "verify"], Path.cwd(), well=False)
        rows.append(("verify of the present run", took, peak, _last(printed)))
        jobs, seconds = study_seconds()
        share = 100 * added * jobs / seconds
        what = "records of the present run, % of its processor time"
        rows.append((what, share, float("nan"), f"{jobs} jobs, {seconds:.0f} s"))
    save("provenance", [dict(zip(("what", "value", "peak_mb", "printed"), row, strict=True)) for row in rows])
    for what, value, memory, line in rows:
        print(f"{what}: {value:.2f}, peak {memory:.0f} MB, {line}")
    print(f"peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
