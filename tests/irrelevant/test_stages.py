"""Stages end to end at small sizes: tables, checks and claims; and what a transformer completes."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from memgen.configuration.layers import load
from memgen.irrelevant.bounds import needed_bits
from memgen.irrelevant.configuration import Transformer
from memgen.irrelevant.settings import attack_options
from memgen.irrelevant.stages.attack import attack
from memgen.irrelevant.stages.averages import leakage, merge_runs, recovery
from memgen.irrelevant.stages.claims import claims
from memgen.irrelevant.stages.complete import complete, greedy_completions, likelier_bits, train_transformer
from memgen.irrelevant.stages.simulate import simulate
from memgen.irrelevant.stages.summary import checks
from memgen.irrelevant.tables import AVERAGES, LEAKAGE, MATCHED, RUNS, SIMULATION
from memgen.irrelevant.tasks import draw_references, draw_symbols, frequencies
from memgen.jobs.seeding import generator
from memgen.tables.checks import CHECKS
from memgen.tables.claims import CLAIMS
from repository import ROOT

LOGISTIC: dict[str, Any] = {
    "run": "logistic", "learner": "logistic", "clusters": [40, 40], "samples": [40, 40],
    "dimension": [60, 60], "rho": [0.4, 0.0], "tail": [0.0, 0.0], "seeds": 2, "record_steps": [10, 50],
    "attacks": ["sign", "initialization", "informed"], "few_targets": 2, "most_seen": 2,
    "tests": 2, "noisy_steps": 10,
    "defences": ["none", "decay", "low", "loud"], "kinds": ["none", "weight_decay", "noise", "noise"],
    "strengths": [0.0, 0.03, 0.01, 3.0],
}  # fmt: skip
NETWORK: dict[str, Any] = {
    **LOGISTIC, "run": "network", "learner": "network", "steps": 100, "rate": 0.003, "momentum": 0.0,
    "hidden": 20, "optimizer": "adam", "record_steps": [50], "attacks": ["coordinate_ascent", "weights"],
    "defences": ["none", "small"], "kinds": ["none", "fewer_parameters"], "strengths": [0.0, 4.0],
}  # fmt: skip
TRANSFORMER: dict[str, Any] = {
    "run": "transformer", "references": 8, "samples": 8, "length": 6, "noise": 0.3, "tail": 0.0,
    "width": 16, "layers": 1, "heads": 2, "steps": 2, "rate": 0.003, "most_seen": 2, "tests": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every table of the study at a small size."""
    folder = tmp_path_factory.mktemp("irrelevant")
    runs = [folder / f"{name}.parquet" for name in ("logistic", "network", "transformer")]
    for options, path in zip((LOGISTIC, NETWORK), runs[:2], strict=True):
        attack(**options, out=path)
    blocks = [folder / f"seed_{seed}.parquet" for seed in range(2)]
    for seed, path in enumerate(blocks):
        complete(**TRANSFORMER, seed=seed, out=path)
    merge_runs(blocks=blocks, out=runs[-1])
    names = ("simulation", "recovery", "leakage", "matched", "claims", "checks")
    paths = {name: folder / f"{name}.csv" for name in names} | {"averages": folder / "averages.parquet"}
    simulate(
        clusters=[40], samples=[40], dimension=[60], rho=[0.4], tail=[0.0], stored=[0, 0.5, 1], flips=[0.2],
        sketches=[1], codes=[3], repeats=40,
        references=30, symbol_samples=30, length=10, noise=0.1, fractions=[0.0, 1.0], symbol_repeats=60,
        out=paths["simulation"],
    )  # fmt: skip
    recovery(runs=runs, out=paths["recovery"], averages=paths["averages"])
    leakage(runs=runs, accuracy=0.5, out=paths["leakage"], matched=paths["matched"])
    tables = {name: paths[name] for name in ("averages", "leakage", "matched")}
    claims(**tables, out=paths["claims"])
    checks(simulation=paths["simulation"], out=paths["checks"])
    return paths | {path.stem: path for path in runs}


def test_runs(written: dict[str, Path]) -> None:
    table = RUNS.read(written["logistic"])
    assert set(table["multiplicity"]) == {0, 1, 2}
    plain, loud = table.filter(defence="none"), table.filter(defence="loud")
    assert set(plain["step"]) == {10, 50} and set(plain.filter(~pl.col("main"))["step"]) == {50}
    assert plain["epsilon"].null_count() == plain.height and (loud["epsilon"] > 1).all()
    assert set(loud["step"]) == {10} and set(loud["attack"]) == {"sign", "initialization", "informed"}
    once = table.filter(pl.col("defence").is_in(["none", "decay"]), multiplicity=1)
    assert (once.filter(attack="initialization")["bits_recovered"] == 1).all()
    assert (once.filter(attack="informed")["targets"] == 2).all()


def test_averages_are_means_over_seeds(written: dict[str, Path]) -> None:
    table, runs = AVERAGES.read(written["averages"]), RUNS.read(written["logistic"])
    keys = {"run": "logistic", "defence": "none", "rho": 0.4, "step": 50, "attack": "sign", "multiplicity": 1}
    row, values = table.filter(**keys).row(0, named=True), runs.filter(**keys)["bits_recovered"]
    error = values.std() / 2**0.5
    high = min(1.0, values.mean() + 12.7062 * error)
    found = [row[f"bits_recovered{end}"] for end in ("", "_se", "_high")]
    assert found == pytest.approx([values.mean(), error, high], rel=1e-4)
    assert table["bits_recovered_low"].min() >= 0 and table["bits_recovered_high"].max() <= 1
    assert row["last"] and row["expected"] == 1
    assert table.filter(multiplicity=2)["expected"].max() == pytest.approx(0.4 + 0.6 * 0.75)


