# Study 1, theory: transitive inference with exceptions, solved exactly.
#
# Needs: config["relational"]
# Makes: results/relational/tasks/*.parquet   every ordered pair of a hierarchy with its class
#        results/relational/sweep.parquet     margins over conjunctivity and ridge
#        results/relational/ranks.parquet     rank profiles over the same grid
#        results/relational/critical.csv      critical conjunctivity of each hierarchy
#        results/relational/critical_placement.parquet   the same against n, span and position
#        results/relational/memorization.parquet        leave-one-out score of every training pair
#        results/relational/phase.parquet     accuracy and margin by class over conjunctivity and ridge
#        results/relational/placement.parquet  the same over n, position, span and number of exceptions
#        results/relational/mechanism.parquet ranks as a chain plus dipoles
#        results/relational/readout.parquet   accuracy of a noisy readout
#        results/relational/depth.parquet     depth and nonlinearity, conjunctivity, behaviour
#        results/relational/finite_width*.csv deviation of finite networks from the theory
#        results/relational/claims.csv        what of the paper's theory holds here

from memgen.relational.configuration import OF_DEPTH_TABLE, OF_FINITE_WIDTH

RELATIONAL = config["relational"]
BY_HIERARCHY = "hierarchy={hierarchy}"
TASKS = [f"results/relational/tasks/{one}.parquet" for one in RELATIONAL["hierarchies"]]
TRAINED = RELATIONAL["networks"]["hierarchies"]


rule relational_task:
    """Every ordered pair of one hierarchy, with its class, whether it is trained, and its truth."""
    output:
        **record("relational_task", BY_HIERARCHY),
        table="results/relational/tasks/{hierarchy}.parquet",
    log:
        logged("relational_task", BY_HIERARCHY),
    benchmark:
        timed("relational_task", BY_HIERARCHY)
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("relational_task"),
    params:
        code=code("relational task"),
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
    output:
        **record("relational_sweep"),
        margins="results/relational/sweep.parquet",
        ranks="results/relational/ranks.parquet",
    log:
        logged("relational_sweep"),
    benchmark:
        timed("relational_sweep")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("relational_sweep"),
    params:
        code=code("relational sweep"),
        grid=flags(RELATIONAL["theory"]),
    shell:
        "python -m memgen relational sweep --tasks {input.tasks:q} {params.grid} "
        "--out {output.margins:q} --ranks {output.ranks:q} --record {output.record:q} --threads {threads} 2> {log:q}"


# Each of these tables follows from the tasks, or from the configuration alone.
for stage, table, inputs, options, meaning in (
    (
        "critical_table",
        "critical.csv",
        {"tasks": TASKS},
        {},
        "Conjunctivity beyond which the pairs next to the exception are answered wrong.",
    ),
    (
        "memorization_table",
        "memorization.parquet",
        {"tasks": TASKS},
        RELATIONAL["theory"],
        "Leave-one-out memorization score of every training pair.",
    ),
    (
        "phase_table",
        "phase.parquet",
        {"tasks": TASKS},
        RELATIONAL["phase"],
        "Accuracy and margin by pair class over conjunctivity and ridge.",
    ),
    (
        "placement_table",
        "placement.parquet",
        {},
        RELATIONAL["placement"],
        "Accuracy and margin by pair class over n, position, span and number of exceptions.",
    ),
    (
        "critical_placement",
        "critical_placement.parquet",
        {},
        RELATIONAL["critical"],
        "Critical conjunctivity against n and the exception's span and position.",
    ),
    (
        "mechanism_table",
        "mechanism.parquet",
        {"tasks": TASKS},
        RELATIONAL["theory"],
        "Ranks taken apart: plain transitive inference plus a dipole per exception.",
    ),
    (
        "readout_table",
        "readout.parquet",
        {"tasks": TASKS},
        {**RELATIONAL["theory"], **RELATIONAL["readout"]},
        "Accuracy of a noisy readout by pair class and distance.",
    ),
    (
        "depth_table",
        "depth.parquet",
        {"tasks": TASKS},
        OF_DEPTH_TABLE.flags(RELATIONAL["depth"]),
        "From depth and nonlinearity to conjunctivity and behaviour.",
    ),
):

    rule:
        f"""{meaning}"""
        name:
            f"relational_{stage}"
        input:
            **inputs,
        output:
            **record(f"relational_{stage}"),
            table=f"results/relational/{table}",
        log:
            logged(f"relational_{stage}"),
        benchmark:
            timed(f"relational_{stage}")
        conda:
            "../../envs/theory.yaml"
        resources:
            **needs(f"relational_{stage}"),
        params:
            code=code(f"relational {stage.replace('_', '-')}"),
            stage=words([stage.replace("_", "-")]),
            options=flags(inputs, **options),
        shell:
            "python -m memgen relational {params.stage} {params.options} --out {output.table:q} "
            "--record {output.record:q} --threads {threads} 2> {log:q}"

    targets.append(f"results/relational/{table}")


