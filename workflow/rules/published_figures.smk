# Figures of the published language models beside the theory and ours.
#
# Needs: results/published/*, results/language/*
# Makes: figures/published_*.pdf and .png, captions in workflow/report


# One model of ours of each source; all of them stand in our own figures.
OURS = [
    language_settings.models_of(config, source)[0]
    for source in ("wheel", "corpus", "hub")
    if language_settings.models_of(config, source)
]


rule figures_published_equities:
    """Our equities of hands against the published matrix, and what its fixed suits explain."""
    input:
        classes="results/published/equity_classes.csv",
        suits="results/published/equity_suits.csv",
        code=code("memgen.figures.published.published_equities"),
    output:
        pdf="figures/published_equities.pdf",
        png=report(
            "figures/published_equities.png",
            caption="../report/published_equities.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_equities/job.json",
    log:
        "logs/figures_published_equities/job.log",
    benchmark:
        "results/benchmarks/figures_published_equities/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures published-equities --classes {input.classes:q} --suits {input.suits:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_heatmaps:
    """Margins of the published models and ours, seen and as the theory predicts them."""
    input:
        predictions=[
            "results/published/predictions.parquet",
            "results/language/predictions.parquet",
        ],
        code=code("memgen.figures.published.published_heatmaps"),
    output:
        pdf="figures/published_heatmaps_{kind}.pdf",
        png=report(
            "figures/published_heatmaps_{kind}.png",
            caption="../report/published_heatmaps.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_heatmaps/kind={kind}.json",
    log:
        "logs/figures_published_heatmaps/kind={kind}.log",
    benchmark:
        "results/benchmarks/figures_published_heatmaps/kind={kind}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        ours=repeated("--ours", OURS),
        hierarchies=repeated("--hierarchy", config["relational"]["hierarchies"]),
    shell:
        "python -m memgen figures published-heatmaps "
        "--predictions {input.predictions:q} --items {wildcards.kind} --methods full probe "
        "{params.ours} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_predicted:
    """Predicted against observed margins of the published models and ours."""
    input:
        predictions=[
            "results/published/predictions.parquet",
            "results/language/predictions.parquet",
        ],
        fits=["results/published/fit.csv", "results/language/fit.csv"],
        code=code("memgen.figures.published.published_predicted"),
    output:
        pdf="figures/published_predicted_{kind}.pdf",
        png=report(
            "figures/published_predicted_{kind}.png",
            caption="../report/published_predicted.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_predicted/kind={kind}.json",
    log:
        "logs/figures_published_predicted/kind={kind}.log",
    benchmark:
        "results/benchmarks/figures_published_predicted/kind={kind}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        ours=repeated("--ours", OURS),
        hierarchies=repeated("--hierarchy", config["relational"]["hierarchies"]),
    shell:
        "python -m memgen figures published-predicted "
        "--predictions {input.predictions:q} --fits {input.fits:q} --items {wildcards.kind} "
        "--methods full probe "
        "{params.ours} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_accuracy:
    """Accuracy by pair class of every published model and ours, with intervals."""
    input:
        accuracy=["results/published/accuracy.csv", "results/language/accuracy.csv"],
        code=code("memgen.figures.published.published_accuracy"),
    output:
        pdf="figures/published_accuracy_{kind}.pdf",
        png=report(
            "figures/published_accuracy_{kind}.png",
            caption="../report/published_accuracy.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_accuracy/kind={kind}.json",
    log:
        "logs/figures_published_accuracy/kind={kind}.log",
    benchmark:
        "results/benchmarks/figures_published_accuracy/kind={kind}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=repeated("--hierarchy", config["relational"]["hierarchies"]),
    shell:
        "python -m memgen figures published-accuracy "
        "--accuracy {input.accuracy:q} --items {wildcards.kind} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_regularization:
    """What probe L2 and LoRA rank do to accuracy, margins, gamma and memorization."""
    input:
        accuracy="results/published/accuracy.csv",
        fit="results/published/fit.csv",
        code=code("memgen.figures.published.published_regularization"),
    output:
        pdf="figures/published_regularization_{kind}.pdf",
        png=report(
            "figures/published_regularization_{kind}.png",
            caption="../report/published_regularization.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_regularization/kind={kind}.json",
    log:
        "logs/figures_published_regularization/kind={kind}.log",
    benchmark:
        "results/benchmarks/figures_published_regularization/kind={kind}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=repeated("--hierarchy", config["relational"]["hierarchies"]),
    shell:
        "python -m memgen figures published-regularization "
        "--accuracy {input.accuracy:q} --fit {input.fit:q} --items {wildcards.kind} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_explanations:
    """Links, kernels and priors compared on held-out seeds and pairs."""
    input:
        summary="results/published/explanations_summary.csv",
        code=code("memgen.figures.published.published_explanations"),
    output:
        pdf="figures/published_explanations.pdf",
        png=report(
            "figures/published_explanations.png",
            caption="../report/published_explanations.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_explanations/job.json",
    log:
        "logs/figures_published_explanations/job.log",
    benchmark:
        "results/benchmarks/figures_published_explanations/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        kinds=PUBLISHED_ITEMS,
        hierarchies=repeated("--hierarchy", config["relational"]["hierarchies"]),
    shell:
        "python -m memgen figures published-explanations "
        "--summary {input.summary:q} --items {params.kinds} --method full {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_transfer:
    """Gamma fitted on one hierarchy put to the test on the others."""
    input:
        transfer="results/published/transfer.parquet",
        code=code("memgen.figures.published.published_transfer"),
    output:
        pdf="figures/published_transfer.pdf",
        png=report(
            "figures/published_transfer.png",
            caption="../report/published_transfer.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_transfer/job.json",
    log:
        "logs/figures_published_transfer/job.log",
    benchmark:
        "results/benchmarks/figures_published_transfer/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures published-transfer "
        "--transfer {input.transfer:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_comparison:
    """Accuracy of our models against that of the published ones."""
    input:
        comparison="results/published/comparison.csv",
        code=code("memgen.figures.published.published_comparison"),
    output:
        pdf="figures/published_comparison.pdf",
        png=report(
            "figures/published_comparison.png",
            caption="../report/published_comparison.rst",
            category="Published language models",
        ),
        record="results/provenance/jobs/figures_published_comparison/job.json",
    log:
        "logs/figures_published_comparison/job.log",
    benchmark:
        "results/benchmarks/figures_published_comparison/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures published-comparison "
        "--comparison {input.comparison:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


if PUBLISHED_SOURCE is not None:
    targets += expand(
        "figures/{figure}.{suffix}",
        figure=[
            *expand(
                "published_{figure}_{kind}",
                figure=["heatmaps", "predicted", "accuracy", "regularization"],
                kind=PUBLISHED_ITEMS,
            ),
            "published_explanations",
            "published_transfer",
            "published_comparison",
        ],
        suffix=["pdf", "png"],
    )
