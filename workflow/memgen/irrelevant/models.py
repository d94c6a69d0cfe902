"""Classifiers of the hypercube as an attack sees them: a first layer, and what follows it.

Multinomial logistic regression has nothing behind its first layer; a network has sigmoid units and a second
one. An attack that flips bits changes one row of the first layer's product at a time, which is why the two
parts stand apart.
"""

from dataclasses import dataclass

import numpy as np
import torch

from memgen.irrelevant.tasks import Floats, Integers, Signs


@dataclass(frozen=True)
class Model:
    """A trained classifier.

    Parameters
    ----------
    first : torch.Tensor, shape (d, h)
        First layer; h is the number of classes N where there is no second.
    offset : torch.Tensor, shape (h,)
    second : torch.Tensor of shape (h, N), or None
    bias : torch.Tensor of shape (N,), or None
    """

    first: torch.Tensor
    offset: torch.Tensor
    second: torch.Tensor | None = None
    bias: torch.Tensor | None = None

    def product(self, x: torch.Tensor) -> torch.Tensor:
        """First layer's product with inputs of shape (…, d), offsets added; shape (…, h)."""
        return x @ self.first + self.offset

    def logits(self, product: torch.Tensor) -> torch.Tensor:
        """Logits of what `product` gave, shape (…, N)."""
        if self.second is None or self.bias is None:
            return product
        return torch.addmm(self.bias, torch.sigmoid(product), self.second)

    def all_log_odds(self, product: torch.Tensor) -> torch.Tensor:
        """Log-odds of every class, shape (rows, N); see `log_odds`."""
        logits = self.logits(product)
        log_probability = torch.log_softmax(logits, dim=1)
        odds = log_probability - torch.log1p(-log_probability.exp())
        # Only the likeliest class can be so near 1 that one minus it has no digits left.
        own, top = logits.max(dim=1, keepdim=True)
        others = logits.scatter(1, top, -torch.inf).logsumexp(dim=1, keepdim=True)
        return odds.scatter_(1, top, own - others)

    def log_odds(self, product: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Log-odds of one class a row, shape (rows,).

        They rise with its log-probability, and still do where 32 bits of a probability end near 1.
        """
        logits = self.logits(product)
        own = logits.gather(1, target[:, None])
        others = logits.scatter(1, target[:, None], -torch.inf)
        return own[:, 0] - others.logsumexp(dim=1)


def as_tensor(x: Signs | Floats) -> torch.Tensor:
    """Inputs as a tensor of 32-bit numbers."""
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))


@torch.inference_mode()
def accuracy_by_class(model: Model, x: Signs, y: Integers, classes: int) -> Floats:
    """Share of test examples of each class that a model labels rightly; shape (classes,).

    Parameters
    ----------
    model : Model
    x : numpy.ndarray of int8, shape (t, d)
    y : numpy.ndarray of int, shape (t,)
        Every class occurs.
    classes : int
    """
    answers = model.logits(model.product(as_tensor(x))).argmax(dim=1).numpy()
    right = np.bincount(y, weights=answers == y, minlength=classes)
    return np.asarray(right / np.bincount(y, minlength=classes))
