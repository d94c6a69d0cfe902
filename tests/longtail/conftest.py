"""Every table of the study at a small size."""

from typing import Any

import pytest

from memgen.longtail.stages.classify import classify
from memgen.longtail.stages.closed_forms import costs, scaling, spectra
from memgen.longtail.stages.memorize import memorize
from memgen.longtail.stages.simulations import noise, privacy, simulate, subgroups, tradeoff
from memgen.longtail.stages.singletons import compress, mislabel
from memgen.longtail.stages.summaries import curves

PRIORS = ["zipf", "geometric:0.9"]
SIZE = {"domain": 40, "samples": 50, "repeats": 300, "labels": 10}
DATA = {"prior": "zipf", "domain": 40, "samples": 40, "labels": 10, "dimensions": 60}
NETWORK = {"hidden": 8, "steps": 20}
TRAINED: dict[str, tuple[list[float], dict[str, Any]]] = {
    "ridge": ([0.1, 10.0], {}),
    "neighbours": ([1.0, 5.0], {}),
    "network": ([0.001, 0.3], NETWORK),
    "private_network": ([0.0, 2.0], {**NETWORK, "learning_rate": 1.0}),
}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every table of the study at a small size."""
    folder = tmp_path_factory.mktemp("longtail")
    paths: dict[str, Any] = {name: folder / f"{name}.parquet" for name in ("spectra", "scaling")}
    tables = ("costs", "simulation", "tradeoff", "privacy", "noise", "curves", "subgroups")
    for name in (*tables, "mislabelled", "compression"):
        paths[name] = folder / f"{name}.csv"
    words = folder / "words.txt"
    words.write_text("\n".join(str(1 / rank) for rank in range(1, 31)))
    spectra(priors=PRIORS, frequencies=[words], domain=40, samples=60, out=paths["spectra"])
    scaling(priors=PRIORS, domain=20000, samples=[1000, 10000], multiplicities=[1, 2], out=paths["scaling"])
    paper = {"domain": [50000, 5000, 5000, 25000], "samples": [50000, 50000, 10000, 50000]}
    costs(prior="zipf", **paper, out=paths["costs"])
    simulate(
        priors=PRIORS, frequencies=[words], domain=[40], samples=[50], repeats=[300], labels=10,
        learners=["optimal", "ignore:1", "flip:0.2", "majority:0.8"], out=paths["simulation"],
    )  # fmt: skip
    tradeoff(priors=PRIORS, memorization_limits=[0.0, 0.5, 0.9], out=paths["tradeoff"], **SIZE)
    privacy(priors=PRIORS, epsilons=[0.1, 1.0, 3.0], out=paths["privacy"], **SIZE)
    noise(priors=PRIORS, label_keep=[0.3, 1.0], out=paths["noise"], **SIZE)
    subgroups(
        mixture="small", groups=["P1", "P2"], priors=["zipf", "zipf"], domains=[30, 30], weights=[5, 1],
        samples=90, repeats=300, out=paths["subgroups"],
    )  # fmt: skip
    clustered = {**DATA, "structures": ["gaussian", "hypercube"], "spreads": [0.7, 0.6], "tests": 2}
    mislabel(label_keep=[0, 0.8, 1], ridges=[0.1, 10], seeds=3, out=paths["mislabelled"], **clustered)
    compress(kept=[1, 0.1], seeds=3, out=paths["compression"], **clustered)
    paths |= {"subgroups": [paths["subgroups"]], "runs": [], "memorization": [], "scores": []}
    for learner, (settings, options) in TRAINED.items():
        given = {"structure": "gaussian", "spread": 0.7, "learner": learner, "settings": settings, "seeds": 3}
        out = folder / f"classifiers_{learner}.parquet"
        classify(tests=2, out=out, **given, **DATA, **options)
        paths["runs"].append(out)
        if learner == "private_network":
            continue
        out, scores = folder / f"memorization_{learner}.parquet", folder / f"scores_{learner}.parquet"
        memorize(subsample_count=12, out=out, scores=scores, **given, **DATA, **options)
        paths["memorization"].append(out)
        paths["scores"].append(scores)
    curves(runs=paths["runs"], out=paths["curves"])
    return paths
