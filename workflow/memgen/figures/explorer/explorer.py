"""The explorer: the closed forms of the three studies as one static page to play with.

Reads the tables of fitted models, puts them and the parts of the page into one file, and computes nothing.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.figures.labels import ITEMS, hierarchy_label, method_label, model_label, named
from memgen.jobs.stage import Input, Inputs, Output, recipe_urn, stage
from memgen.language.fits.tables import FIT

#: What the page knows of a fitted model.
COLUMNS = (
    *("source", "model", "items", "hierarchy", "method", "hyperparameter", "n", "exceptions"),
    *("gamma", "gamma_low", "gamma_high", "memorization_weight", "correlation"),
)
_PART = re.compile(r'<script src="([a-z]+\.js)"></script>|<link rel="stylesheet" href="([a-z]+\.css)">')
_FITTED = '<script type="application/json" id="fitted">[]</script>'
_RECIPE = "Made by memgen."


def _fitted(tables: list[Path], called: Mapping[str, str]) -> str:
    """Fitted models whose gamma lies within the range that is searched, as JSON that may stand in a page."""
    rows = pl.concat([FIT.read(path).select(COLUMNS) for path in tables])
    rows = rows.filter(pl.col("gamma").is_not_null())
    told = [
        {
            **row,
            "model": model_label(row["model"]),
            "items": ITEMS.get(row["items"], row["items"]),
            "hierarchy": hierarchy_label(row["n"], row["exceptions"].split()),
            "method": method_label(row, called),
        }
        for row in rows.rows(named=True)
    ]
    text = json.dumps(told, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text; allowed: a part of the page, in UTF-8") from None


@stage
def explorer(*, template: Input, parts: Inputs, fits: Inputs, words: list[str], out: Output) -> None:
    """Make the page in which people play with the theories, from its parts.

    Parameters
    ----------
    template
        The page, which names its parts.
    parts
        Style sheet and scripts, each named once in the template.
    fits
        Fit tables, ours and the published.
    words
        Labels of the methods, each "key=words".
    out
        The page, one file that opens from disk.
    """
    texts = {Path(path).name: _text(Path(path)) for path in parts}
    whole = _text(Path(template))
    asked = [script or style for script, style in _PART.findall(whole)]
    if sorted(asked) != sorted(texts):
        wrong = sorted(set(asked) ^ set(texts))
        raise BadInput(f"{template}: its parts and --parts differ in {', '.join(wrong)}; allowed: the same")

    def inlined(match: re.Match[str]) -> str:
        script, style = match.groups()
        return f"<script>\n{texts[script]}</script>" if script else f"<style>\n{texts[style]}</style>"

    whole = _PART.sub(inlined, whole).replace(
        _FITTED, _FITTED.replace("[]", _fitted([*map(Path, fits)], named(words)))
    )
    urn = recipe_urn()
    if urn is not None:
        whole = whole.replace(_RECIPE, f"{_RECIPE} Recipe {urn}.")
        whole = whole.replace("<title>", f'<meta name="recipe" content="{urn}">\n<title>', 1)
    Path(out).write_text(whole, encoding="utf-8")
