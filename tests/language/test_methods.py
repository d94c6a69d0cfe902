"""Keys from blocks: the configuration, the command line and the check of a stage say the same."""

import inspect
import typing
from typing import Annotated, Any, ClassVar, Literal

import pytest

from memgen.configuration import kinds
from memgen.configuration import layers as configuration
from memgen.configuration.options import About, block, meaning
from memgen.errors import BadInput
from memgen.jobs.arguments import Conjunctivity, NonNegative, Range, bare, check_arguments
from memgen.jobs.stage import Job
from memgen.language.configuration import METHODS, Ridge
from memgen.language.stages.finetune import finetune
from memgen.language.stages.probe import probe
from repository import ROOT


@block
class Small:
    """A small thing."""

    kind: ClassVar[str] = "small"
    size: Annotated[int, Range(1, 9), About("its size, in bytes")]
    share: Annotated[Conjunctivity, About("its share")] = 0.5


@block
class Large:
    """A large thing."""

    kind: ClassVar[str] = "large"
    size: Annotated[int, Range(1, 9), About("its size, in bytes")] = 7
    steps: Annotated[tuple[NonNegative, ...] | None, About("steps up to it")] = None
    colour: Annotated[Literal["red", "blue"], About("its colour")] = "red"


BOTH = (Small, Large)
BASE = configuration.read(ROOT / "config.yaml")
WITHOUT = {**BASE, "language": {**BASE["language"], "methods": {}}, "longtail": {}}


def test_what_is_said_of_a_key_is_that_of_its_field() -> None:
    assert kinds.names(BOTH) == ["size", "share", "steps", "colour"]
    assert {name: meaning(hint) for name, hint in kinds.together(BOTH).items()} == {
        "size": "its size, in bytes; 7 by default",
        "share": "small: its share; 0.5 by default",
        "steps": "large: steps up to it",
        "colour": "large: its colour; red by default",
    }
    assert meaning(kinds.which(BOTH)) == "method of training: small (a small thing), large (a large thing)"


def test_what_is_read_is_what_was_given() -> None:
    assert kinds.read({"kind": "small", "size": 3, "share": None}, BOTH) == Small(size=3)
    read = kinds.read({"kind": "large", "steps": [1, 2.5]}, BOTH)
    assert read == Large(steps=(1.0, 2.5)) and all(type(step) is float for step in read.steps)


def test_a_stage_takes_every_key_of_its_kinds() -> None:
    def stage(*, name: str, **options: Any) -> None:
        """Do something.

        Parameters
        ----------
        name
            Of it.

        Raises
        ------
        BadInput
            Never.
        """
        seen.update(options)

    seen: dict[str, Any] = {}
    taking = kinds.with_method_options(*BOTH)(stage)
    parameters = inspect.signature(taking).parameters
    assert list(parameters) == ["name", "kind", "size", "share", "steps", "colour"]
    assert bare(parameters["steps"].annotation) == list[float] and parameters["size"].default is None
    assert "Small: its share; 0.5 by default." in taking.__doc__ and "Raises" in taking.__doc__
    Job.bind(taking, name="a", kind="large", size=2).run()
    assert kinds.read(seen, BOTH) == Large(size=2)


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize(
    "value", [0, 1, 5000, 1.5, 2e9, -1, True, "text", [], [1], [0.5], "last", "sgd", "authors"]
)
def test_the_configuration_and_the_stage_allow_the_same(kind: Any, value: Any) -> None:
    hints = typing.get_type_hints(probe if kind is Ridge else finetune, include_extras=True)
    base = {
        "ridge": {"ridge": [1], "pooling": "tail"},
        "full": {"epochs": 1, "batch": 1, "rate": 1},
        "lora": {"epochs": 1, "batch": 1, "rate": 1, "rank": [1]},
        "head": {"epochs": 1, "batch": 1, "rate": 1, "l2": [1]},
    }[kind.kind]
    for name in kinds.names([kind]):
        changed = {"optimizer": "sgd", **base} if "epochs" in base else dict(base)
        changed |= {"kind": kind.kind, name: value}
        try:
            check_arguments(hints, changed)
            kinds.read(changed, METHODS)
            allowed = True
        except BadInput as problem:
            assert str(problem).isprintable()
            allowed = False
        try:
            method = {"language": {"methods": {"probe": changed}}}
            configuration.check(configuration.merge(WITHOUT, method))
        except BadInput:
            assert not allowed, (name, value)
        else:
            assert allowed, (name, value)
