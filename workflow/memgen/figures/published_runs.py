"""Which published runs, and which of ours, a figure shows, and how it marks them."""

import polars as pl

from memgen.errors import BadInput
from memgen.figures.style import PALETTE

METHODS = {"full": PALETTE["black"], "lora": PALETTE["orange"], "probe": PALETTE["blue"]}
MARKERS = "osD^vP*X"


def post(frames: list[pl.DataFrame], items: str) -> pl.DataFrame:
    """Rows of one kind of item after training."""
    frame = pl.concat(frames).filter(pl.col("phase") == "post", pl.col("items") == items)
    if frame.is_empty():
        raise BadInput(f"no responses with {items} items after training; allowed: items that were run")
    return frame


def present(names: list[str], frame: pl.DataFrame) -> list[str]:
    """Those of some hierarchies that a table has rows of."""
    return [name for name in names if name in set(frame["hierarchy"])]


def chosen(frame: pl.DataFrame, items: str, methods: list[str], ours: list[str]) -> pl.DataFrame:
    """Rows of one kind of item, some methods and some models of ours, each at its smallest hyperparameter."""
    shown = (pl.col("source") == "published") | pl.col("model").is_in(ours)
    frame = frame.filter(pl.col("items") == items, pl.col("method").is_in(methods), shown)
    smallest = pl.col("hyperparameter").min().over("source", "model", "method")
    return frame.filter(pl.col("hyperparameter").is_null() | (pl.col("hyperparameter") == smallest))
