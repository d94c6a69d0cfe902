# Study 3: when irrelevant information must be memorized. Closed forms, trained learners, attacks on them.
#
# Needs: config["irrelevant"]
# Makes: results/irrelevant/simulation.csv      learners that store their sample, beside closed forms
#        results/irrelevant/runs/*.parquet      what each attack gets out of each trained model
#        results/irrelevant/recovery.csv        the same averaged over seeds, main attacks
#        results/irrelevant/averages.parquet    the same of every attack, with intervals
#        results/irrelevant/leakage.csv         bits leaked per learner and defence
#        results/irrelevant/claims.csv          the paper's claims

IRRELEVANT = config["irrelevant"]
NEAREST = IRRELEVANT["simulation"]["clusters"]
LOOKUP = IRRELEVANT["simulation"]["next_symbol"]
ATTACKED = expand("results/irrelevant/runs/{run}.parquet", run=IRRELEVANT["runs"])


wildcard_constraints:
    run=one_of(IRRELEVANT["runs"]),


def attacked(key):
    """Setting of a rule's run."""
    return lambda wildcards: IRRELEVANT["runs"][wildcards.run][key]


def attacked_sizes(key):
    """One number of each size of a rule's run."""
    return lambda wildcards: [
        size[key] for size in IRRELEVANT["runs"][wildcards.run]["sizes"]
    ]


def attacked_defences(key):
    """Kind or strength of each defence of a rule's run, the first being none."""
    none = {"kind": "none", "strength": 0}
    return lambda wildcards: [
        none[key],
        *(
            IRRELEVANT["defences"][name][key]
            for name in IRRELEVANT["runs"][wildcards.run]["defences"]
        ),
    ]


