"""Small networks with one hidden layer of rectified units, trained on all examples each step.

Networks without privacy are trained many at once: they differ in weight decay and in which examples each may
see, and batched matrix products make retraining on many subsamples affordable. A private network is trained
by opacus, which clips gradients, adds noise, and accounts for the privacy spent.
"""

import logging
import math
import warnings

import numpy as np
import torch

from memgen.jobs.memory import refuse_beyond_memory
from memgen.jobs.seeding import integer_seed
from memgen.jobs.stage import progress
from memgen.longtail.configuration import Network, PrivateNetwork
from memgen.longtail.priors import Floats, Integers


def initial_weights(
    dimensions: int, hidden: int, labels: int, rng: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights and offsets of one network, drawn as He and others (2015) do, last layer zero.

    Shapes (d, h), (h,), (h, m), (m,).
    """
    first = torch.randn(dimensions, hidden, generator=rng) * math.sqrt(2 / dimensions)
    return first, torch.zeros(hidden), torch.zeros(hidden, labels), torch.zeros(labels)


def network_scores(
    x: Floats,
    y: Integers,
    labels: int,
    used: Floats,
    weight_decay: Floats,
    test_x: Floats,
    training: Network,
    seed: int,
) -> Floats:
    """Logits, shape (B, t, m), of a batch of networks trained by Adam from the same weights.

    Parameters
    ----------
    x, y, labels, test_x
        As in `memgen.longtail.classifiers`.
    used : numpy.ndarray, shape (B, n)
        1 where a network sees an example, else 0.
    weight_decay : numpy.ndarray, shape (B,)
        Strength of the penalty weight_decay / 2 times the squared norm of all weights, added to the mean
        cross-entropy.
    training : Network
    seed : int
        Seed of the initial weights.
    """
    count, hidden = len(used), training.hidden
    refuse_beyond_memory(
        count * (16.0 * hidden * (x.shape[1] + labels) + 4.0 * len(x) * (hidden + labels)),
        f"{count} networks of {hidden} hidden units",
    )
    rng = torch.Generator().manual_seed(integer_seed("longtail", "network", seed))
    first, first_offset, second, second_offset = initial_weights(x.shape[1], hidden, labels, rng)
    # The first layers stand side by side in one matrix, so that one product serves all networks.
    weights = [
        first.repeat(1, count).requires_grad_(),
        first_offset.repeat(count).requires_grad_(),
        second.expand(count, hidden, labels).clone().requires_grad_(),
        second_offset.expand(count, 1, labels).clone().requires_grad_(),
    ]
    inputs, answers = torch.from_numpy(x).float(), torch.from_numpy(y).repeat(count)
    share = torch.from_numpy(used / used.sum(axis=1, keepdims=True)).float().flatten()
    decay = torch.from_numpy(weight_decay).float()
    per_unit = decay.repeat_interleave(hidden)
    decays = [per_unit, per_unit, decay[:, None, None], decay[:, None, None]]
    optimizer = torch.optim.Adam(weights, lr=training.learning_rate, fused=True)
    for _ in progress(range(training.steps), "training networks", total=training.steps):
        optimizer.zero_grad()
        logits = _forward(inputs, weights)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), answers, reduction="none")
        (loss @ share).backward()
        with torch.no_grad():
            for part, strength in zip(weights, decays, strict=True):
                assert part.grad is not None
                part.grad.addcmul_(part, strength)
        optimizer.step()
    with torch.no_grad():
        return np.asarray(_forward(torch.from_numpy(test_x).float(), weights).double().numpy())


def _forward(x: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    """Logits, shape (B, n, m)."""
    first, first_offset, second, second_offset = weights
    hidden = torch.relu(torch.addmm(first_offset, x, first))
    return torch.baddbmm(second_offset, hidden.view(len(x), len(second), -1).transpose(0, 1), second)


def private_network_scores(
    x: Floats,
    y: Integers,
    labels: int,
    noise_multiplier: float,
    test_x: Floats,
    training: PrivateNetwork,
    seed: int,
) -> tuple[Floats, float]:
    """Logits, shape (t, m), of a network trained with clipped and noisy gradients, and its epsilon.

    Parameters
    ----------
    x, y, labels, test_x
        As for `network_scores`.
    noise_multiplier : float
        Standard deviation of the noise on the summed gradient, in units of `training.clip`; 0 adds none, and
        epsilon is then infinite.
    training : PrivateNetwork
        Gradient descent on all examples with momentum 0.9. Its delta is that of (epsilon, delta) differential
        privacy, under adding or removing one example.
    seed : int
        Seed of the initial weights and of the noise.
    """
    hidden = training.hidden
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
            optimizer=torch.optim.SGD(model.parameters(), lr=training.learning_rate, momentum=0.9),
            data_loader=loader,
            criterion=torch.nn.CrossEntropyLoss(),
            noise_multiplier=noise_multiplier,
            max_grad_norm=training.clip,
            poisson_sampling=False,
            noise_generator=torch.Generator().manual_seed(integer_seed("private", "noise", seed)),
            grad_sample_mode="ghost",
        )
        for _ in range(training.steps):
            optimizer.zero_grad()
            criterion(private(inputs), answers).backward()
            optimizer.step()
        epsilon = float(engine.get_epsilon(training.delta)) if noise_multiplier > 0 else math.inf
    with torch.no_grad():
        scores = private(torch.from_numpy(test_x).float()).double().numpy()
    return np.asarray(scores), epsilon
