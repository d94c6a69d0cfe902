"""Made-up responses in the columns of the published files, for runs of the rules that read those.

Nothing here was answered by a model: margins are the theory's, with noise. Every model's name begins with
``made-up``, and the addresses in the versions table are at a host that does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from memgen.jobs.digests import file_digest
from memgen.jobs.seeding import generator
from memgen.language.hands import LABELS
from memgen.language.published.conversion import COLUMNS
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import margins

SEEDS = 3

VERSIONS = "workflow/memgen/language/published/versions.csv"

#: Those of the smoke study.
HIERARCHIES = {"ti_n9": Hierarchy(9), "exc_mid_n9": Hierarchy(9, ((5, 3),))}


@dataclass(frozen=True)
class Group:
    """Runs that differ only in seed and reversal.

    Parameters
    ----------
    model, setting : str
    hyperparameter : float or None
        LoRA rank or probe L2.
    conjunctivity, ridge : float
        What the theory's margins are computed with.
    scale : float
        Margin of a trained pair that is learned perfectly, logit units.
    """

    model: str
    setting: str
    hyperparameter: float | None
    conjunctivity: float
    ridge: float
    scale: float


# L2 is the ridge; a larger LoRA rank leaves less of one. The second model is there to be a second one.
GROUPS = (
    Group("made-up-1", "full", None, 0.2, 0.05, 4.0),
    Group("made-up-1", "lora", 4.0, 0.2, 0.4, 4.0),
    Group("made-up-1", "lora", 16.0, 0.2, 0.1, 4.0),
    Group("made-up-1", "probe", 0.01, 0.2, 0.01, 4.0),
    Group("made-up-1", "probe", 0.1, 0.2, 0.1, 4.0),
    Group("made-up-1", "probe", 1.0, 0.2, 1.0, 4.0),
    Group("made-up-2", "full", None, 0.4, 0.05, 3.0),
)
"""What is made up of every hierarchy and kind of item."""


def imitated(name: str, hierarchy: Hierarchy, items: str) -> pl.DataFrame:
    """Made-up file of one hierarchy and kind of item.

    Parameters
    ----------
    name : str
        Of the hierarchy.
    hierarchy : Hierarchy
    items : str
        Kind of item; it names the random streams and changes nothing else.

    Returns
    -------
    polars.DataFrame
        Columns of `memgen.language.published.conversion.COLUMNS`.
    """
    pairs = _pairs(hierarchy)
    parts = []
    for group in GROUPS:
        expected = group.scale * margins(
            hierarchy.n,
            hierarchy.exceptions,
            group.conjunctivity,
            group.ridge,
            pairs["rank_a"].to_numpy(),
            pairs["rank_b"].to_numpy(),
        )
        for phase, size in (("pre", 0.0), ("post", 1.0)):
            for seed, reverse, d in _runs(pairs, size * expected, name, items, group, phase):
                parts.append(
                    pairs.with_columns(
                        pl.lit(group.setting).alias("setting"),
                        pl.lit(group.model).alias("model"),
                        pl.lit(items).alias("task"),
                        pl.lit(name).alias("hier"),
                        pl.lit(seed, dtype=pl.Int64).alias("seed"),
                        pl.lit(reverse).alias("reverse"),
                        pl.lit(phase).alias("phase"),
                        pl.Series("logit_diff", d),
                        _only("lora", group).alias("lora_r"),
                        _only("probe", group).alias("l2_reg"),
                    )
                )
    return _scored(pl.concat(parts)).select(list(COLUMNS))


def _pairs(hierarchy: Hierarchy) -> pl.DataFrame:
    """Every ordered pair of a hierarchy, with the columns that do not depend on the run."""
    rows = []
    for a, b in hierarchy.ordered_pairs():
        kind, truth = hierarchy.pair_class(a, b), hierarchy.truth(a, b)
        rows.append(
            {
                "rank_a": a,
                "rank_b": b,
                "rank_higher": min(a, b),
                "rank_lower": max(a, b),
                "gap": abs(a - b),
                "is_train": hierarchy.trained(a, b),
                "is_exception": kind == "exception",
                "no_gt": truth is None,
                "direction": "forward" if a < b else "backward",
                "label": None if truth is None else "Yes" if truth > 0 else "No",
                "ground_truth": truth,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _runs(
    pairs: pl.DataFrame, expected: np.ndarray, name: str, items: str, group: Group, phase: str
) -> Iterator[tuple[int, bool, np.ndarray]]:
    """Seed, reversal and logit differences of every run: noise, and a bias towards Yes."""
    random = generator(
        "made-up responses", name, items, group.model, group.setting, str(group.hyperparameter), phase
    )
    for seed in range(SEEDS):
        for reverse in (False, True):
            yield seed, reverse, (expected + random.normal(0.3, 1.0, len(pairs))).round(2)


def _only(setting: str, group: Group) -> pl.Expr:
    """A group's hyperparameter, if it is of this setting."""
    return pl.lit(group.hyperparameter if group.setting == setting else None, dtype=pl.Float64)


def _scored(frame: pl.DataFrame) -> pl.DataFrame:
    """Answers with the columns that follow from them."""
    d, run = pl.col("logit_diff"), ["model", "setting", "lora_r", "l2_reg", "seed", "reverse", "phase"]
    # Half the difference of the two directions, positive where the first named of the pair is preferred.
    both = pl.when(pl.col("rank_a") < pl.col("rank_b")).then(d).otherwise(-d)
    preferred = both.mean().over(*run, "rank_higher", "rank_lower") * (
        pl.when(pl.col("rank_a") < pl.col("rank_b")).then(1).otherwise(-1)
    )
    return frame.with_columns(
        (1 / (1 + (-d).exp())).alias("prob_yes"),
        (d * pl.col("ground_truth")).alias("margin"),
        ((d > 0) == (pl.col("label") == "Yes")).cast(pl.Float64).alias("correct"),
        (preferred * pl.col("ground_truth") > 0).cast(pl.Float64).alias("paired_correct"),
    )


def matrix() -> pl.DataFrame:
    """Made-up matrix of equities, drawn at random: labels in the first row and column, opposites sum to 1."""
    k = len(LABELS)
    noise = generator("made-up equities").uniform(-0.2, 0.2, (k, k))
    values = (0.5 + noise - noise.T).round(4)
    return pl.DataFrame({"made-up": LABELS, **dict(zip(LABELS, values.T, strict=True))})


def imitate(repository: Path) -> None:
    """Give the smoke study of a copy of the repository made-up files, listed as the published ones are."""
    folder = repository / "imitation"
    rows = ["file,sha256,url"]
    for name, hierarchy in HIERARCHIES.items():
        for items in ("fake", "poker"):
            file = f"{'exception' if hierarchy.exceptions else 'ti'}/{name}__{items}.parquet"
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            imitated(name, hierarchy, items).write_parquet(folder / file, compression="zstd")
            rows.append(f"{file},{file_digest(folder / file)},https://example.invalid/made-up/{file}")
    (folder / "poker").mkdir()
    matrix().write_csv(folder / "poker/preflop_equity.csv")
    (repository / VERSIONS).write_text("\n".join(rows) + "\n")
    with (repository / "configs/smoke.yaml").open("a") as smoke:
        smoke.write("\npublished: {source: imitation, equity_boards: 200, equity_entries: 1}\n")
