"""Generalization, exceptions and memorization: the theory as functions, and studies to run again.

The functions that `memgen.__all__` names can be imported from here; a module is loaded when one of its
functions is first asked for. The rest of the package is imported from its own modules.
"""

import importlib
from typing import Any

# Modules are named, not imported, so that no stage depends on all of them (see `memgen.jobs.closure`).
_OFFERED = {
    "errors": ["BadInput"],
    "relational.hierarchy": ["Hierarchy"],
    "relational.ranks": ["ranks", "margins", "dual_weights", "gamma", "memorization_weight"],
    "relational.crossing": ["critical", "critical_pairs"],
    "relational.memorization": ["memorization_scores"],
    "relational.behaviour": ["phase"],
    "relational.kernels": [
        "conjunctivity",
        "network_conjunctivity",
        "network_similarities",
        "measure",
        "measure_features",
    ],
    "longtail.priors": ["frequencies"],
    "longtail.spectrum": ["spectrum"],
    "longtail.learners": ["Risk"],
    "longtail.bounds": ["limited_memorization_cost", "private_excess_bound"],
    "irrelevant.bounds": [
        "cluster_error",
        "symbol_error",
        "recovered_share",
        "leaked_bits",
        "separating_rho",
    ],
}
_HOMES = {name: module for module, names in _OFFERED.items() for name in names}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
