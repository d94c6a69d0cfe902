"""What is claimed, and what was found: the list of claims, or one claim with its cells."""

import json as json_format
import os
from pathlib import Path
from typing import Any

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.closure import module_file
from memgen.jobs.entries import find
from memgen.jobs.stage import Input, command
from memgen.tables.claims import CLAIMS, THIS_STUDY

TABLE = Path("results/claims.csv")


@command
def claim(id: str | None = None, *, table: Input | None = None, json: bool = False) -> None:
    """List the claims with their verdicts, or show one in full.

    Parameters
    ----------
    id
        Short name of a claim, as the list has it.
    table
        Claims table; results/claims.csv by default.
    json
        Print JSON, with every digit.
    """
    path = table or TABLE
    if not path.is_file():
        raise BadInput(
            f"{path}: there is no table of claims here; make study makes it; docs/claims.md has ours"
        )
    claims = CLAIMS.read(path)
    if id is None:
        listed = claims.filter("leads")
        if json:
            print(json_format.dumps(listed.rows(named=True)))
            return
        width = max((len(name) for name in listed["id"]), default=0)
        for row in listed.iter_rows(named=True):
            print(f"{row['id']:<{width}}  {row['verdict']:<11}  {value(row)}")
        print(f"{listed.height} claims; memgen claim ID shows one")
        return
    rows = claims.filter(pl.col("id") == id).sort("leads", descending=True, maintain_order=True)
    if rows.is_empty():
        near = [name for name in claims["id"].unique(maintain_order=True) if id in name or name in id]
        raise BadInput(f"{id!r}: there is no claim of that name; nearest: {', '.join(near[:6]) or 'none'}")
    if json:
        print(json_format.dumps(rows.rows(named=True)))
        return
    first = rows.row(0, named=True)
    if first["leads"]:
        _show(first)
    cells = rows.filter(~pl.col("leads"))
    if cells.height:
        print("cells, without a verdict:")
    for row in cells.iter_rows(named=True):
        named = " ".join(row[name] for name in ("model", "items", "method") if row[name]) or row["claim"]
        print(f"  {named:<48} {value(row)}")


def value(row: dict[str, Any]) -> str:
    """Our value with its 95% interval and its units."""
    if row["ours"] is None:
        return "not tested"
    interval = "" if row["lower"] is None else f" [{row['lower']:.3g}, {row['upper']:.3g}]"
    units = "exact" if row["n_units"] is None else f"{row['n_units']} {row['unit']}"
    return f"{row['ours']:.3g}{interval}, {units}"


def _show(row: dict[str, Any]) -> None:
    p = "" if row["p_holm"] is None else f"; p = {row['p_holm']:.2g}, corrected within its family"
    source = "derived in this study" if row["paper"] == THIS_STUDY else row["paper"]
    print(row["claim"])
    print(f"  found        {value(row)}")
    print(f"  expected     {row['expected']}")
    print(f"  verdict      {row['verdict']}{p}")
    print(f"  would fail   {row['would_fail']}")
    print(f"  source       {source}")
    if row["model"]:
        print(f"  tested on    {row['model']}, {row['items']}, {row['method']}")
    if row["seeds_to_decide"] is not None:
        print(f"  to decide    {row['seeds_to_decide']} {row['unit']}, were this its true value")
    print(f"  figure       figures/{row['figure']}.pdf")
    print(f"  computed by  {row['command']}")
    if code := _code(row["command"]):
        print(f"  its code     {code}")


def _code(command: str) -> str | None:
    """Source file of a command such as ``memgen language evidence --json``."""
    _, *words = command.split()
    entry = find(words[0], words[1]) if len(words) > 1 else None
    path = module_file(entry.module) if entry else None
    return None if path is None else os.path.relpath(path)
