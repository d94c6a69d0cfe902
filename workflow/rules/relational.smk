# Study 1, theory: transitive inference with exceptions, solved exactly.
#
# Needs: config["relational"]
# Makes: results/relational/tasks/*.parquet   every ordered pair of a hierarchy with its class
#        results/relational/sweep.parquet     margins over conjunctivity and ridge
#        results/relational/ranks.parquet     rank profiles over the same grid
#        results/relational/critical.csv      critical conjunctivity of each hierarchy
#        results/relational/critical_geometry.parquet   the same against n, span and position
#        results/relational/memorization.parquet        leave-one-out score of every training pair
#        results/relational/phase.parquet     accuracy and margin by class over conjunctivity and ridge
#        results/relational/geometry.parquet  the same over n, position, span and number of exceptions
#        results/relational/mechanism.parquet ranks as a chain plus dipoles
#        results/relational/readout.parquet   accuracy of a noisy readout
#        results/relational/depth.parquet     depth and nonlinearity, conjunctivity, behaviour
#        results/relational/finite_width*.csv deviation of finite networks from the theory
#        results/relational/claims.csv        what of the paper's theory holds here

RELATIONAL = config["relational"]
TASKS = expand(
    "results/relational/tasks/{hierarchy}.parquet", hierarchy=RELATIONAL["hierarchies"]
)


