# The published responses of the paper's language models: converted to our columns, fitted, and compared.
#
# Needs: config["published"]["source"], a folder or the word download (nothing here is made without it);
#        results/language/responses.parquet, to stand beside them
# Makes: results/published/responses.parquet           the published answers in our columns
#        results/published/accuracy.csv                accuracies and margins by pair class
#        results/published/fit.csv                     the theory's gamma, fitted to every cell
#        results/published/predictions.parquet         margins observed and predicted
#        results/published/explanations.parquet        links, kernels and priors compared out of sample
#        results/published/explanations_summary.csv    the same, over models and hyperparameters
#        results/published/transfer.parquet            gamma carried from one hierarchy to another
#        results/published/regularization.csv          gamma against LoRA rank and probe L2
#        results/published/regularization_pooled.csv   the same, over hierarchies and models
#        results/published/comparison.csv              our models beside the published ones
#        results/published/claims.csv                  what is known of these responses, found again
#        results/published/equity_classes.csv          our equities of hands against the published matrix, where
#        results/published/equity_suits.csv            the folder holds it, and what fixed suits explain
from memgen.language.published.files import held_by, read_versions
from memgen.configuration.own_folder import given

PUBLISHED_VERSIONS = "workflow/memgen/language/published/versions.csv"
PUBLISHED_SOURCE = config["published"].get("source")
PUBLISHED_LOCAL = PUBLISHED_SOURCE not in (None, "download")
PUBLISHED_FOLDER = (
    given(PUBLISHED_SOURCE) if PUBLISHED_LOCAL else "results/published/files"
)
BOTH_RESPONSES = [
    "results/published/responses.parquet",
    "results/language/responses.parquet",
]


BY_FILE = "folder={folder},name={name}"


# All files that a local folder holds, or the kinds of item to download.
found = (
    held_by(Path(PUBLISHED_FOLDER), read_versions())
    if PUBLISHED_LOCAL
    else read_versions()
)
wanted = [
    row.file
    for row in found
    if PUBLISHED_LOCAL or row.items in config["published"]["items"]
]
# The matrix of equities lies in a local folder or nowhere.
PUBLISHED_MATRIX = f"{PUBLISHED_FOLDER}/poker/preflop_equity.csv"
PUBLISHED_FILES = [f"{PUBLISHED_FOLDER}/{file}" for file in wanted]


localrules:
    language_published_download,


rule language_equity_check:
    """Our equities against the published matrix, and sampled entries of it against every fixed suit."""
    input:
        equity="results/language/poker/equity.parquet",
        published=PUBLISHED_MATRIX,
    output:
        **record("language_equity_check"),
        classes="results/published/equity_classes.csv",
        suits="results/published/equity_suits.csv",
    log:
        logged("language_equity_check"),
    benchmark:
        timed("language_equity_check")
    conda:
        "../../envs/poker.yaml"
    resources:
        **needs("language_equity_check"),
    params:
        code=code("language equity-check"),
        boards=config["published"]["equity_boards"],
        entries=config["published"]["equity_entries"],
        seed=LANGUAGE["poker"]["seed"],
    shell:
        "python -m memgen language equity-check --equity {input.equity:q} --published {input.published:q} "
        "--boards {params.boards} --entries {params.entries} --seed {params.seed} "
        "--classes {output.classes:q} --suits {output.suits:q} --record {output.record:q} "
        "--threads {threads} 2> {log:q}"


rule language_published_download:
    """Download one published file, resuming what was cut, and check its digest."""
    input:
        versions=PUBLISHED_VERSIONS,
    output:
        **record("language_published_download", BY_FILE),
        file="results/published/files/{folder}/{name}.parquet",
    log:
        logged("language_published_download", BY_FILE),
    benchmark:
        timed("language_published_download", BY_FILE)
    wildcard_constraints:
        folder="[a-z]+",
        name=r"\w+",
    retries: 2
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_published_download"),
    params:
        code=code("language published-download"),
    shell:
        "python -m memgen language published-download --file {wildcards.folder:q}/{wildcards.name:q}.parquet "
        "--partial results/published/partial --versions {input.versions:q} --out {output.file:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_published:
    """The published answers in the columns of our response table, every file checked first."""
    input:
        files=PUBLISHED_FILES,
        versions=PUBLISHED_VERSIONS,
    output:
        **record("language_published"),
        table="results/published/responses.parquet",
    log:
        logged("language_published"),
    benchmark:
        timed("language_published")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_published"),
    params:
        code=code("language published"),
        source=lambda wildcards: str(Path(PUBLISHED_FOLDER)),
    shell:
        "python -m memgen language published --source {params.source:q} --versions {input.versions:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


