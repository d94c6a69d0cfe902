"""Random numbers without global state.

Every stream is named by a key of words and integers, such as ``("language", "items", "fake", 3)``. The
key alone determines the stream, so the order in which jobs run, and how many run at once, never matters.
"""

import hashlib

import numpy as np


def seed_sequence(*key: str | int) -> np.random.SeedSequence:
    """Seed sequence of the stream named by a key; ``"3"`` and ``3`` name different streams."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in key)
    return np.random.SeedSequence(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))


def generator(*key: str | int) -> np.random.Generator:
    """Random generator of the stream named by a key; see `seed_sequence`."""
    return np.random.default_rng(seed_sequence(*key))


def integer_seed(*key: str | int) -> int:
    """Seed in [0, 2**63) for libraries that take an integer, such as torch; see `seed_sequence`."""
    return int(seed_sequence(*key).generate_state(1, np.uint64)[0] >> np.uint64(1))
