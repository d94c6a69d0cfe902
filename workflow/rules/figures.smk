# Figures of study 1, theory and language models. A figure reads tables and computes nothing.
#
# Needs: results/relational/*, results/language/*
# Makes: figures/<name>.pdf and figures/<name>.png, captions in workflow/report/<name>.rst

FIGURES = config["figures"]
SHOWN = config["relational"]["hierarchies"]
HIERARCHY_FLAGS = repeated("--hierarchy", SHOWN)


rule figures_task:
    """The task as a directed graph, and the class of every pair."""
    input:
        tasks=expand("results/relational/tasks/{hierarchy}.parquet", hierarchy=SHOWN),
        code=code("memgen.figures.task"),
    output:
        pdf="figures/task.pdf",
        png=report("figures/task.png", caption="../report/task.rst", category="Theory"),
        record="results/provenance/jobs/figures_task/job.json",
    log:
        "logs/figures_task/job.log",
    benchmark:
        "results/benchmarks/figures_task/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures task --tasks {input.tasks:q} --pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_rank_profiles:
    """Ranks and margins along conjunctivity, with and without an exception."""
    input:
        ranks="results/relational/ranks.parquet",
        margins="results/relational/sweep.parquet",
        code=code("memgen.figures.rank_profiles"),
    output:
        pdf="figures/rank_profiles.pdf",
        png=report(
            "figures/rank_profiles.png",
            caption="../report/rank_profiles.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_rank_profiles/job.json",
    log:
        "logs/figures_rank_profiles/job.log",
    benchmark:
        "results/benchmarks/figures_rank_profiles/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=repeated("--hierarchy", FIGURES["rank_profiles"]["hierarchies"]),
        conjunctivity=FIGURES["rank_profiles"]["conjunctivity"],
        ridge=FIGURES["rank_profiles"]["ridge"],
    shell:
        "python -m memgen figures rank-profiles --ranks {input.ranks:q} --margins {input.margins:q} "
        "{params.hierarchies} --conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_margin_heatmaps:
    """Margins of the language models beside the theory's at the fitted gamma."""
    input:
        predictions="results/language/predictions.parquet",
        code=code("memgen.figures.margin_heatmaps"),
    output:
        pdf="figures/margin_heatmaps_{method}.pdf",
        png=report(
            "figures/margin_heatmaps_{method}.png",
            caption="../report/margin_heatmaps.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_margin_heatmaps/method={method}.json",
    log:
        "logs/figures_margin_heatmaps/method={method}.log",
    benchmark:
        "results/benchmarks/figures_margin_heatmaps/method={method}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures margin-heatmaps --predictions {input.predictions:q} "
        "--method {wildcards.method} {params.hierarchies} --pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_predicted_margins:
    """Predicted against observed margins, one point per pair."""
    input:
        predictions="results/language/predictions.parquet",
        fit="results/language/fit.csv",
        code=code("memgen.figures.predicted_margins"),
    output:
        pdf="figures/predicted_margins_{method}.pdf",
        png=report(
            "figures/predicted_margins_{method}.png",
            caption="../report/predicted_margins.rst",
            category="Language models",
        ),
        record="results/provenance/jobs/figures_predicted_margins/method={method}.json",
    log:
        "logs/figures_predicted_margins/method={method}.log",
    benchmark:
        "results/benchmarks/figures_predicted_margins/method={method}.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchies=HIERARCHY_FLAGS,
    shell:
        "python -m memgen figures predicted-margins --predictions {input.predictions:q} --fit {input.fit:q} "
        "--method {wildcards.method} {params.hierarchies} --pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += expand(
    "figures/{figure}.{suffix}",
    figure=[
        "task",
        "rank_profiles",
        *expand("margin_heatmaps_{method}", method=config["language"]["methods"]),
        *expand("predicted_margins_{method}", method=config["language"]["methods"]),
    ],
    suffix=["pdf", "png"],
)
