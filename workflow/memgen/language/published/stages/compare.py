"""Our models beside the published ones, pair class by pair class.

Models differ in size and training, so a difference is described, never tested against zero; the accuracy on
trained pairs stands beside each, since a run that did not learn its pairs cannot generalize.
"""

import polars as pl

from memgen.errors import BadInput
from memgen.jobs.stage import Input, Output, stage
from memgen.language.published.tables import COMPARISON
from memgen.language.responses.accuracies import accuracies

KINDS = ("full", "lora", "probe")


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
    mine, theirs = side(accuracies(ours)), side(accuracies(published))
    for frame, path, source in ((mine, ours, "study"), (theirs, published, "published")):
        found = frame["source"].unique().to_list()
        if found != [source]:
            raise BadInput(f"{path}: its responses after training have source {found}; allowed: {source}")
    COMPARISON.write(beside(mine, theirs), out)


def side(accuracy: pl.DataFrame) -> pl.DataFrame:
    """Accuracies after training, each with the cell's accuracy on trained pairs.

    Parameters
    ----------
    accuracy : polars.DataFrame
        Of ACCURACY.

    Returns
    -------
    polars.DataFrame
        Those rows of phase post whose method is of a known kind, with columns kind and train_accuracy.
    """
    cell = ["source", "model", "items", "hierarchy", "method", "hyperparameter"]
    post = accuracy.filter(pl.col("phase") == "post").with_columns(
        pl.col("method").str.extract(f"^({'|'.join(KINDS)})").alias("kind")
    )
    trained = post.filter(pl.col("pair_class").is_in(["train", "exception"]))
    weighted = (pl.col("accuracy") * pl.col("n_pairs")).sum() / pl.col("n_pairs").sum()
    train = trained.group_by(cell).agg(weighted.alias("train_accuracy"))
    return post.drop_nulls("kind").join(train, on=cell, how="left", nulls_equal=True, maintain_order="left")


def beside(ours: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """Rows of COMPARISON for two sides.

    Parameters
    ----------
    ours, published : polars.DataFrame
        From `side`.

    Returns
    -------
    polars.DataFrame
        Of COMPARISON, sorted; empty if the two have no question in common.
    """
    measured = ["accuracy", "accuracy_standard_error", "accuracy_half_width", "train_accuracy"]
    values = ["model", "hyperparameter", *measured, "n_seeds"]
    theirs = published.select(*QUESTION, pl.col(values).name.prefix("published_"))
    mine = ours.select(*QUESTION, *values, pl.col("method").alias("our_method"))
    joined = mine.join(theirs, on=QUESTION, how="inner").with_columns(
        (pl.col("accuracy") - pl.col("published_accuracy")).alias("difference"),
        (pl.col("accuracy_standard_error") ** 2 + pl.col("published_accuracy_standard_error") ** 2)
        .sqrt()
        .alias("difference_standard_error"),
    )
    keys = ["model", "our_method", "hyperparameter", "published_model", "published_hyperparameter"]
    frame = joined.rename({"kind": "method"}).select(list(COMPARISON.columns))
    return frame.sort("items", "hierarchy", "method", "pair_class", *keys)
