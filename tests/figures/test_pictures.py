"""Every picture of the smoke study as it is saved: texts apart from one another, inside, and in words."""

from pathlib import Path

import pytest

from checks import collisions, cut_off, keys_shown, pictured
from memgen.configuration.layers import load
from memgen.figures.table import Entry, entries
from repository import ROOT

CONFIG = load([ROOT / "config.yaml", ROOT / "configs/smoke.yaml"])
PICTURES = [(entry, wildcards) for entry in entries(CONFIG) for wildcards in entry.each]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture[0].name.format(**picture[1]))
def test_texts_lie_apart_and_name_no_key(
    picture: tuple[Entry, dict[str, str]], finished: Path, tmp_path: Path
) -> None:
    figure = pictured(*picture, finished, tmp_path)
    assert (collisions(figure), cut_off(figure), keys_shown(figure, CONFIG)) == ([], [], [])