use rule language_accuracy as published_accuracy with:
    input:
        responses="results/published/responses.parquet",
    output:
        **record("published_accuracy"),
        table="results/published/accuracy.csv",
    log:
        logged("published_accuracy"),
    benchmark:
        timed("published_accuracy")


use rule language_fit as published_fit with:
    input:
        responses="results/published/responses.parquet",
    output:
        **record("published_fit"),
        table="results/published/fit.csv",
    log:
        logged("published_fit"),
    benchmark:
        timed("published_fit")


use rule language_predictions as published_predictions with:
    input:
        responses="results/published/responses.parquet",
        fits="results/published/fit.csv",
    output:
        **record("published_predictions"),
        table="results/published/predictions.parquet",
    log:
        logged("published_predictions"),
    benchmark:
        timed("published_predictions")


rule language_explain:
    """Links, kernels and priors that might explain where the theory falls short, compared out of sample."""
    input:
        responses=BOTH_RESPONSES,
    output:
        **record("language_explain"),
        table="results/published/explanations.parquet",
        summary="results/published/explanations_summary.csv",
    log:
        logged("language_explain"),
    benchmark:
        timed("language_explain")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_explain"),
    params:
        code=code("language explain"),
    shell:
        "python -m memgen language explain --responses {input.responses:q} --out {output.table:q} "
        "--summary {output.summary:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_transfer:
    """Every hierarchy predicted with the gamma fitted on every other one."""
    input:
        responses=BOTH_RESPONSES,
    output:
        **record("language_transfer"),
        table="results/published/transfer.parquet",
    log:
        logged("language_transfer"),
    benchmark:
        timed("language_transfer")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_transfer"),
    params:
        code=code("language transfer"),
    shell:
        "python -m memgen language transfer --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_regularization:
    """Whether LoRA rank and probe L2 move gamma as the theory says."""
    input:
        responses=BOTH_RESPONSES,
    output:
        **record("language_regularization"),
        table="results/published/regularization.csv",
        pooled="results/published/regularization_pooled.csv",
    log:
        logged("language_regularization"),
    benchmark:
        timed("language_regularization")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_regularization"),
    params:
        code=code("language regularization"),
    shell:
        "python -m memgen language regularization --responses {input.responses:q} --out {output.table:q} "
        "--pooled {output.pooled:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_compare:
    """Our models beside the published ones, pair class by pair class."""
    input:
        ours="results/language/responses.parquet",
        published="results/published/responses.parquet",
    output:
        **record("language_compare"),
        table="results/published/comparison.csv",
    log:
        logged("language_compare"),
    benchmark:
        timed("language_compare")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_compare"),
    params:
        code=code("language compare"),
    shell:
        "python -m memgen language compare --ours {input.ours:q} --published {input.published:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_published_claims:
    """What is known of the published responses, beside what these tables say."""
    input:
        responses="results/published/responses.parquet",
        fits="results/published/fit.csv",
    output:
        **record("language_published_claims"),
        table="results/published/claims.csv",
    log:
        logged("language_published_claims"),
    benchmark:
        timed("language_published_claims")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_published_claims"),
    params:
        code=code("language published-claims"),
    shell:
        "python -m memgen language published-claims --responses {input.responses:q} --fits {input.fits:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


if PUBLISHED_SOURCE is not None:
    targets += expand(
        "results/published/{table}",
        table=[
            "responses.parquet",
            "accuracy.csv",
            "fit.csv",
            "predictions.parquet",
            "explanations.parquet",
            "transfer.parquet",
            "regularization.csv",
            "comparison.csv",
        ],
    )
    claims.append("results/published/claims.csv")
    fitted.append("results/published/fit.csv")


if PUBLISHED_LOCAL and Path(PUBLISHED_MATRIX).is_file():
    targets += expand(
        "results/published/{table}.csv", table=["equity_classes", "equity_suits"]
    )