rule relational_task:
    """Every ordered pair of one hierarchy, with its class, whether it is trained, and its truth."""
    input:
        code=code("memgen.relational.stages.task"),
    output:
        table="results/relational/tasks/{hierarchy}.parquet",
        record="results/provenance/jobs/relational_task/hierarchy={hierarchy}.json",
    log:
        "logs/relational_task/hierarchy={hierarchy}.log",
    benchmark:
        "results/benchmarks/relational_task/hierarchy={hierarchy}.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        n=lambda wildcards: RELATIONAL["hierarchies"][wildcards.hierarchy]["n"],
        exceptions=lambda wildcards: repeated(
            "--exception", RELATIONAL["hierarchies"][wildcards.hierarchy]["exceptions"]
        ),
    shell:
        "python -m memgen relational task --name {wildcards.hierarchy:q} --n {params.n} {params.exceptions} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_sweep:
    """Exact ranks and margins of every hierarchy over the grid of conjunctivity and ridge."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.sweep"),
    output:
        margins="results/relational/sweep.parquet",
        ranks="results/relational/ranks.parquet",
        record="results/provenance/jobs/relational_sweep/job.json",
    log:
        "logs/relational_sweep/job.log",
    benchmark:
        "results/benchmarks/relational_sweep/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        conjunctivity=RELATIONAL["theory"]["conjunctivity"],
        ridge=RELATIONAL["theory"]["ridge"],
    shell:
        "python -m memgen relational sweep --tasks {input.tasks:q} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--out {output.margins:q} --ranks {output.ranks:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_critical_table:
    """Conjunctivity beyond which the pairs next to the exception are answered wrong."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.critical_table"),
    output:
        table="results/relational/critical.csv",
        record="results/provenance/jobs/relational_critical_table/job.json",
    log:
        "logs/relational_critical_table/job.log",
    benchmark:
        "results/benchmarks/relational_critical_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen relational critical-table --tasks {input.tasks:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_memorization_table:
    """Leave-one-out memorization score of every training pair."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.memorization_table"),
    output:
        table="results/relational/memorization.parquet",
        record="results/provenance/jobs/relational_memorization_table/job.json",
    log:
        "logs/relational_memorization_table/job.log",
    benchmark:
        "results/benchmarks/relational_memorization_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        conjunctivity=RELATIONAL["theory"]["conjunctivity"],
        ridge=RELATIONAL["theory"]["ridge"],
    shell:
        "python -m memgen relational memorization-table --tasks {input.tasks:q} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_phase_table:
    """Accuracy and margin by pair class over conjunctivity and ridge."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.phase_table"),
    output:
        table="results/relational/phase.parquet",
        record="results/provenance/jobs/relational_phase_table/job.json",
    log:
        "logs/relational_phase_table/job.log",
    benchmark:
        "results/benchmarks/relational_phase_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        conjunctivity_points=RELATIONAL["phase"]["conjunctivity_points"],
        highest_conjunctivity=RELATIONAL["phase"]["highest_conjunctivity"],
        lowest_ridge=RELATIONAL["phase"]["lowest_ridge"],
        highest_ridge=RELATIONAL["phase"]["highest_ridge"],
        ridge_points=RELATIONAL["phase"]["ridge_points"],
    shell:
        "python -m memgen relational phase-table --tasks {input.tasks:q} "
        "--conjunctivity-points {params.conjunctivity_points} --highest-conjunctivity {params.highest_conjunctivity} "
        "--lowest-ridge {params.lowest_ridge} --highest-ridge {params.highest_ridge} "
        "--ridge-points {params.ridge_points} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_geometry_table:
    """Accuracy and margin by pair class over n, position, span and number of exceptions."""
    input:
        code=code("memgen.relational.stages.geometry_table"),
    output:
        table="results/relational/geometry.parquet",
        record="results/provenance/jobs/relational_geometry_table/job.json",
    log:
        "logs/relational_geometry_table/job.log",
    benchmark:
        "results/benchmarks/relational_geometry_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        n=RELATIONAL["geometry"]["n"],
        numbers=RELATIONAL["geometry"]["numbers"],
        conjunctivity=RELATIONAL["geometry"]["conjunctivity"],
        ridge=RELATIONAL["geometry"]["ridge"],
    shell:
        "python -m memgen relational geometry-table --n {params.n} --numbers {params.numbers} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_critical_geometry:
    """Critical conjunctivity against n and the exception's span and position."""
    input:
        code=code("memgen.relational.stages.critical_geometry"),
    output:
        table="results/relational/critical_geometry.parquet",
        record="results/provenance/jobs/relational_critical_geometry/job.json",
    log:
        "logs/relational_critical_geometry/job.log",
    benchmark:
        "results/benchmarks/relational_critical_geometry/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        n=RELATIONAL["critical"]["n"],
        spans=RELATIONAL["critical"]["spans"],
        map_n=RELATIONAL["critical"]["map_n"],
    shell:
        "python -m memgen relational critical-geometry --n {params.n} --spans {params.spans} "
        "--map-n {params.map_n} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_mechanism_table:
    """Ranks taken apart: plain transitive inference plus a dipole per exception."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.mechanism_table"),
    output:
        table="results/relational/mechanism.parquet",
        record="results/provenance/jobs/relational_mechanism_table/job.json",
    log:
        "logs/relational_mechanism_table/job.log",
    benchmark:
        "results/benchmarks/relational_mechanism_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        conjunctivity=RELATIONAL["theory"]["conjunctivity"],
        ridge=RELATIONAL["theory"]["ridge"],
    shell:
        "python -m memgen relational mechanism-table --tasks {input.tasks:q} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_readout_table:
    """Accuracy of a noisy readout by pair class and distance."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.readout_table"),
    output:
        table="results/relational/readout.parquet",
        record="results/provenance/jobs/relational_readout_table/job.json",
    log:
        "logs/relational_readout_table/job.log",
    benchmark:
        "results/benchmarks/relational_readout_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        conjunctivity=RELATIONAL["theory"]["conjunctivity"],
        ridge=RELATIONAL["theory"]["ridge"],
        temperature=RELATIONAL["readout"]["temperature"],
    shell:
        "python -m memgen relational readout-table --tasks {input.tasks:q} "
        "--conjunctivity {params.conjunctivity} --ridge {params.ridge} "
        "--temperature {params.temperature} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_depth_table:
    """From depth and nonlinearity to conjunctivity and behaviour."""
    input:
        tasks=TASKS,
        code=code("memgen.relational.stages.depth_table"),
    output:
        table="results/relational/depth.parquet",
        record="results/provenance/jobs/relational_depth_table/job.json",
    log:
        "logs/relational_depth_table/job.log",
    benchmark:
        "results/benchmarks/relational_depth_table/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        layers=RELATIONAL["depth"]["layers"],
        nonlinearity=RELATIONAL["depth"]["nonlinearity"],
        ridge=RELATIONAL["depth"]["ridge"],
    shell:
        "python -m memgen relational depth-table --tasks {input.tasks:q} "
        "--depth {params.layers} --nonlinearity {params.nonlinearity} --ridge {params.ridge} "
        "--out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_finite_width:
    """Finite networks trained lazily and richly on one hierarchy, all seeds at once."""
    input:
        task="results/relational/tasks/{hierarchy}.parquet",
        code=code("memgen.relational.stages.finite_width"),
    output:
        table="results/relational/networks/{hierarchy}.parquet",
        margins="results/relational/networks/{hierarchy}_margins.parquet",
        record="results/provenance/jobs/relational_finite_width/hierarchy={hierarchy}.json",
    log:
        "logs/relational_finite_width/hierarchy={hierarchy}.log",
    benchmark:
        "results/benchmarks/relational_finite_width/hierarchy={hierarchy}.tsv"
    conda:
        "../../envs/networks.yaml"
    params:
        width=RELATIONAL["networks"]["width"],
        seeds=RELATIONAL["networks"]["seeds"],
        steps=RELATIONAL["networks"]["steps"],
        rich_scale=RELATIONAL["networks"]["rich_scale"],
        scan_width=RELATIONAL["networks"]["scan_width"],
        scan_scale=RELATIONAL["networks"]["scan_scale"],
    shell:
        "python -m memgen relational finite-width --task {input.task:q} "
        "--width {params.width} --seeds {params.seeds} --steps {params.steps} --rich-scale {params.rich_scale} "
        "--scan-width {params.scan_width} --scan-scale {params.scan_scale} "
        "--out {output.table:q} --margins {output.margins:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_finite_width_summary:
    """Deviation of finite networks from the theory, and the power of the width it falls with."""
    input:
        networks=expand(
            "results/relational/networks/{hierarchy}.parquet",
            hierarchy=RELATIONAL["networks"]["hierarchies"],
        ),
        margins=expand(
            "results/relational/networks/{hierarchy}_margins.parquet",
            hierarchy=RELATIONAL["networks"]["hierarchies"],
        ),
        code=code("memgen.relational.stages.finite_width_summary"),
    output:
        table="results/relational/finite_width.csv",
        slopes="results/relational/finite_width_slopes.csv",
        record="results/provenance/jobs/relational_finite_width_summary/job.json",
    log:
        "logs/relational_finite_width_summary/job.log",
    benchmark:
        "results/benchmarks/relational_finite_width_summary/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen relational finite-width-summary --networks {input.networks:q} --margins {input.margins:q} "
        "--out {output.table:q} --slopes {output.slopes:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_claims:
    """What the papers' theory says, beside what the tables of this study say."""
    input:
        margins="results/relational/sweep.parquet",
        ranks="results/relational/ranks.parquet",
        critical="results/relational/critical.csv",
        code=code("memgen.relational.stages.claims"),
    output:
        table="results/relational/claims.csv",
        record="results/provenance/jobs/relational_claims/job.json",
    log:
        "logs/relational_claims/job.log",
    benchmark:
        "results/benchmarks/relational_claims/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen relational claims --margins {input.margins:q} --ranks {input.ranks:q} "
        "--critical {input.critical:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_theory_claims:
    """Further claims of the theory: mechanism, critical points, deep and finite networks."""
    input:
        critical="results/relational/critical_geometry.parquet",
        mechanism="results/relational/mechanism.parquet",
        depth="results/relational/depth.parquet",
        slopes="results/relational/finite_width_slopes.csv",
        code=code("memgen.relational.stages.theory_claims"),
    output:
        table="results/relational/theory_claims.csv",
        record="results/provenance/jobs/relational_theory_claims/job.json",
    log:
        "logs/relational_theory_claims/job.log",
    benchmark:
        "results/benchmarks/relational_theory_claims/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen relational theory-claims --critical {input.critical:q} --mechanism {input.mechanism:q} "
        "--depth {input.depth:q} --slopes {input.slopes:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


targets += [
    *TASKS,
    "results/relational/sweep.parquet",
    "results/relational/ranks.parquet",
    "results/relational/critical.csv",
    "results/relational/critical_geometry.parquet",
    "results/relational/memorization.parquet",
    "results/relational/phase.parquet",
    "results/relational/geometry.parquet",
    "results/relational/mechanism.parquet",
    "results/relational/readout.parquet",
    "results/relational/depth.parquet",
    "results/relational/finite_width.csv",
    "results/relational/finite_width_slopes.csv",
]
claims += ["results/relational/claims.csv", "results/relational/theory_claims.csv"]
