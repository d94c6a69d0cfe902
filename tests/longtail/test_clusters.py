"""Clustered data: what examples of one cluster share, and how errors are weighted."""

import numpy as np
import pytest

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.longtail.clusters import draw, make_clusters
from memgen.longtail.priors import frequencies


def test_gaussian_examples_resemble_their_centre() -> None:
    rng = generator("gaussian")
    clusters = make_clusters("gaussian", frequencies("uniform", 20).expanded(), 10, 4000, 0.7, rng)
    one, other = clusters.examples(np.arange(20), rng), clusters.examples(np.arange(20), rng)
    similarity = one @ other.T / 4000
    tolerance = 5 / np.sqrt(4000)
    assert np.allclose(np.diag(similarity), 1 / (1 + 0.7**2), atol=tolerance)
    assert np.abs(similarity - np.diag(np.diag(similarity))).max() < tolerance
    assert np.allclose((one**2).mean(axis=1), 1, atol=tolerance)


def test_hypercube_examples_agree_where_positions_are_fixed() -> None:
    rng = generator("hypercube")
    clusters = make_clusters("hypercube", frequencies("uniform", 5).expanded(), 10, 3000, 0.6, rng)
    examples = clusters.examples(np.repeat(np.arange(5), 40), rng).reshape(5, 40, 3000)
    assert set(np.unique(examples)) == {-1.0, 1.0}
    constant = (examples == examples[:, :1]).all(axis=1)
    assert (constant == (clusters.centre != 0)).all()
    assert (examples[:, 0][constant] == clusters.centre[constant]).all()
    assert constant.mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / 15000))


def test_samples_count_their_clusters() -> None:
    rng = generator("sample")
    frequency = frequencies("zipf", 50).expanded()
    clusters = make_clusters("gaussian", frequency, 10, 8, 0.0, rng)
    sample = draw(clusters, 80, 3, rng)
    assert sample.x.shape == (80, 8) and sample.test_x.shape == (150, 8)
    assert sample.test_weight.sum() == pytest.approx(1)
    # Without spread, examples of a cluster are its centre: count them by hand.
    same = (np.abs(sample.x[:, None] - sample.x[None]) < 1e-12).all(axis=2)
    assert (same.sum(axis=1) == sample.multiplicity).all()
    seen = sample.test_multiplicity[::3]
    assert seen.sum() == 80 and (sample.test_y[::3] == clusters.label).all()


@pytest.mark.parametrize(("structure", "spread"), [("cube", 0.5), ("hypercube", 1.5), ("gaussian", -0.1)])
def test_bad_clusters_are_refused(structure: str, spread: float) -> None:
    with pytest.raises(BadInput, match="allowed"):
        make_clusters(structure, np.ones(1), 2, 3, spread, generator("bad"))
