"""The circuit: all ways to run it give the same bits, and it is right where it was built to be."""

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


@given(task=hierarchies(largest=100), leak=gammas)
def test_potentials_obey_kirchhoff(task, leak):
    """At every node the current in is the current out; checked on the chain's own nodes."""
    n, exceptions = task
    nodes, wires, current = circuit_of(Hierarchy(n, tuple(exceptions)))
    value = circuit.potentials(np.array([leak]), nodes, np.ones(nodes.size - 1), wires, current, True)[0]
    inflow = np.zeros(n)
    inflow[nodes] = current
    steps = np.diff(value)
    inflow[:-1] += steps
    inflow[1:] -= steps
    for winner, loser in exceptions:
        inflow[winner] -= value[winner] - value[loser]
        inflow[loser] += value[winner] - value[loser]
    bound = 1e-13 * (1 + np.abs(value).max() * (2 + leak + len(exceptions)))
    np.testing.assert_allclose(inflow, leak * value, rtol=0, atol=bound)
