# Figures of study 1, the theory. A figure reads tables and computes nothing.
#
# Needs: results/relational/*
# Makes: figures/<name>.pdf and figures/<name>.png, captions in workflow/report/<name>.rst

FIGURES = config["figures"]
SHOWN = config["relational"]["hierarchies"]
HIERARCHY_FLAGS = repeated("--hierarchy", SHOWN)


rule figures_task:
    """The task as a directed graph, and the class of every pair."""
    input:
        tasks=expand("results/relational/tasks/{hierarchy}.parquet", hierarchy=SHOWN),
        code=code("memgen.figures.relational.task"),
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
        code=code("memgen.figures.relational.rank_profiles"),
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


rule figures_mechanism:
    """Ranks as the sum of plain transitive inference and a dipole at the exception."""
    input:
        table="results/relational/mechanism.parquet",
        code=code("memgen.figures.relational.mechanism"),
    output:
        pdf="figures/mechanism.pdf",
        png=report(
            "figures/mechanism.png",
            caption="../report/mechanism.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_mechanism/job.json",
    log:
        "logs/figures_mechanism/job.log",
    benchmark:
        "results/benchmarks/figures_mechanism/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchy=FIGURES["mechanism"]["hierarchy"],
        conjunctivity=FIGURES["mechanism"]["conjunctivity"],
        ridge=FIGURES["mechanism"]["ridge"],
    shell:
        "python -m memgen figures mechanism --table {input.table:q} --hierarchy {params.hierarchy} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_memorization:
    """Memorization scores of the exception and of regular pairs along conjunctivity."""
    input:
        table="results/relational/memorization.parquet",
        code=code("memgen.figures.relational.memorization"),
    output:
        pdf="figures/memorization.pdf",
        png=report(
            "figures/memorization.png",
            caption="../report/memorization.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_memorization/job.json",
    log:
        "logs/figures_memorization/job.log",
    benchmark:
        "results/benchmarks/figures_memorization/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchy=FIGURES["memorization"]["hierarchy"],
        ridge=FIGURES["memorization"]["ridge"],
    shell:
        "python -m memgen figures memorization --table {input.table:q} --hierarchy {params.hierarchy} --ridge {params.ridge} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_phase_representation:
    """Accuracy and margin by pair class over conjunctivity and ridge."""
    input:
        table="results/relational/phase.parquet",
        code=code("memgen.figures.relational.phase_representation"),
    output:
        pdf="figures/phase_representation.pdf",
        png=report(
            "figures/phase_representation.png",
            caption="../report/phase_representation.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_phase_representation/job.json",
    log:
        "logs/figures_phase_representation/job.log",
    benchmark:
        "results/benchmarks/figures_phase_representation/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchy=FIGURES["phase_representation"]["hierarchy"],
    shell:
        "python -m memgen figures phase-representation --table {input.table:q} --hierarchy {params.hierarchy} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_phase_geometry:
    """Accuracy and margin around exceptions over the hierarchy's shape."""
    input:
        table="results/relational/geometry.parquet",
        code=code("memgen.figures.relational.phase_geometry"),
    output:
        pdf="figures/phase_geometry.pdf",
        png=report(
            "figures/phase_geometry.png",
            caption="../report/phase_geometry.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_phase_geometry/job.json",
    log:
        "logs/figures_phase_geometry/job.log",
    benchmark:
        "results/benchmarks/figures_phase_geometry/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        n=FIGURES["phase_geometry"]["n"],
        conjunctivity=FIGURES["phase_geometry"]["conjunctivity"],
        ridge=FIGURES["phase_geometry"]["ridge"],
        span=FIGURES["phase_geometry"]["span"],
    shell:
        "python -m memgen figures phase-geometry --table {input.table:q} --n {params.n} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} --span {params.span} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_critical_geometry:
    """Critical conjunctivity against n and the exception's span and position."""
    input:
        table="results/relational/critical_geometry.parquet",
        code=code("memgen.figures.relational.critical_geometry"),
    output:
        pdf="figures/critical_geometry.pdf",
        png=report(
            "figures/critical_geometry.png",
            caption="../report/critical_geometry.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_critical_geometry/job.json",
    log:
        "logs/figures_critical_geometry/job.log",
    benchmark:
        "results/benchmarks/figures_critical_geometry/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        n=config["relational"]["critical"]["map_n"],
    shell:
        "python -m memgen figures critical-geometry --table {input.table:q} --n {params.n} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_readout:
    """Accuracy of a noisy readout along conjunctivity and distance."""
    input:
        table="results/relational/readout.parquet",
        code=code("memgen.figures.relational.readout"),
    output:
        pdf="figures/readout.pdf",
        png=report(
            "figures/readout.png", caption="../report/readout.rst", category="Theory"
        ),
        record="results/provenance/jobs/figures_readout/job.json",
    log:
        "logs/figures_readout/job.log",
    benchmark:
        "results/benchmarks/figures_readout/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchy=FIGURES["readout"]["hierarchy"],
        ridge=FIGURES["readout"]["ridge"],
        conjunctivity=FIGURES["readout"]["conjunctivity"],
    shell:
        "python -m memgen figures readout --table {input.table:q} --hierarchy {params.hierarchy} "
        "--ridge {params.ridge} --conjunctivity {params.conjunctivity} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_depth:
    """From depth and nonlinearity to conjunctivity and behaviour."""
    input:
        table="results/relational/depth.parquet",
        code=code("memgen.figures.relational.depth"),
    output:
        pdf="figures/depth.pdf",
        png=report(
            "figures/depth.png", caption="../report/depth.rst", category="Theory"
        ),
        record="results/provenance/jobs/figures_depth/job.json",
    log:
        "logs/figures_depth/job.log",
    benchmark:
        "results/benchmarks/figures_depth/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchy=FIGURES["depth"]["hierarchy"],
        ridge=FIGURES["depth"]["ridge"],
    shell:
        "python -m memgen figures depth --table {input.table:q} --hierarchy {params.hierarchy} --ridge {params.ridge} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_finite_width:
    """Deviation of finite networks from the kernel theory over width and scale."""
    input:
        networks=expand(
            "results/relational/networks/{hierarchy}.parquet",
            hierarchy=config["relational"]["networks"]["hierarchies"],
        ),
        margins=expand(
            "results/relational/networks/{hierarchy}_margins.parquet",
            hierarchy=config["relational"]["networks"]["hierarchies"],
        ),
        summary="results/relational/finite_width.csv",
        slopes="results/relational/finite_width_slopes.csv",
        code=code("memgen.figures.relational.finite_width"),
    output:
        pdf="figures/finite_width.pdf",
        png=report(
            "figures/finite_width.png",
            caption="../report/finite_width.rst",
            category="Theory",
        ),
        record="results/provenance/jobs/figures_finite_width/job.json",
    log:
        "logs/figures_finite_width/job.log",
    benchmark:
        "results/benchmarks/figures_finite_width/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures finite-width --networks {input.networks:q} --margins {input.margins:q} "
        "--summary {input.summary:q} --slopes {input.slopes:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += expand(
    "figures/{figure}.{suffix}",
    figure=[
        "task",
        "rank_profiles",
        "mechanism",
        "memorization",
        "phase_representation",
        "phase_geometry",
        "critical_geometry",
        "readout",
        "depth",
        "finite_width",
    ],
    suffix=["pdf", "png"],
)


include: "language_figures.smk"
