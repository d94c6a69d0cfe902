"""A small network trained under differential privacy, with the privacy that it spent.

Clipped, noisy gradient descent and its accounting are opacus's; this module gives them the same network as
`networks` has, and fixes their random numbers.
"""

import logging
import warnings

import numpy as np
import torch

from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import integer_seed
from memgen.longtail.networks import initial_weights
from memgen.longtail.priors import Floats, Integers


def private_network_scores(
    x: Floats,
    y: Integers,
    labels: int,
    noise_multiplier: float,
    test_x: Floats,
    *,
    hidden: int,
    steps: int,
    learning_rate: float,
    clip: float,
    delta: float,
    seed: int,
) -> tuple[Floats, float]:
    """Scores of a network trained with clipped and noisy gradients, and its epsilon.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, d)
    y : numpy.ndarray of int, shape (n,)
    labels : int
        Number of labels m.
    noise_multiplier : float
        Standard deviation of the noise on the summed gradient, in units of `clip`; 0 adds none.
    test_x : numpy.ndarray, shape (t, d)
    hidden : int
        Hidden units.
    steps : int
        Steps of gradient descent with momentum 0.9, each on all examples.
    learning_rate : float
    clip : float
        Largest norm of one example's gradient.
    delta : float
        Delta of (epsilon, delta) differential privacy, under adding or removing one example.
    seed : int
        Seed of the initial weights and of the noise.

    Returns
    -------
    scores : numpy.ndarray, shape (t, m)
        Logits.
    epsilon : float
        Privacy spent; infinite without noise.
    """
    refuse_beyond_memory(
        16.0 * hidden * (x.shape[1] + labels) + 8.0 * len(x) * hidden, f"a network of {hidden} hidden units"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from opacus import PrivacyEngine
    logging.getLogger("opacus").setLevel(logging.ERROR)
    rng = torch.Generator().manual_seed(integer_seed("private", "weights", seed))
    model = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, labels)
    )
    drawn = initial_weights(x.shape[1], hidden, labels, rng)
    with torch.no_grad():
        for part, value in zip(model.parameters(), drawn, strict=True):
            part.copy_(value.T if value.ndim == 2 else value)
    inputs, answers = torch.from_numpy(x).float(), torch.from_numpy(y)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, answers), batch_size=len(x))
    with warnings.catch_warnings():
        # Opacus warns that its noise is not cryptographically secure; this is a study, not a release.
        warnings.simplefilter("ignore")
        engine = PrivacyEngine(accountant="rdp")
        private, optimizer, criterion, _ = engine.make_private(
            module=model,
            optimizer=torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9),
            data_loader=loader,
            criterion=torch.nn.CrossEntropyLoss(),
            noise_multiplier=noise_multiplier,
            max_grad_norm=clip,
            poisson_sampling=False,
            noise_generator=torch.Generator().manual_seed(integer_seed("private", "noise", seed)),
            grad_sample_mode="ghost",
        )
        for _ in range(steps):
            optimizer.zero_grad()
            criterion(private(inputs), answers).backward()
            optimizer.step()
        epsilon = float(engine.get_epsilon(delta)) if noise_multiplier > 0 else float("inf")
    with torch.no_grad():
        scores = private(torch.from_numpy(test_x).float()).double().numpy()
    return np.asarray(scores), epsilon
