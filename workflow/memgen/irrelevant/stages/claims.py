"""What the paper on irrelevant information claims, beside what the tables of this study say.

Knows the published values and how each is read off the tables.
"""

import math
from typing import Literal

import numpy as np
import polars as pl

from memgen.claims import Claim, verdict, write_claims
from memgen.irrelevant.tables import AVERAGES, LEAKAGE, SIMULATION
from memgen.stage import Input, Output, stage

PAPER = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421"
)
THEORY = f"{PAPER}; closed forms of this study"

#: Share of singletons' bits that the paper recovers, at least.
RECOVERED = 0.97

#: Accuracy on clusters seen once from which a learner counts as accurate.
ACCURATE = 0.9

Sense = Literal["equal", "at least", "at most"]


def _row(
    claim: str,
    figure: str,
    published: float,
    ours: float | None,
    sense: Sense,
    command: str,
    standard_error: float | None = None,
    tolerance: float = 0.0,
    paper: str = PAPER,
) -> Claim:
    """One claim; one that holds by any margin is as good as equal."""
    tested = ours
    if ours is not None:
        beyond = ours > published if sense == "at least" else ours < published
        tested = published if sense != "equal" and beyond else ours
    return Claim(
        study="irrelevant",
        claim=claim,
        paper=paper,
        figure=figure,
        published_value=published,
        ours=ours,
        standard_error=standard_error,
        tolerance=tolerance,
        judged=verdict(published, tested, tolerance, standard_error),
        command=command,
    )


@stage
def claims(*, simulation: Input, averages: Input, leakage: Input, out: Output) -> None:
    """Write the claims of the paper on irrelevant information with the values of this study's tables.

    Parameters
    ----------
    simulation
        Simulation table.
    averages
        Averages table.
    leakage
        Leakage table.
    out
        Claims table.
    """
    whole = AVERAGES.read(averages).filter(pl.col("last"))
    last = whole.filter(pl.col("task") == "clusters")
    plain = last.filter((pl.col("defence") == "none") & pl.col("main"))
    found = [
        *_closed_forms(SIMULATION.read(simulation)),
        *_recovered(plain),
        *_controls(plain),
        *_completed(whole.filter(pl.col("task") == "next_symbol")),
        *_majority(last),
        *_leaked(LEAKAGE.read(leakage)),
    ]
    write_claims(found, out)


def _closed_forms(table: pl.DataFrame) -> list[Claim]:
    """That simulated errors are those of the closed forms."""
    words = {
        "clusters": (
            "A fresh example of a cluster seen once is labelled by what is stored of its one sample",
            "memgen irrelevant cluster-error --help",
        ),
        "next_symbol": (
            "The lookup learner errs as often as the noise and the stored bits of its references say",
            "memgen irrelevant symbol-error --help",
        ),
    }
    rows = []
    for task, (text, command) in words.items():
        part = table.filter(pl.col("task") == task)
        gaps = (part["error_simulated"] - part["error_closed"]).abs()
        scores = [
            0.0 if gap < 1e-12 else gap / unit if unit > 0 else math.inf
            for gap, unit in zip(gaps, part["standard_error"], strict=True)
        ]
        text = f"{text} (largest deviation of simulations in standard errors)"
        ours = max(scores, default=None)
        rows.append(
            _row(text, "irrelevant_storage", 0.0, ours, "equal", command, tolerance=4.0, paper=THEORY)
        )
    return rows


def _largest(table: pl.DataFrame) -> dict[str, object] | None:
    """The row of the largest sample."""
    return (
        table.sort("samples", "dimension", "seeds", maintain_order=True).row(-1, named=True)
        if table.height
        else None
    )


def _shown(row: dict[str, object] | None) -> str:
    """Command that makes the rows of a run."""
    run = "logistic" if row is None else row["run"]
    return f"make study ARGS=results/irrelevant/runs/{run}.parquet"


def _size(row: dict[str, object] | None) -> str:
    return "" if row is None else f"; n = {row['samples']}, d = {row['dimension']}"


def _value(row: dict[str, object] | None, name: str) -> tuple[float | None, float | None]:
    """A measured quantity and its standard error."""
    if row is None:
        return None, None
    value, error = row[name], row[f"{name}_se"]
    return (float(value) if isinstance(value, float) else None), (
        float(error) if isinstance(error, float) else None
    )


def _recovered(plain: pl.DataFrame) -> list[Claim]:
    """What black-box attacks recover of singletons, and what the learners are worth."""
    rows = []
    attacks = {"logistic": "sign attack", "network": "coordinate ascent"}
    for learner, words in attacks.items():
        chosen = plain.filter(
            (pl.col("learner") == learner) & (pl.col("multiplicity") == 1) & (pl.col("rho") > 0)
        )
        row = _largest(chosen)
        command = _shown(row)
        claim = f"More than 97% of the bits of singletons are recovered ({learner}, {words}{_size(row)})"
        ours, error = _value(row, "bits_recovered")
        rows.append(_row(claim, "irrelevant_training", RECOVERED, ours, "at least", command, error))
        claim = f"The learner that leaks is accurate on clusters seen once ({learner}{_size(row)})"
        ours, error = _value(row, "accuracy_singleton")
        rows.append(
            _row(claim, "irrelevant_training", ACCURATE, ours, "at least", command, error, paper=THEORY)
        )
    return rows


