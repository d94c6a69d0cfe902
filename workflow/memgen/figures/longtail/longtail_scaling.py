"""What a point seen l times is worth, n tau_l, against the sample size."""

import polars as pl
from matplotlib.figure import Figure

from memgen.figures.longtail_names import prior_looks
from memgen.figures.style import figure, new_figure, panel_letters, shared_legend
from memgen.jobs.stage import Input
from memgen.longtail.tables import SCALING


@figure
def longtail_scaling(*, scaling: Input) -> Figure:
    r"""Draw n tau_l against the sample size, with the asymptotics of Zipf's law and the lower bound.

    What a point that was seen :math:`l` times is worth: its expected frequency :math:`\tau_l`, times the
    sample size. Under Zipf's law a singleton is worth a constant share of :math:`1/n` whatever the sample
    size, so that not fitting it costs. Dotted: :math:`e^{-x}/E_1(x)`, :math:`x = n/(N H_N)`. Dashed: the
    lower bound weight([1/3n, 2/n])/5.

    Parameters
    ----------
    scaling
        Scaling table.
    """
    table = SCALING.read(scaling).sort("samples", maintain_order=True)
    looks = prior_looks(table["prior"])
    multiplicities = sorted(table["multiplicity"].unique().to_list())
    figure, axes = new_figure(1, len(multiplicities), height=2.7, sharey=True, sharex=True)
    for panel, count in zip(axes[0], multiplicities, strict=True):
        for prior, (label, colour, marker) in looks.items():
            rows = table.filter((pl.col("prior") == prior) & (pl.col("multiplicity") == count))
            panel.plot(rows["samples"], rows["tau_n"], marker, color=colour, ls="-", lw=0.8, label=label)
            limit = rows.filter(pl.col("asymptotic").is_not_null())
            if limit.height:
                words = "Zipf, $e^{-x}/E_1(x)$"
                panel.plot(
                    limit["samples"],
                    limit["asymptotic"],
                    color="black",
                    ls=":",
                    lw=1.0,
                    zorder=5,
                    label=words,
                )
            bound = rows.filter(pl.col("lower_bound") > 0)
            if bound.height:
                panel.plot(bound["samples"], bound["lower_bound"], color=colour, ls="--", lw=0.6, alpha=0.7)
        panel.set(
            xscale="log",
            yscale="log",
            xlabel="sample size, $n$",
            title=f"seen {count} times" if count > 1 else "seen once",
        )
    panel_letters(axes[0])
    axes[0, 0].plot([], [], color="grey", ls="--", lw=0.6, label="lower bound")
    axes[0, 0].set(ylabel="$n\\,\\tau_l$", ylim=(1e-3, 30))
    shared_legend(figure, axes.flat[:1], ncols=6)
    return figure
