"""Attacks that read a sample's bits out of a model, all targets and all bits of a round together.

Every attack answers with a guess of +1 and -1 for each target class and the number of the model's answers
that one target needed. Black-box attacks see log-probabilities only, to as many digits as log-odds in 32 bits
have.
"""

from dataclasses import dataclass

import numpy as np
import torch

from memgen.irrelevant.classifiers import Model, as_tensor
from memgen.irrelevant.tasks import Floats, Integers, Signs, uniform_signs
from memgen.jobs.stage import progress

#: Fresh inputs of the sign attack, for each bit.
REPEATS = 5
#: Passes of coordinate ascent over the bits, at most.
PASSES = 10


@dataclass(frozen=True)
class Guess:
    """What an attack believes that the model has stored.

    Parameters
    ----------
    bits : numpy.ndarray of int8, shape (targets, d)
        +1 and -1.
    queries : numpy.ndarray of int, shape (targets,)
        Inputs on which the model had to answer for each target; 0 where its weights were read.
    """

    bits: Signs
    queries: Integers


def _decided(votes: Floats, rng: np.random.Generator) -> Signs:
    """Signs of votes, a coin where they are even."""
    return np.where(votes == 0, uniform_signs(votes.shape, rng), np.sign(votes)).astype(np.int8)


@torch.inference_mode()
def sign_attack(model: Model, targets: Integers, rng: np.random.Generator, repeats: int = REPEATS) -> Guess:
    """For each bit, ask whether the target class is likelier with it at +1 or -1 in uniform inputs.

    The majority over some fresh inputs decides. Source: Brown and others (arXiv 2012.06421), black-box
    attack on logistic regression. One answer of the model holds all classes, so that the same fresh inputs
    serve every target.
    """
    dimension = model.first.shape[0]
    votes = torch.zeros(dimension, len(targets))
    chosen = torch.from_numpy(targets)
    for _ in progress(range(repeats), "sign attack", total=repeats):
        x = as_tensor(uniform_signs((dimension, dimension), rng))
        neutral = model.product(x) - x.diagonal()[:, None] * model.first
        gain = model.all_log_odds(neutral + model.first) - model.all_log_odds(neutral - model.first)
        votes += torch.sign(gain[:, chosen])
    bits = _decided(votes.T.numpy(), rng)
    return Guess(bits, np.full(len(targets), 2 * repeats * dimension))


@torch.inference_mode()
def informed_sign_attack(
    model: Model, targets: Integers, pattern: Signs, rng: np.random.Generator, repeats: int = REPEATS
) -> Guess:
    """The sign attack of someone who knows the target's cluster and asks for its free bits only."""
    bits = pattern[targets].copy()
    votes = np.zeros(bits.shape)
    for _ in progress(range(repeats), "informed sign attack", total=repeats):
        drawn = uniform_signs((bits.shape[1], bits.shape[1]), rng)
        product = model.product(as_tensor(drawn))
        for index, target in enumerate(targets):
            free = np.flatnonzero(pattern[target] == 0)
            fixed = np.flatnonzero(pattern[target])
            rows = drawn[free]
            # The same fresh inputs with the cluster's fixed bits in place.
            change = as_tensor(pattern[target][fixed] - rows[:, fixed])
            neutral = torch.addmm(product[free], change, model.first[fixed])
            step = model.first[free]
            neutral -= as_tensor(rows[np.arange(len(free)), free])[:, None] * step
            own = torch.full((len(free),), int(target))
            gain = model.log_odds(neutral + step, own) - model.log_odds(neutral - step, own)
            votes[index, free] += np.sign(gain.numpy())
    free_bits = bits == 0
    bits[free_bits] = _decided(votes, rng)[free_bits]
    return Guess(bits, 2 * repeats * free_bits.sum(axis=1))


