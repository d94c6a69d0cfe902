"""Did another run give the same? Verdicts on numbers, cells, figures and claims."""

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from memgen.configuration.own_folder import LOCK
from memgen.errors import BadInput
from memgen.figures.style import new_figure, save
from memgen.provenance import comparison
from memgen.provenance.cells import FAMILYWISE, Apart, Limits, Mean, cells, chance, compare_cells, estimate
from memgen.provenance.comparison import Comparison, Judged
from memgen.provenance.judging import compare_numbers, drawn_rows, known_tables
from memgen.provenance.reference import lock_of, packed, read_lock, unpacked
from memgen.provenance.run import read_run
from memgen.relational.tables import SWEEP
from memgen.tables.claims import CLAIMS
from memgen.tables.schema import EXACT, Column, ReproductionTolerance, Table, trained
from recorded import answered, refused
from repository import loaded
from runs import memgen

verdicts = loaded("verdicts", "bench")
SWEPT = Path("results/relational/sweep.parquet")
PDF = Path("figures/rank_profiles.pdf")
NUMBERS = pl.DataFrame(
    {"name": ["a", "b"], "x": [1.0, None], "y": [float("inf"), float("nan")], "n": [1, 2]},
    schema_overrides={"x": pl.Float64},
)


def test_numbers_are_the_same_within_the_tolerance():
    for change, text in (
        (pl.col("x") + 1e-8, "row 1, column x: 1.00000001, locked 1.0"),
        (pl.col("x").fill_null(0.0), "row 2, column x: 0.0, locked None"),
        (-pl.col("y"), "row 1, column y: -inf, locked inf"),
        (pl.col("name").replace("b", "c"), "row 2, column name: c, locked b"),
        (pl.col("n").cast(pl.Int32), "column n has type Int32, locked Int64"),
    ):
        assert compare_numbers(NUMBERS, NUMBERS.with_columns(change), 1e-9) == ("different", text)
    assert compare_numbers(NUMBERS, NUMBERS.head(1), 1e-9) == ("different", "has 1 rows, locked 2")
    near = NUMBERS.with_columns(pl.col("x") + 1e-10)
    assert compare_numbers(NUMBERS, near, 1e-9) == ("equivalent", "")
    assert unpacked(packed(NUMBERS)).equals(NUMBERS)
    with pytest.raises(BadInput, match="holds a table that cannot be read"):
        unpacked("not base85")


HELD = trained(["model"], {"x": None}, unit="seed")


def runs(model: str, *values: float) -> pl.DataFrame:
    rows = [(model, seed, value) for seed, value in enumerate(values)]
    return pl.DataFrame(rows, schema={"model": pl.String, "seed": pl.Int64, "x": pl.Float64}, orient="row")


def test_a_cell_is_a_mean_over_seeds_with_its_standard_error():
    # Two rows a seed: means 1, 2, 3 and 6; mean 3, standard deviation sqrt(14/3), over sqrt(4).
    frame = pl.concat([runs("a", 0, 1, 2, 5), runs("a", 2, 3, 4, 7)])
    assert cells(frame, HELD, {}) == {("a",): {"x": [3.0, 1.08012345, 4]}}
    assert cells(runs("a", 1.0), HELD, {}) == {("a",): {"x": [1.0, None, 1]}}
    assert cells(runs("a", 1.0, float("nan"), 3.0), HELD, {}) == {("a",): {"x": [2.0, 1.0, 2]}}


def test_networks_trained_here_are_one_cell_over_their_replicates():
    frame = pl.concat([runs("b", 0, 2), runs("b-1", 2, 4), runs("b-2", 8, 8), runs("c", 0, 2)])
    # Means of the three networks: 1, 3, 8.
    found = cells(frame, HELD, {"b": "b", "b-1": "b", "b-2": "b"})
    assert found == {("b",): {"x": [4.0, 2.081666, 3]}, ("c",): {"x": [1.0, 1.0, 2]}}


def test_a_table_of_means_brings_its_standard_errors_and_the_units_behind_them():
    held = ReproductionTolerance("because", cells=("model",), values={"x": "error"}, units="seeds")
    frame = pl.DataFrame({"model": ["a", "b"], "x": [1.0, 2.0], "error": [0.5, 0.0], "seeds": [3, 1]})
    assert cells(frame, held, {}) == {("a",): {"x": [1.0, 0.5, 3]}, ("b",): {"x": [2.0, None, 1]}}


