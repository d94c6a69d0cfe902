"""Every claim of a small study names a command, and that command prints the value."""

import contextlib
import io
import json
import math
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from longtail.conftest import write_all
from memgen.__main__ import run
from memgen.claims import CLAIMS, Claim, shell_command, write_claims
from memgen.errors import BadInput
from memgen.language.published.stages.published_claims import FITS, published_claims
from memgen.language.responses.rows import RESPONSES
from memgen.language.stages.claims import claims as language_claims
from memgen.language.stages.fit import fit
from memgen.longtail.stages.claims import claims as longtail_claims
from memgen.relational.agreement import numbers
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.claims import claims as relational_claims
from memgen.relational.stages.critical_geometry import critical_geometry
from memgen.relational.stages.critical_table import critical_table
from memgen.relational.stages.depth_table import depth_table
from memgen.relational.stages.mechanism_table import mechanism_table
from memgen.relational.stages.sweep import sweep
from memgen.relational.stages.task import task
from memgen.relational.stages.theory_claims import theory_claims
from memgen.relational.tables import FINITE_WIDTH_SLOPES, SWEEP
from synthetic_responses import response_rows, theory_margins

HIERARCHIES: dict[str, list[str]] = {"ti_n9": [], "exc_mid_n9": ["5:3"]}


def write_relational(folder: Path) -> Path:
    """Tables and claims of the theory; the folder's name has a blank, which a command must quote."""
    tasks = [folder / f"{name}.parquet" for name in HIERARCHIES]
    for path, exceptions in zip(tasks, HIERARCHIES.values(), strict=True):
        task(name=path.stem, n=9, exceptions=exceptions, out=path)
    tables = {
        name: folder / f"{name}.{kind}"
        for name, kind in (
            *((name, "parquet") for name in ("sweep", "ranks", "geometry", "mechanism", "depth")),
            *((name, "csv") for name in ("critical", "slopes", "first", "further")),
        )
    }
    sweep(
        tasks=tasks,
        conjunctivity=[0.0, 0.2, 0.3, 0.9],
        ridge=[0.0, 0.05],
        out=tables["sweep"],
        ranks=tables["ranks"],
    )
    critical_table(tasks=tasks, out=tables["critical"])
    critical_geometry(n=[7, 201, 401], spans=[2, 4], map_n=8, out=tables["geometry"])
    mechanism_table(tasks=tasks, conjunctivity=[0.0, 0.5], ridge=[0.0], out=tables["mechanism"])
    depth_table(tasks=tasks, depth=[1, 2, 3, 4], nonlinearity=[0.0, 1.0], ridge=[0.0], out=tables["depth"])
    slopes = [
        {"hierarchy": "exc_mid_n9", "n": 9, "exceptions": "5:3", "quantity": "deviation", "seeds": 9}
        | {"widths": 5, "regime": regime, "slope": slope, "standard_error": 0.01}
        | {"low": slope - 0.02, "high": slope + 0.02}
        for regime, slope in (("lazy", -0.49), ("rich", -0.12))
    ]
    FINITE_WIDTH_SLOPES.write(pl.DataFrame(slopes, schema=FINITE_WIDTH_SLOPES.schema), tables["slopes"])
    relational_claims(
        margins=tables["sweep"], ranks=tables["ranks"], critical=tables["critical"], out=tables["first"]
    )
    theory_claims(
        critical=tables["geometry"],
        mechanism=tables["mechanism"],
        depth=tables["depth"],
        slopes=tables["slopes"],
        out=tables["further"],
    )
    out = folder / "claims.csv"
    CLAIMS.write(pl.concat([CLAIMS.read(tables["first"]), CLAIMS.read(tables["further"])]), out)
    return out


def synthetic_responses(path: Path, cells: list[dict[str, Any]]) -> None:
    """Responses of both hierarchies that follow the theory, with noise by seed and order."""
    generator = np.random.default_rng(0)
    blocks = []
    for name, exceptions in HIERARCHIES.items():
        hierarchy = Hierarchy.of(9, exceptions)
        exact = theory_margins(hierarchy, 0.9, 0.5, 3.0)

        def noisy(seed: int, reverse: bool, exact: np.ndarray = exact) -> np.ndarray:
            return exact + generator.normal(scale=1.0, size=exact.shape)

        blocks += [response_rows(hierarchy, noisy, name=name, **cell) for cell in cells]
    RESPONSES.write(pl.concat(blocks), path)


