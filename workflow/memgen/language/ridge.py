"""The probe: kernel ridge regression on a frozen model's features, in closed form.

The ridge is the theory's effective one (theory: Kernel family): the kernel is scaled so that k_same -
k_reversed, averaged over the trained pairs, is 1.
"""

import numpy as np


def predict(kernel: np.ndarray, trained: np.ndarray, target: np.ndarray, ridge: float) -> np.ndarray:
    """Kernel ridge regression, f = K[:, trained] (K[trained, trained] + ridge I)^-1 target.

    Parameters
    ----------
    kernel : ndarray, shape (m, m)
        Symmetric, positive semidefinite.
    trained : ndarray of int, shape (t,)
        Inputs that are trained on.
    target : ndarray, shape (t,)
    ridge : float
        Positive, in units of the kernel.

    Returns
    -------
    ndarray, shape (m,)
        Prediction for every input.
    """
    inner = kernel[np.ix_(trained, trained)] + ridge * np.eye(len(trained))
    return kernel[:, trained] @ np.linalg.solve(inner, target)


def contrast(kernel: np.ndarray, trained: np.ndarray, reversed_: np.ndarray) -> float:
    """Mean of k_same - k_reversed over trained inputs: half the squared distance of a pair's directions.

    Parameters
    ----------
    kernel : ndarray, shape (m, m)
    trained : ndarray of int, shape (t,)
        Trained inputs.
    reversed_ : ndarray of int, shape (t,)
        The other direction of each.
    """
    diagonal = np.diagonal(kernel)
    return float(np.mean((diagonal[trained] + diagonal[reversed_]) / 2 - kernel[trained, reversed_]))