def test_means_differ_where_chance_has_them_so_far_apart_in_one_run_of_a_hundred():
    locked = {("a",): {"x": [1.0, 1.0, 100_000]}}
    for mean, verdict, text in (
        (1.000001, "equivalent", ""),
        (4.9, "consistent", "least likely p = 0.0058"),
        (None, "different", "x None, locked 1.0, at model a"),
        (5.0, "different", "x 5 over 100000, locked 1 over 100000, p = 0.005, at model a"),
    ):
        here = {("a",): {"x": [mean, 1.0, 100_000]}}
        assert compare_cells(locked, here, ["model"])[:2] == (verdict, text)
    # Among a thousand others it takes more.
    assert compare_cells(locked, here, ["model"], Limits(1_000, 0))[0] == "consistent"


def test_chance_is_the_t_test_with_pooled_variance_and_exact_without_spread():
    random = np.random.default_rng(0)
    for sizes in ((3, 3), (2, 5), (10, 10)):
        units = [random.normal(size=size) for size in sizes]
        pair = (Mean(float(part.mean()), float(stats.sem(part)), len(part)) for part in units)
        assert chance(*pair) == pytest.approx(stats.ttest_ind(*units).pvalue)
    # Bernoulli units: over all shares, the probability that one run is all ones and the other all zeros.
    shares = np.linspace(0, 1, 2_001)
    worst = float((2 * shares**4 * (1 - shares) ** 4).max())
    assert chance(Mean(1.0, 0.0, 4), Mean(0.0, 1e-17, 4)) == pytest.approx(worst)
    assert estimate(1.0, None, 1) is None and estimate(1.0, 0.1, 1) is None


@pytest.mark.parametrize("draw", verdicts.DRAWS)
def test_an_honest_run_fails_once_in_a_hundred(draw):
    """Hundreds of means over as many units as those of the study; the whole simulation is a bench."""
    random = np.random.default_rng(1)
    units = np.repeat([2, 3, 3, 5, 5, 5, 10, 20], 60)
    errors = random.choice([0.0, 0.02, 0.2], units.size) / np.sqrt(units)
    means = list(map(Mean, random.uniform(0.1, 0.9, units.size), errors, units))
    share = float(verdicts.false_alarms(means, draw, 200).mean())
    assert share <= FAMILYWISE + 4 * (FAMILYWISE / 200) ** 0.5
    limits = Limits(5_000, 1_000)
    found = [verdicts.power(limits, count, 6.0, 200) for count in verdicts.UNITS]
    assert found == sorted(found) and found[0] < 0.05 and found[-2] > 0.99


def test_cells_that_come_or_go_are_different():
    one = {("a",): {"x": [1.0, 1.0, 3]}}
    two = one | {("b",): {"x": [1.0, 1.0, 3]}}
    assert compare_cells(two, one, ["model"])[:2] == ("different", "no cell at model b")
    assert compare_cells(one, two, ["model"])[0] == "different"
    assert compare_cells({}, {}, ["model"])[0] == "consistent"
    alone, other = ({("a",): {"x": [mean, None, 1]}} for mean in (1.0, 9.0))
    assert compare_cells(alone, other, ["model"])[0] == "consistent"


def test_every_table_says_what_it_can_be_held_to_and_why():
    kinds = known_tables()
    assert len(kinds) > 40 and all(len(table.tolerance.why) > 40 for table in kinds.values())
    columns = {name: Column(pl.Float64, "a value") for name in ("x", "error")}
    with pytest.raises(ValueError, match="held to columns that it has not: seed"):
        Table("demo", columns, trained([], {"x": None}, unit="seed"))
    with pytest.raises(ValueError, match="error needs a column that counts its units"):
        Table("demo", columns, ReproductionTolerance("because", cells=(), values={"x": "error"}))
    assert Table("demo", columns).tolerance is EXACT


