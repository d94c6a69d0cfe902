"""The figures of the smoke study: pictures as they are saved, their captions, and what their files say."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from checks import assert_labelled, collisions, cut_off, keys_shown, pictured
from memgen.configuration.layers import load
from memgen.figures.style import new_figure, save
from memgen.figures.table import Entry, entries
from memgen.jobs.stage import recipe_named
from repository import ROOT

CONFIG = load([ROOT / "config.yaml", ROOT / "configs/smoke.yaml"])
PICTURES = [(entry, wildcards) for entry in entries(CONFIG) for wildcards in entry.each]
URN = "urn:memgen:recipe:sha256:0123456789abcdef"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture[0].name.format(**picture[1]))
def test_axes_have_labels_texts_lie_apart_and_name_no_key_and_the_caption_is_filled_in(
    picture: tuple[Entry, dict[str, str]], finished: Path, tmp_path: Path
) -> None:
    entry, wildcards = picture
    figure = pictured(entry, wildcards, finished, tmp_path)
    assert (collisions(figure), cut_off(figure), keys_shown(figure, CONFIG)) == ([], [], [])
    if entry.name != "language_cells":  # titles say what lies across
        assert_labelled(figure)
    caption = re.sub(r":math:`.*?`", "", entry.caption(entry.told(wildcards)), flags=re.DOTALL)
    assert caption and "{" not in caption


def test_a_figure_says_its_title_and_its_recipe(tmp_path: Path) -> None:
    figure, axes = new_figure(1, 2)
    axes[0, 0].set_xlabel("distance")
    # As a job does, which writes beside its targets.
    pdf, png = (tmp_path / f".two.partial-77.{kind}" for kind in ("pdf", "png"))
    with recipe_named(URN):
        save(figure, pdf=pdf, png=png)
    assert [text.get_text() for text in figure.texts] == ["two · memgen · 0123456789"]
    with Image.open(png) as picture:
        assert (picture.info["Title"], picture.info["Source"]) == ("two", URN)
        assert picture.getchannel("A").getextrema() == (255, 255)
        line = picture.convert("L").crop((picture.width // 2, picture.height - 22, *picture.size))
        assert line.getextrema()[0] < 150, "the line is inside of what is saved"
    assert b"/Title (two)" in pdf.read_bytes() and URN.encode() in pdf.read_bytes()
    assert not plt.fignum_exists(figure.number)
