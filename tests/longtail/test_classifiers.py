"""Clustered data, and classifiers in closed form against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from memgen.jobs.seeding import generator
from memgen.longtail.classifiers import neighbour_scores, ridge_scores, targets
from memgen.longtail.clusters import draw, make_clusters
from memgen.longtail.priors import frequencies

RIDGES = np.array([1e-2, 0.3, 5.0, 400.0])


def data(n: int = 40, d: int = 25, labels: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = generator("data", n, d)
    return rng.standard_normal((n, d)), rng.integers(0, labels, n), rng.standard_normal((15, d))


@pytest.mark.parametrize(("n", "d"), [(40, 25), (20, 60)])
def test_ridge_is_scikit_learns(n: int, d: int) -> None:
    x, y, test_x = data(n, d)
    found = ridge_scores(x, y, 4, RIDGES, test_x)
    scale = (x**2).sum() / n
    for scores, ridge in zip(found, RIDGES, strict=True):
        model = Ridge(alpha=ridge * scale, fit_intercept=False).fit(x, targets(y, 4))
        assert np.allclose(scores, model.predict(test_x), atol=1e-9)


def test_neighbours_vote_as_scikit_learns() -> None:
    x, y, test_x = data(200, 6)
    counts = np.array([1, 3, 7, 20])
    found = neighbour_scores(x, y, 4, counts, test_x)
    for scores, count in zip(found, counts, strict=True):
        votes = KNeighborsClassifier(int(count)).fit(x, y).predict_proba(test_x) * count
        assert (np.floor(scores + 0.25) == np.round(votes)).all() or count > 1
        # Whole votes decide; nearness adds less than half a vote in all.
        assert (np.abs(scores - votes) < 0.5).all()
        assert (np.take_along_axis(votes, scores.argmax(axis=1)[:, None], 1)[:, 0] == votes.max(axis=1)).all()


def test_ties_go_to_the_nearer_neighbour() -> None:
    x = np.array([[0.0], [1.0], [5.0], [6.0]])
    found = neighbour_scores(x, np.array([2, 0, 1, 1]), 3, np.array([2, 4]), np.array([[0.1]]))
    assert found.argmax(axis=2)[:, 0].tolist() == [2, 1]


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
