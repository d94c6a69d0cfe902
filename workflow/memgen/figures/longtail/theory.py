"""Figures of the long tail's closed forms, with what drawn samples show."""

from collections.abc import Sequence
from typing import Annotated, Any

import cyclopts
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memgen.figures.labels import (
    PALETTE,
    PRUNED_GROUPS,
    STRUCTURE_LOOKS,
    STRUCTURES,
    TAIL_LEARNERS,
    Look,
    prior_looks,
)
from memgen.figures.panels import panel_letters, shared_legend
from memgen.figures.style import figure, new_figure
from memgen.jobs.arguments import Count
from memgen.longtail.tables import (
    COMPRESSION,
    MISLABELLED,
    NOISE,
    PRIVACY,
    SCALING,
    SPECTRA,
    SUBGROUPS,
    TRADEOFF,
)


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

    The value of a point that was seen :math:`l` times: its expected frequency :math:`\tau_l`, times the
    sample size. Under Zipf's law a singleton is worth a constant share of :math:`1/n` at every sample
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
def longtail_singletons(
    *,
    tradeoff: Annotated[pl.DataFrame, TRADEOFF],
    noise: Annotated[pl.DataFrame, NOISE],
    mislabelled: Annotated[pl.DataFrame, MISLABELLED],
) -> Figure:
    r"""Draw what fitting singletons is worth, with clean labels and with noisy ones.

    The price of not memorizing. (a) Excess error against the share of singletons that a learner fits, of
    slope :math:`\tau_1 K_1`. (b) What guessing singletons costs over giving their observed labels, against
    the probability that a training label is kept, else uniform: :math:`\kappa (1 - 1/m) M_1`. Lines: closed
    forms; markers: drawn samples. (c) The same of the most accurate ridge classifier on clustered data,
    trained with and without the examples seen once; dashed: closed form. (d) Labels that ridge classifiers
    give: of all training examples where labels are random, and of singletons with a wrong label. Errors are
    against true labels. Bars: standard errors.
    """
    figure, axes = new_figure(2, 2, height=4.7)
    slopes, guessing, trained, given = axes.flat
    for prior, (label, colour, marker) in prior_looks(tradeoff["prior"]).items():
        rows = tradeoff.filter(pl.col("prior") == prior).sort("fitted_closed", maintain_order=True)
        words = f"{label}, slope {rows['slope'][0]:.3f}"
        draw_excess(slopes, rows, "fitted_closed", "fitted_simulated", (words, colour, marker))
    slopes.set(xlabel="share of singletons fitted", ylabel="excess error", xlim=(0, 1.02), ylim=(0, None))
    _legend_with_size(slopes, tradeoff)
    for prior, look in prior_looks(noise["prior"]).items():
        rows = noise.filter(pl.col("prior") == prior).sort("label_keep", maintain_order=True)
        draw_excess(guessing, rows, "label_keep", "label_keep", look)
    guessing.set_ylabel("error of guessing singletons\nminus error of fitting them")
    _legend_with_size(guessing, noise)
    best = mislabelled.filter("best").sort("label_keep")
    for structure, (colour, marker) in STRUCTURE_LOOKS.items():
        rows = best.filter(pl.col("structure") == structure)
        trained.errorbar(
            rows["label_keep"], rows["cost"], yerr=rows["cost_standard_error"].fill_null(0.0), fmt=marker,
            lw=0.8, ls="-", elinewidth=0.6, color=colour,
            label=STRUCTURES[structure] if rows.height else None,
        )  # fmt: skip
    closed, black = best.unique("label_keep", maintain_order=True), PALETTE["black"]
    trained.plot(
        closed["label_keep"], closed["cost_closed"], color=black, ls="--", lw=0.8, label="closed form"
    )
    trained.set_ylabel("error without singletons in training\nminus error with them")
    _legend_with_size(trained, mislabelled)
    for panel in (guessing, trained):
        panel.set_xlabel("probability that a training label is kept")
    noisy = mislabelled.filter(pl.col("label_keep") < 1)["label_keep"].unique().sort().to_list()
    for structure, (colour, marker) in STRUCTURE_LOOKS.items():
        rows = mislabelled.filter(pl.col("structure") == structure).sort("setting")
        for keep, column, style, words in (
            (0.0, "fitted", "-", "random labels"),
            *(
                (keep, "fitted_wrong", ":", f"wrong labels of singletons, {keep:.0%} kept")
                for keep in noisy[-1:]
            ),
        ):
            line = rows.filter(pl.col("label_keep") == keep)
            if line.height:
                given.errorbar(
                    line["setting"], line[column], yerr=line[f"{column}_standard_error"].fill_null(0.0),
                    fmt=marker, ls=style, lw=0.8, elinewidth=0.6, color=colour,
                    label=f"{words}, {STRUCTURES[structure]}",
                )  # fmt: skip
    given.set(xscale="log", xlabel="ridge", ylabel="share of these labels given", ylim=(0, 1.04))
    given.legend(loc="lower left")
    panel_letters(axes.flat)
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
def longtail_subgroups(
    *, subgroups: Annotated[list[pl.DataFrame], SUBGROUPS], compression: Annotated[pl.DataFrame, COMPRESSION]
) -> Figure:
    """Draw what limited memorization, privacy and compression cost each subgroup.

    Who pays. Rows of the first three columns: a mixture with a rarer subgroup, and one with a longer-tailed
    one. Excess error within each subgroup where memorization is limited, under label privacy, and where
    only labels are kept that were seen more than so many times: lines and bars in closed form, points of
    drawn samples. Last column: accuracy that ridge classifiers lose as their smallest weights are pruned, on
    clusters seen once and often in training, and on a rare and a common subgroup. Bars: standard errors.
    """
    structures = compression["structure"].unique(maintain_order=True).to_list()
    rows = max(len(subgroups), len(structures))
    figure, axes = new_figure(rows, 4, height=2.1 * rows + 0.5)
    for row, table in zip(axes, subgroups, strict=False):
        _draw_mixture(row, table)
    for panel, structure in zip(axes[:, 3], structures, strict=False):
        _draw_pruning(panel, compression.filter(pl.col("structure") == structure))
        panel.set_title(STRUCTURES[structure])
    for panel in [*axes[len(subgroups) :, :3].flat, *axes[len(structures) :, 3]]:
        panel.axis("off")
    panel_letters(panel for panel in axes.flat if panel.axison)
    shared_legend(figure, axes[:1, 3], ncols=4)
    return figure


