"""Made-up responses in the columns of the published files, for runs of the rules that read those.

Nothing here was answered by a model: margins are the theory's, with noise. Every model's name begins with
``made-up``, and the addresses in the versions table are at a host that does not exist.
"""

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from memgen.jobs.digests import file_digest
from memgen.jobs.seeding import generator
from memgen.language.hands import LABELS
from memgen.published.conversion import COLUMNS
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import margins

SEEDS = 3
VERSIONS = "workflow/memgen/published/versions.csv"

#: Those of the smoke study.
HIERARCHIES = {"ti_n9": Hierarchy(9), "exc_mid_n9": Hierarchy(9, ((5, 3),))}

#: Model, setting, LoRA rank or probe L2, conjunctivity, ridge, and logits of a pair learned perfectly.
#: L2 is the ridge; a larger LoRA rank leaves less of one. The second model is there to be a second one.
GROUPS = (
    ("made-up-1", "full", None, 0.2, 0.05, 4.0),
    ("made-up-1", "lora", 4.0, 0.2, 0.4, 4.0),
    ("made-up-1", "lora", 16.0, 0.2, 0.1, 4.0),
    ("made-up-1", "probe", 0.01, 0.2, 0.01, 4.0),
    ("made-up-1", "probe", 0.1, 0.2, 0.1, 4.0),
    ("made-up-1", "probe", 1.0, 0.2, 1.0, 4.0),
    ("made-up-2", "full", None, 0.4, 0.05, 3.0),
)


def imitated(name: str, hierarchy: Hierarchy, items: str) -> pl.DataFrame:
    """Made-up file of one hierarchy and kind of item: the margins of theory, noise, and a bias to Yes."""
    pairs = list(hierarchy.ordered_pairs())
    rows = []
    for model, setting, hyperparameter, alpha, ridge, scale in GROUPS:
        learned = scale * margins(hierarchy.n, hierarchy.exceptions, alpha, ridge, *np.array(pairs).T)
        for phase in ("pre", "post"):
            random = generator("made-up responses", name, items, model, setting, str(hyperparameter), phase)
            for seed, reverse in product(range(SEEDS), (False, True)):
                answers = random.normal(0.3, 1.0, len(pairs)) + (learned if phase == "post" else 0)
                run = {
                    "setting": setting, "model": model, "task": items, "hier": name, "seed": seed,
                    "reverse": reverse, "phase": phase,
                    "lora_r": hyperparameter if setting == "lora" else None,
                    "l2_reg": hyperparameter if setting == "probe" else None,
                }  # fmt: skip
                logits = dict(zip(pairs, answers.round(2).tolist(), strict=True))
                rows += [{**run, **_answer(hierarchy, logits, *pair)} for pair in pairs]
    return pl.DataFrame(rows, infer_schema_length=None).select(list(COLUMNS))


def _answer(hierarchy: Hierarchy, logits: dict[tuple[int, int], float], a: int, b: int) -> dict[str, object]:
    """Columns of one answer."""
    kind, truth, d = hierarchy.pair_class(a, b), hierarchy.truth(a, b), logits[a, b]
    return {
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
        "logit_diff": d,
        "prob_yes": float(1 / (1 + np.exp(-d))),
        "ground_truth": truth,
        "margin": None if truth is None else d * truth,
        "correct": None if truth is None else float((d > 0) == (truth > 0)),
        "paired_correct": None if truth is None else float((d - logits[b, a]) * truth > 0),
    }


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
    for (name, hierarchy), items in product(HIERARCHIES.items(), ("fake", "poker")):
        file = f"{'exception' if hierarchy.exceptions else 'ti'}/{name}__{items}.parquet"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        imitated(name, hierarchy, items).write_parquet(folder / file, compression="zstd")
        rows.append(f"{file},{file_digest(folder / file)},https://example.invalid/made-up/{file}")
    (folder / "poker").mkdir()
    matrix().write_csv(folder / "poker/preflop_equity.csv")
    (repository / VERSIONS).write_text("\n".join(rows) + "\n")
    with (repository / "configs/smoke.yaml").open("a") as smoke:
        smoke.write("\npublished: {source: imitation, equity_boards: 200, equity_entries: 1}\n")
