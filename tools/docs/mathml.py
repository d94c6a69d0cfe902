"""Formulas of the documentation as MathML, which needs no script, in a font that comes along."""

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert


def copy_font(folder: Path) -> None:
    """Copy the font of the formulas, STIX Two Math (SIL Open Font License), out of its package."""
    folder.mkdir(parents=True, exist_ok=True)
    font = files("ziamath.fonts") / "STIXTwoMath-Regular.ttf"
    with font.open("rb") as source, (folder / font.name).open("wb") as target:
        shutil.copyfileobj(source, target)


def _formula(latex: str, display: str) -> str:
    return str(convert(latex, display=display))


def _inline(writer: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(_formula(node.astext(), "inline"))
    raise SkipNode


def _block(writer: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(f'<div class="math">{_formula(node.astext(), "block")}</div>')
    raise SkipNode


def setup(app: Any) -> None:
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
