"""What must hold of the corpus that networks are pretrained on here, checked and on the command line."""

import json as json_format
from typing import Annotated

from memgen.jobs.arguments import Count, Range, Seed
from memgen.jobs.stage import Output, command, stage
from memgen.language import corpus
from memgen.tables.checks import Check, write_checks
from memgen.tables.claims import THIS_STUDY, shell_command


@stage
def checks(*, words: Count, seeds: list[Seed], out: Output) -> None:
    """Check that no word of the corpus's own names occurs in an item, for every pretraining seed.

    Parameters
    ----------
    words
        Words in each of the two places of the corpus's own names.
    seeds
        Pretraining seeds.
    out
        Checks table.
    """
    found = [
        Check(
            study="language",
            check="The corpus holds the contest of the study's questions among words that occur in no item "
            f"(pretraining seed {seed}, words shared)",
            source=THIS_STUDY,
            expected=0.0,
            allowed=0.0,
            found=float(len(corpus.shared_words(words, seed))),
            command=shell_command("language", "shared-words", "--words", words, "--seed", seed, "--json"),
        )
        for seed in seeds
    ]
    write_checks(found, out)


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
