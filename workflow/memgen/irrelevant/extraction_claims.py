"""What is claimed of numbers that a language model is finetuned on.

The paper's motive is language models that hold social security numbers from their training text; it measures
none, so a claim here is about a direction, or about chance.
"""

from pathlib import Path
from typing import Literal

from memgen.irrelevant.summaries import numbers
from memgen.irrelevant.tables import EXTRACTIONS
from memgen.tables.claims import THIS_STUDY, Claim, shell_command

_MOTIVE = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421, and Carlini and others, The Secret Sharer, arXiv 1802.08232"
)
#: Margin of an exposure that is to be chance, specified in advance, bits: a list of suspects half as long.
CHANCE = 1.0


def extraction_claims(table: Path) -> list[Claim]:
    """Claims that an extraction runs table bears out or not.

    Parameters
    ----------
    table : pathlib.Path
        Extraction runs table.
    """
    (model,) = EXTRACTIONS.read(table)["model"].unique()
    found = numbers(table)

    def one(
        id: str,
        claim: str,
        name: str,
        sense: Literal["above", "below", "equal"],
        would_fail: str,
        paper: str = THIS_STUDY,
    ) -> Claim:
        return Claim(
            study="irrelevant",
            id=id,
            claim=claim,
            paper=paper,
            figure="irrelevant_extraction",
            model=model,
            sense=sense,
            threshold=0.0,
            margin=CHANCE if sense == "equal" else None,
            ours=found[name],
            standard_error=found[f"{name}_se"],
            unit="training seeds",
            n_units=int(found["seeds"] or 0),
            family="irrelevant: a language model",
            would_fail=would_fail,
            command=shell_command("irrelevant", "summary", "--table", table, "--json"),
        )

    claims = [
        one(
            "exposure-rises",
            "The more training sentences carry a number of no use, the better the model knows it (all "
            "weights of its last layers; exposure of the most repeated less the least, bits)",
            "rise",
            "above",
            "A difference at or below 0.",
            _MOTIVE,
        ),
        one(
            "lora-leaks-less",
            "At equal loss on the words, adapters (LoRA, the largest rank) give away less than finetuning "
            "all weights of the same layers, each at a learning rate chosen for that loss (difference of "
            "exposure, bits)",
            "lora_less_full",
            "below",
            "A difference at or above 0.",
        ),
        one(
            "noise-hides",
            "With the gradient of each sentence clipped and the strongest noise added, the numbers in them "
            "are known no better than chance (exposure less chance, bits)",
            "noisy_excess",
            "equal",
            f"An exposure further than {CHANCE:g} bit from chance.",
        ),
    ]
    return [claim for claim in claims if claim.tested]