def test_the_run_that_was_locked_is_identical(real_run, capsys):
    status, lines = answered(capsys, "compare")
    assert status == 0 and {line.split()[0] for line in lines[:-2]} == {"identical"}
    assert re.match(r"\d+ means compared at a familywise error of 1%", lines[-2])
    assert re.fullmatch(r"\d+ identical(, 0 [a-z ]+){6}", lines[-1])
    # Every output of the lock is in one of the lines: by itself, or in its figure or its claims.
    lock, kinds = read_lock(), defaultdict(set)
    for line in lines[:-2]:
        kinds[line.split()[1]].add(line.split()[2])
    shown = {path for figure in lock["figures"].values() for path in figure["files"]} | set(lock["claims"])
    assert kinds["figure"] == set(lock["figures"]) == {"rank_profiles", "task"}
    assert kinds["claim"] == {"relational:"}
    assert kinds["table"] | kinds["file"] == set(lock["outputs"]) - shown
    status, lines = answered(capsys, "verdict", "--identical")
    assert status == 0 and len(lines) <= 15 and lines[0] == "Reproduced: yes."
    assert lines[1].startswith("Files: intact (") and lines[-1].startswith("Next: ")


def change(by: float) -> None:
    """Change margins by so much, as another processor might, and bytes of the figure that draws them."""
    SWEEP.write(SWEEP.read(SWEPT).with_columns(pl.col("margin") + by), SWEPT)
    PDF.write_bytes(PDF.read_bytes() + b"\n")


def test_other_last_digits_are_equivalent_and_other_numbers_are_named_with_their_figures(real_run, capsys):
    change(1e-12)
    status, lines = answered(capsys, "compare")
    assert status == 0 and f"equivalent  table   {SWEPT}" in lines
    assert "equivalent  figure  rank_profiles: other bytes, the same picture" in lines
    # Where everything has to be identical, what is not is said first.
    status, lines = answered(capsys, "verdict", "--identical")
    assert status == 2 and lines[0] == "Not identical: rank_profiles (figure, equivalent) and 1 more."
    change(0.5)
    status, lines = answered(capsys, "compare")
    drawn, _ = [line for line in lines if line.startswith("different ")]
    where = rf"{SWEPT}: row 1, column margin: \S+, locked \S+"
    assert status == 1 and re.fullmatch(rf"different   figure  rank_profiles: {where}", drawn)
    status, lines = answered(capsys, "verdict")
    (cause,) = [line for line in lines if line.startswith("  different: ")]
    assert status == 2 and len(lines) <= 15, "it is damaged: nobody rewrote the records"
    assert cause.endswith("; drawn in rank_profiles") and str(SWEPT) in cause


def test_another_picture_of_the_same_tables_is_different(real_run):
    for content, text in (
        (Path("figures/task.pdf").read_bytes(), "looks different: by "),
        (b"%PDF-1.4 no page", "cannot be drawn"),
    ):
        PDF.write_bytes(content)
        found = Comparison(read_lock()).figure("rank_profiles")
        assert found.verdict == "different" and found.text.startswith(f"{PDF} {text}")


def test_a_cell_condemns_the_figures_that_draw_it_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "abc":
        Path(f"{name}.png").touch()
    lock = {
        "figures": {
            name: {"files": [f"{name}.png"], "tables": ["x.csv"], "rows": {"x.csv": rows}, "picture": "AAAA"}
            for name, rows in (("a", {"method": ["lora"]}), ("b", {"method": ["probe"]}), ("c", {}))
        },
        "outputs": {f"{name}.png": {"sha256": "0" * 64} for name in "abc"},
        "claims": {},
    }
    whole = Comparison(lock)
    whole._judged["x.csv"] = Judged("table", "x.csv", "different", "y 2, locked 1, at method lora")
    whole._apart["x.csv"] = [Apart({"method": "lora", "model": "m"}, "y 2, locked 1,")]
    assert whole.figure("a").cause == whole.figure("c").cause == "x.csv"
    assert whole.figure("b").cause == "" and "x.csv" not in whole.figure("b").text


def test_a_figure_names_the_rows_that_it_draws(tmp_path):
    png, drawn = tmp_path / "a.png", pl.DataFrame({"model": ["a", "a"], "seed": [1, 2]})
    save(new_figure()[0], pdf=tmp_path / "a.pdf", png=png, rows={Path("x.csv"): drawn})
    assert drawn_rows(png) == {"x.csv": {"model": ["a"], "seed": [1, 2]}}


