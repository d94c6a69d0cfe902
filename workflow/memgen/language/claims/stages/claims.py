"""What the papers claim about language models, beside what this study's models do.

Trains nothing. Untrained controls have rows of their own, and pretrained models are held against them.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

import cyclopts
import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import Input, Output, stage
from memgen.language.claims import held_out
from memgen.language.claims.evidence import BASELINE, EXCEPTION, against_geometry, leaning
from memgen.language.claims.held_out import beyond
from memgen.language.claims.statements import (
    PAIR,
    PAPER,
    Cell,
    Statement,
    Study,
    arranged,
    claims_by_method,
)
from memgen.language.fits.tables import BASELINES
from memgen.language.responses.tables import GEOMETRY
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims

CEILING = 0.05
"""By how much the theory's held-out correlation may miss that of one free number an item."""

CORRELATION = 0.2
"""Margin of a correlation, stated beforehand: 4% of the variance."""

AGAINST_CONTROL = (
    Statement(
        "generalization",
        f"Pretraining helps: {BASELINE} is generalized better than by the untrained control (pretrained "
        "minus control)",
        THIS_STUDY,
        "above",
        "accuracy_by_class_{method}",
        "A control that generalizes as well.",
    ),
    Statement(
        "margin_change",
        f"Pretraining matters for the exception: the margin of {PAIR} falls more than the untrained "
        "control's (pretrained minus control)",
        THIS_STUDY,
        "below",
        "margin_heatmaps_{method}_{items}",
        "A control whose margin falls as much.",
    ),
)

OF_CONTROL = (
    Statement(
        "generalization",
        f"Untrained control: {BASELINE} is generalized all the same (excess over 1/2)",
        THIS_STUDY,
        "above",
        "accuracy_by_class_{method}",
        "A control at chance.",
    ),
    Statement(
        "margin_change",
        f"Untrained control: the margin of {PAIR} falls all the same (change)",
        THIS_STUDY,
        "below",
        "margin_heatmaps_{method}_{items}",
        "A control whose margin stays.",
    ),
)


@stage
def claims(
    *,
    responses: Input,
    geometry: Input,
    baselines: Input,
    out: Output,
    controls: Annotated[list[str] | None, cyclopts.Parameter(name="--control")] = None,
    networks: Annotated[list[str] | None, cyclopts.Parameter(name="--network")] = None,
    ridge: list[str] | None = None,
) -> None:
    """Test the claims on every model, method and kind of item that bears on them.

    Of several hyperparameters the smallest is tested. Models that were run on neither hierarchy of the
    claims are left out.

    Parameters
    ----------
    responses
        Response table of the study.
    geometry
        Geometry table of the study.
    baselines
        Table of baselines of the study.
    out
        Claims table.
    controls
        Untrained models, each as control:model with the model whose architecture it has.
    networks
        Models that were pretrained here by one recipe and differ by pretraining seed.
    ridge
        Methods that train no network: their seeds are those of the probes.
    """
    like = dict(_control(text) for text in controls or [])
    study = Study("language", responses, ridge or [])
    found = claims_by_method(study, like, networks or [])
    found += _controls(study, like, list(networks or []))
    found += _geometry(study, geometry)
    found += _held_out(study, baselines, like, networks or [])
    found += _leanings(study, like, networks or [])
    write_claims(found, out)


def _control(text: str) -> tuple[str, str]:
    """A control and the model whose architecture it has."""
    control, colon, model = text.partition(":")
    if not (control and colon and model):
        raise BadInput(
            f"--control: {text!r} is not allowed; allowed: control:model, such as small-lm-init:small-lm"
        )
    return control, model


def _controls(study: Study, like: dict[str, str], networks: list[str]) -> list[Claim]:
    """Untrained controls by themselves, and pretrained models against them."""
    cells = study.cells()
    alone, against = [], []
    for method, control, items in cells:
        if control not in like:
            continue
        of = networks if like[control] in networks else [like[control]]
        models = tuple(model for model in of if (method, model, items) in cells)
        alone += [study.claim(said, Cell((control,), (items,)), method, said.words) for said in OF_CONTROL]
        if models:
            cell = Cell(models, (items,), networks=like[control] in networks)
            against += [
                study.claim(said, cell, method, said.words, control=control) for said in AGAINST_CONTROL
            ]
    return [*_by_words(against), *_by_words(alone)]


def _by_words(found: list[Claim]) -> list[Claim]:
    """Claims with the same words beside each other."""
    words = list(dict.fromkeys(claim.claim for claim in found))
    return sorted(found, key=lambda claim: words.index(claim.claim))


