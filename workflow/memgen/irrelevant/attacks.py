"""Attacks that read a sample's bits out of a model, all targets and all bits of a round together.

Every attack answers with a guess of +1 and -1 for each target class and the number of the model's answers
that one target needed. Attacks differ in what they know: labels; log-probabilities, to as many digits as
log-odds in 32 bits have; weights; the initial weights too; the gradient of a step.
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
#: Inputs next to a label's boundary, of the attack by labels.
BOUNDARY_POINTS = 20
# Flips after which a walk to the boundary ends.
_WALK = 64
# Votes that are this small a part of a target's largest are rounding.
_ROUNDING = 1e-6


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
def label_attack(
    model: Model, targets: Integers, rng: np.random.Generator, points: int = BOUNDARY_POINTS
) -> Guess:
    """For each bit, ask which flips lose the target's label, at inputs where it is about to be lost.

    Sees the likeliest class only. Uniform inputs that get the label are moved by random flips to where one
    more flip loses it; there every bit is flipped alone. A flip that loses the label says that the sample has
    the bit as it was. Targets whose label no input gets are guessed.
    """
    dimension = model.first.shape[0]
    classes = len(model.offset if model.bias is None else model.bias)
    drawn = uniform_signs((3 * points * classes, dimension), rng)
    answers = np.concatenate(
        [_label(model, model.product(as_tensor(part))) for part in np.array_split(drawn, 3 * points)]
    )
    votes = np.zeros((len(targets), dimension))
    queries = np.full(len(targets), len(drawn))
    for vote, (place, target) in zip(votes, enumerate(targets), strict=True):
        for x in drawn[np.flatnonzero(answers == target)[:points]]:
            order = rng.permutation(dimension)[:_WALK]
            flips = -2.0 * as_tensor(x[order])[:, None] * model.first[order]
            walked = model.product(as_tensor(x)) + flips.cumsum(dim=0)
            lost = np.flatnonzero(_label(model, walked) != target)
            queries[place] += (lost[0] + 1 if len(lost) else len(order)) + dimension
            inside = x.copy()
            inside[order[: lost[0] if len(lost) else len(order)]] *= -1
            here = model.product(as_tensor(inside))
            loses = _label(model, here - 2.0 * as_tensor(inside)[:, None] * model.first) != target
            vote += inside * (loses - loses.mean())
    return Guess(_decided(votes, rng), queries)


def _label(model: Model, product: torch.Tensor) -> Integers:
    return np.asarray(model.logits(product).argmax(dim=1).numpy())


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
def read_signs(model: Model, first: torch.Tensor, targets: Integers, rng: np.random.Generator) -> Guess:
    """White box: signs of what a first layer adds to each target's logit, less the mean of all classes.

    Parameters
    ----------
    model : Model
        Its second layer, where there is one, says how units count for a class; taken at the input 0.
    first : torch.Tensor, shape (d, h)
        The layer that is read: the model's own, its change since the beginning, or a gradient's negative.
    """
    if model.second is not None:
        units = torch.sigmoid(model.offset)
        first = first @ ((units * (1 - units))[:, None] * model.second)
    votes = (first - first.mean(dim=1, keepdim=True))[:, torch.from_numpy(targets)].T
    # What rounding leaves of an even vote is no vote.
    votes = torch.where(votes.abs() < _ROUNDING * votes.abs().amax(dim=1, keepdim=True), 0.0, votes)
    return Guess(_decided(votes.numpy(), rng), np.zeros(len(targets), dtype=np.int64))


def since_initialization(first: torch.Tensor, initial: torch.Tensor) -> torch.Tensor:
    """A layer (d, h) less the multiple of its initial one that it holds: weight decay shrinks that."""
    return first - (first * initial).sum() / (initial * initial).sum() * initial
