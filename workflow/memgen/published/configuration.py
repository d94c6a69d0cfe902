"""Block `published`: where the published responses come from, and how their equities are checked."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from memgen.configuration.options import About, Several, Text, block
from memgen.jobs.arguments import Range

EquityBoards: TypeAlias = Annotated[
    int,
    Range(2, 2_598_960),
    About(
        "boards on which sampled entries of the published matrix of equities are scored, where the folder "
        "holds it"
    ),
]
EquityEntries: TypeAlias = Annotated[
    int, Range(1, 1000), About("entries of the matrix sampled of each class of two hands")
]


@block
class Published:
    """The published responses of the paper's language models, against the theory and ours."""

    always: ClassVar[bool] = True

    source: Annotated[
        str | None,
        Text(r"^(?![- ])[\w ./+=,@-]{1,512}$"),
        About(
            "a folder with any of the published files (ti/…, exception/…), or the word download; null for "
            "none; letters, digits, blanks and . _ - + = , @ /, no hyphen first"
        ),
    ] = None
    items: Annotated[
        tuple[Annotated[Literal["real", "fake", "poker"], About("a kind of item")], ...],
        Several(1),
        About("kinds of item to download; a folder's files are all used"),
    ] = ("fake", "real", "poker")
    equity_boards: EquityBoards = 20000
    equity_entries: EquityEntries = 20
