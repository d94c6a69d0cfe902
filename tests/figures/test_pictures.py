"""Every picture of the smoke study as it is saved: texts apart from one another, inside, and in words."""

from pathlib import Path

import pytest

from checks import collisions, cut_off, keys_shown, pictured
from memgen.configuration.layers import load
from memgen.figures.labels import model_label
from memgen.figures.table import LEADING, Entry, entries
from repository import ROOT

CONFIG = load([ROOT / "config.yaml", ROOT / "configs/smoke.yaml"])
PICTURES = [(entry, wildcards) for entry in entries(CONFIG) for wildcards in entry.each]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture[0].name.format(**picture[1]))
def test_texts_lie_apart_and_name_no_key(
    picture: tuple[Entry, dict[str, str]], finished: Path, tmp_path: Path
) -> None:
    figure = pictured(*picture, finished, tmp_path)
    assert (collisions(figure), cut_off(figure), keys_shown(figure, CONFIG)) == ([], [], [])


def test_the_default_study_has_at_most_forty_figures_and_begins_with_those_that_lead() -> None:
    found = entries(load([ROOT / "config.yaml"]))
    assert sum(len(entry.each) for entry in found) <= 40
    assert [entry.function for entry in found[: len(LEADING)]] == list(LEADING)


def test_models_have_names_and_untrained_ones_that_of_their_architecture() -> None:
    models = load([ROOT / "config.yaml", ROOT / "configs/paper.yaml"])["language"]["models"]
    for name, model in {**CONFIG["language"]["models"], **models}.items():
        if model["source"] == "random":
            assert model_label(name) == f"{model_label(model['like'])}, untrained"
        else:
            assert model_label(name) != name
