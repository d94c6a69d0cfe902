"""Keys from blocks: the configuration, the command line and the check of a stage say the same."""

import inspect
from typing import Annotated, Any, ClassVar, Literal

from memgen.configuration import kinds
from memgen.configuration.options import About, block
from memgen.jobs.arguments import Conjunctivity, NonNegative, Range, bare
from memgen.jobs.stage import Job


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


def test_what_is_read_is_what_was_given():
    assert kinds.read({"kind": "small", "size": 3, "share": None}, BOTH) == Small(size=3)
    read = kinds.read({"kind": "large", "steps": [1, 2.5]}, BOTH)
    assert read == Large(steps=(1.0, 2.5)) and all(type(step) is float for step in read.steps)


def test_a_stage_takes_every_key_of_its_kinds():
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
