"""Gather the losses of all pretrained models."""

import json

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import InputDirectories, Output, stage
from memgen.language.tables import PRETRAINING


@stage
def pretraining(*, models: InputDirectories, out: Output) -> None:
    """Gather the losses of all pretrained models.

    Parameters
    ----------
    models
        Folders that `pretrain` wrote, named after their models.
    out
        Mean loss at the answers along the steps of each.

    Raises
    ------
    BadInput
        If a folder holds no losses.
    """
    rows = []
    for folder in models:
        path = folder / "pretraining.json"
        if not path.is_file():
            raise BadInput(f"{path}: no such file; allowed: folders of models that were pretrained here")
        try:
            history = json.loads(path.read_text(encoding="utf-8"))
            pairs = zip(history["step"], history["answer_loss"], strict=True)
            rows += [(folder.name, int(step), float(loss)) for step, loss in pairs]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(f"{path}: not the losses of a model that was pretrained here") from None
    PRETRAINING.write(pl.DataFrame(rows, schema=PRETRAINING.schema, orient="row"), out)
