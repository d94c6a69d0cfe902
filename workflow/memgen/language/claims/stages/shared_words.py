"""Which words of the corpus's own names occur in the study's items, on the command line."""

import json as json_format
from typing import Annotated

from memgen.jobs.arguments import Range, Seed
from memgen.jobs.stage import command
from memgen.language import corpus


@command
def shared_words(*, words: Annotated[int, Range(8, 1500)], seed: Seed = 0, json: bool = False) -> None:
    """Print how many words of the corpus's own names occur in an item, and which.

    Parameters
    ----------
    words
        Words in each of the two places of the corpus's own names, as in the configuration.
    seed
        Pretraining seed.
    json
        Print JSON.
    """
    found = corpus.shared_words(words, seed)
    if json:
        print(json_format.dumps({"shared": len(found), "words": found}))
        return
    print(f"{len(found)} words shared{': ' if found else ''}{', '.join(found)}")
