"""Arguments that several stages and commands share."""

from typing import Annotated, TypeAlias

import cyclopts

from memgen.jobs.arguments import Range

Items: TypeAlias = Annotated[int, Range(3, 100_000_000)]
"""Number of items of a hierarchy."""

ExceptionFlag: TypeAlias = Annotated[list[str] | None, cyclopts.Parameter(name="--exception")]
"""Exceptions as WINNER:LOSER, one for each time that the flag is given."""
