"""Figures of the long tail's closed forms, with what drawn samples show."""

from typing import Annotated, Any

import cyclopts
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.figures.labels import TAIL_LEARNERS, Look, prior_looks
from memgen.figures.panels import equality, legend, panel_letters, shared_legend
from memgen.figures.style import COLUMN, PALETTE, figure, new_figure
from memgen.jobs.arguments import Count
from memgen.longtail.tables import NOISE, PRIVACY, SCALING, SIMULATION, SPECTRA, SUBGROUPS, TRADEOFF


def draw_excess(panel: Axes, rows: pl.DataFrame, closed: str, simulated: str, look: Look) -> None:
    """Draw excess error against a column: a line in closed form, and markers of drawn samples."""
    label, colour, marker = look
    panel.plot(rows[closed], rows["excess_closed"], color=colour, lw=0.8)
    panel.errorbar(
        rows[simulated], rows["excess_simulated"], yerr=rows["standard_error"], fmt=marker, color=colour,
        lw=0, elinewidth=0.7, label=label,
    )  # fmt: skip


def _legend_with_size(panel: Axes, table: pl.DataFrame) -> None:
    """Legend of a panel, under the sizes of the domain and of the sample that a table is of."""
    size = table.row(0, named=True)
    labels = f", {size['labels']} labels" if "labels" in size else ""
    panel.legend(title=f"N = {size['domain']:,}, n = {size['samples']:,}{labels}", title_fontsize=6)


@figure
def longtail_spectra(
    *,
    spectra: Annotated[pl.DataFrame, SPECTRA],
    largest: Annotated[Count, cyclopts.Parameter(help="Largest multiplicity drawn.")] = 100,
) -> Figure:
    """Draw the expected number and mass of the points that a sample holds l times.

    Expected number :math:`K_l` (a) and probability :math:`M_l` (b) of the points that a sample holds
    :math:`l` times, for four priors of the frequencies. Under Zipf's law a sample is full of points that
    were seen once; under a geometric prior there are next to none.
    """
    table = spectra.filter(pl.col("multiplicity") <= largest)
    figure, axes = new_figure(1, 2, height=2.5)
    for panel, column, floor, words in (
        (axes[0, 0], "points", 1e-3, "expected points seen $l$ times, $K_l$"),
        (axes[0, 1], "mass", 1e-5, "their probability, $M_l$"),
    ):
        for prior, (label, colour, marker) in prior_looks(table["prior"]).items():
            rows = table.filter((pl.col("prior") == prior) & (pl.col(column) >= floor))
            panel.plot(rows["multiplicity"], rows[column], marker, color=colour, label=label, ls="-", lw=0.8)
        panel.set_xscale("symlog", linthresh=1, linscale=0.4)
        panel.set_yscale("log")
        panel.set(xlabel="times seen, $l$", ylabel=words, xlim=(-0.2, largest * 1.15))
        panel.set_xticks([0, 1, 2, 5, 10, 20, 50, 100], ["0", "1", "2", "5", "10", "20", "50", "100"])
        panel.minorticks_off()
    panel_letters(axes[0])
    _legend_with_size(axes[0, 1], table)
    return figure


