"""Arguments of the study: whole numbers as people type them, and what each number may be.

Nothing but the standard library and the command line's own package is imported, so that a configuration is
checked at once.
"""

from memgen.jobs.arguments import check_number, check_whole

#: Largest sizes of the closed forms.
MOST_SAMPLES = 10**8
MOST_DIMENSION = 10**6
MOST_SYMBOL_SAMPLES = 10**7
MOST_SYMBOLS = 10**5


def check_cluster_task(samples: int, dimension: int, rho: float) -> None:
    """Refuse a sample size, dimension or share of fixed positions that the cluster task does not have."""
    check_whole("samples", samples, 1, MOST_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_DIMENSION)
    check_number("rho", rho, 0, 1, below=True)


def check_symbol_task(references: int, samples: int, dimension: int, noise: float) -> None:
    """Refuse a size or a noise that the next-symbol task does not have."""
    check_whole("references", references, 1, MOST_SAMPLES)
    check_whole("samples", samples, 1, MOST_SYMBOL_SAMPLES)
    check_whole("dimension", dimension, 1, MOST_SYMBOLS)
    check_number("noise", noise, 0, 1)
