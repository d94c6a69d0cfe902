"""Speed of the network at the paper's full size, trained and attacked, against the plain implementation.

Writes bench/results/irrelevant.csv. Both follow one schedule: n = N = 500, d = 1000, 1,500 units, 2,000
full-batch steps, then coordinate ascent on every cluster seen once. The plain implementation is what one
would write first: torch's layers, loss, gradients and optimizer, and an attack that takes one target after
the other and asks the model about one flipped input at a time. It is timed on some of its steps and answers
and extrapolated to all of them, as many answers as its rule of stopping asks for. One thread each.
"""

import os
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import torch

from memgen.irrelevant.attacks import PASSES, Guess, coordinate_ascent
from memgen.irrelevant.classifiers import Model, Training, accuracy_by_class, as_tensor, train
from memgen.irrelevant.configuration import Size
from memgen.irrelevant.experiment import draw
from memgen.irrelevant.tasks import ClusterSample
from memgen.jobs.seeding import generator
from report import save_limits

SIZE = Size(clusters=500, samples=500, dimension=1000, rho=0.1739)
TRAINING = Training(2000, 3e-4, 0.999, 1500, slower_from=450)
#: How much of the plain implementation is run.
STEPS, ANSWERS = 100, 3000


def ours(sample: ClusterSample, once: np.ndarray) -> tuple[Model, Guess, float, float]:
    """The trained model, the attack's guess, and processor seconds of training and attack."""
    start = time.process_time()
    weight = np.ones(len(sample.y))
    *_, (_, model) = train(sample.x, sample.y, weight, SIZE.clusters, TRAINING, [TRAINING.steps], 0)
    trained = time.process_time()
    guess = coordinate_ascent(model, once, generator("bench", "ascent"))
    return model, guess, trained - start, time.process_time() - trained


def plain_training(sample: ClusterSample) -> tuple[torch.nn.Module, float]:
    """The plain network after a few steps, and processor seconds of one step."""
    network = torch.nn.Sequential(
        torch.nn.Linear(SIZE.dimension, TRAINING.hidden),
        torch.nn.Sigmoid(),
        torch.nn.Linear(TRAINING.hidden, SIZE.clusters),
        torch.nn.LogSoftmax(dim=1),
    )
    optimizer = torch.optim.SGD(
        network.parameters(), TRAINING.learning_rate, TRAINING.momentum, nesterov=True
    )
    x, y = as_tensor(sample.x), torch.from_numpy(sample.y)
    start = 0.0
    for step in range(STEPS + 2):
        if step == 2:
            start = time.process_time()
        optimizer.zero_grad()
        torch.nn.functional.nll_loss(network(x), y).backward()
        optimizer.step()
    return network, (time.process_time() - start) / STEPS


@torch.inference_mode()
def plain_answer(network: torch.nn.Module, once: np.ndarray) -> float:
    """Processor seconds of one answer in a coordinate ascent that asks about one input at a time."""
    rng = generator("bench", "plain")
    x = torch.from_numpy(rng.choice([-1.0, 1.0], SIZE.dimension).astype(np.float32))
    value = float(network(x[None])[0, once[0]])
    start = time.process_time()
    for turn in range(ANSWERS):
        bit = turn % SIZE.dimension
        x[bit] *= -1
        found = float(network(x[None])[0, once[0]])
        if found > value:
            value = found
        else:
            x[bit] *= -1
    return (time.process_time() - start) / ANSWERS


def plain_answers(guess: Guess) -> int:
    """Answers that stopping after a whole pass without a flip asks for.

    Ours stops once every bit has failed since the last flip, which finds the same input.
    """
    last_flip = guess.queries - 1 - SIZE.dimension
    passes = np.minimum(PASSES, np.ceil(last_flip / SIZE.dimension) + 1)
    return int((1 + passes * SIZE.dimension).sum())


def main() -> None:
    torch.set_num_threads(1)
    clusters, sample = draw(SIZE, 0)
    once = np.flatnonzero(sample.count == 1)
    model, guess, training, attack = ours(sample, once)
    own = np.stack([sample.x[sample.y == target][0] for target in once])
    tested = np.repeat(np.arange(SIZE.clusters), 4)
    fresh = clusters.examples(tested, generator("bench", "fresh"))
    recovered = float((guess.bits == own).mean())
    accuracy = float(accuracy_by_class(model, fresh, tested, SIZE.clusters)[once].mean())
    network, step = plain_training(sample)
    answer = plain_answer(network, once)
    answers = plain_answers(guess)
    plain = step * TRAINING.steps + answer * answers
    faster = plain / (training + attack)
    what = f"network, n = N = 500, d = 1000, 1,500 units, 2,000 steps, {len(once)} singletons attacked"
    seconds = "processor time"
    rows = [
        (what, f"{seconds} of training", training, "s", None, None),
        (what, f"{seconds} of the attack", attack, "s", None, None),
        (what, "share of singletons' bits recovered", recovered, "", 0.965, 0.965 <= recovered <= 0.99),
        (what, "accuracy on clusters seen once", accuracy, "", 0.9, accuracy >= 0.9),
        (what, f"plain: {seconds} of training ({STEPS} of the steps)", step * TRAINING.steps, "s",
         None, None),
        (what, f"plain: {seconds} of the attack ({ANSWERS} of {answers} answers)", answer * answers, "s",
         None, None),
        (what, "times faster than plain", faster, "", 8.0, faster >= 8),
    ]  # fmt: skip
    save_limits("irrelevant", rows)


if __name__ == "__main__":
    main()
