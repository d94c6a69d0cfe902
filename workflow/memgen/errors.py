"""The one error that a person using the study is meant to read."""


class BadInput(ValueError):
    """Input that the study refuses.

    The message is one line and says what is wrong, where, and what is allowed; characters that do not print
    are escaped. The command line prints it as it stands and exits with 2; nothing has been written by then.
    """

    def __str__(self) -> str:
        return "".join(
            one if one.isprintable() else one.encode("unicode_escape").decode() for one in super().__str__()
        )