def test_missing_files_are_missing(real_run):
    for name in ("figures/task.png", "results/relational/claims.csv", "results/given.csv"):
        Path(name).unlink()
    found = {one.name: one.verdict for one in Comparison(read_lock()).judged()}
    assert found["task"] == found["results/given.csv"] == "missing" and found["rank_profiles"] == "identical"
    assert {verdict for name, verdict in found.items() if name.startswith("relational: ")} == {"missing"}
    # Weights are judged by what is computed from them.
    task, lock = "results/relational/tasks/ti_n9.parquet", read_lock()
    lock["outputs"][task]["through"] = str(SWEPT)
    Path(task).unlink()
    weights = Comparison(lock).output(task)
    assert weights.verdict == "not compared" and weights.text == f"{SWEPT}, which is computed from it, is"
    SWEPT.unlink()
    assert Comparison(lock).output(task).verdict == "missing"


CLAIM = {
    "study": "s", "id": "i", "claim": "c", "paper": "p", "figure": "f", "leads": True, "expected": "above 0",
    "ours": 1.0, "standard_error": 0.3, "unit": "training seeds", "n_units": 10, "lower": 1 - 0.3 * 2.262157,
    "upper": 1 + 0.3 * 2.262157, "p_value": 0.01, "p_holm": 0.01, "verdict": "agrees", "would_fail": "w",
    "command": "memgen",
}  # fmt: skip


def test_claims_are_compared_by_value_interval_and_verdict(tmp_path):
    path = tmp_path / "claims.csv"
    before = pl.DataFrame([CLAIM], schema=CLAIMS.schema)
    edge = {"ours": 0.7, "p_holm": 0.06, "verdict": "undecided"}
    for held, change, verdict, text in (
        ("consistent", {}, "identical", ""),
        ("equivalent", {"ours": 1.0 + 1e-12}, "equivalent", ""),
        ("equivalent", {"ours": 1.001}, "different", "ours 1.001, locked 1"),
        ("consistent", {"ours": 1.4}, "consistent", "agrees with 1.4, locked agrees with 1"),
        ("consistent", {"ours": 9.0}, "different", "agrees with 9, locked agrees with 1"),
        ("consistent", edge, "at the edge", "undecided with"),
        ("consistent", {"verdict": "undecided"}, "different", "does not follow from its p"),
        ("consistent", {"p_value": 0.5}, "different", "interval or p do not follow"),
        ("consistent", {"ours": None, "verdict": "not tested", "p_holm": None}, "different", "no value"),
    ):
        CLAIMS.write(pl.DataFrame([CLAIM | change], schema=CLAIMS.schema), path)
        lock = {"claims": {str(path): {"held": held, "numbers": packed(before)}}, "tables": {}}
        (found,) = Comparison(lock).claims(str(path))
        assert found.verdict == verdict and text in found.text
    # The degrees of freedom are those of the interval: a slope has one fewer than a mean.
    slope = CLAIM | {"lower": 1 - 0.3 * 2.306004, "upper": 1 + 0.3 * 2.306004}
    assert comparison._estimate(CLAIM) == Mean(1.0, 0.3, 10)
    assert comparison._estimate(slope) == Mean(1.0, 0.3, 9)


def test_the_table_of_all_claims_holds_those_of_the_studies(real_run):
    """Who changes a verdict there, and edits record and seal, passes `verify` and not `compare`."""
    whole = Path("results/claims.csv")
    memgen(real_run, "claims", "--tables", "results/relational/claims.csv", "--out", str(whole),
           "--record", "results/provenance/jobs/claims/job.json")  # fmt: skip
    made = read_run()
    lock = lock_of(made, made.records)
    assert list(lock["claims"]) == ["results/relational/claims.csv"]
    assert Comparison(lock).output(str(whole)).verdict == "identical"
    frame = CLAIMS.read(whole)
    other = {"agrees": "contradicts"}.get(frame["verdict"][0], "agrees")
    CLAIMS.write(frame.with_columns(verdict=pl.lit(other)), whole)
    found = Comparison(lock).output(str(whole))
    assert found.verdict == "different" and f"column verdict: {other}" in found.text


def test_a_lock_that_is_none_is_refused_and_none_is_written_of_a_tampered_run(real_run):
    text = LOCK.read_text()
    for content, message in (("[]", "is not the lock of a run"), (text.replace("0", "1", 1), "was edited")):
        LOCK.write_text(content)
        assert message in refused("compare")
    LOCK.unlink()
    assert "no such file" in refused("compare")
    Path("figures/mine.png").write_bytes(b"mine")
    assert "not locked: UNTRACKED-FIGURE" in refused("lock")
