# Figures of study 1, language models. A figure reads tables and computes nothing.
#
# Needs: results/language/*
# Makes: figures/<name>.pdf and figures/<name>.png, captions in workflow/report/<name>.rst
#
# CELLS, LANGUAGE and FINETUNING are language.smk's, HIERARCHY_FLAGS is relational_figures.smk's.

BY_METHOD = "method={method}"
BY_METHOD_KIND = "method={method},items={kind}"


# The picture of the whole study: pretrained models of a wheel and their controls, by the first probe and finetuned.
CONTRAST = language_settings.contrast(config)
WHEELS = language_settings.models_of(config, "wheel")
SUMMED = [
    *WHEELS,
    *(
        name
        for name in language_settings.models_of(config, "random")
        if LANGUAGE["models"][name]["like"] in WHEELS
    ),
]
SUMMED_METHODS = [
    *list(PROBES)[:1],
    *(
        name
        for name, method in FINETUNING.items()
        if method["kind"] in ("full", "lora")
    ),
]


rule figures_language_summary:
    """The language study in one picture: margins with and without the exception, beside the theory's."""
    input:
        predictions=[
            *(
                ["results/published/predictions.parquet"]
                if config["published"].get("source")
                else []
            ),
            "results/language/predictions.parquet",
        ],
        code=code("memgen.figures.language.language_summary"),
    output:
        **drawn("language_summary", "Language models"),
    log:
        logged("figures_language_summary"),
    benchmark:
        timed("figures_language_summary")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_language_summary"),
    params:
        hierarchies=lambda wildcards: flags(
            dict(zip(("plain", "exceptional"), CONTRAST))
        ),
        models=SUMMED,
        methods=SUMMED_METHODS,
    shell:
        "python -m memgen figures language-summary --predictions {input.predictions:q} --items fake "
        "{params.hierarchies} --models {params.models:q} --methods {params.methods:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_margin_heatmaps:
    """Margins of the language models beside the theory's at the fitted gamma."""
    input:
        predictions="results/language/predictions.parquet",
        fit="results/language/fit.csv",
        code=code("memgen.figures.language.margin_heatmaps"),
    output:
        **drawn("margin_heatmaps_{method}_{kind}", "Language models", BY_METHOD_KIND),
    log:
        logged("figures_margin_heatmaps", BY_METHOD_KIND),
    benchmark:
        timed("figures_margin_heatmaps", BY_METHOD_KIND)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_margin_heatmaps"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures margin-heatmaps --predictions {input.predictions:q} --fit {input.fit:q} "
        "--method {wildcards.method:q} --items {wildcards.kind:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_predicted_margins:
    """Predicted against observed margins, one point per pair."""
    input:
        predictions="results/language/predictions.parquet",
        fit="results/language/fit.csv",
        code=code("memgen.figures.language.predicted_margins"),
    output:
        **drawn("predicted_margins_{method}_{kind}", "Language models", BY_METHOD_KIND),
    log:
        logged("figures_predicted_margins", BY_METHOD_KIND),
    benchmark:
        timed("figures_predicted_margins", BY_METHOD_KIND)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_predicted_margins"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures predicted-margins --predictions {input.predictions:q} --fit {input.fit:q} "
        "--method {wildcards.method:q} --items {wildcards.kind:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_baselines:
    """How well the theory predicts held-out pairs, beside simpler and freer predictors."""
    input:
        baselines="results/language/baselines.csv",
        code=code("memgen.figures.language.baselines"),
    output:
        **drawn("baselines", "Language models"),
    log:
        logged("figures_baselines"),
    benchmark:
        timed("figures_baselines")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_baselines"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures baselines --baselines {input.baselines:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_accuracy_by_class:
    """Accuracy by pair class, trained pairs beside those that were never trained."""
    input:
        accuracy="results/language/accuracy.csv",
        code=code("memgen.figures.language.accuracy_by_class"),
    output:
        **drawn("accuracy_by_class_{method}", "Language models", BY_METHOD),
    log:
        logged("figures_accuracy_by_class", BY_METHOD),
    benchmark:
        timed("figures_accuracy_by_class", BY_METHOD)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_accuracy_by_class"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures accuracy-by-class --accuracy {input.accuracy:q} "
        "--method {wildcards.method:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_symbolic_distance:
    """Accuracy and margin against the distance of two ranks."""
    input:
        distance="results/language/distance.csv",
        code=code("memgen.figures.language.symbolic_distance"),
    output:
        **drawn("symbolic_distance_{method}", "Language models", BY_METHOD),
    log:
        logged("figures_symbolic_distance", BY_METHOD),
    benchmark:
        timed("figures_symbolic_distance", BY_METHOD)
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_symbolic_distance"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures symbolic-distance --distance {input.distance:q} "
        "--method {wildcards.method:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_response_bias:
    """How often every model says Yes, before and after training."""
    input:
        effects="results/language/effects.csv",
        code=code("memgen.figures.language.response_bias"),
    output:
        **drawn("response_bias", "Language models"),
    log:
        logged("figures_response_bias"),
    benchmark:
        timed("figures_response_bias")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_response_bias"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures response-bias --effects {input.effects:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_exception_effect:
    """What the exception does to cross pairs, paired by seed."""
    input:
        effects="results/language/effects.csv",
        code=code("memgen.figures.language.exception_effect"),
    output:
        **drawn("exception_effect", "Language models"),
    log:
        logged("figures_exception_effect"),
    benchmark:
        timed("figures_exception_effect")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_exception_effect"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures exception-effect --effects {input.effects:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_conjunctivity:
    """Conjunctivity of the models' representations against the gamma of their behaviour."""
    input:
        geometry="results/language/geometry.csv",
        relation="results/language/relation.csv",
        code=code("memgen.figures.language.conjunctivity"),
    output:
        **drawn("conjunctivity", "Language models"),
    log:
        logged("figures_conjunctivity"),
    benchmark:
        timed("figures_conjunctivity")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_conjunctivity"),
    shell:
        "python -m memgen figures conjunctivity --geometry {input.geometry:q} --relation {input.relation:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_own_kernel:
    """Finetuned behaviour beside what the model's own kernel predicts."""
    input:
        geometry="results/language/geometry.csv",
        fit="results/language/fit.csv",
        code=code("memgen.figures.language.own_kernel"),
    output:
        **drawn("own_kernel", "Language models"),
    log:
        logged("figures_own_kernel"),
    benchmark:
        timed("figures_own_kernel")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_own_kernel"),
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures own-kernel --geometry {input.geometry:q} --fit {input.fit:q} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += figure_files(
    [
        *(
            f"{figure}_{method}_{kind}"
            for figure in ("margin_heatmaps", "predicted_margins")
            for method, kind in sorted({(cell.method, cell.items) for cell in CELLS})
        ),
        *(
            f"{figure}_{method}"
            for figure in ("accuracy_by_class", "symbolic_distance")
            for method in sorted({cell.method for cell in CELLS})
        ),
        "baselines",
        *(["language_summary"] if CONTRAST and SUMMED and SUMMED_METHODS else []),
        "response_bias",
        "exception_effect",
        "conjunctivity",
        *(["own_kernel"] if any(cell.method in FINETUNING for cell in CELLS) else []),
    ]
)
