"""A language model in a notebook: a tiny one made in a second, probed, and compared with the theory.

The study does the same by rules, on real models, with every run recorded; this is for trying things out.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from memgen.engine.features import extract
from memgen.engine.loading import Model, transformers_offline
from memgen.engine.pretraining import train_tokenizer
from memgen.jobs.seeding import integer_seed
from memgen.language.exception_cost import probe_margins
from memgen.language.fits.least_squares import fit_gamma, ranks_at
from memgen.language.items import FAKE_TEAMS, REAL_TEAMS, sample
from memgen.language.prompts import prompt, prompts
from memgen.notebooks.result import Fitted, PairMatrix
from memgen.notebooks.theory import of_pairs
from memgen.relational.hierarchy import Hierarchy


def tiny_decoder(seed: int = 0, width: int = 128, layers: int = 4) -> Model:
    """A small decoder of random weights, with a tokenizer of its own: an untrained control.

    Parameters
    ----------
    seed : int, default=0
        Seed of the weights.
    width : int, default=128
        Width of the residual stream, a multiple of 8.
    layers : int, default=4

    Returns
    -------
    Model
        Of the Llama architecture, initialized as it says; 0.8 million parameters by default.
    """
    transformers = transformers_offline()
    import torch

    texts = [prompt(("a", "b"), "c", "d")] * 50 + [*REAL_TEAMS, *FAKE_TEAMS]
    tokenizer = train_tokenizer(texts * 3, 1000)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
        num_attention_heads=4, max_position_embeddings=256,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer_seed("notebooks", "tiny_decoder", seed))
        network = transformers.AutoModel.from_config(config, dtype=torch.float32)
    return Model(tokenizer, network.eval())


def probed_margins(
    model: Model, hierarchy: Hierarchy, *, items: str = "fake", seeds: Iterable[int] = range(4),
    ridge: float = 1e-3,
) -> PairMatrix:  # fmt: skip
    """Margins of a ridge probe on a frozen model's last hidden state, the mean over seeds and both orders.

    Parameters
    ----------
    model : Model
    hierarchy : Hierarchy
        Trained on its adjacent pairs and exceptions, in both directions.
    items : {"fake", "real"}
        Invented names or real ones.
    seeds : iterable of int
        Each draws its names.
    ridge : float, default=1e-3
        Effective ridge.

    Returns
    -------
    PairMatrix
        Columns higher, lower, pair_class and margin.

    Raises
    ------
    BadInput
        If there is no such kind of item, or too few names.
    """
    n, both = hierarchy.n, np.stack([np.arange(hierarchy.n), np.arange(hierarchy.n)[::-1]])
    found = []
    for seed in seeds:
        features = extract(model, prompts(sample(items, n, seed)), ["last"], 24)["last"].astype(float)
        found += list(probe_margins(features @ features.T, hierarchy, both, ridge))
    return of_pairs(f"Margins of a probe: {len(found)} runs", hierarchy, np.mean(found, axis=0))


def fit(hierarchy: Hierarchy, margins: PairMatrix) -> Fitted:
    """Fit the theory's gamma and a scale to the margins of untrained pairs.

    Parameters
    ----------
    hierarchy : Hierarchy
    margins : PairMatrix
        Of every pair.

    Returns
    -------
    Fitted
        Columns higher, lower, pair_class, predicted and observed.

    Notes
    -----
    Theory: Fitting behaviour. The study's tables hold intervals over seeds beside it.
    """
    untrained = margins.frame.filter(~pl.col("pair_class").is_in(["train", "exception"]))
    higher, lower, observed = (untrained[name].to_numpy() for name in ("higher", "lower", "margin"))
    found = fit_gamma(hierarchy, higher, lower, observed)
    profile = ranks_at(hierarchy, found.gamma)
    predicted = pl.Series(found.scale * (profile[higher] - profile[lower]))
    frame = untrained.rename({"margin": "observed"}).with_columns(predicted=predicted)
    unit = margins.units["margin"]
    return Fitted(
        title=f"Theory at gamma {found.gamma:.3g}, correlation {found.correlation:.3f}", frame=frame,
        units={"higher": "rank", "lower": "rank", "pair_class": "", "observed": unit, "predicted": unit},
        gamma=found.gamma, scale=found.scale, correlation=found.correlation, r2=found.r2,
    )  # fmt: skip
