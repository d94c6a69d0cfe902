"""Finite networks: training is gradient descent, and its infinite limit the theory."""

import numpy as np
import pytest
import torch

from memgen.errors import BadInput
from memgen.relational import networks as module
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.kernels import Exchangeable, network_similarities
from memgen.relational.networks import train

HIERARCHY = Hierarchy(5, ((3, 1),))


def test_a_step_is_that_of_automatic_differentiation(monkeypatch):
    """Kernel change and margins after three steps, against autograd on the loss."""
    width, scale, steps, seed = 7, 0.3, 3, 5
    found = train(HIERARCHY, width, scale, steps, [seed])
    pairs = list(HIERARCHY.training_pairs())
    training = np.array([*pairs, *[pair[::-1] for pair in pairs]])
    inputs = module._one_hot(training, 5)
    targets = torch.tensor(np.repeat([1.0, -1.0], len(pairs)), dtype=torch.float32)
    hidden, readout = (weights[0] for weights in module._initial_weights(width, 10, [seed]))
    factor = scale * (2 / width) ** 0.5

    def output(hidden, readout, inputs):
        return factor * torch.relu(inputs @ hidden.T) @ readout

    start = output(hidden, readout, inputs)
    kernel = Exchangeable.from_overlap(*map(float, network_similarities("ntk", 2)))
    rate = module.STEP / (2 * scale**2 * np.linalg.eigvalsh(kernel.matrix(training, training))[-1])
    first = hidden.clone(), readout.clone()
    for _ in range(steps):
        weights = hidden.requires_grad_(), readout.requires_grad_()
        loss = ((output(hidden, readout, inputs) - start - targets) ** 2).sum() / 2
        gradients = torch.autograd.grad(loss, weights)
        hidden, readout = (part.detach() - rate * step for part, step in zip(weights, gradients, strict=True))
    one = module._one_hot(np.array([[0, 4], [4, 0]]), 5)
    answers = output(hidden, readout, one) - output(*first, one)
    assert found.margins[0, 0, 4] == pytest.approx(float(answers[0] - answers[1]) / 2, abs=1e-5)
    residual = output(hidden, readout, inputs) - start - targets
    assert found.training_error[0] == pytest.approx(float(residual.square().mean().sqrt()), abs=1e-5)


def test_infinite_width_has_the_kernel_of_the_theory():
    """Mean over many units of the tangent kernel at the start: 2 (k_same, ...) within 4 standard errors."""
    inputs = module._one_hot(np.array([[0, 1], [0, 2], [3, 4]]), 5)
    found = [
        module._tangent_kernel(*module._initial_weights(20_000, 10, [seed]), inputs, (2 / 20_000) ** 0.5)[0]
        for seed in range(8)
    ]
    values = torch.stack(found).double().numpy()
    kappa_o, kappa_d = network_similarities("ntk", 2)
    expected = 2 * np.array([[1, kappa_o, kappa_d], [kappa_o, 1, kappa_d], [kappa_d, kappa_d, 1]])
    error = values.std(axis=0, ddof=1) / 8**0.5
    assert np.all(np.abs(values.mean(axis=0) - expected) <= 4 * error + 1e-6)


def test_networks_do_not_depend_on_each_other():
    alone = train(HIERARCHY, 32, 1.0, 20, [11]).margins[0]
    together = train(HIERARCHY, 32, 1.0, 20, [7, 11]).margins[1]
    np.testing.assert_allclose(alone, together, atol=1e-5)
    np.testing.assert_allclose(alone, -alone.T)


def test_divergence_is_refused():
    with pytest.raises(BadInput, match="diverges at scale"):
        train(HIERARCHY, 64, 1e-3, 200, [0])
