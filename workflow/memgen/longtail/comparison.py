"""Learners simulated and in closed form side by side, at one size: what the tables of excess error share."""

from dataclasses import dataclass

from memgen.jobs.seeding import generator
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.simulation import Simulation, simulate


@dataclass(frozen=True)
class Comparison:
    """A size of simulation, and what is run at it.

    Parameters
    ----------
    domain, samples, repeats : int
        Number of points, sample size and number of samples.
    labels : int
        Number of labels.
    seed : int
        Seed of the samples.
    """

    domain: int
    samples: int
    repeats: int
    labels: int
    seed: int

    def run(self, table: str, prior: str, names: list[str]) -> tuple[Risk, Simulation]:
        """Closed forms and simulation of some learners on one prior."""
        drawn = frequencies(prior, self.domain)
        rng = generator("longtail", table, prior, self.domain, self.samples, self.seed)
        found = simulate(drawn, self.samples, self.labels, names, self.repeats, rng)
        return Risk(drawn, self.samples, self.labels), found

    def row(self, prior: str) -> dict[str, object]:
        """Columns that name a row's domain and size."""
        return {
            "prior": prior,
            "domain": self.domain,
            "samples": self.samples,
            "labels": self.labels,
            "repeats": self.repeats,
        }
