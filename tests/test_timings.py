"""The table of timings adds up."""

from pathlib import Path

from memgen.timings import timings


def test_adds_up_per_rule(tmp_path: Path) -> None:
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


def test_says_nothing_where_nothing_was_measured(tmp_path: Path) -> None:
    assert timings(tmp_path) == ""
