"""What the paper on irrelevant information claims, beside what the tables of this study say.

Knows the published values and how each is read off the tables; computes no new quantity.
"""

from pathlib import Path
from typing import Literal

from memgen.claims import Claim, shell_command, verdict, write_claims
from memgen.irrelevant.agreement import ACCURATE, numbers
from memgen.irrelevant.extraction_claims import extraction_claims
from memgen.stage import Input, Output, stage
from memgen.summaries import Numbers

PAPER = (
    "Brown, Bun, Feldman, Smith, Talwar, When is Memorization of Irrelevant Training Data Necessary, "
    "arXiv 2012.06421"
)
THEORY = f"{PAPER}; closed forms of this study"

#: Share of singletons' bits that the paper recovers, at least.
RECOVERED = 0.97

Sense = Literal["equal", "at least", "at most"]


@stage
def claims(
    *,
    simulation: Input,
    averages: Input,
    leakage: Input,
    out: Output,
    extraction: Input | None = None,
) -> None:
    """Write the claims of the paper on irrelevant information with the values of this study's tables.

    Parameters
    ----------
    simulation
        Simulation table.
    averages
        Averages table.
    leakage
        Leakage table.
    out
        Claims table.
    extraction
        Extraction table, where a language model is attacked.
    """
    found = [
        *_Claims(simulation, "irrelevant_storage").closed_forms(),
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
        claim: str,
        name: str,
        published: float,
        sense: Sense = "equal",
        tolerance: float = 0.0,
        paper: str = THEORY,
    ) -> Claim:
        """One claim about a number; one that holds by any margin is as good as equal."""
        ours, error = self.numbers[name], self.numbers.get(f"{name}_se")
        tested = ours
        if ours is not None and sense != "equal":
            tested = max(published, ours) if sense == "at most" else min(published, ours)
        return Claim(
            study="irrelevant",
            claim=claim,
            paper=paper,
            figure=self.figure,
            published_value=published,
            ours=ours,
            standard_error=error,
            tolerance=tolerance,
            judged=verdict(published, tested, tolerance, error),
            command=self.command,
        )

    def size(self, name: str) -> str:
        """Size of the sample that a number is of."""
        samples, dimension = self.numbers[f"{name}_samples"], self.numbers[f"{name}_dimension"]
        return "" if samples is None else f"; n = {samples:.0f}, d = {dimension:.0f}"

    def closed_forms(self) -> list[Claim]:
        """That simulated errors are those of the closed forms."""
        return [
            self.one(f"{words} (largest deviation of simulations in standard errors)", f"{task}_deviation",
                     0.0, tolerance=4.0)
            for task, words in (
                ("clusters", "Nearest neighbours err as the stored bits of clusters seen once say"),
                ("next_symbol", "The lookup learner errs as the noise and the stored bits say"),
            )
        ]  # fmt: skip

    def recovered(self) -> list[Claim]:
        """What black-box attacks recover of singletons, and what the learners are worth."""
        found = []
        for learner, words in (("logistic", "sign attack"), ("network", "coordinate ascent")):
            size = self.size(learner)
            found += [
                self.one(f"More than 97% of the bits of singletons are recovered ({learner}, {words}{size})",
                         f"{learner}_bits_recovered", RECOVERED, "at least", paper=PAPER),
                self.one(f"The learner that leaks is accurate on clusters seen once ({learner}{size})",
                         f"{learner}_accuracy_singleton", ACCURATE, "at least"),
            ]  # fmt: skip
        return found

    def controls(self) -> list[Claim]:
        """Samples never seen, and clusters that have nothing in common."""
        found = []
        for learner in ("logistic", "network"):
            unseen, useless = f"{learner}_unseen", f"{learner}_useless"
            found += [
                self.one("Of a sample never seen, half of the free bits are guessed (control, "
                         f"{learner}{self.size(unseen)})", f"{unseen}_free_recovered", 0.5),
                self.one("Where nothing can be learned (rho = 0) samples are memorized all the same "
                         f"({learner}{self.size(useless)})", f"{useless}_bits_recovered", RECOVERED,
                         "at least"),
            ]  # fmt: skip
        return found

    def completed(self) -> list[Claim]:
        """That a transformer goes on as its samples do, with the noise that no other example has."""
        size = self.size("transformer")
        return [
            self.one(f"A transformer asked to go on gives samples seen once back (share of bits{size})",
                     "transformer_bits_recovered", RECOVERED, "at least"),
            self.one(f"It gives back the bits that noise flipped, of no use to anyone (share of them{size})",
                     "transformer_free_recovered", 0.9, "at least"),
            self.one("It knows no more than a guess of the noise of samples never seen (control, share of "
                     f"flips{size})", "transformer_unseen_free_recovered", 0.5, "at most"),
        ]  # fmt: skip

    def majority(self) -> list[Claim]:
        """Recovery of samples whose cluster was seen twice, as the majority has it."""
        expected = self.numbers["twice_expected"]
        claim = "Of a cluster seen twice the majority gives back rho + (1 - rho) 3/4 of the bits"
        return [
            self.one(f"{claim}{self.size('twice')}", "twice_bits_recovered",
                     0.75 if expected is None else expected)
        ]  # fmt: skip

    def leaked(self) -> list[Claim]:
        """That leakage grows as n d."""
        claim = "Accurate learners hold Omega(n d) bits: slope of log leaked bits against log (1 - rho) n d"
        return [self.one(claim, "slope", 1.0, tolerance=0.15, paper=PAPER)]

    def defended(self) -> list[Claim]:
        """That defences cost accuracy."""
        return [
            self.one("No defence halves what leaks and keeps the accuracy on clusters seen once (largest "
                     f"share of it that one keeps; {learner})", f"{learner}_kept", 1.0, "at most",
                     paper=PAPER)
            for learner in ("logistic", "network")
        ]  # fmt: skip
