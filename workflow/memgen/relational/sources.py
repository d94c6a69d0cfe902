"""Where the claims about the theory come from, and how exactly the tables must agree with them."""

EXCEPTIONS = "Cheng & Lippl 2026, arXiv 2605.22972; derived for this study"

CHAIN = "Lippl, Kay, Jensen, Ferrera, Abbott, PNAS 2024"

WIDE = "Jacot, Gabriel, Hongler, NeurIPS 2018"

EXACT = 1e-9
"""Largest deviation that counts as agreement where the theory gives an exact value."""

ROUNDED = 1e-6
"""One unit of the last digit, where the source gives six."""
