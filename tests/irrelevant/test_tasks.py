"""Tasks have the frequencies, the fixed positions and the noise that they are asked for."""

import math

import numpy as np
import pytest

from memgen.errors import BadInput
from memgen.irrelevant.tasks import draw_clusters, draw_references, draw_sample, draw_symbols, frequencies
from memgen.jobs.seeding import generator


def test_frequencies_from_uniform_to_long_tailed() -> None:
    assert frequencies(4, 0.0) == pytest.approx([0.25] * 4)
    zipf = frequencies(3, 1.0)
    assert zipf * 11 / 6 == pytest.approx([1, 1 / 2, 1 / 3])


def test_clusters_fix_their_share_and_nothing_else() -> None:
    clusters = draw_clusters(50, 400, 0.3, 0.0, generator("test", "clusters"))
    fixed = clusters.pattern != 0
    assert abs(fixed.mean() - 0.3) < 4 * math.sqrt(0.21 / fixed.size)
    sample = draw_sample(clusters, 300, generator("test", "sample"))
    assert set(np.unique(sample.x)) == {-1, 1} and sample.x.dtype == np.int8
    chosen = fixed[sample.y]
    assert (sample.x[chosen] == clusters.pattern[sample.y][chosen]).all()
    assert abs(sample.x[~chosen].mean()) < 4 / math.sqrt((~chosen).sum())
    assert sample.count.sum() == 300 and (sample.multiplicity >= 1).all()


def test_symbols_are_noisy_prefixes() -> None:
    rng = generator("test", "symbols")
    references = draw_references(20, 30, rng)
    sample = draw_symbols(references, frequencies(20, 0.0), 4000, 0.2, rng)
    flipped = sample.bits != references[sample.reference]
    assert abs(flipped.mean() - 0.1) < 4 * math.sqrt(0.09 / flipped.size)
    assert sample.length.min() == 1 and sample.length.max() == 30
    assert (sample.known.sum(axis=1) == sample.length).all()


@pytest.mark.parametrize(
    "arguments", [(0, 5, 0.1, 0.0), (5, 0, 0.1, 0.0), (5, 5, 1.0, 0.0), (5, 5, 0.1, -1.0)]
)
def test_bad_clusters_are_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="allowed"):
        draw_clusters(*arguments, generator("test", "bad"))  # type: ignore[arg-type]
