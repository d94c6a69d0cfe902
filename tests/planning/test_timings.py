"""Times that were measured: the table adds up, and what is expected next comes from them."""

import os
from pathlib import Path

from memgen.planning.estimates import Estimates
from memgen.planning.timings import failures, timings


def test_adds_up_per_rule(tmp_path):
    for rule, job, seconds in [("b", "1", 2.0), ("b", "2", 3.0), ("a", "job", 1.0)]:
        path = tmp_path / rule / f"{job}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t{100 * seconds}\t-\n")
    lines = [line.split() for line in timings(tmp_path).splitlines()]
    assert lines[1:] == [
        ["b", "2", "5.0", "0.0", "300"],
        ["a", "1", "1.0", "0.0", "100"],
        ["total", "3", "6.0", "0.0", "300"],
    ]


def test_a_job_that_failed_has_the_last_word(tmp_path):
    logs, records = tmp_path / "logs", tmp_path / "jobs"
    for job, text in (("a/x=1.5", "begun\nmemgen: error: no room\n"), ("a/x=2", ""), ("b/job", "ended\n")):
        for path, content in ((logs / f"{job}.log", text), (records / f"{job}.json", "{}")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    assert failures(logs, records, 0) == ""
    for path in records.glob("a/*"):
        path.unlink()
    assert failures(logs, records, 0) == f"{logs / 'a/x=1.5.log'}: memgen: error: no room"
    os.utime(logs / "a/x=1.5.log", (5, 5))
    assert failures(logs, records, 6) == ""


def benchmark(path: Path, seconds: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"s\th:m:s\n{seconds}\t0:00:01\n")
    return str(path)


def test_what_was_measured_comes_before_what_is_planned(tmp_path):
    mine = benchmark(tmp_path / "sweep" / "a.tsv", "4")
    benchmark(tmp_path / "sweep" / "b.tsv", "8")
    found = Estimates(tmp_path)
    assert found.seconds("sweep", mine, {"expected_s": 30}) == 4
    assert found.seconds("sweep", str(tmp_path / "sweep" / "c.tsv"), {"expected_s": 30}) == 6
    assert found.seconds("all", None, {}) == 0
    broken = Path(benchmark(tmp_path / "fit" / "a.tsv", ""))
    broken.write_bytes(b"\xff\xfe")
    assert found.seconds("fit", str(broken), {"expected_s": 30}) == 30
