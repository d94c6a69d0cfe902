"""The table of timings adds up."""

import os

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
