# The table that an auditor opens first.
#
# Needs: the claims table of every study, listed in `claims`, and its checks table, listed in `checks`
# Makes: results/claims.csv   what is claimed, what is found, and whether the two agree
#        results/checks.csv   identities of the theory that the tables must obey


rule claims:
    """Claims of all studies in one table, the first that an auditor opens."""
    input:
        tables=lambda wildcards: claims,
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
    params:
        code=code("claims"),
    shell:
        "python -m memgen claims --tables {input.tables:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule checks:
    """Checks of all studies in one table."""
    input:
        tables=lambda wildcards: checks,
    output:
        table="results/checks.csv",
        record="results/provenance/jobs/checks/job.json",
    log:
        "logs/checks/job.log",
    benchmark:
        "results/benchmarks/checks/job.tsv"
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("checks"),
    params:
        code=code("checks"),
    shell:
        "python -m memgen checks --tables {input.tables:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


targets += ["results/claims.csv", "results/checks.csv"]
