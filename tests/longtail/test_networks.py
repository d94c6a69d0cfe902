"""Networks trained together are networks trained alone, and private ones spend what they say."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from memgen.jobs.seeding import generator, integer_seed
from memgen.longtail.configuration import Network, PrivateNetwork
from memgen.longtail.networks import initial_weights, network_scores, private_network_scores

SMALL = Network(settings=(), hidden=8, steps=25, learning_rate=0.02)


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = generator("network", "data")
    centres = rng.standard_normal((6, 12))
    cluster = rng.integers(0, 6, 30)
    return centres[cluster] + 0.1 * rng.standard_normal((30, 12)), cluster % 3, centres


def alone(
    x: np.ndarray, y: np.ndarray, used: np.ndarray, decay: float, test_x: np.ndarray, seed: int
) -> np.ndarray:
    """One network written with torch's modules, trained on the examples it may see."""
    rng = torch.Generator().manual_seed(integer_seed("longtail", "network", seed))
    model = torch.nn.Sequential(torch.nn.Linear(12, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    with torch.no_grad():
        for part, value in zip(model.parameters(), initial_weights(12, 8, 3, rng), strict=True):
            part.copy_(value.T if value.ndim == 2 else value)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=decay)
    inputs, answers = torch.from_numpy(x[used == 1]).float(), torch.from_numpy(y[used == 1])
    for _ in range(25):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), answers).backward()
        optimizer.step()
    with torch.no_grad():
        return model(torch.from_numpy(test_x).float()).double().numpy()


def test_a_batch_is_its_networks_one_by_one() -> None:
    x, y, test_x = data()
    used = (generator("used").random((3, 30)) < 0.7).astype(float)
    decay = np.array([0.0, 0.01, 0.3])
    together = network_scores(x, y, 3, used, decay, test_x, SMALL, 5)
    for scores, row, strength in zip(together, used, decay, strict=True):
        assert np.allclose(scores, alone(x, y, row, float(strength), test_x, 5), atol=2e-4)


def gaussian_epsilon(noise: float, steps: int, delta: float) -> float:
    """Epsilon of a composed Gaussian mechanism by Renyi divergence, minimized over all orders.

    Each step has divergence order / (2 noise^2); conversion of Canonne, Kamath and Steinke (2020).
    """

    def at(log_order: float) -> float:
        order = 1 + math.exp(log_order)
        divergence = steps * order / (2 * noise**2)
        return divergence + math.log1p(-1 / order) - (math.log(delta) + math.log(order)) / (order - 1)

    return float(minimize_scalar(at, bounds=(-6, 6), method="bounded").fun)


@pytest.mark.parametrize(("noise", "steps"), [(1.0, 4), (4.0, 4), (16.0, 8)])
def test_epsilon_is_that_of_the_gaussian_mechanism(noise: float, steps: int) -> None:
    """Opacus minimizes over a list of orders, so that it may say a little more, never less."""
    x, y, test_x = data()
    training = PrivateNetwork(settings=(), hidden=4, steps=steps, learning_rate=0.1)
    _, epsilon = private_network_scores(x, y, 3, noise, test_x, training, 0)
    exact = gaussian_epsilon(noise, steps, 1e-5)
    assert exact * (1 - 1e-6) <= epsilon <= exact * 1.05


def test_without_noise_it_is_clipped_gradient_descent() -> None:
    x, y, test_x = data()
    clip, rate = 0.3, 0.5
    training = PrivateNetwork(settings=(), hidden=8, steps=6, learning_rate=rate, clip=clip)
    scores, epsilon = private_network_scores(x, y, 3, 0.0, test_x, training, 2)
    assert epsilon == math.inf
    rng = torch.Generator().manual_seed(integer_seed("private", "weights", 2))
    weights = [part.double().requires_grad_() for part in initial_weights(12, 8, 3, rng)]
    velocity = [torch.zeros_like(part) for part in weights]
    inputs, answers = torch.from_numpy(x), torch.from_numpy(y)

    def logits(examples: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(examples @ weights[0] + weights[1])
        return hidden @ weights[2] + weights[3]

    for _ in range(6):
        total = [torch.zeros_like(part) for part in weights]
        for example, answer in zip(inputs, answers, strict=True):
            loss = torch.nn.functional.cross_entropy(logits(example[None]), answer[None])
            gradient = torch.autograd.grad(loss, weights)
            norm = math.sqrt(sum(float((part**2).sum()) for part in gradient))
            for place, part in enumerate(gradient):
                total[place] += part * min(1.0, clip / (norm + 1e-6))
        with torch.no_grad():
            for place, part in enumerate(weights):
                velocity[place] = 0.9 * velocity[place] + total[place] / len(x)
                part -= rate * velocity[place]
    with torch.no_grad():
        expected = logits(torch.from_numpy(test_x)).numpy()
    assert np.allclose(scores, expected, atol=1e-4)
