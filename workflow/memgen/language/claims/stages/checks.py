"""What must hold of the corpus that networks are pretrained on here."""

from memgen.jobs.arguments import Count, Seed
from memgen.jobs.stage import Output, stage
from memgen.language.corpus import shared_words
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
            found=float(len(shared_words(words, seed))),
            command=shell_command("language", "shared-words", "--words", words, "--seed", seed, "--json"),
        )
        for seed in seeds
    ]
    write_checks(found, out)
