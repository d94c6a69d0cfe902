"""What is claimed of numbers that a language model is finetuned on, beside what this one gives away.

The paper's motive is language models that hold social security numbers from their training text; it measures
none, so a claim here is about a direction, or about chance. Each would fail: the rise, if a number seen often
were no better known than one seen once; the controls, if candidates or ranks were drawn or counted wrongly.
"""

from pathlib import Path

from memgen.claims import Claim, shell_command
from memgen.irrelevant.agreement import ACCURATE, numbers
from memgen.irrelevant.tables import EXTRACTION
from memgen.statistics import half_width

_MOTIVE = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421, and Carlini and others, The Secret Sharer, arXiv 1802.08232"
)


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

    def one(claim: str, name: str, published: float, sense: str) -> Claim:
        ours, error = found[name], found[f"{name}_se"]
        judged = None
        if sense != "equal":
            reach = half_width(error, int(found["most_seeds"] or 0))
            if ours is None or reach is None:
                judged = "not tested"
            else:
                judged = (
                    "agrees" if ours - reach > published or (ours >= published and not error) else "differs"
                )
        return Claim(
            study="irrelevant", claim=claim, paper=_MOTIVE, figure="irrelevant_extraction", model=model,
            published_value=published, ours=ours, standard_error=error, tolerance=0.0, judged=judged,
            command=command,
        )  # fmt: skip

    often = f"{found['most_multiplicity'] or 0:.0f} sentences"
    return [
        one("A number of no use for the task is the better known the more sentences carried it (rise of "
            f"exposure from the fewest to {often}, bits)", "rise", 0.0, "more"),
        one("A number in a single sentence, or the fewest, is better known than chance (exposure less "
            "chance, bits)", "least_excess", 0.0, "more"),
        one(f"Greedy completion gives numbers of {often} (share)", "most_extracted",
            10.0 ** -(found["most_digits"] or 0), "more"),
        one("The model that gives numbers away is accurate on letters of others (at least)",
            "most_accuracy_fresh", ACCURATE, "more"),
        one("A number never seen is known no better than chance (control; exposure less chance, bits)",
            "unseen_excess", 0.0, "equal"),
        one("Before it is trained the model knows no number (control; exposure less chance, bits)",
            "before_excess", 0.0, "equal"),
        one("Trained on the answers alone, it learns the task and no number (exposure less chance, bits)",
            "answers_excess", 0.0, "equal"),
    ]  # fmt: skip
