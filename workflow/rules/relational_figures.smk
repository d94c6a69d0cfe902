# Figures of study 1, the theory. A figure reads tables and computes nothing.
#
# Needs: results/relational/*
# Makes: figures/<name>.pdf and figures/<name>.png, captions in workflow/report/<name>.rst
#
# RELATIONAL, TASKS, NETWORKS and NETWORK_MARGINS are relational.smk's.

SHOWN = RELATIONAL["figures"]
HIERARCHY_FLAGS = repeated("--hierarchy", RELATIONAL["hierarchies"])


rule figures_task:
    """The task as a directed graph, and the class of every pair."""
    input:
        tasks=TASKS,
        code=code("memgen.figures.relational.task"),
    output:
        **drawn("task", "Theory"),
    log:
        logged("figures_task"),
    benchmark:
        timed("figures_task")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_task"),
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
        **drawn("rank_profiles", "Theory"),
    log:
        logged("figures_rank_profiles"),
    benchmark:
        timed("figures_rank_profiles")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_rank_profiles"),
    params:
        hierarchies=repeated("--hierarchy", SHOWN["rank_profiles"]["hierarchies"]),
        shown=flags(without(SHOWN["rank_profiles"], "hierarchies")),
        ridge=SHOWN["rank_profiles"]["ridge"],  # for the caption
    shell:
        "python -m memgen figures rank-profiles --ranks {input.ranks:q} --margins {input.margins:q} "
        "{params.hierarchies} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_mechanism:
    """Ranks as the sum of plain transitive inference and a dipole at the exception."""
    input:
        table="results/relational/mechanism.parquet",
        code=code("memgen.figures.relational.mechanism"),
    output:
        **drawn("mechanism", "Theory"),
    log:
        logged("figures_mechanism"),
    benchmark:
        timed("figures_mechanism")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_mechanism"),
    params:
        **SHOWN["mechanism"],  # for the caption
        shown=flags(SHOWN["mechanism"]),
    shell:
        "python -m memgen figures mechanism --table {input.table:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_memorization:
    """Memorization scores of the exception and of regular pairs along conjunctivity."""
    input:
        table="results/relational/memorization.parquet",
        code=code("memgen.figures.relational.memorization"),
    output:
        **drawn("memorization", "Theory"),
    log:
        logged("figures_memorization"),
    benchmark:
        timed("figures_memorization")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_memorization"),
    params:
        **SHOWN["memorization"],  # for the caption
        shown=flags(SHOWN["memorization"]),
    shell:
        "python -m memgen figures memorization --table {input.table:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_phase_representation:
    """Accuracy and margin by pair class over conjunctivity and ridge."""
    input:
        table="results/relational/phase.parquet",
        code=code("memgen.figures.relational.phase_representation"),
    output:
        **drawn("phase_representation", "Theory"),
    log:
        logged("figures_phase_representation"),
    benchmark:
        timed("figures_phase_representation")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_phase_representation"),
    params:
        **SHOWN["phase_representation"],  # for the caption
        shown=flags(SHOWN["phase_representation"]),
    shell:
        "python -m memgen figures phase-representation --table {input.table:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_phase_placement:
    """Accuracy and margin around exceptions over the hierarchy's shape."""
    input:
        table="results/relational/placement.parquet",
        code=code("memgen.figures.relational.phase_placement"),
    output:
        **drawn("phase_placement", "Theory"),
    log:
        logged("figures_phase_placement"),
    benchmark:
        timed("figures_phase_placement")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_phase_placement"),
    params:
        **SHOWN["phase_placement"],  # for the caption
        shown=flags(SHOWN["phase_placement"]),
    shell:
        "python -m memgen figures phase-placement --table {input.table:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_critical_placement:
    """Critical conjunctivity against n and the exception's span and position."""
    input:
        table="results/relational/critical_placement.parquet",
        code=code("memgen.figures.relational.critical_placement"),
    output:
        **drawn("critical_placement", "Theory"),
    log:
        logged("figures_critical_placement"),
    benchmark:
        timed("figures_critical_placement")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_critical_placement"),
    params:
        n=RELATIONAL["critical"]["map_n"],
    shell:
        "python -m memgen figures critical-placement --table {input.table:q} --n {params.n} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_readout:
    """Accuracy of a noisy readout along conjunctivity and distance."""
    input:
        table="results/relational/readout.parquet",
        code=code("memgen.figures.relational.readout"),
    output:
        **drawn("readout", "Theory"),
    log:
        logged("figures_readout"),
    benchmark:
        timed("figures_readout")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_readout"),
    params:
        **SHOWN["readout"],  # for the caption
        shown=flags(SHOWN["readout"]),
    shell:
        "python -m memgen figures readout --table {input.table:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_depth:
    """From depth and nonlinearity to conjunctivity and behaviour."""
    input:
        table="results/relational/depth.parquet",
        code=code("memgen.figures.relational.depth"),
    output:
        **drawn("depth", "Theory"),
    log:
        logged("figures_depth"),
    benchmark:
        timed("figures_depth")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_depth"),
    params:
        **SHOWN["depth"],  # for the caption
        shown=flags(SHOWN["depth"]),
    shell:
        "python -m memgen figures depth --table {input.table:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_finite_width:
    """Deviation of finite networks from the kernel theory over width and scale."""
    input:
        networks=NETWORKS,
        margins=NETWORK_MARGINS,
        summary="results/relational/finite_width.csv",
        slopes="results/relational/finite_width_slopes.csv",
        code=code("memgen.figures.relational.finite_width"),
    output:
        **drawn("finite_width", "Theory"),
    log:
        logged("figures_finite_width"),
    benchmark:
        timed("figures_finite_width")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_finite_width"),
    shell:
        "python -m memgen figures finite-width --networks {input.networks:q} --margins {input.margins:q} "
        "--summary {input.summary:q} --slopes {input.slopes:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += figure_files(
    [
        "task",
        "rank_profiles",
        "mechanism",
        "memorization",
        "phase_representation",
        "phase_placement",
        "critical_placement",
        "readout",
        "depth",
        "finite_width",
    ]
)
