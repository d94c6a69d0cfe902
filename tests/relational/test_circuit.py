"""The circuit: all ways to run it give the same bits; test_ranks compares its potentials with 50 digits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.relational.reference import gammas, hierarchies

from memgen.relational import circuit
from memgen.relational.circuit import circuit_of
from memgen.relational.hierarchy import Hierarchy


@given(
    task=hierarchies(largest=300),
    leaks=st.lists(gammas, min_size=1, max_size=5),
    lanes=st.sampled_from([1, 64]),
)
def test_interpreted_and_compiled_give_the_same_bits(task, leaks, lanes):
    n, exceptions = task
    nodes, wires, current = circuit_of(Hierarchy(n, tuple(exceptions)))
    links = np.ones(nodes.size - 1)
    for fill in (True, False):
        width = n if fill else nodes.size
        one, other = np.empty((len(leaks), width)), np.empty((len(leaks), width))
        arguments = (np.array(leaks), nodes, links, wires, current)
        with np.errstate(under="ignore"):
            circuit._eliminator(1)(*arguments, fill, one)
        circuit.compiled(circuit._eliminator(lanes))(*arguments, fill, other)
        np.testing.assert_array_equal(one, other)