rule relational_finite_width:
    """Finite networks trained lazily and richly on one hierarchy, all seeds at once."""
    input:
        task="results/relational/tasks/{hierarchy}.parquet",
    output:
        **record("relational_finite_width", BY_HIERARCHY),
        table="results/relational/networks/{hierarchy}.parquet",
        margins="results/relational/networks/{hierarchy}_margins.parquet",
    log:
        logged("relational_finite_width", BY_HIERARCHY),
    benchmark:
        timed("relational_finite_width", BY_HIERARCHY)
    conda:
        "../../envs/networks.yaml"
    resources:
        **needs("relational_finite_width"),
    params:
        code=code("relational finite-width"),
        training=flags(OF_FINITE_WIDTH.flags(RELATIONAL["networks"])),
    shell:
        "python -m memgen relational finite-width --task {input.task:q} {params.training} "
        "--out {output.table:q} --margins {output.margins:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_finite_width_summary:
    """Deviation of finite networks from the theory, and the power of the width it falls with."""
    input:
        networks=[f"results/relational/networks/{one}.parquet" for one in TRAINED],
        margins=[
            f"results/relational/networks/{one}_margins.parquet" for one in TRAINED
        ],
    output:
        **record("relational_finite_width_summary"),
        table="results/relational/finite_width.csv",
        slopes="results/relational/finite_width_slopes.csv",
    log:
        logged("relational_finite_width_summary"),
    benchmark:
        timed("relational_finite_width_summary")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("relational_finite_width_summary"),
    params:
        code=code("relational finite-width-summary"),
    shell:
        "python -m memgen relational finite-width-summary --networks {input.networks:q} --margins {input.margins:q} "
        "--out {output.table:q} --slopes {output.slopes:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_claims:
    """What the papers say of the theory, beside what the tables of this study say."""
    input:
        margins="results/relational/sweep.parquet",
        critical="results/relational/critical_placement.parquet",
        depth="results/relational/depth.parquet",
        widths="results/relational/finite_width.csv",
        slopes="results/relational/finite_width_slopes.csv",
    output:
        **record("relational_claims"),
        table="results/relational/claims.csv",
    log:
        logged("relational_claims"),
    benchmark:
        timed("relational_claims")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("relational_claims"),
    params:
        code=code("relational claims"),
    shell:
        "python -m memgen relational claims --margins {input.margins:q} --critical {input.critical:q} "
        "--depth {input.depth:q} --widths {input.widths:q} --slopes {input.slopes:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule relational_checks:
    """Identities of the theory that the tables must obey."""
    input:
        margins="results/relational/sweep.parquet",
        ranks="results/relational/ranks.parquet",
        critical="results/relational/critical.csv",
        placement="results/relational/critical_placement.parquet",
        mechanism="results/relational/mechanism.parquet",
        depth="results/relational/depth.parquet",
    output:
        **record("relational_checks"),
        table="results/relational/checks.csv",
    log:
        logged("relational_checks"),
    benchmark:
        timed("relational_checks")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("relational_checks"),
    params:
        code=code("relational checks"),
    shell:
        "python -m memgen relational checks --margins {input.margins:q} --ranks {input.ranks:q} "
        "--critical {input.critical:q} --placement {input.placement:q} --mechanism {input.mechanism:q} "
        "--depth {input.depth:q} --out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += [
    *TASKS,
    "results/relational/sweep.parquet",
    "results/relational/ranks.parquet",
    "results/relational/finite_width.csv",
    "results/relational/finite_width_slopes.csv",
]
claims.append("results/relational/claims.csv")
checks.append("results/relational/checks.csv")
