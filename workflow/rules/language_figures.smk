# Figures of study 1, language models. A figure reads tables and computes nothing.
#
# Needs: results/language/*
# Makes: figures/<name>.pdf and figures/<name>.png, captions in workflow/report/<name>.rst
#
# CELLS, LANGUAGE and FINETUNING are language.smk's, HIERARCHY_FLAGS is figures.smk's.


rule figures_margin_heatmaps:
    """Margins of the language models beside the theory's at the fitted gamma."""
    input:
        predictions="results/language/predictions.parquet",
        fit="results/language/fit.csv",
        code=code("memgen.figures.language.margin_heatmaps"),
    output:
        pdf="figures/margin_heatmaps_{method}_{kind}.pdf",
        png=report(
            "figures/margin_heatmaps_{method}_{kind}.png",
            caption="../report/margin_heatmaps.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_margin_heatmaps/method={method},items={kind}.json",
    log:
        "logs/figures_margin_heatmaps/method={method},items={kind}.log",
    benchmark:
        "results/benchmarks/figures_margin_heatmaps/method={method},items={kind}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures margin-heatmaps --predictions {input.predictions:q} --fit {input.fit:q} "
        "--method {wildcards.method} --items {wildcards.kind} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_predicted_margins:
    """Predicted against observed margins, one point per pair."""
    input:
        predictions="results/language/predictions.parquet",
        fit="results/language/fit.csv",
        code=code("memgen.figures.language.predicted_margins"),
    output:
        pdf="figures/predicted_margins_{method}_{kind}.pdf",
        png=report(
            "figures/predicted_margins_{method}_{kind}.png",
            caption="../report/predicted_margins.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_predicted_margins/method={method},items={kind}.json",
    log:
        "logs/figures_predicted_margins/method={method},items={kind}.log",
    benchmark:
        "results/benchmarks/figures_predicted_margins/method={method},items={kind}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures predicted-margins --predictions {input.predictions:q} --fit {input.fit:q} "
        "--method {wildcards.method} --items {wildcards.kind} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_accuracy_by_class:
    """Accuracy by pair class, trained pairs beside those that were never trained."""
    input:
        accuracy="results/language/accuracy.csv",
        code=code("memgen.figures.language.accuracy_by_class"),
    output:
        pdf="figures/accuracy_by_class_{method}.pdf",
        png=report(
            "figures/accuracy_by_class_{method}.png",
            caption="../report/accuracy_by_class.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_accuracy_by_class/method={method}.json",
    log:
        "logs/figures_accuracy_by_class/method={method}.log",
    benchmark:
        "results/benchmarks/figures_accuracy_by_class/method={method}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures accuracy-by-class --accuracy {input.accuracy:q} "
        "--method {wildcards.method} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_symbolic_distance:
    """Accuracy and margin against the distance of two ranks."""
    input:
        distance="results/language/distance.csv",
        code=code("memgen.figures.language.symbolic_distance"),
    output:
        pdf="figures/symbolic_distance_{method}.pdf",
        png=report(
            "figures/symbolic_distance_{method}.png",
            caption="../report/symbolic_distance.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_symbolic_distance/method={method}.json",
    log:
        "logs/figures_symbolic_distance/method={method}.log",
    benchmark:
        "results/benchmarks/figures_symbolic_distance/method={method}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures symbolic-distance --distance {input.distance:q} "
        "--method {wildcards.method} {params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_response_bias:
    """How often every model says Yes, before and after training."""
    input:
        effects="results/language/effects.csv",
        code=code("memgen.figures.language.response_bias"),
    output:
        pdf="figures/response_bias.pdf",
        png=report(
            "figures/response_bias.png",
            caption="../report/response_bias.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_response_bias/job.json",
    log:
        "logs/figures_response_bias/job.log",
    benchmark:
        "results/benchmarks/figures_response_bias/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures response-bias --effects {input.effects:q} "
        "{params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_exception_effect:
    """What the exception does to cross pairs, paired by seed."""
    input:
        effects="results/language/effects.csv",
        code=code("memgen.figures.language.exception_effect"),
    output:
        pdf="figures/exception_effect.pdf",
        png=report(
            "figures/exception_effect.png",
            caption="../report/exception_effect.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_exception_effect/job.json",
    log:
        "logs/figures_exception_effect/job.log",
    benchmark:
        "results/benchmarks/figures_exception_effect/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures exception-effect --effects {input.effects:q} "
        "{params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_conjunctivity:
    """Conjunctivity of the models' representations against the gamma of their behaviour."""
    input:
        geometry="results/language/geometry.csv",
        relation="results/language/relation.csv",
        code=code("memgen.figures.language.conjunctivity"),
    output:
        pdf="figures/conjunctivity.pdf",
        png=report(
            "figures/conjunctivity.png",
            caption="../report/conjunctivity.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_conjunctivity/job.json",
    log:
        "logs/figures_conjunctivity/job.log",
    benchmark:
        "results/benchmarks/figures_conjunctivity/job.tsv"
    conda:
        "../../envs/figures.yaml"
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
        pdf="figures/own_kernel.pdf",
        png=report(
            "figures/own_kernel.png",
            caption="../report/own_kernel.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_own_kernel/job.json",
    log:
        "logs/figures_own_kernel/job.log",
    benchmark:
        "results/benchmarks/figures_own_kernel/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures own-kernel --geometry {input.geometry:q} --fit {input.fit:q} "
        "{params.hierarchies} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_pretraining:
    """Losses of the models that are pretrained in the study."""
    input:
        losses="results/language/pretraining.csv",
        code=code("memgen.figures.language.pretraining"),
    output:
        pdf="figures/pretraining.pdf",
        png=report(
            "figures/pretraining.png",
            caption="../report/pretraining.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_pretraining/job.json",
    log:
        "logs/figures_pretraining/job.log",
    benchmark:
        "results/benchmarks/figures_pretraining/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures pretraining --losses {input.losses:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += [
    f"figures/{figure}.{suffix}"
    for figure in [
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
        "response_bias",
        "exception_effect",
        "conjunctivity",
        *(["own_kernel"] if any(cell.method in FINETUNING for cell in CELLS) else []),
        *(["pretraining"] if PRETRAINED else []),
    ]
    for suffix in ("pdf", "png")
]
