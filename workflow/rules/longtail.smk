# Study 2: when memorization is necessary. Closed forms, simulated learners, classifiers on clustered data.
#
# Needs: config["longtail"]
# Makes: results/longtail/spectra.parquet      how much of a domain is seen once, twice, ...
#        results/longtail/scaling.parquet      n tau_l against the sample size
#        results/longtail/costs.csv            the paper's numbers
#        results/longtail/simulation.csv       every learner on drawn samples, beside its closed form
#        results/longtail/tradeoff.csv, privacy.csv, noise.csv, subgroups/*.csv
#        results/longtail/mislabelled.csv, compression.csv        ridge classifiers: noisy labels, pruned weights
#        results/longtail/classifiers/*.parquet, curves.csv       trained classifiers
#        results/longtail/memorization/*.parquet                  memorization scores of their examples

from memgen.longtail.configuration import OF_MEMORIZE

LONGTAIL = config["longtail"]
CLUSTERS = LONGTAIL["clusters"]
SCORED = CLUSTERS["memorization"]["learners"]
BY_MIXTURE = "mixture={mixture}"
BY_CLASSIFIER = "structure={structure},learner={learner}"
SUBGROUPS = [f"results/longtail/subgroups/{name}.csv" for name in LONGTAIL["mixtures"]]
PRIORS, LABELS, LIMIT = (
    {key: LONGTAIL[key]} for key in ("priors", "labels", "memorization_limit")
)
FILES = {"frequencies": LONGTAIL["frequency_files"]}
# The data of every classifier.
CLUSTERED = LABELS | {
    key: CLUSTERS[key] for key in ("prior", "domain", "samples", "dimensions")
}
OF_CLUSTERS = {
    **CLUSTERED,
    "tests": CLUSTERS["tests"],
    "structures": list(CLUSTERS["structures"]),
    "spreads": list(CLUSTERS["structures"].values()),
}
CLASSIFIERS = expand(
    "results/longtail/classifiers/{structure}_{learner}.parquet",
    structure=CLUSTERS["structures"],
    learner=CLUSTERS["learners"],
)


# Flags of each mixture; the n-th values of its groups belong together.
GROUPED = {
    name: flags(
        without(mixture, "groups"),
        groups=list(mixture["groups"]),
        priors=[group["prior"] for group in mixture["groups"].values()],
        domains=[group["domain"] for group in mixture["groups"].values()],
        weights=[group["weight"] for group in mixture["groups"].values()],
        **LABELS,
        **LIMIT,
    )
    for name, mixture in LONGTAIL["mixtures"].items()
}


wildcard_constraints:
    mixture=one_of(LONGTAIL["mixtures"]),
    structure=one_of(CLUSTERS["structures"]),
    learner=one_of(CLUSTERS["learners"] | SCORED),


