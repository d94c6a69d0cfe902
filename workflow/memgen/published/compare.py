"""Our models beside the published ones, pair class by pair class.

Models differ in size and training, so a difference is described, never tested against zero; the accuracy on
trained pairs is listed beside each, since a run that did not learn its pairs cannot generalize.
"""

from pathlib import Path

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import Input, Output, stage
from memgen.language.responses.averages import TRAINED, accuracies
from memgen.language.responses.tables import KEY
from memgen.published.tables import COMPARISON

QUESTION = ["items", "hierarchy", "kind", "pair_class"]


@stage
def compare(*, ours: Input, published: Input, out: Output) -> None:
    """Put our accuracies beside the published ones for the same items, hierarchy, method and pair class.

    A method of ours counts as the published one whose name it begins with: full, lora or probe.

    Parameters
    ----------
    ours
        Response table of this study.
    published
        Response table converted from the published files.
    out
        One row per question, model of ours and published model.
    """
    measured = ["accuracy", "accuracy_standard_error", "accuracy_half_width", "train_accuracy"]
    values = ["model", "hyperparameter", *measured, "n_seeds"]
    mine, theirs = _accuracies(ours, "study"), _accuracies(published, "published")
    joined = mine.select(*QUESTION, *values, pl.col("method").alias("our_method")).join(
        theirs.select(*QUESTION, pl.col(values).name.prefix("published_")), on=QUESTION, how="inner"
    )
    errors = pl.col("accuracy_standard_error"), pl.col("published_accuracy_standard_error")
    frame = joined.with_columns(
        (pl.col("accuracy") - pl.col("published_accuracy")).alias("difference"),
        (errors[0] ** 2 + errors[1] ** 2).sqrt().alias("difference_standard_error"),
    )
    keys = ["model", "our_method", "hyperparameter", "published_model", "published_hyperparameter"]
    frame = frame.rename({"kind": "method"}).select(list(COMPARISON.columns))
    COMPARISON.write(frame.sort("items", "hierarchy", "method", "pair_class", *keys), out)


def _accuracies(path: Path, source: str) -> pl.DataFrame:
    """Accuracies after training, methods of a known kind, each with the accuracy on trained pairs."""
    post = accuracies(path).filter(pl.col("phase") == "post")
    post = post.with_columns(pl.col("method").str.extract("^(full|lora|probe)").alias("kind"))
    weighted = (pl.col("accuracy") * pl.col("n_pairs")).sum() / pl.col("n_pairs").sum()
    trained = post.filter(pl.col("pair_class").is_in(TRAINED)).group_by(KEY)
    train = trained.agg(weighted.alias("train_accuracy"))
    known = post.drop_nulls("kind")
    found = known["source"].unique().to_list()
    if found != [source]:
        raise BadInput(f"{path}: its responses after training have source {found}; allowed: {source}")
    return known.join(train, on=KEY, how="left", nulls_equal=True, maintain_order="left")
