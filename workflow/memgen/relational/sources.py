"""Where claims and checks of the theory come from, and how exactly tables must obey an identity."""

EXCEPTIONS = "Cheng & Lippl 2026, arXiv 2605.22972"

CHAIN = "Lippl, Kay, Jensen, Ferrera, Abbott, PNAS 2024"

WIDE = "Jacot, Gabriel, Hongler, NeurIPS 2018"

EXACT = 1e-9
"""Largest deviation from an exact value that is rounding."""

ROUNDED = 1e-6
"""One unit of the last digit, where the source gives six."""
