"""What the papers say of language models, as statements that any table of responses can be put to.

Knows the statements, what they are tested on and over which units; knows neither models nor files of this
study. The published models are others than ours, so a statement is about a direction, never about equality of
two numbers. Of every method one pooled claim leads: of the models whose weights are given, over teams, seed
by seed; where there is none, of the networks pretrained here. Below it stand its cells.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from memgen.language.claims.evidence import (
    BASELINE,
    EXCEPTION,
    FIRST_WRONG,
    HIGHER,
    LOWER,
    POSSIBLE,
    TEAMS,
    Found,
    after_training,
    over_units,
    runs_of,
)
from memgen.tables.claims import Claim, shell_command

PAPER = "Cheng & Lippl 2026, arXiv 2605.22972"

CHAIN = "Lippl, Kay, Jensen, Ferrera, Abbott, PNAS 2024"

PAIR = f"{HIGHER} v {LOWER}"

FIRST = " and ".join(f"{higher} v {lower}" for higher, lower in FIRST_WRONG)


#: Model, method and items -> change of per-direction accuracy of the pair 2 v 6 from ti_n9 to exc_mid_n9
#: (language-models: Published numbers); probes at L2 1e-4. No other model and method has a published value.
PUBLISHED_CHANGE = {
    ("llama32-1b", "full", "fake"): 0.455 - 0.645,
    ("llama32-1b", "full", "real"): 0.305 - 0.52,
    ("qwen35-2b", "full", "fake"): 0.555 - 0.73,
    ("qwen35-2b", "full", "real"): 0.61 - 0.77,
    ("llama32-1b", "probe", "fake"): 0.405 - 0.655,
    ("qwen35-2b", "probe", "real"): 0.735 - 0.885,
}


@dataclass(frozen=True)
class Statement:
    """A claim that is tested on every method and cell.

    Parameters
    ----------
    statistic : str
        One of `evidence.STATISTICS`.
    words, paper : str
    sense : {"above", "below"}
        Side of 0 on which it is expected.
    figure : str
        Figure that shows it, with its method and kind of item.
    would_fail : str
    """

    statistic: str
    words: str
    paper: str
    sense: Literal["above", "below"]
    figure: str
    would_fail: str


STATEMENTS = (
    Statement(
        "generalization",
        f"{BASELINE} is generalized: paired accuracy on untrained pairs exceeds 1/2 (excess)",
        CHAIN,
        "above",
        "accuracy_by_class_{method}",
        "Untrained pairs answered at chance, or worse.",
    ),
    Statement(
        "distance_slope",
        f"Symbolic distance: on {BASELINE} the margin of untrained pairs grows with the distance of their "
        "ranks (slope)",
        CHAIN,
        "above",
        "symbolic_distance_{method}",
        "Margins that do not grow with distance.",
    ),
    Statement(
        "exception_remembered",
        f"The exception of {EXCEPTION} is remembered: its accuracy exceeds 1/2 (excess)",
        PAPER,
        "above",
        "accuracy_by_class_{method}",
        "The exception answered as the order has it, or at chance.",
    ),
    Statement(
        "generalization_with_exception",
        f"… while untrained pairs of {EXCEPTION} stay above chance: paired accuracy above 1/2 (excess)",
        PAPER,
        "above",
        "accuracy_by_class_{method}",
        "Untrained pairs at chance once the exception is learned.",
    ),
    Statement(
        "margin_change",
        f"The margin of {PAIR} falls from {BASELINE} to {EXCEPTION} (change)",
        PAPER,
        "below",
        "margin_heatmaps_{method}_{items}",
        f"A margin of {PAIR} that stays or rises with the exception.",
    ),
    Statement(
        "accuracy_change",
        f"The accuracy on {PAIR} falls from {BASELINE} to {EXCEPTION} (change)",
        PAPER,
        "below",
        "accuracy_by_class_{method}",
        f"As many right answers to {PAIR} with the exception.",
    ),
    Statement(
        "margin_change_beyond_within",
        f"Specificity: the margin of {PAIR} falls more than those of pairs within one side (difference of "
        "changes)",
        PAPER,
        "below",
        "margin_heatmaps_{method}_{items}",
        "Pairs within one side that lose as much, or more.",
    ),
    Statement(
        "first_wrong_change",
        f"Mistakes: more runs answer {FIRST} wrong with the exception than without (difference of shares)",
        PAPER,
        "above",
        "margin_heatmaps_{method}_{items}",
        "As many wrong runs without the exception.",
    ),
    Statement(
        "first_wrong_beyond_others",
        f"Mistakes are the predicted ones: with the exception {FIRST}, which theory turns wrong first, are "
        "wrong in more runs than the other untrained pairs (difference of shares)",
        PAPER,
        "above",
        "margin_heatmaps_{method}_{items}",
        "Other untrained pairs wrong as often.",
    ),
    Statement(
        "first_margin",
        f"Mistakes: with the exception {FIRST} are answered wrong on average (margin)",
        PAPER,
        "below",
        "margin_heatmaps_{method}_{items}",
        "Margins that stay positive.",
    ),
    Statement(
        "wrong_runs_change",
        f"Mistakes: more runs answer {PAIR} wrong with the exception than without (difference of shares)",
        PAPER,
        "above",
        "margin_heatmaps_{method}_{items}",
        "As many wrong runs without the exception.",
    ),
    Statement(
        "wrong_runs_beyond_cross",
        f"Mistakes: with the exception {PAIR} is answered wrong in more runs than the other cross pairs "
        "(difference of shares)",
        PAPER,
        "above",
        "margin_heatmaps_{method}_{items}",
        "Other cross pairs wrong as often.",
    ),
    Statement(
        "margin_with_exception",
        f"Mistakes: with the exception {PAIR} is answered wrong on average (margin)",
        PAPER,
        "below",
        "margin_heatmaps_{method}_{items}",
        f"A margin of {PAIR} that stays positive.",
    ),
)
"""What the abstracts say, one by one; the second with its first word missing continues the one before."""


@dataclass(frozen=True)
class Cell:
    """Models and kinds of item that one claim is about.

    Parameters
    ----------
    models, items : tuple of str
    networks : bool
        Whether the models are draws of one recipe.
    """

    models: tuple[str, ...]
    items: tuple[str, ...]
    networks: bool = False


class Study:
    """Responses of one source, the pairs of whose runs are averaged once.

    Parameters
    ----------
    study : str
        Study that tests the claims.
    responses : pathlib.Path
    ridge : sequence of str
        Methods that train no network.
    figures : mapping of str to str, optional
        Names of this source's figures, in the place of those of the statements.
    """

    def __init__(
        self,
        study: str,
        responses: Path,
        ridge: Sequence[str] = (),
        figures: Mapping[str, str] | None = None,
    ) -> None:
        self.study, self.path, self.ridge = study, responses, set(ridge)
        self.figures = figures or {}
        self.table = after_training(responses)
        self._runs: dict[tuple[str, str, str], pl.DataFrame] = {}

    def cells(self) -> list[tuple[str, str, str]]:
        """Method, model and items of everything run on a hierarchy of the claims."""
        return self.table.select("method", "model", "items").unique().sort("method", "model", "items").rows()

    def runs(self, model: str, items: str, method: str) -> pl.DataFrame:
        """Pairs of every run of one model, kind of item and method."""
        key = (model, items, method)
        if key not in self._runs:
            self._runs[key] = runs_of(self.table, *key, where=str(self.path))
        return self._runs[key]

    def found(self, cell: Cell, method: str, statistic: str, control: str | None) -> Found:
        """A statistic of a cell over its units."""
        runs = {(model, kind): self.runs(model, kind, method) for model in cell.models for kind in cell.items}
        beside = None if control is None else self.runs(control, cell.items[0], method)
        return over_units(runs, statistic, cell.networks, beside)

    def claim(
        self,
        said: Statement,
        cell: Cell,
        method: str,
        family: str,
        *,
        leads: bool = False,
        control: str | None = None,
    ) -> Claim:
        """A statement tested on a cell."""
        found = self.found(cell, method, said.statistic, control)
        flags = [("--model", model) for model in cell.models] + [("--items", kind) for kind in cell.items]
        if control is not None:
            flags.append(("--control", control))
        words = [word for flag in flags for word in flag] + (["--networks"] if cell.networks else [])
        command = ("language", "evidence", "--method", method, *words, "--responses", self.path, "--json")
        one = len(cell.models) == len(cell.items) == 1 and control is None
        published = None
        if one and said.statistic == "accuracy_change":
            published = PUBLISHED_CHANGE.get((cell.models[0], method, cell.items[0]))
        seeds = "probe seeds" if method in self.ridge else "finetuning seeds"
        figure = self.figures.get(said.figure.partition("_{")[0], said.figure)
        return Claim(
            study=self.study,
            claim=said.words,
            paper=said.paper,
            figure=figure.format(method=method, items=cell.items[0]),
            sense=said.sense,
            threshold=0.0,
            published_value=published,
            ours=found["value"],
            standard_error=found["standard_error"],
            unit="pretraining seeds" if cell.networks else seeds,
            n_units=int(found["n_units"] or 0),
            values=tuple(found["values"]),
            possible=POSSIBLE.get(said.statistic) if control is None else None,
            model=" + ".join(cell.models) + (f" - {control}" if control is not None else ""),
            items=" + ".join(cell.items),
            method=method,
            family=family,
            leads=leads,
            would_fail=said.would_fail,
            command=shell_command(*command),
        )


def claims_by_method(
    study: Study, controls: Collection[str] = (), networks: Collection[str] = ()
) -> list[Claim]:
    """Every statement on every method: the pooled claim, and below it its cells.

    Parameters
    ----------
    study : Study
    controls : collection of str
        Untrained models, which are left out.
    networks : collection of str
        Models that were pretrained here by one recipe and differ by pretraining seed.

    Returns
    -------
    list of Claim
    """
    found = []
    cells = study.cells()
    for method in dict.fromkeys(method for method, _, _ in cells):
        held = [(model, items) for name, model, items in cells if name == method and model not in controls]
        leading, others = arranged(held, networks)
        if leading is None:
            continue
        for said in STATEMENTS:
            found.append(study.claim(said, leading, method, said.words, leads=True))
            found += [study.claim(said, cell, method, f"{said.words} [{method}]") for cell in others]
    return found


def arranged(held: list[tuple[str, str]], networks: Collection[str]) -> tuple[Cell | None, list[Cell]]:
    """The cell that leads a method, and those that stand below it."""
    given = [(model, items) for model, items in held if model not in networks]
    recipe = {
        items: tuple(model for model, kind in held if kind == items and model in networks)
        for items in dict.fromkeys(items for model, items in held if model in networks)
    }
    of_recipe = [Cell(models, (items,), networks=True) for items, models in recipe.items()]
    singles = [Cell((model,), (items,)) for model, items in given]
    models = tuple(dict.fromkeys(model for model, _ in given))
    shared = tuple(items for items in TEAMS if models and all((model, items) in given for model in models))
    if not shared:
        ordered = [*singles, *of_recipe]
        return (ordered[0], ordered[1:]) if ordered else (None, [])
    leading = Cell(models, shared)
    return leading, [cell for cell in (*singles, *of_recipe) if cell != leading]
