"""What attacks recover, averaged over seeds."""

import polars as pl

from memgen.irrelevant.averages import averaged
from memgen.irrelevant.bounds import recovered_share
from memgen.irrelevant.tables import AVERAGES, RECOVERY, RUNS
from memgen.jobs.stage import Inputs, Output, stage

_KEYS = list(AVERAGES.columns)[: list(AVERAGES.columns).index("multiplicity") + 1]
_MEASURED = [name for name in AVERAGES.columns if f"{name}_se" in AVERAGES.columns]


@stage
def recovery(*, runs: Inputs, out: Output, averages: Output) -> None:
    """Average what attacks recover over seeds, for every learner, defence, step and multiplicity.

    Parameters
    ----------
    runs
        Runs tables.
    out
        Recovery table: the main attack of each learner; of runs of the same setting, the first.
    averages
        Averages table: every attack, with intervals.
    """
    table = pl.concat([RUNS.read(path) for path in runs])
    whole = averaged(table, _KEYS, _MEASURED)
    group = ["run", "task", "learner", "defence", "clusters", "samples", "dimension", "rho"]
    known = (pl.col("multiplicity") > 0) & pl.col("rho").is_not_null()
    whole = whole.with_columns(
        last=pl.col("step") == pl.col("step").max().over(group),
        expected=pl.when(known).then(
            pl.struct("multiplicity", "rho").map_batches(
                lambda pair: pl.Series(
                    recovered_share(
                        pair.struct["multiplicity"].clip(1).to_numpy(),
                        pair.struct["rho"].fill_null(0.0).to_numpy(),  # type: ignore[arg-type]
                    )
                ),
                return_dtype=pl.Float64,
            )
        ),
    )
    AVERAGES.write(whole, averages)
    setting = list(RECOVERY.columns)[: list(RECOVERY.columns).index("multiplicity") + 1]
    main = whole.filter("main").unique(setting, keep="first", maintain_order=True)
    RECOVERY.write(main.select(list(RECOVERY.columns)), out)
