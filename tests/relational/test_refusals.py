"""What is out of range is refused in one line that names it."""

import numpy as np
import pytest

from memgen.errors import BadInput
from memgen.relational.crossing import critical
from memgen.relational.hierarchy import Hierarchy, parse_exception
from memgen.relational.kernels import (
    Exchangeable,
    conjunctivity,
    kernel_ridge,
    measure,
    measure_features,
    network_conjunctivity,
)
from memgen.relational.ranks import dipole, ranks

NO_EXCEPTIONS = ["5-3", "5:", "5:3:1", "-5:3", "٥:3", "5:3\n4"]
NO_HIERARCHIES = [
    (2, (), "n = 2: must be"),
    (True, (), "n = True"),
    (9, ((9, 3),), "items must be 0 to 8"),
    (9, ((4, 3),), "at least two items below the loser"),
    (9, ((5, 3), (5, 3)), "given twice"),
    (9, ((5.5, 3),), "must be a pair"),
    (9, "5:3,8:6", "exception"),
]
NO_LEARNERS = [
    ((9, [], 1.0, 0.0), "alpha = 1.0: must be less than 1"),
    ((9, [], 0.5, -0.1), "ridge = -0.1"),
    ((9, [], -0.2, 0.1), "alpha = -0.2"),
    ((9, np.zeros((2, 1, 3), dtype=int), 0.5, 0.0), "exceptions of shape (2, 1, 3)"),
    (([9.5, 3], (), 0.5), "n of type float64"),
    (([9, 5], [(5, 3)], 0.5), "exception 5:3: items must be 0 to 4"),
]
CALLS = [
    *((lambda text=text: parse_exception(text), "WINNER:LOSER") for text in NO_EXCEPTIONS),
    *((lambda n=n, given=given: Hierarchy.of(n, given), message) for n, given, message in NO_HIERARCHIES),
    *((lambda given=given: ranks(*given), message) for given, message in NO_LEARNERS),
    (lambda: Hierarchy(9).pair_class(0, 9), "two different items of 0 to 8"),
    (lambda: critical(9, [(5, 3)], np.inf), "ridge"),
    (lambda: dipole(9, 3, 3, 1.0), "two different items"),
    (lambda: Exchangeable(1.0, 0.5, 0.0, 1.0, 0.0), "k_same more than k_reversed"),
    (lambda: conjunctivity(0.5, 1.0), "kappa_d less than 1"),
    (lambda: network_conjunctivity("nngp", 11), "depth = 11"),
    (lambda: network_conjunctivity("rbf", 2), "kernel 'rbf'"),
    (lambda: network_conjunctivity("ntk", 2, 2.1), "rho"),
    (lambda: measure(np.eye(2), 2), "n = 2"),
    (lambda: measure(np.eye(5), 3), "kernel of shape"),
    (lambda: measure(np.ones((6, 6)), 3), "tell a pair from its reverse"),
    (lambda: measure(np.arange(36.0).reshape(6, 6), 3), "symmetric"),
    (lambda: measure_features(np.ones(6), 3), "features of shape"),
    (lambda: kernel_ridge(np.eye(2), [1, -1], np.eye(2), -1.0), "ridge = -1.0"),
]


@pytest.mark.parametrize(("call", "message"), CALLS)
def test_bad_input_is_refused_in_one_line(call, message):
    with pytest.raises(BadInput) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)