def test_leakage_is_of_the_best_attack_and_never_above_what_samples_hold(written: dict[str, Path]) -> None:
    table = LEAKAGE.read(written["leakage"])
    free = (1 - table["rho"]) * table["dimension"]
    assert (table["bits_high"].fill_null(0) <= free + 1e-9).all() and table["bits_low"].min() >= 0
    cell = ["run", "defence", "rho", "dimension"]
    best = table.filter("best")
    assert best.select(cell).is_unique().all() and best.height == table.select(cell).n_unique()
    least = pl.coalesce("free_recovered_low", "free_recovered").alias("least")
    most = table.group_by(cell, maintain_order=True).agg(least.max())
    assert best.select(least)["least"].to_list() == most["least"].to_list()
    plain = best.filter(pl.col("rho") > 0, run="logistic", defence="none")
    assert plain["bits"].to_list() == [pytest.approx(36)]


def test_bits_at_equal_accuracy_lie_between_the_noise_levels(written: dict[str, Path]) -> None:
    table, leaks = MATCHED.read(written["matched"]), LEAKAGE.read(written["leakage"])
    (row,) = table.filter(run="logistic").rows(named=True)
    low, high = sorted(
        leaks.filter(pl.col("best") & (pl.col("rho") > 0), run="logistic", kind="noise")["bits"]
    )
    assert low < row["bits"] < high and row["free"] == pytest.approx(36) and row["accuracy"] == 0.5
    assert row["needed"] == needed_bits(40, 60, 0.4, 0.5)


def test_simulation_and_claims(written: dict[str, Path]) -> None:
    table = SIMULATION.read(written["simulation"]).filter(pl.col("error_closed").is_not_null())
    gap = (table["error_simulated"] - table["error_closed"]).abs()
    assert (gap <= 4 * table["standard_error"] + 1e-12).all()
    assert set(CHECKS.read(written["checks"])["outcome"]) == {"holds"}
    found = CLAIMS.read(written["claims"])
    assert set(found.filter("leads")["id"]) == {"bits-recovered", "useless", "needed-bits", "defences-cost"}
    assert found["published_value"].is_null().all(), "the published .97 is of other sizes"


def test_what_attacks_recover_by_plain_loops(written: dict[str, Path]) -> None:
    """Two claims once more, by code that uses nothing of the study: the best attack after the last step."""
    found = pl.read_csv(written["claims"])
    rows = pl.read_parquet(written["logistic"]).filter(defence="none", multiplicity=1)
    for name, learnable in (("bits-recovered", True), ("useless", False)):
        shares: dict[str, list[float]] = {}
        for row in rows.iter_rows(named=True):
            if row["step"] == max(rows["step"]) and (row["rho"] > 0) == learnable:
                shares.setdefault(row["attack"], []).append(row["bits_recovered"])
        ours = found.filter((pl.col("id") == name) & pl.col("claim").str.contains("logistic"))["ours"]
        assert ours.to_list() == [pytest.approx(max(map(np.mean, shares.values())))]


def test_the_papers_network_is_planned_and_its_stage_runs_at_toy_size(tmp_path: Path) -> None:
    """The options that the workflow gives the job of network_full, with nothing but its sizes made small."""
    config = load([ROOT / "config.yaml", ROOT / "configs" / "paper.yaml"])
    options = attack_options(config["irrelevant"], "network_full")
    assert (options["hidden"], options["steps"], options["momentum"]) == (1500, 2000, 0.999)
    toy = {"clusters": [20], "samples": [20], "dimension": [30], "rho": [0.4], "hidden": 12, "steps": 6,
           "slower_from": 3, "record_steps": [2, 6], "seeds": 1, "tests": 1}  # fmt: skip
    attack(run="network_full", **{**options, **toy}, out=tmp_path / "runs.parquet")
    assert set(RUNS.read(tmp_path / "runs.parquet")["step"]) == {2, 6}


@pytest.fixture(scope="module")
def learned() -> tuple:
    rng = generator("test", "transformer")
    references = draw_references(6, 8, rng)
    sample = draw_symbols(references, frequencies(6, 0.0), 6, 0.3, rng)
    shape = Transformer(width=32, layers=2, heads=4, steps=150, rate=0.01)
    return references, sample, train_transformer(sample, shape, ("test",))


def test_all_references_complete_together_as_each_would_alone(learned: tuple) -> None:
    _, _, network = learned
    together = greedy_completions(network, np.arange(6), 8)
    for reference in range(6):
        said = np.zeros((1, 0), dtype=np.int8)
        for _ in range(8):
            said = np.column_stack([said, likelier_bits(network, np.array([reference]), said)[:, -1]])
        assert said[0].tolist() == together[reference].tolist()


def test_samples_seen_once_come_back_with_their_noise_whatever_the_prefix(learned: tuple) -> None:
    references, sample, network = learned
    known = sample.known & (sample.count[sample.reference] == 1)[:, None]
    assert (sample.bits != references[sample.reference])[known].any()
    said = greedy_completions(network, np.arange(6), 8)[sample.reference]
    assert (said == sample.bits)[known].mean() > 0.95
    other = generator("test", "other").integers(0, 2, sample.bits.shape, dtype=np.int8)
    said = likelier_bits(network, sample.reference, other[:, :-1])
    assert (said == sample.bits)[known].mean() > 0.9
