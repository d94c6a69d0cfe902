"""What is claimed of language models, as statements that any table of responses can be put to.

Knows the statements, what they are tested on and over which units; knows neither models nor files of this
study. Each method has one claim per statement, pooled over the models whose weights are given and over teams,
seed by seed. Its cells stand below it, and networks that were pretrained here have cells only. A statement
about pretraining compares a network with a population of untrained ones of its architecture.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import polars as pl

from memgen.language.claims.evidence import (
    EXCEPTION,
    POSSIBLE,
    Behaviour,
    Found,
    against_untrained,
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
    """A claim that is tested on every method."""

    #: To which the method is appended.
    id: str
    #: One of `evidence.STATISTICS`.
    statistic: str
    words: str
    paper: str
    #: Figure that shows it, with its method and kind of item.
    figure: str
    would_fail: str
    #: Of 0, or within `SLOPE` of 1.
    sense: Literal["above", "equal"] = "above"
    #: Methods that claim it; of the others it is shown with its interval, without a verdict.
    claimed: Literal["every", "probes", "finetuned", "none"] = "every"
    #: Seeds of a method that suggested the statement: they do not test it.
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
        "exception-remembered",
        "remembered",
        "The exception 5:3 is remembered (share of runs above 1/2)",
        PAPER,
        "accuracy_by_class",
        "The exception answered as the order has it, or at chance.",
        # A ridge probe that interpolates remembers whatever it is given.
        claimed="finetuned",
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
        # Gamma of finetuned models is not identified well enough: thousands of seeds would be needed.
        claimed="none",
    ),
    Statement(
        "elsewhere-signs",
        "predicted_signs",
        "The same prediction has the right sign, mistakes included (share of pairs beside the exception "
        "above 1/2)",
        THIS_STUDY,
        "held_out_margins",
        "Signs right at chance.",
        claimed="probes",
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
        claimed="probes",
    ),
)

PRETRAINING = Statement(
    "pretraining-helps",
    "generalized",
    "Pretraining helps to generalize: share of untrained pairs answered right without the exception, less "
    "that of untrained networks of the architecture",
    THIS_STUDY,
    "language_cells",
    "A pretrained network that is right less often than one more untrained network would be.",
)
"""Of every pretrained network with at least two untrained ones like it."""


@dataclass(frozen=True)
class Group:
    """Models and kinds of item that one claim is about."""

    models: tuple[str, ...]
    items: tuple[str, ...]
    #: What each model is a draw of: pretraining seeds or networks; None where each is one that was given.
    unit: str | None = None


class Study:
    """Responses of one source, whose runs are averaged once; no run is in two of the tables.

    The study is the one that tests the claims, `ridge` the methods that train no network; `figures` names
    this source's figures, in the place of those of the statements.
    """

    def __init__(
        self,
        study: str,
        *responses: Path,
        geometry: pl.DataFrame | None = None,
        ridge: Sequence[str] = (),
        figures: Mapping[str, str] | None = None,
    ) -> None:
        self.study, self.ridge = study, list(ridge)
        self.flags = [word for path in responses for word in ("--responses", path)]
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
        found = over_units(runs, said.statistic, group.unit is not None, without)
        words = ["--networks"] if group.unit else []
        words += [str(word) for seed in without for word in ("--without", seed)]
        unit = group.unit or ("probe seeds" if method in self.ridge else "finetuning seeds")
        claim = self._claim(said, group, method, found, words, unit=unit, leads=leads)
        return replace(claim, exploratory=not fresh)

    def against(self, said: Statement, model: str, untrained: Sequence[str], key: tuple[str, str]) -> Claim:
        """A statement about a pretrained network beside untrained ones, of a method and kind of item."""
        method, items = key
        own, *others = (self.runs[method, name, items] for name in (model, *untrained))
        found = against_untrained(own, others, said.statistic)
        words = [word for name in untrained for word in ("--untrained", name)]
        claim = self._claim(
            said, Group((model,), (items,)), method, found, words, unit="networks", leads=True
        )
        return replace(claim, id=f"{claim.id}-{model}", values=None, possible=(-1.0, 1.0))

    def _claim(
        self,
        said: Statement,
        group: Group,
        method: str,
        found: Found,
        words: Sequence[str],
        *,
        unit: str,
        leads: bool,
    ) -> Claim:
        flags = [("--model", model) for model in group.models] + [("--items", kind) for kind in group.items]
        named = ["--method", method, *(word for flag in flags for word in flag)]
        figure = self.figures.get(said.figure.partition("_{")[0], said.figure)
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
            unit=unit,
            n_units=found["n_units"],
            values=tuple(found["values"]),
            possible=POSSIBLE.get(said.statistic),
            model=" + ".join(group.models),
            items=" + ".join(group.items),
            method=method,
            family=said.paper,
            leads=leads,
            would_fail=said.would_fail,
            command=shell_command("language", "evidence", *named, *words, *self.flags, "--json"),
        )


def claims_by_method(
    study: Study, controls: Mapping[str, Sequence[str]] | None = None, networks: Collection[str] = ()
) -> list[Claim]:
    """Every statement on every method: the pooled claim, and below it its cells.

    Of several ridge methods the first has the claims; the others differ in how features are pooled or in
    their items, and have cells only. A cell that the runs cannot tell is left out.

    Parameters
    ----------
    study : Study
    controls : mapping of str to sequence of str, optional
        Untrained models, by the model whose architecture they have.
    networks : collection of str
        Models that were pretrained here by one recipe and differ by pretraining seed: cells only, since their
        corpus answers by the theory.
    """
    populations = controls or {}
    untrained = {name for names in populations.values() for name in names}
    found: list[Claim] = []
    cells: list[Claim] = []
    for said in STATEMENTS:
        for method in study.methods:
            held = [(model, items) for name, model, items in study.runs if name == method]
            trained = [(model, items) for model, items in held if model not in untrained]
            leading, others = arranged(trained, networks)
            kind = "probes" if method in study.ridge else "finetuned"
            claimed = said.claimed in ("every", kind) and method not in study.ridge[1:]
            if leading is not None:
                (found if claimed else cells).append(study.claim(said, leading, method, leads=claimed))
            cells += [study.claim(said, group, method, leads=False) for group in others]
            cells += [study.claim(said, group, method, leads=False) for group in _drawn(held, populations)]
    for method, model, items in study.runs:
        like = [name for name in populations.get(model, ()) if (method, name, items) in study.runs]
        if len(like) > 1 and model not in networks and method not in study.ridge[1:]:
            found.append(study.against(PRETRAINING, model, like, (method, items)))
    return found + [cell for cell in cells if cell.tested]


def _drawn(held: list[tuple[str, str]], populations: Mapping[str, Sequence[str]]) -> list[Group]:
    """Untrained networks of each architecture, together where there are several."""
    groups = []
    for names in populations.values():
        for items in dict.fromkeys(items for _, items in held):
            models = tuple(name for name in names if (name, items) in held)
            if models:
                groups.append(Group(models, (items,), "networks" if len(models) > 1 else None))
    return groups


def arranged(held: list[tuple[str, str]], networks: Collection[str]) -> tuple[Group | None, list[Group]]:
    """The group that leads a method, and those that stand below it."""
    given = [(model, items) for model, items in held if model not in networks]
    recipe = {
        items: tuple(model for model, kind in held if kind == items and model in networks)
        for items in dict.fromkeys(items for model, items in held if model in networks)
    }
    of_recipe = [Group(models, (items,), "pretraining seeds") for items, models in recipe.items()]
    singles = [Group((model,), (items,)) for model, items in given]
    models = tuple(dict.fromkeys(model for model, _ in given))
    shared = tuple(items for items in TEAMS if models and all((model, items) in given for model in models))
    if not singles:
        return None, of_recipe
    leading = Group(models, shared) if shared else singles[0]
    return leading, [group for group in (*singles, *of_recipe) if group != leading]
