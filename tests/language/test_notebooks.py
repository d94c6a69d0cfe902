"""What a notebook computes of a model is what the study's stages compute."""

import numpy as np

from memgen.engine.loading import load
from memgen.language.fits.least_squares import fit_gamma
from memgen.language.responses.tables import MARGINS
from memgen.language.stages.features import features
from memgen.language.stages.lineups import lineups
from memgen.language.stages.probe import probe
from memgen.language.stages.summaries import margins
from memgen.notebooks.models import fit, probed_margins
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.stages.task import task


def test_the_probe_of_a_notebook_is_that_of_the_study(tiny_causal, tmp_path):
    folder, hierarchy = tiny_causal["llama", False], Hierarchy(7, ((4, 2),))
    paths = {name: tmp_path / f"{name}.parquet" for name in ("lineup", "task", "out", "geometry", "margins")}
    states = tmp_path / "features.safetensors"
    lineups(items="fake", n=7, first_seed=0, last_seed=1, out=paths["lineup"])
    task(name="mine", n=7, exceptions=["4:2"], out=paths["task"])
    common = {"lineup": paths["lineup"], "model": "tiny", "first_seed": 0, "last_seed": 1}
    features(model_directory=folder, pooling=["last"], out=states, **common)
    given = {name: paths[name] for name in ("task", "out", "geometry")}
    probe(features=states, method="probe", ridge=[0.01], pooling="last", **given)
    margins(responses=paths["out"], out=paths["margins"])
    study = MARGINS.read(paths["margins"]).sort("higher", "lower")
    found = probed_margins(load(folder), hierarchy, seeds=range(2), ridge=0.01)
    assert found.frame["pair_class"].to_list() == study["pair_class"].to_list()
    np.testing.assert_allclose(found.frame["margin"], study["margin"], rtol=0, atol=1e-9)

    fitted = fit(hierarchy, found)
    untrained = fitted.frame
    assert untrained.height == 21 - 7
    direct = fit_gamma(hierarchy, *(untrained[name].to_numpy() for name in ("higher", "lower", "observed")))
    same = ("gamma", "scale", "correlation")
    assert all(getattr(fitted, name) == getattr(direct, name) for name in same)
    shown = np.corrcoef(untrained["predicted"], untrained["observed"])[0, 1]
    assert np.isclose(shown, direct.correlation, rtol=0, atol=1e-12)