def _controls(plain: pl.DataFrame) -> list[Claim]:
    """Samples never seen, and clusters that have nothing in common."""
    logistic = plain.filter(pl.col("learner") == "logistic")
    unseen = _largest(logistic.filter((pl.col("multiplicity") == 0) & (pl.col("rho") > 0)))
    ours, error = _value(unseen, "free_recovered")
    rows = [
        _row(
            f"Of a sample never seen, half of the free bits are guessed (control{_size(unseen)})",
            "irrelevant_controls", 0.5, ours, "equal", _shown(unseen), error, paper=THEORY,
        )
    ]  # fmt: skip
    useless = _largest(logistic.filter((pl.col("multiplicity") == 1) & (pl.col("rho") == 0)))
    ours, error = _value(useless, "bits_recovered")
    rows.append(
        _row(
            f"Where nothing can be learned (rho = 0) samples are memorized all the same{_size(useless)}",
            "irrelevant_controls", RECOVERED, ours, "at least", _shown(useless), error, paper=THEORY,
        )
    )  # fmt: skip
    return rows


def _completed(table: pl.DataFrame) -> list[Claim]:
    """That a transformer goes on as its samples do, with the noise that no other example has."""
    rows = []
    command = "make study ARGS=results/irrelevant/runs/transformer.parquet"
    sense: Sense
    for multiplicity, name, published, sense, words in (
        (1, "bits_recovered", RECOVERED, "at least",
         "A transformer asked to go on gives its samples seen once back (share of their bits)"),
        (1, "free_recovered", 0.9, "at least",
         "It gives back the bits that noise flipped, which no test will ever ask for (share of them)"),
        (0, "free_recovered", 0.1, "at most",
         "It does not know the noise of samples never seen (control; share of flipped bits)"),
    ):  # fmt: skip
        row = _largest(table.filter(pl.col("multiplicity") == multiplicity))
        ours, error = _value(row, name)
        rows.append(
            _row(
                f"{words}{_size(row)}", "irrelevant_completion", published, ours, sense, command, error,
                paper=THEORY,
            )
        )  # fmt: skip
    return rows


def _majority(last: pl.DataFrame) -> list[Claim]:
    """Recovery of samples whose cluster was seen twice, as the majority has it."""
    chosen = last.filter((pl.col("attack") == "gradient_inversion") & (pl.col("multiplicity") == 2))
    row = _largest(chosen)
    ours, error = _value(row, "bits_recovered")
    expected = 0.75 if row is None or not isinstance(row["expected"], float) else row["expected"]
    claim = "Of a cluster seen twice the majority gives back rho + (1 - rho) 3/4 of the bits"
    return [
        _row(
            f"{claim}{_size(row)}",
            "irrelevant_multiplicity", expected, ours, "equal", _shown(row), error, paper=THEORY,
        )
    ]  # fmt: skip


def _leaked(table: pl.DataFrame) -> list[Claim]:
    """That leakage grows as n d, and that defences cost accuracy."""
    plain = table.filter((pl.col("defence") == "none") & (pl.col("rho") > 0) & (pl.col("task") == "clusters"))
    logistic = plain.filter((pl.col("learner") == "logistic") & (pl.col("accuracy_singleton") >= ACCURATE))
    slope = None
    free = logistic["storage_bits"] * (1 - logistic["rho"])
    if free.n_unique() >= 3:
        leaked = np.log(logistic["leaked_bits"].to_numpy())
        slope = float(np.polyfit(np.log(free.to_numpy()), leaked, 1)[0])
    command = "make study ARGS=results/irrelevant/leakage.csv"
    text = "Accurate learners hold Omega(n d) bits: slope of log leaked bits against log (1 - rho) n d"
    rows = [_row(text, "irrelevant_leakage", 1.0, slope, "equal", command, tolerance=0.15)]
    keys = ["run", "task", "clusters", "samples", "dimension", "rho"]
    joined = table.filter(pl.col("defence") != "none").join(
        plain.select(*keys, full="leaked_bits", best="accuracy_singleton"), on=keys
    )
    for learner in ("logistic", "network"):
        half = joined.filter(
            (pl.col("learner") == learner) & (pl.col("leaked_bits") < pl.col("full") / 2)
        ).with_columns(kept=pl.col("accuracy_singleton") / pl.col("best"))
        row = half.sort("kept").row(-1, named=True) if half.height else None
        ours = None if row is None else float(row["kept"])
        error = None if row is None else (row["accuracy_singleton_se"] or 0.0) / row["best"]
        text = (
            "No defence halves what leaks and keeps the accuracy on clusters seen once (largest share of it "
            f"that one keeps; {learner})"
        )
        rows.append(_row(text, "irrelevant_defences", 1.0, ours, "at most", command, error))
    return rows
