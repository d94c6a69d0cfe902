"""Expected times: a job's own last time, else its rule's mean, else the plan's."""

from pathlib import Path

from memgen.planning.estimates import Estimates


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
    assert found.seconds("fit", str(tmp_path / "fit" / "a.tsv"), {"expected_s": 30}) == 30
    assert found.seconds("all", None, {}) == 0


def test_a_broken_benchmark_is_none(tmp_path):
    path = tmp_path / "sweep" / "a.tsv"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    assert Estimates(tmp_path).seconds("sweep", str(path), {"expected_s": 7}) == 7
