"""What is claimed of numbers that a language model is finetuned on, beside what this one gives away.

The paper's motive is language models that hold social security numbers from their training text; it measures
none, so a claim here is about a direction, or about chance.
"""

from pathlib import Path
from typing import Literal

from memgen.irrelevant.summaries import ACCURATE, numbers
from memgen.irrelevant.tables import EXTRACTION
from memgen.tables.claims import THIS_STUDY, Claim, shell_command

_MOTIVE = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421, and Carlini and others, The Secret Sharer, arXiv 1802.08232"
)
#: Margin of an exposure that is to be chance, specified in advance, bits.
CHANCE = 0.5


def extraction_claims(table: Path) -> list[Claim]:
    """Claims that an extraction table bears out or not.

    Parameters
    ----------
    table : pathlib.Path
        Extraction table.
    """
    (model,) = EXTRACTION.read(table)["model"].unique()
    found = numbers(table)
    command = shell_command("irrelevant", "summary", "--table", table, "--json")

    def one(
        id: str,
        claim: str,
        name: str,
        threshold: float,
        would_fail: str,
        *,
        sense: Literal["above", "equal"] = "above",
        paper: str = _MOTIVE,
        leads: bool = False,
    ) -> Claim:
        return Claim(
            study="irrelevant",
            id=id,
            leads=leads,
            claim=claim,
            paper=paper,
            figure="irrelevant_extraction",
            model=model,
            sense=sense,
            threshold=threshold,
            margin=CHANCE if sense == "equal" else None,
            ours=found[name],
            standard_error=found[f"{name}_se"],
            unit="training seeds",
            possible=(0.0, 1.0) if name in ("most_extracted", "most_accuracy_fresh") else None,
            n_units=int(found["most_seeds"] or 0),
            family=f"irrelevant: {paper}",
            would_fail=would_fail,
            command=command,
        )

    def control(id: str, claim: str, name: str, leads: bool = False) -> Claim:
        return one(
            id,
            f"{claim} (exposure less chance, bits)",
            name,
            0.0,
            f"An exposure further than {CHANCE:g} bits from chance.",
            sense="equal",
            paper=THIS_STUDY,
            leads=leads,
        )

    often = f"{found['most_multiplicity'] or 0:.0f} sentences"
    return [
        one(
            "exposure-rises",
            "A number of no use for the task is the better known the more sentences carried it (rise of "
            f"exposure from the fewest to {often}, bits)",
            "rise",
            0.0,
            "A number seen often that is no better known than one seen once.",
            leads=True,
        ),
        one(
            "exposure-once",
            "A number in a single sentence, or the fewest, is better known than chance (exposure less "
            "chance, bits)",
            "least_excess",
            0.0,
            "An exposure at or below chance.",
        ),
        one(
            "greedy-completion",
            f"Greedy completion gives numbers of {often} (share)",
            "most_extracted",
            10.0 ** -(found["most_digits"] or 0),
            "A share that guessing reaches.",
        ),
        one(
            "accurate-model",
            "The model that gives numbers away is accurate on letters of others (at least)",
            "most_accuracy_fresh",
            ACCURATE,
            f"An accuracy at or below {ACCURATE:g}.",
            paper=THIS_STUDY,
        ),
        control(
            "exposure-unseen",
            "A number never seen is known no better than chance: control",
            "unseen_excess",
            leads=True,
        ),
        control(
            "exposure-before", "Before it is trained the model knows no number: control", "before_excess"
        ),
        control(
            "exposure-answers",
            "Trained on the answers alone, it learns the task and no number",
            "answers_excess",
        ),
    ]
