# Study 3: when irrelevant information must be memorized. Closed forms, trained learners, attacks on them.
#
# Needs: config["irrelevant"]
# Makes: results/irrelevant/simulation.csv      learners that store their sample, beside closed forms
#        results/irrelevant/runs/*.parquet      what each attack gets out of each trained model
#        results/irrelevant/recovery.csv        the same averaged over seeds, main attacks
#        results/irrelevant/averages.parquet    the same of every attack, with intervals
#        results/irrelevant/leakage.csv         bits leaked per learner, defence and attack
#        results/irrelevant/matched.csv         bits that learners of equal accuracy hold
#        results/irrelevant/extraction.csv      numbers of no use that a language model gives away
#        results/irrelevant/claims.csv          the paper's claims

from memgen.irrelevant import settings as irrelevant

IRRELEVANT = config["irrelevant"]
ATTACKED = expand(
    "results/irrelevant/runs/{experiment}.parquet",
    experiment=[*IRRELEVANT["runs"], "transformer"],
)
# A language model is attacked where the configuration names one.
EXTRACTION = irrelevant.extract_options(config) if "extraction" in IRRELEVANT else {}
EXTRACTED = ["results/irrelevant/extractions.parquet"] if EXTRACTION else []


wildcard_constraints:
    experiment=one_of(IRRELEVANT["runs"]),


