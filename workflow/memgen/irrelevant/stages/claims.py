"""What the paper on irrelevant information claims, beside what the tables of this study say.

Knows the published values, the margins, and how each is read off the tables; computes no new quantity.
"""

from pathlib import Path
from typing import Literal

from memgen.irrelevant.extraction_claims import extraction_claims
from memgen.irrelevant.summaries import ACCURATE, numbers
from memgen.jobs.stage import Input, Output, stage
from memgen.tables.claims import THIS_STUDY, Claim, shell_command, write_claims
from memgen.tables.summaries import Numbers

PAPER = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421"
)

#: Share of singletons' bits that the paper recovers, at least.
RECOVERED = 0.97

#: Margin of a share of bits, stated beforehand.
SHARE = 0.02

#: Margin of the slope by which leakage grows, stated beforehand.
SLOPE = 0.15


@stage
def claims(*, averages: Input, leakage: Input, out: Output, extraction: Input | None = None) -> None:
    """Write the claims of the paper on irrelevant information with the values of this study's tables.

    Parameters
    ----------
    averages
        Averages table.
    leakage
        Leakage table.
    out
        Claims table.
    extraction
        Extraction runs table, where a language model is attacked.
    """
    found = [
        *_Claims(averages, "irrelevant_training").recovered(),
        *_Claims(averages, "irrelevant_controls").controls(),
        *_Claims(averages, "irrelevant_completion").completed(),
        *_Claims(averages, "irrelevant_multiplicity").majority(),
        *_Claims(leakage, "irrelevant_leakage").leaked(),
        *_Claims(leakage, "irrelevant_defences").defended(),
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
        self,
        id: str,
        claim: str,
        name: str,
        of: str,
        sense: Literal["above", "below", "equal"],
        threshold: float,
        would_fail: str,
        *,
        leads: bool = True,
        margin: float | None = None,
        paper: str = PAPER,
        published: float | None = None,
    ) -> Claim:
        """One claim about a number, over the training seeds behind it."""
        return Claim(
            study="irrelevant",
            id=id,
            leads=leads,
            claim=claim,
            paper=paper,
            figure=self.figure,
            sense=sense,
            threshold=threshold,
            margin=margin,
            published_value=published,
            ours=self.numbers[name],
            standard_error=self.numbers.get(f"{name}_se"),
            unit="training seeds",
            n_units=int(self.numbers.get(f"{of}_seeds") or 0),
            possible=(0.0, 1.0),
            family=f"irrelevant: {paper}",
            would_fail=would_fail,
            command=self.command,
        )

    def size(self, name: str) -> str:
        """Size of the sample that a number is of."""
        samples, dimension = self.numbers[f"{name}_samples"], self.numbers[f"{name}_dimension"]
        return "" if samples is None else f"; n = {samples:.0f}, d = {dimension:.0f}"

    def recovered(self) -> list[Claim]:
        """What black-box attacks recover of singletons, and what the learners are worth."""
        found = []
        for learner, words in (("logistic", "sign attack"), ("network", "coordinate ascent")):
            size = self.size(learner)
            found += [
                self.one(
                    f"bits-recovered-{learner}",
                    f"More than 97% of the bits of singletons are recovered ({learner}, {words}{size})",
                    f"{learner}_bits_recovered",
                    learner,
                    "above",
                    RECOVERED,
                    "A share at or below .97.",
                    published=RECOVERED,
                ),
                self.one(
                    f"accurate-{learner}",
                    f"The learner that leaks is accurate on clusters seen once ({learner}{size})",
                    f"{learner}_accuracy_singleton",
                    learner,
                    "above",
                    ACCURATE,
                    "An accuracy at or below .9.",
                    leads=False,
                    paper=THIS_STUDY,
                ),
            ]
        return found

    def controls(self) -> list[Claim]:
        """Samples never seen, and clusters that have nothing in common."""
        found = []
        for learner in ("logistic", "network"):
            unseen, useless = f"{learner}_unseen", f"{learner}_useless"
            found += [
                self.one(
                    f"unseen-{learner}",
                    "Of a sample never seen, half of the free bits are guessed (control, "
                    f"{learner}{self.size(unseen)})",
                    f"{unseen}_free_recovered",
                    unseen,
                    "equal",
                    0.5,
                    f"A share further than {SHARE:g} from chance.",
                    leads=learner == "logistic",
                    margin=SHARE,
                    paper=THIS_STUDY,
                ),
                self.one(
                    f"useless-{learner}",
                    "Where nothing can be learned (rho = 0) samples are memorized all the same "
                    f"({learner}{self.size(useless)})",
                    f"{useless}_bits_recovered",
                    useless,
                    "above",
                    RECOVERED,
                    "A share at or below .97.",
                    leads=learner == "logistic",
                    paper=THIS_STUDY,
                ),
            ]
        return found

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

    def majority(self) -> list[Claim]:
        """Recovery of samples whose cluster was seen twice, as the majority has it."""
        expected = self.numbers["twice_expected"]
        claim = "Of a cluster seen twice the majority gives back rho + (1 - rho) 3/4 of the bits"
        return [
            self.one(
                "majority-of-two",
                f"{claim}{self.size('twice')}",
                "twice_bits_recovered",
                "twice",
                "equal",
                0.75 if expected is None else expected,
                f"A share further than {SHARE:g} from that.",
                leads=False,
                margin=SHARE,
                paper=THIS_STUDY,
            )
        ]

    def leaked(self) -> list[Claim]:
        """That leakage grows as n d."""
        claim = "Accurate learners hold Omega(n d) bits: slope of log leaked bits against log (1 - rho) n d"
        return [
            Claim(
                study="irrelevant",
                id="leak-grows",
                family=f"irrelevant: {PAPER}",
                claim=claim,
                paper=PAPER,
                figure=self.figure,
                sense="equal",
                threshold=1.0,
                margin=SLOPE,
                ours=self.numbers["slope"],
                standard_error=self.numbers["slope_se"],
                unit="sizes",
                n_units=int(self.numbers["slope_sizes"] or 0),
                lost=2,
                would_fail=f"A 95% interval of the slope wholly further than {SLOPE:g} from 1.",
                command=self.command,
            )
        ]

    def defended(self) -> list[Claim]:
        """That defences cost accuracy."""
        return [
            self.one(
                f"defence-{learner}",
                "No defence halves what leaks and keeps the accuracy on clusters seen once (largest "
                f"share of it that one keeps; {learner})",
                f"{learner}_kept",
                f"{learner}_kept",
                "below",
                1.0,
                "A defence that halves the leak and keeps all of the accuracy.",
                leads=False,
            )
            for learner in ("logistic", "network")
        ]