@figure
def longtail_scaling(*, scaling: Annotated[pl.DataFrame, SCALING]) -> Figure:
    r"""Draw n tau_l against the sample size, with the asymptotics of Zipf's law and the lower bound.

    What a point that was seen :math:`l` times is worth: its expected frequency :math:`\tau_l`, times the
    sample size. Under Zipf's law a singleton is worth a constant share of :math:`1/n` whatever the sample
    size, so that not fitting it costs. Dotted: :math:`e^{-x}/E_1(x)`, :math:`x = n/(N H_N)`. Dashed: the
    lower bound weight([1/3n, 2/n])/5.
    """
    table = scaling.sort("samples", maintain_order=True)
    multiplicities = sorted(table["multiplicity"].unique().to_list())
    figure, axes = new_figure(1, len(multiplicities), height=2.7, sharey=True, sharex=True)
    for panel, count in zip(axes[0], multiplicities, strict=True):
        for prior, (label, colour, marker) in prior_looks(table["prior"]).items():
            rows = table.filter((pl.col("prior") == prior) & (pl.col("multiplicity") == count))
            panel.plot(rows["samples"], rows["tau_n"], marker, color=colour, ls="-", lw=0.8, label=label)
            limit = rows.filter(pl.col("asymptotic").is_not_null())
            if limit.height:
                panel.plot(
                    limit["samples"], limit["asymptotic"], color="black", ls=":", lw=1.0, zorder=5,
                    label="Zipf, $e^{-x}/E_1(x)$",
                )  # fmt: skip
            bound = rows.filter(pl.col("lower_bound") > 0)
            if bound.height:
                panel.plot(bound["samples"], bound["lower_bound"], color=colour, ls="--", lw=0.6, alpha=0.7)
        title = f"seen {count} times" if count > 1 else "seen once"
        panel.set(xscale="log", yscale="log", xlabel="sample size, $n$", title=title)
    panel_letters(axes[0])
    axes[0, 0].plot([], [], color="grey", ls="--", lw=0.6, label="lower bound")
    axes[0, 0].set(ylabel="$n\\,\\tau_l$", ylim=(1e-3, 30))
    shared_legend(figure, axes.flat[:1], ncols=6)
    return figure


@figure
def longtail_simulation(*, simulation: Annotated[pl.DataFrame, SIMULATION]) -> Figure:
    r"""Draw simulated against closed-form error, one panel per prior, one point per learner and size.

    Error of every learner on drawn samples against its closed form :math:`\sum_l e_l M_l`. Bars: standard
    errors over samples, mostly smaller than the markers. Each learner appears at two sizes and several
    strengths.
    """
    looks = prior_looks(simulation["prior"])
    figure, axes = new_figure(1, len(looks), height=2.35)
    for panel, (prior, (label, _, _)) in zip(axes[0], looks.items(), strict=True):
        part = simulation.filter(pl.col("prior") == prior)
        closed = part["error_closed"]
        equality(panel, closed.min(), closed.max())  # type: ignore[arg-type]
        for learner, (_, colour, marker) in TAIL_LEARNERS.items():
            rows = part.filter(pl.col("learner") == learner)
            panel.errorbar(
                rows["error_closed"], rows["error_simulated"], yerr=rows["standard_error"], fmt=marker, ms=3,
                lw=0, elinewidth=0.6, color=colour,
            )  # fmt: skip
        panel.set(title=label, xlabel="closed-form error")
        panel.set_box_aspect(1)
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("simulated error")
    present = set(simulation["learner"])
    handles = [
        axes[0, 0].plot([], [], marker, color=colour, label=words)[0]
        for learner, (words, colour, marker) in TAIL_LEARNERS.items()
        if learner in present
    ]
    legend(figure, handles, 4)
    return figure


@figure
def longtail_tradeoff(*, tradeoff: Annotated[pl.DataFrame, TRADEOFF]) -> Figure:
    r"""Draw excess error against the share of singletons fitted; the lines have slope tau_1 K_1.

    The price of not memorizing: excess error against the share of singletons that a learner fits. Lines:
    closed form, of slope :math:`\tau_1 K_1`; markers: drawn samples, with standard errors.
    """
    table = tradeoff.sort("fitted_closed", maintain_order=True)
    figure, axes = new_figure(width=COLUMN, height=2.6)
    panel = axes[0, 0]
    for prior, (label, colour, marker) in prior_looks(table["prior"]).items():
        rows = table.filter(pl.col("prior") == prior)
        words = f"{label}, slope {rows['slope'][0]:.3f}"
        draw_excess(panel, rows, "fitted_closed", "fitted_simulated", (words, colour, marker))
    panel.set(xlabel="share of singletons fitted", ylabel="excess error", xlim=(0, 1.02), ylim=(-0.005, None))
    _legend_with_size(panel, table)
    return figure