rule irrelevant_simulate:
    """Learners that store their sample, on drawn samples beside their exact errors."""
    output:
        **record("irrelevant_simulate"),
        table="results/irrelevant/simulation.csv",
    log:
        logged("irrelevant_simulate"),
    benchmark:
        timed("irrelevant_simulate")
    conda:
        "../../envs/irrelevant.yaml"
    resources:
        **needs("irrelevant_simulate"),
    params:
        code=code("irrelevant simulate"),
        settings=flags(irrelevant.simulate_options(IRRELEVANT)),
    shell:
        "python -m memgen irrelevant simulate {params.settings} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_attack:
    """One learner trained with every defence of its run, and attacked."""
    output:
        **record("irrelevant_attack", "experiment={experiment}"),
        table="results/irrelevant/runs/{experiment}.parquet",
    log:
        logged("irrelevant_attack", "experiment={experiment}"),
    benchmark:
        timed("irrelevant_attack", "experiment={experiment}")
    conda:
        "../../envs/irrelevant.yaml"
    resources:
        **needs(
            "irrelevant_attack",
            lambda wildcards: irrelevant.attack_work(IRRELEVANT, wildcards.experiment),
        ),
    params:
        code=code("irrelevant attack"),
        settings=lambda wildcards: flags(
            irrelevant.attack_options(IRRELEVANT, wildcards.experiment)
        ),
    shell:
        "python -m memgen irrelevant attack --run {wildcards.experiment:q} {params.settings} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_complete:
    """A small causal transformer trained on next-symbol prediction, and asked to complete its samples."""
    output:
        **record("irrelevant_complete", "seed={seed}"),
        table="results/irrelevant/runs/transformer/seed_{seed}.parquet",
    log:
        logged("irrelevant_complete", "seed={seed}"),
    benchmark:
        timed("irrelevant_complete", "seed={seed}")
    wildcard_constraints:
        seed=r"\d+",
    conda:
        "../../envs/irrelevant.yaml"
    resources:
        **needs(
            "irrelevant_complete",
            lambda wildcards: irrelevant.complete_work(IRRELEVANT),
        ),
    params:
        code=code("irrelevant complete"),
        settings=flags(irrelevant.complete_options(IRRELEVANT)),
    shell:
        "python -m memgen irrelevant complete --run transformer --seed {wildcards.seed:q} {params.settings} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_merge_runs:
    """What the transformer completed, seed by seed, in one table."""
    input:
        blocks=expand(
            "results/irrelevant/runs/transformer/seed_{seed}.parquet",
            seed=range(IRRELEVANT["transformer"]["seeds"]),
        ),
    output:
        **record("irrelevant_merge_runs"),
        table="results/irrelevant/runs/transformer.parquet",
    log:
        logged("irrelevant_merge_runs"),
    benchmark:
        timed("irrelevant_merge_runs")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("irrelevant_merge_runs"),
    params:
        code=code("irrelevant merge-runs"),
    shell:
        "python -m memgen irrelevant merge-runs --blocks {input.blocks:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_extract:
    """A language model finetuned on sentences that carry a number of no use, and asked for the number."""
    input:
        model=lambda wildcards: f"results/language/models/{EXTRACTION['model']}",
    output:
        **record("irrelevant_extract"),
        table="results/irrelevant/extractions.parquet",
    log:
        logged("irrelevant_extract"),
    benchmark:
        timed("irrelevant_extract")
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("irrelevant_extract", gpu=EXTRACTION.get("device") == "cuda"),
    params:
        code=code("irrelevant extract"),
        settings=flags(EXTRACTION),
    shell:
        "python -m memgen irrelevant extract --model-directory {input.model:q} {params.settings} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_average_extractions:
    """Exposure and extraction of the numbers, averaged over seeds."""
    input:
        runs="results/irrelevant/extractions.parquet",
    output:
        **record("irrelevant_average_extractions"),
        table="results/irrelevant/extraction.csv",
    log:
        logged("irrelevant_average_extractions"),
    benchmark:
        timed("irrelevant_average_extractions")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("irrelevant_average_extractions"),
    params:
        code=code("irrelevant average-extractions"),
    shell:
        "python -m memgen irrelevant average-extractions --runs {input.runs:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_recovery:
    """What attacks recover, averaged over seeds."""
    input:
        runs=ATTACKED,
    output:
        **record("irrelevant_recovery"),
        table="results/irrelevant/recovery.csv",
        averages="results/irrelevant/averages.parquet",
    log:
        logged("irrelevant_recovery"),
    benchmark:
        timed("irrelevant_recovery")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("irrelevant_recovery"),
    params:
        code=code("irrelevant recovery"),
    shell:
        "python -m memgen irrelevant recovery --runs {input.runs:q} --out {output.table:q} "
        "--averages {output.averages:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_leakage:
    """Bits of irrelevant information that each attack gets out of each learner, and at equal accuracy."""
    input:
        runs=ATTACKED,
    output:
        **record("irrelevant_leakage"),
        table="results/irrelevant/leakage.csv",
        matched="results/irrelevant/matched.csv",
    log:
        logged("irrelevant_leakage"),
    benchmark:
        timed("irrelevant_leakage")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("irrelevant_leakage"),
    params:
        code=code("irrelevant leakage"),
        accuracy=IRRELEVANT["matched_accuracy"],
    shell:
        "python -m memgen irrelevant leakage --runs {input.runs:q} --accuracy {params.accuracy:q} "
        "--out {output.table:q} --matched {output.matched:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule irrelevant_claims:
    """What the paper claims of irrelevant information, beside what the tables of this study say."""
    input:
        averages="results/irrelevant/averages.parquet",
        leakage="results/irrelevant/leakage.csv",
        matched="results/irrelevant/matched.csv",
        extraction=EXTRACTED,
    output:
        **record("irrelevant_claims"),
        table="results/irrelevant/claims.csv",
    log:
        logged("irrelevant_claims"),
    benchmark:
        timed("irrelevant_claims")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("irrelevant_claims"),
    params:
        code=code("irrelevant claims"),
        extraction=repeated("--extraction", EXTRACTED),
    shell:
        "python -m memgen irrelevant claims --averages {input.averages:q} --leakage {input.leakage:q} "
        "--matched {input.matched:q} {params.extraction} --out {output.table:q} --record {output.record:q} "
        "--threads {threads} 2> {log:q}"


rule irrelevant_checks:
    """Closed forms that simulated learners must obey."""
    input:
        simulation="results/irrelevant/simulation.csv",
        extraction=EXTRACTED,
    output:
        **record("irrelevant_checks"),
        table="results/irrelevant/checks.csv",
    log:
        logged("irrelevant_checks"),
    benchmark:
        timed("irrelevant_checks")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("irrelevant_checks"),
    params:
        code=code("irrelevant checks"),
        extraction=repeated("--extraction", EXTRACTED),
    shell:
        "python -m memgen irrelevant checks --simulation {input.simulation:q} {params.extraction} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += [
    "results/irrelevant/simulation.csv",
    "results/irrelevant/recovery.csv",
    "results/irrelevant/leakage.csv",
    "results/irrelevant/matched.csv",
    *(["results/irrelevant/extraction.csv"] if EXTRACTION else []),
]
claims.append("results/irrelevant/claims.csv")
checks.append("results/irrelevant/checks.csv")