_GROUP_LOOKS = [
    (PALETTE["blue"], "o"),
    (PALETTE["vermilion"], "D"),
    (PALETTE["green"], "^"),
    (PALETTE["purple"], "v"),
]


def _draw_mixture(panels: Sequence[Axes], table: pl.DataFrame) -> None:
    """Of each subgroup of a mixture: what a limit, label privacy, and forgetting rare points cost it."""
    limited, private, forgetful, _ = panels
    ticks = []
    for place, (_, rows) in enumerate(table.group_by("group", maintain_order=True)):
        colour, marker = _GROUP_LOOKS[place % len(_GROUP_LOOKS)]
        ticks.append(_describe(rows.row(0, named=True)))
        for panel, learner in ((limited, "limited"), (private, "exponential"), (forgetful, "ignore")):
            part = rows.filter(pl.col("learner") == learner).sort("parameter")
            across = part["parameter"] if panel is not limited else [place]
            if panel is limited:
                panel.bar(across, part["cost_closed"], width=0.6, color=colour, alpha=0.4)
            else:
                panel.plot(across, part["cost_closed"], color=colour, lw=0.8)
            panel.errorbar(
                across, part["cost_simulated"], yerr=part["standard_error"], fmt=marker, color=colour, lw=0,
                elinewidth=0.7,
            )  # fmt: skip
    limited.set_xticks(range(len(ticks)), ticks, fontsize=5)
    limit = table.filter(pl.col("learner") == "limited")["parameter"][0]
    limited.set(ylabel="excess error", title=f"memorization ≤ {limit:g}", xlim=(-0.6, len(ticks) - 0.4))
    _label_values(private, table.filter(pl.col("learner") == "exponential")["parameter"])
    private.set(xlabel="label privacy, $\\varepsilon$", title=f"n = {table['samples'][0]:,}")
    _label_values(forgetful, table.filter(pl.col("learner") == "ignore")["parameter"])
    forgetful.set(xlabel="largest count that is forgotten")


def _label_values(panel: Axes, values: pl.Series) -> None:
    """A logarithmic axis that names the values that were computed, and errors from 0."""
    ticks = values.unique().sort().to_list()
    panel.set(xscale="log", ylim=(0, None))
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()


def _draw_pruning(panel: Axes, rows: pl.DataFrame) -> None:
    """Accuracy lost against the share of weights kept."""
    for group, (words, colour, marker, style) in PRUNED_GROUPS.items():
        line = rows.filter(pl.col("group") == group).sort("kept")
        panel.errorbar(
            line["kept"], line["loss"], yerr=line["loss_standard_error"], fmt=marker, ls=style, lw=0.8,
            elinewidth=0.6, color=colour, label=words,
        )  # fmt: skip
    panel.set(xscale="log", xlabel="share of weights kept", ylabel="accuracy lost")


def _describe(row: dict[str, Any]) -> str:
    """A subgroup: its prior, size and weight."""
    prior = row["prior"]
    label, _, _ = prior_looks([prior])[prior]
    return f"{row['group']}: {label}\n{row['domain']:,} points\nweight {row['weight']:.2f}"
