"""Gather the losses of all pretrained models."""

import json

import polars as pl

from memgen.errors import BadInput
from memgen.language.models.tables import PRETRAINING
from memgen.stage import Inputs, Output, stage


@stage
def pretraining(*, models: Inputs, out: Output) -> None:
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
        history = json.loads(path.read_text(encoding="utf-8"))
        rows += [(folder.name, *row) for row in zip(history["step"], history["answer_loss"], strict=True)]
    PRETRAINING.write(pl.DataFrame(rows, schema=PRETRAINING.schema, orient="row"), out)