@figure
def longtail_privacy(*, privacy: Annotated[pl.DataFrame, PRIVACY]) -> Figure:
    r"""Draw excess error against epsilon, one panel per prior, with the lower bounds.

    Excess error of two label-private learners. Randomized response acts on singletons only and memorizes the
    rest; the exponential mechanism protects every label. Lines: closed forms; markers: drawn samples;
    dotted: what any label-private learner pays on singletons; grey: the paper's bound :math:`(1 - 1/m -
    (e^\varepsilon - 1)) M_1`, which says nothing beyond :math:`\varepsilon \approx 0.64`.
    """
    table = privacy.sort("epsilon", maintain_order=True)
    looks = prior_looks(table["prior"])
    figure, axes = new_figure(1, len(looks), height=2.7)
    for panel, (prior, (label, _, _)) in zip(axes[0], looks.items(), strict=True):
        part = table.filter(pl.col("prior") == prior)
        for learner, note in (("exponential", ""), ("randomized_response", ", singletons only")):
            words, colour, marker = TAIL_LEARNERS[learner]
            rows = part.filter(pl.col("learner") == learner)
            draw_excess(panel, rows, "epsilon", "epsilon", (f"{words}{note}", colour, marker))
        least = "least of any private learner"
        panel.plot(rows["epsilon"], rows["optimum"], color=PALETTE["black"], ls=":", label=least)
        panel.fill_between(
            rows["epsilon"], 0, rows["bound"], color=PALETTE["grey"], alpha=0.5, lw=0,
            label="paper's lower bound",
        )  # fmt: skip
        panel.set(title=label, xscale="log", xlabel="label privacy, $\\varepsilon$", ylim=(0, None))
    panel_letters(axes[0])
    axes[0, 0].set_ylabel("excess error")
    shared_legend(figure, axes.flat[:1], ncols=4)
    return figure


@figure
def longtail_noise(*, noise: Annotated[pl.DataFrame, NOISE]) -> Figure:
    r"""Draw what guessing singletons costs, against the share of labels kept.

    Even noisy labels must be fitted: what guessing singletons costs over giving their observed labels,
    against the probability that a training label is kept (else uniform); errors are against the true labels.
    Lines: closed form :math:`\kappa (1 - 1/m) M_1`; markers: drawn samples, with standard errors.
    """
    table = noise.sort("label_keep", maintain_order=True)
    figure, axes = new_figure(width=COLUMN, height=2.6)
    panel = axes[0, 0]
    for prior, look in prior_looks(table["prior"]).items():
        draw_excess(panel, table.filter(pl.col("prior") == prior), "label_keep", "label_keep", look)
    panel.set_xlabel("probability that a training label is kept")
    panel.set_ylabel("error of guessing singletons\nminus error of fitting them")
    _legend_with_size(panel, table)
    return figure


@figure
def longtail_subgroups(*, subgroups: Annotated[list[pl.DataFrame], SUBGROUPS]) -> Figure:
    """Draw what limited memorization costs each subgroup of each mixture.

    Limiting memorization costs the rarer (left) and the longer-tailed (right) subgroup of a mixture more.
    Bars: closed form; points: drawn samples, with standard errors.
    """
    figure, axes = new_figure(1, len(subgroups), width=COLUMN, height=2.5, sharey=True)
    for panel, table in zip(axes[0], subgroups, strict=True):
        places = range(table.height)
        panel.bar(places, table["cost_closed"], width=0.6, color=PALETTE["sky"], label="closed form")
        panel.errorbar(
            places, table["cost_simulated"], yerr=table["standard_error"], fmt="o", color=PALETTE["black"],
            lw=0, elinewidth=0.8, label="simulated",
        )  # fmt: skip
        panel.set_xticks(places, [_describe(row) for row in table.iter_rows(named=True)], fontsize=5.5)
        panel.set(title=f"n = {table['samples'][0]:,}", xlim=(-0.6, table.height - 0.4))
    limit = subgroups[0]["memorization_limit"][0]
    axes[0, 0].set_ylabel(f"excess error,\nmemorization limited to {limit:g}")
    shared_legend(figure, axes.flat[:1], ncols=2)
    return figure


def _describe(row: dict[str, Any]) -> str:
    """A subgroup: its prior, size and weight."""
    prior = row["prior"]
    label, _, _ = prior_looks([prior])[prior]
    return f"{row['group']}: {label}\n{row['domain']:,} points\nweight {row['weight']:.2f}"
