"""Average accuracy, paired accuracy and margin by pair class, in bounded memory."""

from memgen.jobs.stage import Input, Output, stage
from memgen.language.responses.averages import accuracies
from memgen.language.responses.tables import ACCURACY


@stage
def accuracy(*, responses: Input, out: Output) -> None:
    """Average accuracy, paired accuracy and margin by pair class, in bounded memory.

    Parameters
    ----------
    responses
        Response table, of any length.
    out
        Accuracy table.
    """
    ACCURACY.write(accuracies(responses), out)
