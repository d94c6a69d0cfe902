"""What stands at the foot of every figure, and in its metadata."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from memgen.figures.style import new_figure, save
from memgen.jobs.stage import recipe_named

URN = "urn:memgen:recipe:sha256:0123456789abcdef"


@pytest.mark.parametrize(("urn", "foot"), [(URN, "two · memgen · 0123456789"), (None, "two · memgen")])
def test_a_figure_says_its_title_and_its_recipe(tmp_path: Path, urn: str | None, foot: str) -> None:
    figure, axes = new_figure(1, 2)
    axes[0, 0].set_xlabel("distance")
    # As a job does, which writes beside its targets.
    pdf, png = (tmp_path / f".two.partial-77.{kind}" for kind in ("pdf", "png"))
    if urn:
        with recipe_named(urn):
            save(figure, pdf=pdf, png=png)
    else:
        save(figure, pdf=pdf, png=png)
    assert [text.get_text() for text in figure.texts] == [foot]
    with Image.open(png) as picture:
        assert (picture.info["Title"], picture.info.get("Source")) == ("two", urn)
        assert picture.getchannel("A").getextrema() == (255, 255)
        dark = picture.convert("L").crop(
            (picture.width // 2, picture.height - 22, picture.width, picture.height)
        )
        assert dark.getextrema()[0] < 150, "the line is inside of what is saved"
    content = pdf.read_bytes()
    assert b"/Title (two)" in content and ((urn or "no id").encode() in content) == bool(urn)
    assert not plt.fignum_exists(figure.number)
