# What every rule file uses. Knows no study.
from memgen.closure import closure
from pathlib import Path


def code(module):
    """Source files that a stage's module imports, directly or not, relative to the repository."""
    here = Path.cwd().resolve()
    return [
        str(path.relative_to(here) if path.is_relative_to(here) else path)
        for path in closure(module)
    ]


def repeated(flag, values):
    """A command-line flag given once per value, and not at all where there is none."""
    return " ".join(f"{flag} {value}" for value in values)


rule claims:
    """Claims of all studies in one table, the first that an auditor opens."""
    input:
        tables=lambda wildcards: claims,
        code=code("memgen.claims"),
    output:
        table="results/claims.csv",
        record="results/provenance/jobs/claims/job.json",
    log:
        "logs/claims/job.log",
    benchmark:
        "results/benchmarks/claims/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen claims --tables {input.tables:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


targets.append("results/claims.csv")
