"""What the paper on irrelevant information claims, beside what the tables of this study say.

Knows the published values, the margins, and how each is read off the tables; computes no new quantity. The
paper's motive is language models that hold social security numbers from their training text; it measures
none, so what is claimed of numbers in letters is about a direction, or about chance.
"""

from pathlib import Path
from typing import Any, Literal, TypeAlias

from memgen.irrelevant.summaries import numbers
from memgen.irrelevant.tables import EXTRACTIONS
from memgen.jobs.stage import Input, Output, stage
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims
from memgen.tables.summaries import Numbers

PAPER = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421"
)
_MOTIVE = f"{PAPER}, and Carlini and others, The Secret Sharer, arXiv 1802.08232"

#: Share of singletons' bits that the paper recovers, at least.
RECOVERED = 0.97

#: Margin of a share of bits, specified in advance.
SHARE = 0.02

#: Difference of slopes by which bits at equal accuracy follow what it needs, specified in advance.
GROWTH = 0.5

#: Margin of the slope of bits at equal accuracy on what it needs, specified in advance.
SLOPE = 0.25

#: Accuracy that a defence which halves the bits recovered costs at least.
COST = 0.05

#: Margin of an exposure that is to be chance, specified in advance, bits: a list of suspects half as long.
CHANCE = 1.0

#: Samples, positions and hidden units of the published experiments.
PUBLISHED_SIZES = {"logistic": (500, 1000, 0), "network": (500, 1000, 1500)}

Sense: TypeAlias = Literal["above", "below", "equal"]


@stage
def claims(
    *, averages: Input, leakage: Input, matched: Input, out: Output, extraction: Input | None = None
) -> None:
    """Write the claims of the paper on irrelevant information with the values of this study's tables.

    Parameters
    ----------
    averages
        Averages table.
    leakage
        Leakage table.
    matched
        Matched table.
    out
        Claims table.
    extraction
        Extraction runs table, where a language model is attacked.
    """
    found = [
        *_Claims(leakage, "irrelevant_attacks").recovered(),
        *_Claims(averages, "irrelevant_multiplicity").unseen(),
        *_Claims(averages, "irrelevant_completion").completed(),
        *_Claims(matched, "irrelevant_scaling").needed(),
        *_Claims(leakage, "irrelevant_tradeoff").defended(),
        *([] if extraction is None else extraction_claims(extraction)),
    ]
    write_claims(found, out)


