"""What is claimed of language models, as statements that any table of responses can be put to.

Knows the statements, what they are tested on and over which units; knows neither models nor files of this
study. Each method has one claim per statement, pooled over the models whose weights are given and over teams,
seed by seed; where there is none, over the networks pretrained here. Its cells stand below it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from memgen.language.claims.evidence import (
    EXCEPTION,
    POSSIBLE,
    Behaviour,
    behaviours,
    first_wrong,
    over_units,
)
from memgen.tables.claims import THIS_STUDY, Claim, shell_command

PAPER = "Cheng & Lippl 2026, arXiv 2605.22972"

CHAIN = "Lippl, Kay, Jensen, Ferrera, Abbott, PNAS 2024"

TEAMS = ("fake", "real")
"""Items without a strength of their own, of which alone claims are pooled; poker hands have one."""

MISTAKES = " and ".join(f"{higher} v {lower}" for higher, lower in first_wrong(EXCEPTION))
"""Pairs that the theory answers wrong before any other (gamma .303, conjunctivity .131)."""

SLOPE = 0.25
"""Margin of a calibration slope around 1, stated before these statistics were computed."""


@dataclass(frozen=True)
class Statement:
    """A claim that is tested on every method.

    Parameters
    ----------
    id : str
        To which the method is appended.
    statistic : str
        One of `evidence.STATISTICS`.
    words, paper : str
    sense : {"above", "equal"}
        Of 0, or within `SLOPE` of 1.
    figure : str
        Figure that shows it, with its method and kind of item.
    would_fail : str
    ridge : bool
        Whether it is about ridge probes only.
    seen : mapping of str to collection of int
        Seeds of a method that suggested the statement: they do not test it.
    """

    id: str
    statistic: str
    words: str
    paper: str
    figure: str
    would_fail: str
    sense: Literal["above", "equal"] = "above"
    ridge: bool = False
    seen: Mapping[str, Collection[int]] = field(default_factory=dict)


STATEMENTS = (
    Statement(
        "order-generalized",
        "generalized",
        "Without an exception untrained pairs are answered right (share above 1/2)",
        CHAIN,
        "accuracy_by_class",
        "Untrained pairs at chance, or worse.",
    ),
    Statement(
        "order-distance",
        "distance",
        "Without an exception the margin of untrained pairs grows with their distance (slope)",
        CHAIN,
        "symbolic_distance",
        "Margins that do not grow with distance.",
    ),
    Statement(
        "exception-remembered",
        "remembered",
        "The exception 5:3 is remembered (share of runs above 1/2)",
        PAPER,
        "accuracy_by_class",
        "The exception answered as the order has it, or at chance.",
    ),
    Statement(
        "exception-generalized",
        "generalized_with_exception",
        "With the exception untrained pairs are still answered right (share above 1/2)",
        PAPER,
        "accuracy_by_class",
        "Untrained pairs at chance once the exception is learned.",
    ),
    Statement(
        "mistakes-did",
        "mistakes",
        f"The exception makes {MISTAKES} wrong, which theory turns wrong first, more than other pairs of "
        "their distance (difference in differences of the share wrong)",
        PAPER,
        "language_cells",
        "Other pairs of the same distance lose as much, or the pairs are as often wrong without it.",
        seen={"lora": range(5)},
    ),
    Statement(
        "elsewhere-slope",
        "predicted_slope",
        "Gamma and scale fitted to all other untrained pairs and seeds predict the margins beside the "
        "exception (found over predicted, slope)",
        THIS_STUDY,
        "held_out_margins",
        f"A slope further than {SLOPE:g} from 1.",
        "equal",
    ),
    Statement(
        "elsewhere-signs",
        "predicted_signs",
        "The same prediction has the right sign, mistakes included (share of pairs beside the exception "
        "above 1/2)",
        THIS_STUDY,
        "held_out_margins",
        "Signs right at chance.",
    ),
    Statement(
        "exception-found",
        "exception_found",
        "The true exception explains the untrained margins better than the 26 others (share of them above "
        "1/2)",
        THIS_STUDY,
        "language_cells",
        "An exception elsewhere that explains them as well.",
    ),
    Statement(
        "measured-slope",
        "measured_slope",
        "Measured conjunctivity and the known ridge predict every untrained margin without a fit (found over "
        "predicted, slope)",
        THIS_STUDY,
        "held_out_margins",
        f"A slope further than {SLOPE:g} from 1.",
        "equal",
        ridge=True,
    ),
    Statement(
        "measured-signs",
        "measured_signs",
        "The same prediction without a fit has the right sign (share of untrained pairs above 1/2)",
        THIS_STUDY,
        "held_out_margins",
        "Signs right at chance.",
        ridge=True,
    ),
)


@dataclass(frozen=True)
class Group:
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
    """Responses of one source, whose runs are averaged once.

    Parameters
    ----------
    study : str
        Study that tests the claims.
    responses : pathlib.Path
    geometry : polars.DataFrame, optional
        Of `GEOMETRY`.
    ridge : sequence of str
        Methods that train no network.
    figures : mapping of str to str, optional
        Names of this source's figures, in the place of those of the statements.
    """

    def __init__(
        self,
        study: str,
        responses: Path,
        geometry: pl.DataFrame | None = None,
        ridge: Sequence[str] = (),
        figures: Mapping[str, str] | None = None,
    ) -> None:
        self.study, self.path, self.ridge = study, responses, list(ridge)
        self.figures = figures or {}
        self.runs: Mapping[tuple[str, str, str], Behaviour] = behaviours(responses, geometry)

    @property
    def methods(self) -> list[str]:
        """Every method, in the order of the alphabet."""
        return list(dict.fromkeys(method for method, _, _ in self.runs))

    def claim(self, said: Statement, group: Group, method: str, *, leads: bool) -> Claim:
        """A statement tested on a group, or shown for it where it does not lead."""
        runs = [(model, self.runs[method, model, items]) for model in group.models for items in group.items]
        seeds = {seed for _, behaviour in runs for seed in behaviour.exception.seeds.tolist()}
        fresh = seeds - set(said.seen.get(method, ()))
        without = sorted(seeds - fresh) if fresh else []
        found = over_units(runs, said.statistic, group.networks, without)
        flags = [("--model", model) for model in group.models] + [("--items", kind) for kind in group.items]
        words = [word for flag in flags for word in flag] + (["--networks"] if group.networks else [])
        words += [str(word) for seed in without for word in ("--without", seed)]
        figure = self.figures.get(said.figure.partition("_{")[0], said.figure)
        seeds_of = "probe seeds" if method in self.ridge else "finetuning seeds"
        return Claim(
            study=self.study,
            id=f"{'' if self.study == 'language' else f'{self.study}-'}{said.id}-{method}",
            claim=said.words,
            paper=said.paper,
            figure=figure.format(method=method, items=group.items[0]),
            sense=said.sense,
            threshold=1.0 if said.sense == "equal" else 0.0,
            margin=SLOPE if said.sense == "equal" else None,
            ours=found["value"],
            standard_error=found["standard_error"],
            unit="pretraining seeds" if group.networks else seeds_of,
            n_units=found["n_units"],
            values=tuple(found["values"]),
            possible=POSSIBLE.get(said.statistic),
            model=" + ".join(group.models),
            items=" + ".join(group.items),
            method=method,
            family=said.paper,
            leads=leads,
            exploratory=not fresh,
            would_fail=said.would_fail,
            command=shell_command(
                "language", "evidence", "--method", method, *words, "--responses", self.path, "--json"
            ),
        )


def claims_by_method(
    study: Study, controls: Collection[str] = (), networks: Collection[str] = ()
) -> list[Claim]:
    """Every statement on every method: the pooled claim, and below it its cells.

    Of several ridge methods the first has the claims; the others differ in how features are pooled, and
    have cells only.

    Parameters
    ----------
    study : Study
    controls : collection of str
        Untrained models: cells only.
    networks : collection of str
        Models that were pretrained here by one recipe and differ by pretraining seed.
    """
    found = []
    for said in STATEMENTS:
        for method in study.methods:
            if said.ridge and method not in study.ridge:
                continue
            held = [(model, items) for name, model, items in study.runs if name == method]
            trained = [(model, items) for model, items in held if model not in controls]
            leading, others = arranged(trained, networks)
            variant = method in study.ridge[1:]
            if leading is not None and not variant:
                found.append(study.claim(said, leading, method, leads=True))
            below = [leading, *others] if leading is not None and variant else others
            below += [Group((model,), (items,)) for model, items in held if model in controls]
            found += [study.claim(said, group, method, leads=False) for group in below]
    return found


def arranged(held: list[tuple[str, str]], networks: Collection[str]) -> tuple[Group | None, list[Group]]:
    """The group that leads a method, and those that stand below it."""
    given = [(model, items) for model, items in held if model not in networks]
    recipe = {
        items: tuple(model for model, kind in held if kind == items and model in networks)
        for items in dict.fromkeys(items for model, items in held if model in networks)
    }
    of_recipe = [Group(models, (items,), networks=True) for items, models in recipe.items()]
    singles = [Group((model,), (items,)) for model, items in given]
    models = tuple(dict.fromkeys(model for model, _ in given))
    shared = tuple(items for items in TEAMS if models and all((model, items) in given for model in models))
    if not shared:
        ordered = [*singles, *of_recipe]
        return (ordered[0], ordered[1:]) if ordered else (None, [])
    leading = Group(models, shared)
    return leading, [group for group in (*singles, *of_recipe) if group != leading]