rule irrelevant_simulate:
    """Learners that store their sample, on drawn samples beside their exact errors."""
    input:
        code=code("memgen.irrelevant.stages.simulate"),
    output:
        table="results/irrelevant/simulation.csv",
        record="results/provenance/jobs/irrelevant_simulate/job.json",
    log:
        "logs/irrelevant_simulate/job.log",
    benchmark:
        "results/benchmarks/irrelevant_simulate/job.tsv"
    conda:
        "../../envs/irrelevant.yaml"
    params:
        clusters=NEAREST["clusters"],
        samples=NEAREST["samples"],
        dimension=NEAREST["dimension"],
        rho=NEAREST["rho"],
        stored=NEAREST["stored"],
        flips=NEAREST["flips"],
        repeats=NEAREST["repeats"],
        references=LOOKUP["references"],
        symbol_samples=LOOKUP["samples"],
        length=LOOKUP["dimension"],
        noise=LOOKUP["noise"],
        fractions=LOOKUP["stored_fractions"],
        symbol_repeats=LOOKUP["repeats"],
    shell:
        "python -m memgen irrelevant simulate --clusters {params.clusters} --samples {params.samples} "
        "--dimension {params.dimension} --rho {params.rho} --stored {params.stored} "
        "--flips {params.flips} --repeats {params.repeats} --references {params.references} "
        "--symbol-samples {params.symbol_samples} --length {params.length} --noise {params.noise} "
        "--fractions {params.fractions} --symbol-repeats {params.symbol_repeats} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_attack:
    """One learner trained with every defence of its run, and attacked."""
    input:
        code=code("memgen.irrelevant.stages.attack"),
    output:
        table="results/irrelevant/runs/{run}.parquet",
        record="results/provenance/jobs/irrelevant_attack/run={run}.json",
    log:
        "logs/irrelevant_attack/run={run}.log",
    benchmark:
        "results/benchmarks/irrelevant_attack/run={run}.tsv"
    conda:
        "../../envs/irrelevant.yaml"
    params:
        learner=attacked("learner"),
        clusters=attacked_sizes("clusters"),
        samples=attacked_sizes("samples"),
        dimension=attacked_sizes("dimension"),
        rho=attacked_sizes("rho"),
        tail=attacked_sizes("tail"),
        seeds=attacked("seeds"),
        steps=attacked("steps"),
        rate=attacked("rate"),
        momentum=attacked("momentum"),
        hidden=attacked("hidden"),
        optimizer=attacked("optimizer"),
        slower_from=attacked("slower_from"),
        singleton_weight=attacked("singleton_weight"),
        # The last step is recorded at any rate.
        record_steps=lambda wildcards: IRRELEVANT["runs"][wildcards.run][
            "record_steps"
        ]
        or [IRRELEVANT["runs"][wildcards.run]["steps"]],
        attacks=attacked("attacks"),
        most_seen=attacked("most_seen"),
        tests=attacked("tests"),
        defences=lambda wildcards: [
            "none",
            *IRRELEVANT["runs"][wildcards.run]["defences"],
        ],
        kinds=attacked_defences("kind"),
        strengths=attacked_defences("strength"),
        noisy=attacked("noisy"),
    shell:
        "python -m memgen irrelevant attack --run {wildcards.run:q} --learner {params.learner:q} "
        "--clusters {params.clusters} --samples {params.samples} --dimension {params.dimension} "
        "--rho {params.rho} --tail {params.tail} --seeds {params.seeds} --steps {params.steps} "
        "--rate {params.rate} --momentum {params.momentum} --hidden {params.hidden} "
        "--optimizer {params.optimizer:q} --slower-from {params.slower_from} "
        "--singleton-weight {params.singleton_weight} --record-steps {params.record_steps} "
        "--attacks {params.attacks:q} --most-seen {params.most_seen} --tests {params.tests} "
        "--defences {params.defences:q} --kinds {params.kinds:q} --strengths {params.strengths} "
        "--noisy-rate {params.noisy[rate]} --noisy-momentum {params.noisy[momentum]} "
        "--noisy-steps {params.noisy[steps]} --clip {params.noisy[clip]} "
        "--delta {params.noisy[delta]} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_recovery:
    """What attacks recover, averaged over seeds."""
    input:
        runs=ATTACKED,
        code=code("memgen.irrelevant.stages.recovery"),
    output:
        table="results/irrelevant/recovery.csv",
        averages="results/irrelevant/averages.parquet",
        record="results/provenance/jobs/irrelevant_recovery/job.json",
    log:
        "logs/irrelevant_recovery/job.log",
    benchmark:
        "results/benchmarks/irrelevant_recovery/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen irrelevant recovery --runs {input.runs:q} --out {output.table:q} "
        "--averages {output.averages:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_leakage:
    """Bits of irrelevant information that leak from each learner, with and without defences."""
    input:
        runs=ATTACKED,
        code=code("memgen.irrelevant.stages.leakage"),
    output:
        table="results/irrelevant/leakage.csv",
        record="results/provenance/jobs/irrelevant_leakage/job.json",
    log:
        "logs/irrelevant_leakage/job.log",
    benchmark:
        "results/benchmarks/irrelevant_leakage/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen irrelevant leakage --runs {input.runs:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_claims:
    """What the paper claims of irrelevant information, beside what the tables of this study say."""
    input:
        simulation="results/irrelevant/simulation.csv",
        averages="results/irrelevant/averages.parquet",
        leakage="results/irrelevant/leakage.csv",
        code=code("memgen.irrelevant.stages.claims"),
    output:
        table="results/irrelevant/claims.csv",
        record="results/provenance/jobs/irrelevant_claims/job.json",
    log:
        "logs/irrelevant_claims/job.log",
    benchmark:
        "results/benchmarks/irrelevant_claims/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen irrelevant claims --simulation {input.simulation:q} "
        "--averages {input.averages:q} --leakage {input.leakage:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


targets += [
    "results/irrelevant/simulation.csv",
    "results/irrelevant/recovery.csv",
    "results/irrelevant/leakage.csv",
]
claims.append("results/irrelevant/claims.csv")


include: "irrelevant_figures.smk"
