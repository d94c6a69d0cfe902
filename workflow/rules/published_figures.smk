# Figures of the published language models beside the theory and ours.
#
# Needs: results/published/*, results/language/*
# Makes: figures/published_*.pdf and .png, captions in workflow/report
#
# PUBLISHED_SOURCE and PUBLISHED_ITEMS are published.smk's, HIERARCHY_FLAGS is relational_figures.smk's.


# One model of ours of each source, and those of GGUF files; all stand in our own figures.
OURS = [
    name
    for source in ("wheel", "corpus", "hub")
    for place, name in enumerate(language_settings.models_of(config, source))
    if place == 0 or name in language_settings.quantized(config)
]
BY_KIND = "kind={kind}"


rule figures_published_equities:
    """Our equities of hands against the published matrix, and what its fixed suits explain."""
    input:
        classes="results/published/equity_classes.csv",
        suits="results/published/equity_suits.csv",
        code=code("memgen.figures.published.published_equities"),
    output:
        **drawn("published_equities", "Published language models"),
    log:
        logged("figures_published_equities"),
    benchmark:
        timed("figures_published_equities")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_equities"),
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
        **drawn("published_heatmaps_{kind}", "Published language models", BY_KIND),
    log:
        logged("figures_published_heatmaps", BY_KIND),
    benchmark:
        timed("figures_published_heatmaps", BY_KIND)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_heatmaps"),
    params:
        ours=repeated("--ours", OURS),
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures published-heatmaps "
        "--predictions {input.predictions:q} --items {wildcards.kind:q} --methods full probe "
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
        **drawn("published_predicted_{kind}", "Published language models", BY_KIND),
    log:
        logged("figures_published_predicted", BY_KIND),
    benchmark:
        timed("figures_published_predicted", BY_KIND)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_predicted"),
    params:
        ours=repeated("--ours", OURS),
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures published-predicted "
        "--predictions {input.predictions:q} --fits {input.fits:q} --items {wildcards.kind:q} --methods full probe "
        "{params.ours} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_accuracy:
    """Accuracy by pair class of every published model and ours, with intervals."""
    input:
        accuracy=["results/published/accuracy.csv", "results/language/accuracy.csv"],
        code=code("memgen.figures.published.published_accuracy"),
    output:
        **drawn("published_accuracy_{kind}", "Published language models", BY_KIND),
    log:
        logged("figures_published_accuracy", BY_KIND),
    benchmark:
        timed("figures_published_accuracy", BY_KIND)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_accuracy"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures published-accuracy "
        "--accuracy {input.accuracy:q} --items {wildcards.kind:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_regularization:
    """What probe L2 and LoRA rank do to accuracy, margins, gamma and memorization."""
    input:
        accuracy="results/published/accuracy.csv",
        fit="results/published/fit.csv",
        code=code("memgen.figures.published.published_regularization"),
    output:
        **drawn("published_regularization_{kind}", "Published language models", BY_KIND),
    log:
        logged("figures_published_regularization", BY_KIND),
    benchmark:
        timed("figures_published_regularization", BY_KIND)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_regularization"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures published-regularization "
        "--accuracy {input.accuracy:q} --fit {input.fit:q} --items {wildcards.kind:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_explanations:
    """Links, kernels and priors compared on held-out seeds and pairs."""
    input:
        summary="results/published/explanations_summary.csv",
        code=code("memgen.figures.published.published_explanations"),
    output:
        **drawn("published_explanations", "Published language models"),
    log:
        logged("figures_published_explanations"),
    benchmark:
        timed("figures_published_explanations")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_explanations"),
    params:
        kinds=PUBLISHED_ITEMS,
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures published-explanations "
        "--summary {input.summary:q} --items {params.kinds:q} --method full {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_transfer:
    """Gamma fitted on one hierarchy put to the test on the others."""
    input:
        transfer="results/published/transfer.parquet",
        code=code("memgen.figures.published.published_transfer"),
    output:
        **drawn("published_transfer", "Published language models"),
    log:
        logged("figures_published_transfer"),
    benchmark:
        timed("figures_published_transfer")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_transfer"),
    shell:
        "python -m memgen figures published-transfer --transfer {input.transfer:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_published_comparison:
    """Accuracy of our models against that of the published ones."""
    input:
        comparison="results/published/comparison.csv",
        code=code("memgen.figures.published.published_comparison"),
    output:
        **drawn("published_comparison", "Published language models"),
    log:
        logged("figures_published_comparison"),
    benchmark:
        timed("figures_published_comparison")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_published_comparison"),
    shell:
        "python -m memgen figures published-comparison --comparison {input.comparison:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


if PUBLISHED_SOURCE is not None:
    targets += figure_files(
        [
            *expand(
                "published_{figure}_{kind}",
                figure=["heatmaps", "predicted", "accuracy", "regularization"],
                kind=PUBLISHED_ITEMS,
            ),
            "published_explanations",
            "published_transfer",
            "published_comparison",
        ]
    )