@torch.inference_mode()
def coordinate_ascent(
    model: Model, targets: Integers, rng: np.random.Generator, passes: int = PASSES
) -> Guess:
    """From a random input, flip one bit after the other and keep what makes the target class likelier.

    A target is done once every bit has failed since the last flip, or after some passes. Source: Brown and
    others (arXiv 2012.06421), attack on networks. All targets try their next bit together, and a flip
    changes the first layer's product by twice one row of the layer.
    """
    dimension = model.first.shape[0]
    bits = as_tensor(uniform_signs((len(targets), dimension), rng))
    climb = _Climb(model, bits, torch.from_numpy(targets))
    queries = np.ones(len(targets), dtype=np.int64)
    active = torch.arange(len(targets))
    for turn in progress(range(passes * dimension), "coordinate ascent", total=passes * dimension):
        queries[active.numpy()] += 1
        # In the first pass half of the flips are kept, and looking ahead does not pay.
        climb.flip(turn % dimension, ahead=turn >= dimension)
        done = climb.failed >= dimension
        if bool(done.any()):
            bits[active[done]] = climb.x[done]
            active = active[~done]
            climb.keep(~done)
            if not len(active):
                break
    bits[active] = climb.x
    return Guess(bits.numpy().astype(np.int8), queries)


class _Climb:
    """Inputs that climb together, one flip of each at a time.

    Log-odds are a logit minus the logarithm of a sum of exponentials, which is convex: a flip gains at most
    what the gradient at the present logits says of it. Where that is no gain, the flip is refused without
    computing its logits.
    """

    def __init__(self, model: Model, x: torch.Tensor, target: torch.Tensor) -> None:
        self.model, self.x, self.target = model, x.clone(), target
        self.product = model.product(x)
        self.value = model.log_odds(self.product, target)
        self.failed = torch.zeros(len(x), dtype=torch.long)
        self.units = self.slope = torch.empty(0)

    def flip(self, bit: int, ahead: bool) -> None:
        """Flip one bit of every input where that raises its target's log-odds."""
        tried = torch.addcmul(self.product, self.x[:, bit, None], self.model.first[bit][None], value=-2)
        if ahead and self.model.second is not None:
            if not len(self.slope):
                self.units, self.slope = torch.empty_like(self.product), torch.empty_like(self.product)
                self._look(torch.arange(len(self.x)))
            hopeful = ((torch.sigmoid(tried) - self.units) * self.slope).sum(dim=1) > 0
            rows = hopeful.nonzero()[:, 0]
        else:
            rows = torch.arange(len(self.x))
        better = rows[:0]
        if len(rows):
            found = self.model.log_odds(tried[rows], self.target[rows])
            up = found > self.value[rows]
            better = rows[up]
            self.value[better] = found[up]
        self.failed += 1
        if len(better):
            self.failed[better] = 0
            self.x[better, bit] *= -1
            self.product[better] = tried[better]
            if len(self.slope):
                self._look(better)

    def _look(self, rows: torch.Tensor) -> None:
        """Gradient of some inputs' log-odds with respect to their units, at their present logits."""
        assert self.model.second is not None
        target = self.target[rows, None]
        others = self.model.logits(self.product[rows]).scatter(1, target, -torch.inf)
        weights = torch.softmax(others, dim=1).neg_().scatter_(1, target, 1.0)
        self.units[rows] = torch.sigmoid(self.product[rows])
        self.slope[rows] = weights @ self.model.second.T

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with some of the inputs."""
        self.x, self.target, self.product = self.x[rows], self.target[rows], self.product[rows]
        self.value, self.failed = self.value[rows], self.failed[rows]
        if len(self.slope):
            self.units, self.slope = self.units[rows], self.slope[rows]


@torch.inference_mode()
def weight_signs(model: Model, targets: Integers, rng: np.random.Generator) -> Guess:
    """White box, logistic regression: the signs of a class's weights, less the mean of all classes'."""
    weights = model.first[:, torch.from_numpy(targets)] - model.first.mean(dim=1, keepdim=True)
    return Guess(_decided(weights.T.numpy(), rng), np.zeros(len(targets), dtype=np.int64))


def gradient_inversion(
    x: Signs, y: Integers, weight: Floats, classes: int, targets: Integers, rng: np.random.Generator
) -> Guess:
    """Signs of one full-batch gradient of logistic regression at zero weights, as its receiver sees it.

    Of a class seen once, all bits are right wherever the sample's sum at a position is less than N.
    """
    share = weight / weight.sum()
    error = np.full((len(x), classes), 1 / classes)
    error[np.arange(len(x)), y] -= 1
    step = -(error * share[:, None]).T @ x.astype(np.float64)
    step -= step.mean(axis=0)
    # What rounding leaves of an even vote is no vote.
    step[np.abs(step) < 1e-12] = 0.0
    return Guess(_decided(step[targets], rng), np.zeros(len(targets), dtype=np.int64))
