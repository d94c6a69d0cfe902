"""Where the claims about the theory come from, and how exactly the tables must agree with them."""

from __future__ import annotations

from dataclasses import dataclass

from memgen.claims import verdict

EXCEPTIONS = "Cheng & Lippl 2026, arXiv 2605.22972; derived for this study"

CHAIN = "Lippl, Kay, Jensen, Ferrera, Abbott, PNAS 2024"

EXACT = 1e-9
"""Largest deviation that counts as agreement where the theory gives an exact value."""


@dataclass(frozen=True)
class Claim:
    """One claim: the value that the source gives, and ours (None where the tables cannot tell)."""

    claim: str
    paper: str
    figure: str | None
    published: float
    ours: float | None
    command: str
    tolerance: float = EXACT
    standard_error: float | None = None

    def row(self) -> dict[str, object]:
        """The claim as a row of the claims table."""
        return {
            "claim": self.claim,
            "paper": self.paper,
            "figure": self.figure,
            "published_value": self.published,
            "ours": self.ours,
            "standard_error": self.standard_error,
            "tolerance": self.tolerance,
            "verdict": verdict(self.published, self.ours, self.tolerance, self.standard_error),
            "command": self.command,
        }
