# Study 1, theory: transitive inference with exceptions, solved exactly.
#
# Needs: config["relational"]
# Makes: results/relational/tasks/*.parquet   every ordered pair of a hierarchy with its class
#        results/relational/sweep.parquet     margins over conjunctivity and ridge
#        results/relational/ranks.parquet     rank profiles over the same grid
#        results/relational/critical.csv      critical conjunctivity of each hierarchy
#        results/relational/claims.csv        what of the paper's theory holds here

RELATIONAL = config["relational"]
TASKS = expand(
    "results/relational/tasks/{hierarchy}.parquet", hierarchy=RELATIONAL["hierarchies"]
)


rule relational_task:
    """Every ordered pair of one hierarchy, with its class, whether it is trained, and its truth."""
    input:
        code=code("memgen.relational.task"),
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
        code=code("memgen.relational.sweep"),
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
        code=code("memgen.relational.critical"),
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


rule relational_claims:
    """What the papers' theory says, beside what the tables of this study say."""
    input:
        margins="results/relational/sweep.parquet",
        ranks="results/relational/ranks.parquet",
        critical="results/relational/critical.csv",
        code=code("memgen.relational.claims"),
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


targets += [
    *TASKS,
    "results/relational/sweep.parquet",
    "results/relational/ranks.parquet",
    "results/relational/critical.csv",
]
claims.append("results/relational/claims.csv")
