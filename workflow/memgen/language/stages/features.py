"""Extract a frozen model's features of every ordered pair's prompt, for a block of seeds."""

import numpy as np

from memgen.configuration.options import flat
from memgen.engine.features import POOLINGS, Features, extract
from memgen.engine.loading import load
from memgen.errors import BadInput
from memgen.jobs.arguments import Seed
from memgen.jobs.stage import Input, InputDirectory, Output, progress, stage
from memgen.language.configuration import Batch, Device, Dtype, Language, Model
from memgen.language.lineups import read_samples
from memgen.language.prompts import prompts


@stage
@flat
def features(
    *,
    model_directory: InputDirectory,
    lineup: Input,
    model: str,
    first_seed: Seed,
    last_seed: Seed,
    pooling: list[str],
    out: Output,
    batch: Batch = Language.batch,
    dtype: Dtype = Model.dtype,
    device: Device = Language.device,
) -> None:
    """Extract a frozen model's features of every ordered pair's prompt, for a block of seeds.

    A run and its reversal ask the same prompts, and so do all hierarchies of one size: they share these
    features.

    Parameters
    ----------
    model_directory
        Folder of the model.
    lineup
        Items of every seed.
    model
        Name of the model in the tables.
    first_seed, last_seed
        Block of seeds, both included.
    pooling
        How hidden states become a feature: last (of the last token), tail (mean over the last six tokens), or
        mean (over all tokens); one or more.
    out
        Features, safetensors.

    Raises
    ------
    BadInput
        If the model cannot be loaded, or an argument is not allowed.
    """
    for name in pooling:
        if name not in POOLINGS:
            raise BadInput(f"pooling {name!r}: not a pooling; allowed: {', '.join(POOLINGS)}")
    items, samples = read_samples(lineup, first_seed, last_seed)
    loaded = load(model_directory, dtype, device)
    poolings = sorted(set(pooling))
    n = len(samples[0].names)
    blocks = [
        extract(loaded, prompts(one), poolings, batch)
        for one in progress(samples, f"features of {model}, {items}, n = {n}", len(samples))
    ]
    arrays = {name: np.stack([block[name] for block in blocks]) for name in poolings}
    about = {"model": model, "items": items, "n": n, "first_seed": first_seed}
    Features(about, arrays).write(out)
