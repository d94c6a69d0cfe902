"""Flags that several commands share."""

from typing import Annotated, TypeAlias

import cyclopts

ExceptionFlag: TypeAlias = Annotated[list[str] | None, cyclopts.Parameter(name="--exception")]
"""Exceptions as WINNER:LOSER, one for each time that the flag is given."""
