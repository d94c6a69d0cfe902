"""The smoke study, run for real: its figures, seal, claims and report, and what edits of sources rerun."""

import json
import math
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memgen.jobs import record as provenance
from memgen.provenance.findings import within
from memgen.provenance.judging import table_of
from memgen.provenance.run import read_run
from memgen.provenance.sealing import SEAL, read_seal
from memgen.provenance.verification import Verification
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS, KEY
from runs import planned, study

# `make test` gives each file to one worker: these tests share one finished run, which uses every core.
pytestmark = pytest.mark.workflow

#: What tells the size of every picture of a report.
SIZES = """Promise.all(Object.entries(results).map(([name, one]) => new Promise(done => {
    const picture = new Image();
    picture.onload = () => done([name, [picture.naturalWidth, picture.naturalHeight]]);
    picture.onerror = () => done([name, [0, 0]]);
    picture.src = one.data_uri;
}))).then(Object.fromEntries)"""


@pytest.fixture
def recipes(finished: Path) -> dict[str, str]:
    """Recipe of every file that the run made, by the file's name."""
    paths = (finished / "results/provenance/jobs").rglob("*.json")
    records = [json.loads(path.read_text()) for path in paths]
    return {name: record["recipe_id"] for record in records for name in record["outputs"]}


def test_every_figure_is_there_and_names_its_recipe(finished, recipes):
    figures = sorted((finished / "figures").glob("*.p*"))
    assert len(figures) >= 8
    for path in figures:
        urn = provenance.urn(recipes[path.relative_to(finished).as_posix()])
        assert urn.encode() in path.read_bytes(), path


def test_the_run_is_sealed_and_verifies(finished, monkeypatch):
    monkeypatch.chdir(finished)
    seal = read_seal()
    assert seal is not None and set(seal.records) == set(read_run().records)
    printed = (finished / "printed.txt").read_text()
    assert f"sealed {len(seal.records)} jobs in {SEAL}: root {seal.root}" in printed
    assert "\nrelational_sweep " in printed.split("peak MB")[1], "timings are printed per rule"
    assert within(Verification(read_run()).findings, "fresh") == []


def test_no_table_that_stands_on_training_is_held_to_its_numbers(finished, monkeypatch):
    """On another machine it could not be; the claims are held to their verdicts."""
    monkeypatch.chdir(finished)
    made = read_run()
    tables = {output: table_of(Path(output)) for output in made.makers}
    kinds = {output: found[0] for output, found in tables.items() if found and found[0] is not CLAIMS}
    # The fit of the published answers, which are given as numbers, stands on no training here.
    trained = {
        made.makers[output]
        for output, table in kinds.items()
        if table.tolerance.cells and not output.startswith("results/published/")
    }
    for output, table in kinds.items():
        if not table.tolerance.cells:
            # A job may write a theory's curve beside what it trained: what it reads is what counts.
            behind = set(made.chain([made.makers[output]])) - {made.makers[output]}
            assert trained.isdisjoint(behind), output
    assert len(trained) > 10


def test_claims_are_tested(finished):
    claims = CLAIMS.read(finished / "results/claims.csv")
    assert claims.select(KEY).n_unique() == claims.height
    leading = claims.filter("leads")
    assert leading["id"].n_unique() == leading.height
    assert leading.filter(pl.col("study") != "published").height <= 45
    # Each claim that is tested points to a figure that the study draws.
    drawn = {path.stem for path in (finished / "figures").glob("*.png")}
    assert set(leading.filter(pl.col("verdict") != "not tested")["figure"]) - drawn == set()
    checks = CHECKS.read(finished / "results/checks.csv")
    assert checks.height >= 20 and "broken" not in checks["outcome"].to_list()


def values(found: Any) -> Iterator[float]:
    """Every number of a JSON answer."""
    if isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from values(part)
    elif isinstance(found, int | float):
        yield float(found)


def test_the_command_of_every_claim_and_check_prints_its_value(finished, monkeypatch, memgen):
    monkeypatch.chdir(finished)
    claims = CLAIMS.read(Path("results/claims.csv")).filter(pl.col("ours").is_not_null())
    checks = CHECKS.read(Path("results/checks.csv")).filter(pl.col("found").is_not_null())
    assert claims["study"].n_unique() == 5 and claims.height > 100 and checks.height > 10
    rows = [
        *claims.select("id", "command", "ours").iter_rows(),
        *claims.select("id", "command", "standard_error").drop_nulls().iter_rows(),
        *checks.select("check", "command", "found").iter_rows(),
    ]
    answers: dict[str, list[float]] = {}
    for asked in {asked for _, asked, _ in rows}:
        program, *arguments = shlex.split(asked)
        status, printed, said = memgen(*arguments)
        assert program == "memgen" and status == 0, said
        answers[asked] = list(values(json.loads(printed)))
    for name, asked, wanted in rows:
        # The same closed form in another order: rounding only. A fit is known to the tolerance of its search.
        near = 1e-6 if "elsewhere-slope" in name else 1e-12
        assert any(math.isclose(wanted, one, rel_tol=near, abs_tol=1e-15) for one in answers[asked]), name


def test_the_report_shows_every_figure_without_a_network(finished, recipes, tmp_path, chromium):
    report = tmp_path / "report.html"
    printed = study(finished, "--report", str(report))
    assert "ERROR" not in printed and "WARNING" not in printed, "captions are to be well formed"
    assert report.stat().st_size < 20e6
    chromium.size(1400, 900)
    chromium.complaints.clear()
    chromium.open(report.as_uri())
    drawn = {f"figures/{path.name}" for path in (finished / "figures").glob("*.png")}
    assert set(chromium.value("Object.keys(results)")) == drawn
    # Each figure is a picture, with a caption that names its recipe.
    sizes = chromium.value(SIZES)
    assert set(sizes) == drawn and min(width for width, _ in sizes.values()) > 300
    for name in drawn:
        caption = chromium.value(f"results[{json.dumps(name)}].caption")
        assert recipes[name] in caption and "system-message" not in caption, name
    # Its style sheets come with it, and say on the console that they would rather not.
    assert [line for line in chromium.complaints if "tailwindcss.com should not be used" not in line] == []


def test_edits_rerun_exactly_what_depends_on_them(finished, tmp_path):
    folder = Path(shutil.copytree(finished, tmp_path / "copy", symlinks=True))

    def rerun(module: str, added: str) -> set[str]:
        path = folder / "workflow/memgen" / module
        original = path.read_text()
        path.write_text(f"{original}\n{added}\n")
        rules = planned(folder)
        path.write_text(original)
        return rules

    drawing, statement = "figures/relational/profiles.py", "len"
    assert rerun(drawing, "# edited\nUNUSED = 1") == set(), "prose, and what no figure reaches, need no run"
    together = {f"figures_{name}" for name in ("task", "rank_profiles", "mechanism", "memorization")}
    assert rerun(drawing, statement) == together, "a statement counts for all that import the module"
    rules = rerun("relational/ranks.py", statement)
    assert {"relational_sweep", "relational_critical_table", "language_fit", "figures_rank_profiles"} <= rules
    models = {f"language_{name}" for name in ("fetch", "initialize", "features", "probe", "responses")}
    assert rules.isdisjoint({"relational_task", *models})
