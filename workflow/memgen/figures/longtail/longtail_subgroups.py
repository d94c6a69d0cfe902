"""Limited memorization costs subgroups unequally."""

from matplotlib.figure import Figure

from memgen.figures.longtail_names import prior_looks
from memgen.figures.style import COLUMN, PALETTE, figure, new_figure, shared_legend
from memgen.jobs.stage import Inputs
from memgen.longtail.tables import SUBGROUPS


@figure
def longtail_subgroups(*, subgroups: Inputs) -> Figure:
    """Draw what limited memorization costs each subgroup of each mixture.

    Limiting memorization costs the rarer (left) and the longer-tailed (right) subgroup of a mixture more.
    Bars: closed form; points: drawn samples, with standard errors.

    Parameters
    ----------
    subgroups
        Subgroups tables, one mixture each.
    """
    tables = [SUBGROUPS.read(path) for path in subgroups]
    figure, axes = new_figure(1, len(tables), width=COLUMN, height=2.5, sharey=True)
    for panel, table in zip(axes[0], tables, strict=True):
        places = range(table.height)
        panel.bar(places, table["cost_closed"], width=0.6, color=PALETTE["sky"], label="closed form")
        panel.errorbar(
            places,
            table["cost_simulated"],
            yerr=table["standard_error"],
            fmt="o",
            color=PALETTE["black"],
            lw=0,
            elinewidth=0.8,
            label="simulated",
        )
        panel.set_xticks(places, [_describe(row) for row in table.iter_rows(named=True)], fontsize=5.5)
        panel.set(title=f"n = {table['samples'][0]:,}", xlim=(-0.6, table.height - 0.4))
    limit = tables[0]["memorization_limit"][0]
    axes[0, 0].set_ylabel(f"excess error,\nmemorization limited to {limit:g}")
    shared_legend(figure, axes.flat[:1], ncols=2)
    return figure


def _describe(row: dict[str, object]) -> str:
    prior = str(row["prior"])
    label, _, _ = prior_looks([prior])[prior]
    return f"{row['group']}: {label}\n{row['domain']:,} points\nweight {row['weight']:.2f}"
