# The published responses of the paper's language models: converted to our columns, fitted, and compared.
#
# Needs: config["published"]["source"], a folder or the word download (nothing here is made without it);
#        results/language/responses.parquet, to compare them with
# Makes, in results/published/: responses.parquet, the published answers in our columns; of these accuracy.csv,
#        fit.csv, predictions.parquet and claims.csv; explanations.parquet, transfer.parquet, regularization.csv
#        (and _summary, _pooled) and comparison.csv, with our models; equity_classes.csv and equity_suits.csv
#        where the folder holds the published matrix of equities
from memgen.configuration.own_folder import given
from memgen.published.settings import files_used

PUBLISHED_VERSIONS = "workflow/memgen/published/versions.csv"
PUBLISHED_SOURCE = config["published"].get("source")
PUBLISHED_LOCAL = PUBLISHED_SOURCE not in (None, "download")
PUBLISHED_FOLDER = (
    given(PUBLISHED_SOURCE) if PUBLISHED_LOCAL else "results/published/files"
)
PUBLISHED_FILES = files_used(config, PUBLISHED_FOLDER)
# The matrix of equities lies in a local folder or nowhere.
PUBLISHED_MATRIX = f"{PUBLISHED_FOLDER}/poker/preflop_equity.csv"
BOTH = ["results/published/responses.parquet", "results/language/responses.parquet"]
BY_FILE = "folder={folder},name={name}"


localrules:
    published_download,


rule published_download:
    """Download one published file, resuming what was cut, and check its digest."""
    input:
        versions=PUBLISHED_VERSIONS,
    output:
        **record("published_download", BY_FILE),
        file="results/published/files/{folder}/{name}.parquet",
    log:
        logged("published_download", BY_FILE),
    benchmark:
        timed("published_download", BY_FILE)
    wildcard_constraints:
        folder="[a-z]+",
        name=r"\w+",
    retries: 2
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_download"),
    params:
        code=code("published download"),
    shell:
        "python -m memgen published download --file {wildcards.folder:q}/{wildcards.name:q}.parquet "
        "--partial results/published/partial --versions {input.versions:q} --out {output.file:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule published_responses:
    """The published answers in the columns of our response table, every file checked first."""
    input:
        files=PUBLISHED_FILES,
        versions=PUBLISHED_VERSIONS,
    output:
        **record("published_responses"),
        table="results/published/responses.parquet",
    log:
        logged("published_responses"),
    benchmark:
        timed("published_responses")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_responses"),
    params:
        code=code("published responses"),
        source=lambda wildcards: str(Path(PUBLISHED_FOLDER)),
    shell:
        "python -m memgen published responses --source {params.source:q} --versions {input.versions:q} "
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


rule published_explain:
    """Links, kernels and priors that might explain where the theory falls short, compared out of sample."""
    input:
        responses=BOTH,
    output:
        **record("published_explain"),
        table="results/published/explanations.parquet",
        summary="results/published/explanations_summary.csv",
    log:
        logged("published_explain"),
    benchmark:
        timed("published_explain")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_explain"),
    params:
        code=code("published explain"),
    shell:
        "python -m memgen published explain --responses {input.responses:q} --out {output.table:q} "
        "--summary {output.summary:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule published_transfer:
    """Every hierarchy predicted with the gamma fitted on every other one."""
    input:
        responses=BOTH,
    output:
        **record("published_transfer"),
        table="results/published/transfer.parquet",
    log:
        logged("published_transfer"),
    benchmark:
        timed("published_transfer")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_transfer"),
    params:
        code=code("published transfer"),
    shell:
        "python -m memgen published transfer --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule published_regularization:
    """Whether LoRA rank and probe L2 move gamma as the theory says."""
    input:
        responses=BOTH,
    output:
        **record("published_regularization"),
        table="results/published/regularization.csv",
        pooled="results/published/regularization_pooled.csv",
    log:
        logged("published_regularization"),
    benchmark:
        timed("published_regularization")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_regularization"),
    params:
        code=code("published regularization"),
    shell:
        "python -m memgen published regularization --responses {input.responses:q} --out {output.table:q} "
        "--pooled {output.pooled:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule published_compare:
    """Our models beside the published ones, pair class by pair class."""
    input:
        ours="results/language/responses.parquet",
        published="results/published/responses.parquet",
    output:
        **record("published_compare"),
        table="results/published/comparison.csv",
    log:
        logged("published_compare"),
    benchmark:
        timed("published_compare")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_compare"),
    params:
        code=code("published compare"),
    shell:
        "python -m memgen published compare --ours {input.ours:q} --published {input.published:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule published_claims:
    """What is known of the published responses, beside what these tables say."""
    input:
        responses="results/published/responses.parquet",
        fits="results/published/fit.csv",
    output:
        **record("published_claims"),
        table="results/published/claims.csv",
    log:
        logged("published_claims"),
    benchmark:
        timed("published_claims")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("published_claims"),
    params:
        code=code("published claims"),
    shell:
        "python -m memgen published claims --responses {input.responses:q} --fits {input.fits:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule published_equity_check:
    """Our equities against the published matrix, and sampled entries of it against every fixed suit."""
    input:
        equity="results/language/poker/equity.parquet",
        published=PUBLISHED_MATRIX,
    output:
        **record("published_equity_check"),
        classes="results/published/equity_classes.csv",
        suits="results/published/equity_suits.csv",
    log:
        logged("published_equity_check"),
    benchmark:
        timed("published_equity_check")
    conda:
        "../../envs/poker.yaml"
    resources:
        **needs("published_equity_check"),
    params:
        code=code("published equity-check"),
        boards=config["published"]["equity_boards"],
        entries=config["published"]["equity_entries"],
        seed=LANGUAGE["poker"]["seed"],
    shell:
        "python -m memgen published equity-check --equity {input.equity:q} --published {input.published:q} "
        "--boards {params.boards} --entries {params.entries} --seed {params.seed} "
        "--classes {output.classes:q} --suits {output.suits:q} --record {output.record:q} "
        "--threads {threads} 2> {log:q}"


if PUBLISHED_SOURCE is not None:
    tables = "responses.parquet accuracy.csv fit.csv predictions.parquet explanations.parquet transfer.parquet"
    for table in [*tables.split(), "regularization.csv", "comparison.csv"]:
        targets.append(f"results/published/{table}")
    claims.append("results/published/claims.csv")
    fitted.append("results/published/fit.csv")


if PUBLISHED_LOCAL and Path(PUBLISHED_MATRIX).is_file():
    for table in ("equity_classes", "equity_suits"):
        targets.append(f"results/published/{table}.csv")
