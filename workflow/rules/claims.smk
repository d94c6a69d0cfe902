# The table that an auditor opens first.
#
# Needs: the claims table of every study, listed in `claims`
# Makes: results/claims.csv


rule claims:
    """Claims of all studies in one table, the first that an auditor opens."""
    input:
        tables=lambda wildcards: claims,
        code=code("memgen.stages.claims"),
    output:
        table="results/claims.csv",
        record="results/provenance/jobs/claims/job.json",
    log:
        "logs/claims/job.log",
    benchmark:
        "results/benchmarks/claims/job.tsv"
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("claims"),
    shell:
        "python -m memgen claims --tables {input.tables:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


targets.append("results/claims.csv")