def _geometry(study: Study, geometry: Input) -> list[Claim]:
    """That generalization with an exception depends on the representation more than without."""
    measured = GEOMETRY.read(geometry).filter(pl.col("source") == "study")
    methods = [
        method for method in measured["method"].unique().sort() if method in set(study.table["method"])
    ]
    words = (
        "Generalization depends on the measured conjunctivity more with an exception than without (slope "
        "over networks of the accuracy that the exception costs)"
    )
    found = []
    for method in methods:
        row = against_geometry(study.table, measured, method, str(study.path))
        command = ("--method", method, "--responses", study.path, "--geometry", geometry, "--json")
        found.append(
            Claim(
                study="language",
                claim=words,
                paper=PAPER,
                figure="conjunctivity",
                sense="below",
                threshold=0.0,
                ours=row["value"],
                standard_error=row["standard_error"],
                unit="networks",
                n_units=int(row["n_units"] or 0),
                lost=2,
                method=method,
                family=words,
                would_fail="An accuracy lost to the exception that does not grow with conjunctivity.",
                command=shell_command("language", "evidence", *command),
            )
        )
    return found


def _cells(
    study: Study, controls: Collection[str], networks: Sequence[str]
) -> Iterator[tuple[str, Cell, bool, list[str]]]:
    """Method, cell, whether it leads, and the flags that name it, of all that is tested."""
    cells = study.cells()
    for method in dict.fromkeys(method for method, _, _ in cells):
        held = [(model, items) for name, model, items in cells if name == method and model not in controls]
        leading, others = arranged(held, networks)
        for cell in [leading, *others] if leading is not None else []:
            flags = [("--model", model) for model in cell.models] + [("--items", kind) for kind in cell.items]
            words = [word for flag in flags for word in flag] + (["--networks"] if cell.networks else [])
            yield method, cell, cell is leading, ["--method", method, *words]


def _held_out(study: Study, path: Input, controls: Collection[str], networks: Sequence[str]) -> list[Claim]:
    """That the theory predicts held-out pairs better than every baseline, and as well as free ranks."""
    table = BASELINES.read(path).filter(pl.col("source") == "study")
    found = []
    for predictor, named in held_out.BASELINES.items():
        ceiling = predictor == "free_ranks"
        words = (
            f"The theory predicts held-out pairs of {EXCEPTION} {'as well as' if ceiling else 'better than'} "
            f"{named} (correlation, difference by seed)"
        )
        for method, cell, leads, flags in _cells(study, controls, networks):
            row = beyond(table, predictor, method, cell.models, cell.items, cell.networks)
            seeds = "probe seeds" if method in study.ridge else "finetuning seeds"
            found.append(
                Claim(
                    study="language",
                    claim=words,
                    paper=THIS_STUDY if ceiling else PAPER,
                    figure="baselines",
                    sense="above",
                    threshold=0.0,
                    margin=CEILING if ceiling else None,
                    ours=row["value"],
                    standard_error=row["standard_error"],
                    unit="pretraining seeds" if cell.networks else seeds,
                    n_units=int(row["n_units"] or 0),
                    model=" + ".join(cell.models),
                    items=" + ".join(cell.items),
                    method=method,
                    family=words if leads else f"{words} [{method}]",
                    leads=leads,
                    would_fail=(
                        f"A correlation of the theory lower by more than {CEILING:g}."
                        if ceiling
                        else "A baseline that predicts as well, or better."
                    ),
                    command=shell_command("language", "evidence", *flags, "--baselines", path, "--json"),
                )
            )
    return found


def _leanings(study: Study, controls: Collection[str], networks: Sequence[str]) -> list[Claim]:
    """That what a model holds of the names before training does not decide how it answers afterwards."""
    words = (
        "Names' leanings do not carry over: a run's margins before and after training are uncorrelated over "
        f"untrained pairs of {BASELINE} (mean correlation)"
    )
    found = []
    for method, cell, _, flags in _cells(study, controls, networks):
        if method in study.ridge:
            continue
        row = leaning(study.path, method, cell.models, cell.items, cell.networks)
        found.append(
            Claim(
                study="language",
                claim=words,
                paper=THIS_STUDY,
                figure="response_bias",
                sense="equal",
                threshold=0.0,
                margin=CORRELATION,
                ours=row["value"],
                standard_error=row["standard_error"],
                unit="pretraining seeds" if cell.networks else "finetuning seeds",
                n_units=int(row["n_units"] or 0),
                model=" + ".join(cell.models),
                items=" + ".join(cell.items),
                method=method,
                family=words,
                would_fail=f"A mean correlation further than {CORRELATION:g} from 0.",
                command=shell_command(
                    "language", "evidence", "--leanings", *flags, "--responses", study.path, "--json"
                ),
            )
        )
    return found
