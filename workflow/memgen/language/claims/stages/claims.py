"""What is claimed of language models, beside what these models do."""

from typing import Annotated

import cyclopts
import polars as pl

from memgen.jobs.stage import Input, Inputs, Output, stage
from memgen.language.claims.evidence import held_out_rows
from memgen.language.claims.geometry import geometry_claims
from memgen.language.claims.statements import Study, claims_by_method
from memgen.language.claims.tables import HELD_OUT
from memgen.language.responses.tables import GEOMETRY
from memgen.tables.claims import write_claims


@stage
def claims(
    *,
    responses: Inputs,
    geometry: Input,
    out: Output,
    held_out: Output,
    representations: Input | None = None,
    controls: Annotated[list[str] | None, cyclopts.Parameter(name="--control")] = None,
    networks: Annotated[list[str] | None, cyclopts.Parameter(name="--network")] = None,
    ridge: list[str] | None = None,
) -> None:
    """Test the claims on every method, pooled, and show them for every model and kind of item.

    Parameters
    ----------
    responses
        Response tables of the study.
    geometry
        Geometry table of the study.
    out
        Claims table.
    held_out
        Margins predicted from other pairs, or from the measured representation, beside those found.
    representations
        Table of representations, where they were compared.
    controls
        Untrained models, each as "like/name": the model whose architecture it has, and its own name.
    networks
        Models that were pretrained here by one recipe and differ by pretraining seed.
    ridge
        Methods that train no network: their seeds are those of the probes.
    """
    study = Study("language", *responses, geometry=GEOMETRY.read(geometry), ridge=ridge or [])
    populations: dict[str, list[str]] = {}
    for control in controls or []:
        like, _, name = control.partition("/")
        populations.setdefault(like, []).append(name)
    found = claims_by_method(study, populations, networks or [])
    write_claims([*found, *(geometry_claims(representations) if representations else [])], out)
    further = {name for names in populations.values() for name in names[1:]}
    shown = [runs for (_, model, _), runs in study.runs.items() if model not in further]
    rows = [row for runs in shown for row in held_out_rows(runs)]
    HELD_OUT.write(pl.DataFrame(rows, schema=HELD_OUT.schema), held_out)