# The command is a parameter: Snakemake evaluates a rule's shell text when its job runs, after the loop.
for stage, table, options, meaning in (
    (
        "spectra",
        "spectra.parquet",
        {**LONGTAIL["spectra"], **PRIORS, **FILES},
        "Expected number and mass of the points that a sample holds l times.",
    ),
    (
        "scaling",
        "scaling.parquet",
        LONGTAIL["scaling"],
        "Expected frequency of a point seen l times, against the sample size.",
    ),
    (
        "costs",
        "costs.csv",
        {
            "prior": "zipf",
            **columns(LONGTAIL["costs"], "domain", "samples"),
            **LABELS,
            **LIMIT,
        },
        "What fitting singletons is worth, at the sizes for which the paper states it.",
    ),
    (
        "simulate",
        "simulation.csv",
        {
            **columns(LONGTAIL["simulation"]["sizes"], "domain", "samples", "repeats"),
            "learners": LONGTAIL["simulation"]["learners"],
            **PRIORS,
            **FILES,
            **LABELS,
        },
        "Every learner on drawn samples, beside its exact expected error.",
    ),
    (
        "tradeoff",
        "tradeoff.csv",
        {**LONGTAIL["tradeoff"], **PRIORS, **LABELS},
        "Excess error against the share of singletons that a learner fits.",
    ),
    (
        "privacy",
        "privacy.csv",
        {**LONGTAIL["privacy"], **PRIORS, **LABELS},
        "What label differential privacy costs, beside what it must cost.",
    ),
    (
        "noise",
        "noise.csv",
        {**LONGTAIL["noise"], **PRIORS, **LABELS},
        "What is lost by not fitting singletons whose labels are noisy.",
    ),
    (
        "mislabel",
        "mislabelled.csv",
        {**CLUSTERS["mislabelled"], **OF_CLUSTERS},
        "Ridge classifiers trained on noisy labels, with and without singletons.",
    ),
    (
        "compress",
        "compression.csv",
        {**CLUSTERS["pruning"], **OF_CLUSTERS},
        "What pruning takes from clusters seen once, and from a rare subgroup.",
    ),
):

    rule:
        f"""{meaning}"""
        name:
            f"longtail_{stage}"
        input:
            frequencies=options.get("frequencies", []),
        output:
            **record(f"longtail_{stage}"),
            table=f"results/longtail/{table}",
        log:
            logged(f"longtail_{stage}"),
        benchmark:
            timed(f"longtail_{stage}")
        conda:
            "../../envs/theory.yaml"
        resources:
            **needs(f"longtail_{stage}"),
        params:
            code=code(f"longtail {stage}"),
            stage=words([stage]),
            options=flags(options),
        shell:
            "python -m memgen longtail {params.stage} {params.options} --out {output.table:q} "
            "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_subgroups:
    """What limited memorization, privacy and forgetting cost each subgroup of one mixture."""
    output:
        **record("longtail_subgroups", BY_MIXTURE),
        table="results/longtail/subgroups/{mixture}.csv",
    log:
        logged("longtail_subgroups", BY_MIXTURE),
    benchmark:
        timed("longtail_subgroups", BY_MIXTURE)
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("longtail_subgroups"),
    params:
        code=code("longtail subgroups"),
        options=lambda wildcards: GROUPED[wildcards.mixture],
    shell:
        "python -m memgen longtail subgroups --mixture {wildcards.mixture:q} {params.options} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_classify:
    """One classifier over its path of regularization, on one kind of clustered data."""
    output:
        **record("longtail_classify", BY_CLASSIFIER),
        table="results/longtail/classifiers/{structure}_{learner}.parquet",
    log:
        logged("longtail_classify", BY_CLASSIFIER),
    benchmark:
        timed("longtail_classify", BY_CLASSIFIER)
    conda:
        "../../envs/longtail.yaml"
    resources:
        **needs("longtail_classify"),
    params:
        code=code("longtail classify"),
        spread=lambda wildcards: CLUSTERS["structures"][wildcards.structure],
        learner=lambda wildcards: flags(CLUSTERS["learners"][wildcards.learner]),
        data=flags(CLUSTERED, tests=CLUSTERS["tests"], seeds=CLUSTERS["seeds"]),
    shell:
        "python -m memgen longtail classify --structure {wildcards.structure:q} --spread {params.spread} "
        "--learner {wildcards.learner:q} {params.learner} {params.data} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_curves:
    """Test error and share of singletons fitted, averaged over seeds."""
    input:
        runs=CLASSIFIERS,
    output:
        **record("longtail_curves"),
        table="results/longtail/curves.csv",
    log:
        logged("longtail_curves"),
    benchmark:
        timed("longtail_curves")
    conda:
        "../../envs/longtail.yaml"
    resources:
        **needs("longtail_curves"),
    params:
        code=code("longtail curves"),
    shell:
        "python -m memgen longtail curves --runs {input.runs:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_memorize:
    """Memorization score of every training example of one classifier."""
    output:
        **record("longtail_memorize", BY_CLASSIFIER),
        scores="results/longtail/scores/{structure}_{learner}.parquet",
        table="results/longtail/memorization/{structure}_{learner}.parquet",
    log:
        logged("longtail_memorize", BY_CLASSIFIER),
    benchmark:
        timed("longtail_memorize", BY_CLASSIFIER)
    conda:
        "../../envs/longtail.yaml"
    resources:
        **needs("longtail_memorize"),
    params:
        code=code("longtail memorize"),
        spread=lambda wildcards: CLUSTERS["structures"][wildcards.structure],
        learner=lambda wildcards: flags(OF_MEMORIZE.flags(SCORED[wildcards.learner])),
        data=flags(CLUSTERED, **without(CLUSTERS["memorization"], "learners")),
    shell:
        "python -m memgen longtail memorize --structure {wildcards.structure:q} --spread {params.spread} "
        "--learner {wildcards.learner:q} {params.learner} {params.data} --scores {output.scores:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_claims:
    """What the paper says of the long tail, beside what the tables of this study say."""
    input:
        costs="results/longtail/costs.csv",
        subgroups=SUBGROUPS,
        curves="results/longtail/curves.csv",
        mislabelled="results/longtail/mislabelled.csv",
        compression="results/longtail/compression.csv",
    output:
        **record("longtail_claims"),
        table="results/longtail/claims.csv",
    log:
        logged("longtail_claims"),
    benchmark:
        timed("longtail_claims")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("longtail_claims"),
    params:
        code=code("longtail claims"),
    shell:
        "python -m memgen longtail claims --costs {input.costs:q} "
        "--subgroups {input.subgroups:q} --curves {input.curves:q} --mislabelled {input.mislabelled:q} "
        "--compression {input.compression:q} --out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_checks:
    """Closed forms that simulations and bounds of the long tail must obey."""
    input:
        scaling="results/longtail/scaling.parquet",
        simulation="results/longtail/simulation.csv",
        tradeoff="results/longtail/tradeoff.csv",
        privacy="results/longtail/privacy.csv",
        noise="results/longtail/noise.csv",
    output:
        **record("longtail_checks"),
        table="results/longtail/checks.csv",
    log:
        logged("longtail_checks"),
    benchmark:
        timed("longtail_checks")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("longtail_checks"),
    params:
        code=code("longtail checks"),
    shell:
        "python -m memgen longtail checks --scaling {input.scaling:q} --simulation {input.simulation:q} "
        "--tradeoff {input.tradeoff:q} --privacy {input.privacy:q} --noise {input.noise:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += ["results/longtail/costs.csv", "results/longtail/simulation.csv"]
claims.append("results/longtail/claims.csv")
checks.append("results/longtail/checks.csv")