class _Claims:
    """Claims that the numbers of one table, shown by one figure, bear out or not."""

    def __init__(self, table: Path, figure: str) -> None:
        self.numbers: Numbers = numbers(table)
        self.command = shell_command("irrelevant", "summary", "--table", table, "--json")
        self.figure = figure

    def one(
        self, id: str, claim: str, name: str, of: str, sense: Sense, threshold: float, would_fail: str,
        *, paper: str = PAPER, **parts: Any,
    ) -> Claim:  # fmt: skip
        """One claim about a number, over the training seeds behind it; `parts` are other parts of a claim."""
        usual: dict[str, Any] = {
            "possible": (0.0, 1.0), "family": f"irrelevant: {paper}",
            "unit": "training seeds", "n_units": int(self.numbers.get(f"{of}_seeds") or 0),
        }  # fmt: skip
        return Claim(
            study="irrelevant",
            id=id,
            claim=claim,
            paper=paper,
            figure=self.figure,
            sense=sense,
            threshold=threshold,
            ours=self.numbers[name],
            standard_error=self.numbers.get(f"{name}_se"),
            would_fail=would_fail,
            command=self.command,
            **usual | parts,
        )

    def size(self, name: str) -> str:
        """Size of the sample that a number is of."""
        if self.numbers[f"{name}_samples"] is None:
            return ""
        samples, dimension, hidden = self.shape(name)
        return f"; n = {samples:.0f}, d = {dimension:.0f}" + (f", {hidden:.0f} units" if hidden else "")

    def shape(self, name: str) -> tuple[float | None, ...]:
        """Samples, positions and hidden units behind a number."""
        return tuple(self.numbers[f"{name}_{size}"] for size in ("samples", "dimension", "hidden"))

    def recovered(self) -> list[Claim]:
        """What the best attack recovers of singletons, also where nothing can be learned."""
        found = []
        for name, learner, protocol in (
            ("logistic", "logistic regression", ", counted twice"),
            ("logistic_once", "logistic regression", ", counted once"),
            ("network", "network", ", counted twice"),
            ("network_once", "network", ", counted once"),
        ):
            if self.numbers[f"{name}_samples"] is None and name.endswith("_once"):
                continue
            found.append(
                self.one(
                    "bits-recovered",
                    "The best attack recovers more than 97% of the bits of samples seen once "
                    f"({learner}{protocol}{self.size(name)})",
                    f"{name}_bits_recovered",
                    name,
                    "above",
                    RECOVERED,
                    "A share at or below .97.",
                    leads=name == "logistic",
                    published_value=RECOVERED
                    if self.shape(name) == PUBLISHED_SIZES[name.removesuffix("_once")]
                    else None,
                )
            )
        found += [
            self.one(
                "useless",
                "Where nothing can be learned (rho = 0) the best attack recovers more than 97% all the same "
                f"({learner}{self.size(f'{learner}_useless')})",
                f"{learner}_useless_bits_recovered",
                f"{learner}_useless",
                "above",
                RECOVERED,
                "A share at or below .97.",
                leads=learner == "logistic",
                paper=THIS_STUDY,
            )
            for learner in ("logistic", "network")
        ]
        return found

    def unseen(self) -> list[Claim]:
        """Control: samples that no learner saw."""
        return [
            self.one(
                "unseen",
                "Of a sample never seen, half of the free bits are guessed (control, "
                f"{learner}{self.size(f'{learner}_unseen')})",
                f"{learner}_unseen_free_recovered",
                f"{learner}_unseen",
                "equal",
                0.5,
                f"A share further than {SHARE:g} from chance.",
                leads=False,
                margin=SHARE,
                paper=THIS_STUDY,
            )
            for learner in ("logistic", "network")
        ]

    def completed(self) -> list[Claim]:
        """That a transformer goes on as its samples do, with the noise that no other example has."""
        size = self.size("transformer")
        return [
            self.one(
                "completion-share",
                f"A transformer asked to go on gives samples seen once back (share of bits{size})",
                "transformer_bits_recovered",
                "transformer",
                "above",
                RECOVERED,
                "A share at or below .97.",
                leads=False,
                paper=THIS_STUDY,
            ),
            self.one(
                "completion-noise",
                f"It gives back the bits that noise flipped, of no use to anyone (share of them{size})",
                "transformer_free_recovered",
                "transformer",
                "above",
                0.9,
                "A share at or below .9.",
                leads=False,
                paper=THIS_STUDY,
            ),
            self.one(
                "completion-unseen",
                "It knows no more than a guess of the noise of samples never seen (control, share of "
                f"flips{size})",
                "transformer_unseen_free_recovered",
                "transformer_unseen",
                "below",
                0.5,
                "A share above chance.",
                leads=False,
                margin=SHARE,
                paper=THIS_STUDY,
            ),
        ]

    def needed(self) -> list[Claim]:
        """That bits grow where accuracy needs them, and not for there being more of them."""
        return [
            self.one(
                "needed-bits",
                "At equal accuracy learners hold more bits the longer samples are where useful positions get "
                "rarer, and not where their share stays (difference of the slopes of logarithms)",
                "growth",
                "growth",
                "above",
                GROWTH,
                f"A difference at or below {GROWTH:g}, as if bits followed the length of samples, whatever "
                "accuracy needs.",
                exploratory=True,
                possible=None,
            ),
            self.one(
                "needed-bits",
                "Bits at equal accuracy against those that a nearest neighbour needs (slope of logarithms)",
                "needed_slope",
                "needed",
                "equal",
                1.0,
                f"A slope further than {SLOPE:g} from 1.",
                margin=SLOPE,
                leads=False,
                paper=THIS_STUDY,
                possible=None,
                unit="sizes",
            ),
        ]

    def defended(self) -> list[Claim]:
        """That defences cost accuracy where it needs what is stored."""
        found = []
        for learner, name, words in (
            ("logistic", "logistic_cost", ""),
            ("network", "network_cost", ""),
            ("logistic", "logistic_cost_elsewhere", ", cheapest of all other sizes"),
        ):
            found.append(
                self.one(
                    "defences-cost",
                    "A defence that halves what the best attack recovers costs at least 5 points of the "
                    "accuracy on clusters seen once (change with the cheapest; "
                    f"{learner}{words}{self.size(name)})",
                    name,
                    name,
                    "below",
                    -COST,
                    "A defence that halves the bits and costs less than 5 points.",
                    leads=name == "logistic_cost",
                    exploratory=True,
                    possible=(-1.0, 1.0),
                )
            )
        return found


def extraction_claims(table: Path) -> list[Claim]:
    """Claims of numbers that a language model is finetuned on, from an extraction runs table."""
    (model,) = EXTRACTIONS.read(table)["model"].unique()
    found = _Claims(table, "irrelevant_extraction")

    def one(id: str, claim: str, name: str, sense: Sense, would_fail: str, **parts: Any) -> Claim:
        common: dict[str, Any] = {
            "paper": THIS_STUDY, "model": model, "possible": None, "family": "irrelevant: a language model",
            "n_units": int(found.numbers["seeds"] or 0),
        }  # fmt: skip
        return found.one(id, claim, name, name, sense, 0.0, would_fail, **common | parts)

    claims = [
        one(
            "exposure-rises",
            "The more training sentences carry a number of no use, the better the model knows it (all "
            "weights of its last layers; exposure of the most repeated less the least, bits)",
            "rise",
            "above",
            "A difference at or below 0.",
            paper=_MOTIVE,
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
            margin=CHANCE,
        ),
    ]
    return [claim for claim in claims if claim.tested]
