"""The one error that a person using the study is meant to read."""


class BadInput(ValueError):
    """Input that the study refuses.

    The message is one line and says what is wrong, where, and what is allowed. The command line prints
    it as it stands and exits with 2; nothing has been written by then.
    """