def write_language(folder: Path) -> Path:
    """Claims of synthetic responses of two methods and two kinds of item."""
    cells = [{"method": "probe", "items": "fake"}, {"method": "lora", "items": "poker"}]
    synthetic_responses(folder / "responses.parquet", cells)
    language_claims(responses=folder / "responses.parquet", out=folder / "claims.csv")
    return folder / "claims.csv"


def write_published(folder: Path) -> Path:
    """Claims of synthetic responses of one published model, finetuned and probed."""
    cell = {"source": "published", "model": FITS[0][0], "items": "fake"}
    cells = [
        {**cell, "method": "full", "hyperparameter": None},
        {**cell, "method": "probe", "hyperparameter": 1e-4},
    ]
    synthetic_responses(folder / "responses.parquet", cells)
    fit(folder / "responses.parquet", out=folder / "fit.csv")
    published_claims(
        responses=folder / "responses.parquet", fits=folder / "fit.csv", out=folder / "claims.csv"
    )
    return folder / "claims.csv"


def write_longtail(folder: Path) -> Path:
    """Tables and claims of the long tail at a small size."""
    tables = write_all(folder)
    names = ("costs", "scaling", "simulation", "tradeoff", "privacy", "noise", "subgroups", "curves")
    chosen = {name: tables[name] for name in (*names, "memorization")}
    longtail_claims(**chosen, out=folder / "claims.csv")
    return folder / "claims.csv"


STUDIES = {
    "relational": (write_relational, 17),
    "language": (write_language, 6),
    "published": (write_published, 8),
    "longtail": (write_longtail, 12),
}
"""How the claims of each study are made, and how many of them have a value at least."""


def values(found: Any) -> Iterator[float]:
    """Every number of a JSON answer."""
    if isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from values(part)
    elif isinstance(found, int | float):
        yield float(found)


def printed(command: str) -> list[float]:
    """Numbers that a command prints, run in this process as the shell would split it."""
    program, *arguments = shlex.split(command)
    assert program == "memgen"
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout), pytest.raises(SystemExit) as end:
        run(arguments)
    assert end.value.code in (None, 0)
    return list(values(json.loads(stdout.getvalue())))


@pytest.mark.parametrize("study", STUDIES)
def test_command_of_every_claim_prints_its_value(study: str, tmp_path: Path) -> None:
    folder = tmp_path / "small study"
    folder.mkdir()
    write, least = STUDIES[study]
    claims = CLAIMS.read(write(folder))
    assert claims["study"].unique().to_list() == [study]
    tested = claims.filter(pl.col("ours").is_not_null())
    answers = {command: printed(command) for command in tested["command"].unique()}
    assert tested.height >= least
    for claim, ours, error, command in tested.select(
        "claim", "ours", "standard_error", "command"
    ).iter_rows():
        # Calculators and tables compute the same closed form in another order: rounding only.
        for wanted in (ours, *([] if error is None else [error])):
            assert any(math.isclose(wanted, value, rel_tol=1e-12) for value in answers[command]), claim


def test_verdict_compares_two_values_unless_one_is_given(tmp_path: Path) -> None:
    common = {"study": "s", "claim": "c", "paper": "p", "command": "memgen x"}
    two = {"published_value": 1.0, "ours": 1.5, "tolerance": 0.1}
    found = [
        Claim(**common, **two),
        Claim(**common, **two, standard_error=0.2),
        Claim(**common, **two, judged="agrees"),
        Claim(**common, published_value=1.0, tolerance=0.1),
    ]
    write_claims(found, tmp_path / "claims.csv")
    table = CLAIMS.read(tmp_path / "claims.csv")
    assert table["verdict"].to_list() == ["differs", "agrees", "agrees", "not tested"]
    assert table.columns == [
        "study", "claim", "paper", "figure", "model", "items", "method", "published_value", "ours",
        "standard_error", "tolerance", "verdict", "command",
    ]  # fmt: skip


def test_command_is_quoted_where_the_shell_needs_it() -> None:
    command = shell_command("longtail", "summary", "--table", Path("a b;c.csv"))
    assert command == "memgen longtail summary --table 'a b;c.csv'"


def test_critical_gammas_go_with_ranks_only(tmp_path: Path) -> None:
    task(name="ti_n9", n=9, exceptions=[], out=tmp_path / "task.parquet")
    out, ranks = tmp_path / "sweep.parquet", tmp_path / "ranks.parquet"
    sweep(tasks=[tmp_path / "task.parquet"], conjunctivity=[0.5], ridge=[0.0], out=out, ranks=ranks)
    assert SWEEP.read(out).height and numbers(out)["largest_exception_margin"] is None
    with pytest.raises(BadInput, match="goes with a ranks table"):
        numbers(out, critical=ranks)
