"""Runs of trained classifiers averaged over seeds."""

import polars as pl

from memgen.jobs.stage import Inputs, Output, stage
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.tables import CLASSIFIERS, CURVES
from memgen.tables.statistics import standard_error


@stage
def curves(*, runs: Inputs, out: Output) -> None:
    """Average the runs of every classifier and setting over seeds.

    Parameters
    ----------
    runs
        Classifiers tables.
    out
        Curves table.
    """
    table = pl.concat([CLASSIFIERS.read(path) for path in runs]).with_columns(
        excess=pl.col("test_error") - pl.col("optimum"),
        bound_excess=pl.col("lower_bound") - pl.col("optimum"),
    )
    masses = {
        key: Risk(frequencies(str(key[0]), int(key[1])), int(key[2]), int(key[3])).mass(1)
        for key in table.select("prior", "domain", "samples", "labels").unique().iter_rows()
    }
    keys = ["structure", "learner", "setting", "prior", "domain", "samples", "labels"]

    def error(values: str | pl.Expr) -> pl.Expr:
        return standard_error(values).fill_null(float("nan"))

    grouped = table.group_by(keys, maintain_order=True).agg(
        pl.col("epsilon").first(),
        pl.col("delta").first(),
        seeds=pl.len().cast(pl.Int64),
        fitted_standard_error=error("fitted_singletons"),
        fitted_singletons=pl.col("fitted_singletons").mean(),
        test_standard_error=error("test_error"),
        test_error=pl.col("test_error").mean(),
        excess_standard_error=error("excess"),
        slack_standard_error=error(pl.col("excess") - pl.col("bound_excess")),
        excess=pl.col("excess").mean(),
        bound_excess=pl.col("bound_excess").mean(),
    )
    slope = [masses[row] for row in grouped.select("prior", "domain", "samples", "labels").iter_rows()]
    CURVES.write(
        grouped.with_columns(singleton_mass=pl.Series(slope, dtype=pl.Float64)).select(list(CURVES.columns)),
        out,
    )
