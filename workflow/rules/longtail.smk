# Study 2: when memorization is necessary. Closed forms, simulated learners, classifiers on clustered data.
#
# Needs: config["longtail"]
# Makes: results/longtail/spectra.parquet      how much of a domain is seen once, twice, ...
#        results/longtail/scaling.parquet      n tau_l against the sample size
#        results/longtail/costs.csv            the paper's numbers
#        results/longtail/simulation.csv       every learner on drawn samples, beside its closed form
#        results/longtail/tradeoff.csv, privacy.csv, noise.csv, subgroups/*.csv
#        results/longtail/classifiers/*.parquet, curves.csv       trained classifiers
#        results/longtail/memorization/*.parquet                  memorization scores of their examples
#        figures/longtail_*.pdf and .png

LONGTAIL = config["longtail"]
CLUSTERS = LONGTAIL["clusters"]
SCORED = CLUSTERS["memorization"]["learners"]
SUBGROUPS = expand(
    "results/longtail/subgroups/{mixture}.csv", mixture=LONGTAIL["mixtures"]
)
CLASSIFIERS = expand(
    "results/longtail/classifiers/{structure}_{learner}.parquet",
    structure=CLUSTERS["structures"],
    learner=CLUSTERS["learners"],
)
MEMORIZATION = expand(
    "results/longtail/memorization/{structure}_{learner}.parquet",
    structure=CLUSTERS["structures"],
    learner=SCORED,
)


wildcard_constraints:
    mixture=one_of(LONGTAIL["mixtures"]),
    structure=one_of(CLUSTERS["structures"]),
    learner=one_of(CLUSTERS["learners"] | SCORED),


# Flags of how a network is trained; a learner's block has those that it needs.
TRAINING = ["hidden", "steps", "learning_rate", "clip", "delta"]


rule longtail_spectra:
    """Expected number and mass of the points that a sample holds l times."""
    input:
        frequencies=LONGTAIL["frequency_files"],
        code=code("memgen.longtail.stages.spectra"),
    output:
        table="results/longtail/spectra.parquet",
        record="results/provenance/jobs/longtail_spectra/job.json",
    log:
        "logs/longtail_spectra/job.log",
    benchmark:
        "results/benchmarks/longtail_spectra/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        priors=LONGTAIL["priors"],
        frequencies=repeated("--frequencies", LONGTAIL["frequency_files"]),
        domain=LONGTAIL["spectra"]["domain"],
        samples=LONGTAIL["spectra"]["samples"],
    shell:
        "python -m memgen longtail spectra --priors {params.priors} {params.frequencies} "
        "--domain {params.domain} --samples {params.samples} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_scaling:
    """Expected frequency of a point seen l times, against the sample size."""
    input:
        code=code("memgen.longtail.stages.scaling"),
    output:
        table="results/longtail/scaling.parquet",
        record="results/provenance/jobs/longtail_scaling/job.json",
    log:
        "logs/longtail_scaling/job.log",
    benchmark:
        "results/benchmarks/longtail_scaling/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        priors=LONGTAIL["scaling"]["priors"],
        domain=LONGTAIL["scaling"]["domain"],
        samples=LONGTAIL["scaling"]["samples"],
        multiplicities=LONGTAIL["scaling"]["multiplicities"],
    shell:
        "python -m memgen longtail scaling --priors {params.priors} --domain {params.domain} "
        "--samples {params.samples} --multiplicities {params.multiplicities} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_costs:
    """What fitting singletons is worth, at the sizes for which the paper states it."""
    input:
        code=code("memgen.longtail.stages.costs"),
    output:
        table="results/longtail/costs.csv",
        record="results/provenance/jobs/longtail_costs/job.json",
    log:
        "logs/longtail_costs/job.log",
    benchmark:
        "results/benchmarks/longtail_costs/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        domain=[size["domain"] for size in LONGTAIL["costs"]],
        samples=[size["samples"] for size in LONGTAIL["costs"]],
        labels=LONGTAIL["labels"],
        limit=LONGTAIL["memorization_limit"],
    shell:
        "python -m memgen longtail costs --prior zipf --domain {params.domain} --samples {params.samples} "
        "--labels {params.labels} --memorization-limit {params.limit} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_simulate:
    """Every learner on drawn samples, beside its exact expected error."""
    input:
        frequencies=LONGTAIL["frequency_files"],
        code=code("memgen.longtail.stages.simulate"),
    output:
        table="results/longtail/simulation.csv",
        record="results/provenance/jobs/longtail_simulate/job.json",
    log:
        "logs/longtail_simulate/job.log",
    benchmark:
        "results/benchmarks/longtail_simulate/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        priors=LONGTAIL["priors"],
        frequencies=repeated("--frequencies", LONGTAIL["frequency_files"]),
        domain=[size["domain"] for size in LONGTAIL["simulation"]["sizes"]],
        samples=[size["samples"] for size in LONGTAIL["simulation"]["sizes"]],
        repeats=[size["repeats"] for size in LONGTAIL["simulation"]["sizes"]],
        labels=LONGTAIL["labels"],
        learners=LONGTAIL["simulation"]["learners"],
    shell:
        "python -m memgen longtail simulate --priors {params.priors} {params.frequencies} "
        "--domain {params.domain} --samples {params.samples} --repeats {params.repeats} "
        "--labels {params.labels} --learners {params.learners} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_tradeoff:
    """Excess error against the share of singletons that a learner fits."""
    input:
        code=code("memgen.longtail.stages.tradeoff"),
    output:
        table="results/longtail/tradeoff.csv",
        record="results/provenance/jobs/longtail_tradeoff/job.json",
    log:
        "logs/longtail_tradeoff/job.log",
    benchmark:
        "results/benchmarks/longtail_tradeoff/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        priors=LONGTAIL["priors"],
        domain=LONGTAIL["tradeoff"]["domain"],
        samples=LONGTAIL["tradeoff"]["samples"],
        repeats=LONGTAIL["tradeoff"]["repeats"],
        labels=LONGTAIL["labels"],
        limits=LONGTAIL["tradeoff"]["memorization_limits"],
    shell:
        "python -m memgen longtail tradeoff --priors {params.priors} --domain {params.domain} "
        "--samples {params.samples} --repeats {params.repeats} --labels {params.labels} "
        "--memorization-limits {params.limits} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_privacy:
    """What label differential privacy costs, beside what it must cost."""
    input:
        code=code("memgen.longtail.stages.privacy"),
    output:
        table="results/longtail/privacy.csv",
        record="results/provenance/jobs/longtail_privacy/job.json",
    log:
        "logs/longtail_privacy/job.log",
    benchmark:
        "results/benchmarks/longtail_privacy/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        priors=LONGTAIL["priors"],
        domain=LONGTAIL["privacy"]["domain"],
        samples=LONGTAIL["privacy"]["samples"],
        repeats=LONGTAIL["privacy"]["repeats"],
        labels=LONGTAIL["labels"],
        epsilons=LONGTAIL["privacy"]["epsilons"],
    shell:
        "python -m memgen longtail privacy --priors {params.priors} --domain {params.domain} "
        "--samples {params.samples} --repeats {params.repeats} --labels {params.labels} "
        "--epsilons {params.epsilons} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_noise:
    """What is lost by not fitting singletons whose labels are noisy."""
    input:
        code=code("memgen.longtail.stages.noise"),
    output:
        table="results/longtail/noise.csv",
        record="results/provenance/jobs/longtail_noise/job.json",
    log:
        "logs/longtail_noise/job.log",
    benchmark:
        "results/benchmarks/longtail_noise/job.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        priors=LONGTAIL["priors"],
        domain=LONGTAIL["noise"]["domain"],
        samples=LONGTAIL["noise"]["samples"],
        repeats=LONGTAIL["noise"]["repeats"],
        labels=LONGTAIL["labels"],
        label_keep=LONGTAIL["noise"]["label_keep"],
    shell:
        "python -m memgen longtail noise --priors {params.priors} --domain {params.domain} "
        "--samples {params.samples} --repeats {params.repeats} --labels {params.labels} "
        "--label-keep {params.label_keep} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_subgroups:
    """What limited memorization costs each subgroup of one mixture."""
    input:
        code=code("memgen.longtail.stages.subgroups"),
    output:
        table="results/longtail/subgroups/{mixture}.csv",
        record="results/provenance/jobs/longtail_subgroups/mixture={mixture}.json",
    log:
        "logs/longtail_subgroups/mixture={mixture}.log",
    benchmark:
        "results/benchmarks/longtail_subgroups/mixture={mixture}.tsv"
    conda:
        "../../envs/theory.yaml"
    params:
        groups=lambda wildcards: list(LONGTAIL["mixtures"][wildcards.mixture]["groups"]),
        parts=lambda wildcards: " ".join(
            repeated(
                f"--{key}s",
                [
                    group[key]
                    for group in LONGTAIL["mixtures"][wildcards.mixture][
                        "groups"
                    ].values()
                ],
            )
            for key in ("prior", "domain", "weight")
        ),
        samples=lambda wildcards: LONGTAIL["mixtures"][wildcards.mixture]["samples"],
        repeats=lambda wildcards: LONGTAIL["mixtures"][wildcards.mixture]["repeats"],
        labels=LONGTAIL["labels"],
        limit=LONGTAIL["memorization_limit"],
    shell:
        "python -m memgen longtail subgroups --mixture {wildcards.mixture:q} --groups {params.groups} "
        "{params.parts} --samples {params.samples} --repeats {params.repeats} --labels {params.labels} "
        "--memorization-limit {params.limit} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_classify:
    """One classifier over its path of regularization, on one kind of clustered data."""
    input:
        code=code("memgen.longtail.stages.classify"),
    output:
        table="results/longtail/classifiers/{structure}_{learner}.parquet",
        record="results/provenance/jobs/longtail_classify/structure={structure},learner={learner}.json",
    log:
        "logs/longtail_classify/structure={structure},learner={learner}.log",
    benchmark:
        "results/benchmarks/longtail_classify/structure={structure},learner={learner}.tsv"
    conda:
        "../../envs/longtail.yaml"
    params:
        spread=lambda wildcards: CLUSTERS["structures"][wildcards.structure],
        settings=lambda wildcards: CLUSTERS["learners"][wildcards.learner]["settings"],
        training=lambda wildcards: " ".join(
            repeated(
                f"--{key.replace('_', '-')}",
                [CLUSTERS["learners"][wildcards.learner][key]],
            )
            for key in TRAINING
            if key in CLUSTERS["learners"][wildcards.learner]
        ),
        prior=CLUSTERS["prior"],
        domain=CLUSTERS["domain"],
        samples=CLUSTERS["samples"],
        labels=LONGTAIL["labels"],
        dimensions=CLUSTERS["dimensions"],
        tests=CLUSTERS["tests"],
        seeds=CLUSTERS["seeds"],
    shell:
        "python -m memgen longtail classify --structure {wildcards.structure:q} --spread {params.spread} "
        "--learner {wildcards.learner:q} --settings {params.settings} {params.training} "
        "--prior {params.prior} --domain {params.domain} --samples {params.samples} "
        "--labels {params.labels} --dimensions {params.dimensions} --tests {params.tests} "
        "--seeds {params.seeds} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_curves:
    """Test error and share of singletons fitted, averaged over seeds."""
    input:
        runs=CLASSIFIERS,
        code=code("memgen.longtail.stages.curves"),
    output:
        table="results/longtail/curves.csv",
        record="results/provenance/jobs/longtail_curves/job.json",
    log:
        "logs/longtail_curves/job.log",
    benchmark:
        "results/benchmarks/longtail_curves/job.tsv"
    conda:
        "../../envs/longtail.yaml"
    shell:
        "python -m memgen longtail curves --runs {input.runs:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_memorize:
    """Memorization score of every training example of one classifier."""
    input:
        code=code("memgen.longtail.stages.memorize"),
    output:
        scores="results/longtail/scores/{structure}_{learner}.parquet",
        table="results/longtail/memorization/{structure}_{learner}.parquet",
        record="results/provenance/jobs/longtail_memorize/structure={structure},learner={learner}.json",
    log:
        "logs/longtail_memorize/structure={structure},learner={learner}.log",
    benchmark:
        "results/benchmarks/longtail_memorize/structure={structure},learner={learner}.tsv"
    conda:
        "../../envs/longtail.yaml"
    params:
        spread=lambda wildcards: CLUSTERS["structures"][wildcards.structure],
        settings=lambda wildcards: SCORED[wildcards.learner]["settings"],
        training=lambda wildcards: " ".join(
            repeated(f"--{key.replace('_', '-')}", [SCORED[wildcards.learner][key]])
            for key in TRAINING
            if key in SCORED[wildcards.learner]
        ),
        subsamples=lambda wildcards: SCORED[wildcards.learner]["subsamples"],
        share=CLUSTERS["memorization"]["subsample_share"],
        prior=CLUSTERS["prior"],
        domain=CLUSTERS["domain"],
        samples=CLUSTERS["samples"],
        labels=LONGTAIL["labels"],
        dimensions=CLUSTERS["dimensions"],
        seeds=CLUSTERS["memorization"]["seeds"],
    shell:
        "python -m memgen longtail memorize --structure {wildcards.structure:q} --spread {params.spread} "
        "--learner {wildcards.learner:q} --settings {params.settings} {params.training} "
        "--prior {params.prior} --domain {params.domain} --samples {params.samples} "
        "--labels {params.labels} --dimensions {params.dimensions} --seeds {params.seeds} "
        "--subsample-count {params.subsamples} --subsample-share {params.share} "
        "--scores {output.scores:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule longtail_claims:
    """What the paper and its theory say of the long tail, beside what the tables of this study say."""
    input:
        costs="results/longtail/costs.csv",
        scaling="results/longtail/scaling.parquet",
        simulation="results/longtail/simulation.csv",
        tradeoff="results/longtail/tradeoff.csv",
        privacy="results/longtail/privacy.csv",
        noise="results/longtail/noise.csv",
        subgroups=SUBGROUPS,
        curves="results/longtail/curves.csv",
        memorization=MEMORIZATION,
        code=code("memgen.longtail.stages.claims"),
    output:
        table="results/longtail/claims.csv",
        record="results/provenance/jobs/longtail_claims/job.json",
    log:
        "logs/longtail_claims/job.log",
    benchmark:
        "results/benchmarks/longtail_claims/job.tsv"
    conda:
        "../../envs/theory.yaml"
    shell:
        "python -m memgen longtail claims --costs {input.costs:q} --scaling {input.scaling:q} "
        "--simulation {input.simulation:q} --tradeoff {input.tradeoff:q} --privacy {input.privacy:q} "
        "--noise {input.noise:q} --subgroups {input.subgroups:q} --curves {input.curves:q} "
        "--memorization {input.memorization:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_spectra:
    """How much of a domain is seen once, twice, and so on."""
    input:
        spectra="results/longtail/spectra.parquet",
        code=code("memgen.figures.longtail.longtail_spectra"),
    output:
        pdf="figures/longtail_spectra.pdf",
        png=report(
            "figures/longtail_spectra.png",
            caption="../report/longtail_spectra.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_spectra/job.json",
    log:
        "logs/figures_longtail_spectra/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_spectra/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-spectra --spectra {input.spectra:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_scaling:
    """What a point seen l times is worth, against the sample size."""
    input:
        scaling="results/longtail/scaling.parquet",
        code=code("memgen.figures.longtail.longtail_scaling"),
    output:
        pdf="figures/longtail_scaling.pdf",
        png=report(
            "figures/longtail_scaling.png",
            caption="../report/longtail_scaling.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_scaling/job.json",
    log:
        "logs/figures_longtail_scaling/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_scaling/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-scaling --scaling {input.scaling:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_simulation:
    """Simulated against closed-form error of every learner."""
    input:
        simulation="results/longtail/simulation.csv",
        code=code("memgen.figures.longtail.longtail_simulation"),
    output:
        pdf="figures/longtail_simulation.pdf",
        png=report(
            "figures/longtail_simulation.png",
            caption="../report/longtail_simulation.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_simulation/job.json",
    log:
        "logs/figures_longtail_simulation/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_simulation/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-simulation --simulation {input.simulation:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_tradeoff:
    """Excess error against the share of singletons fitted."""
    input:
        tradeoff="results/longtail/tradeoff.csv",
        code=code("memgen.figures.longtail.longtail_tradeoff"),
    output:
        pdf="figures/longtail_tradeoff.pdf",
        png=report(
            "figures/longtail_tradeoff.png",
            caption="../report/longtail_tradeoff.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_tradeoff/job.json",
    log:
        "logs/figures_longtail_tradeoff/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_tradeoff/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-tradeoff --tradeoff {input.tradeoff:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_privacy:
    """Excess error under label differential privacy, with what it must be."""
    input:
        privacy="results/longtail/privacy.csv",
        code=code("memgen.figures.longtail.longtail_privacy"),
    output:
        pdf="figures/longtail_privacy.pdf",
        png=report(
            "figures/longtail_privacy.png",
            caption="../report/longtail_privacy.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_privacy/job.json",
    log:
        "logs/figures_longtail_privacy/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_privacy/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-privacy --privacy {input.privacy:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_noise:
    """What guessing singletons costs where labels are noisy."""
    input:
        noise="results/longtail/noise.csv",
        code=code("memgen.figures.longtail.longtail_noise"),
    output:
        pdf="figures/longtail_noise.pdf",
        png=report(
            "figures/longtail_noise.png",
            caption="../report/longtail_noise.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_noise/job.json",
    log:
        "logs/figures_longtail_noise/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_noise/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-noise --noise {input.noise:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_subgroups:
    """What limited memorization costs each subgroup of each mixture."""
    input:
        subgroups=SUBGROUPS,
        code=code("memgen.figures.longtail.longtail_subgroups"),
    output:
        pdf="figures/longtail_subgroups.pdf",
        png=report(
            "figures/longtail_subgroups.png",
            caption="../report/longtail_subgroups.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_subgroups/job.json",
    log:
        "logs/figures_longtail_subgroups/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_subgroups/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-subgroups --subgroups {input.subgroups:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_classifiers:
    """Trained classifiers: excess test error against singletons fitted and against the bound."""
    input:
        curves="results/longtail/curves.csv",
        code=code("memgen.figures.longtail.longtail_classifiers"),
    output:
        pdf="figures/longtail_classifiers.pdf",
        png=report(
            "figures/longtail_classifiers.png",
            caption="../report/longtail_classifiers.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_classifiers/job.json",
    log:
        "logs/figures_longtail_classifiers/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_classifiers/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-classifiers --curves {input.curves:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_memorization:
    """Memorization scores of trained classifiers, by how often a cluster is seen."""
    input:
        memorization=MEMORIZATION,
        code=code("memgen.figures.longtail.longtail_memorization"),
    output:
        pdf="figures/longtail_memorization.pdf",
        png=report(
            "figures/longtail_memorization.png",
            caption="../report/longtail_memorization.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_memorization/job.json",
    log:
        "logs/figures_longtail_memorization/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_memorization/job.tsv"
    conda:
        "../../envs/figures.yaml"
    shell:
        "python -m memgen figures longtail-memorization --memorization {input.memorization:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_currency:
    """Memorization in one currency: exceptions of transitive inference beside singletons."""
    input:
        relational="results/relational/memorization.parquet",
        longtail=MEMORIZATION,
        code=code("memgen.figures.longtail.longtail_currency"),
    output:
        pdf="figures/longtail_currency.pdf",
        png=report(
            "figures/longtail_currency.png",
            caption="../report/longtail_currency.rst",
            category="Long tail",
        ),
        record="results/provenance/jobs/figures_longtail_currency/job.json",
    log:
        "logs/figures_longtail_currency/job.log",
    benchmark:
        "results/benchmarks/figures_longtail_currency/job.tsv"
    conda:
        "../../envs/figures.yaml"
    params:
        hierarchy=LONGTAIL["currency"]["hierarchy"],
        conjunctivity=LONGTAIL["currency"]["conjunctivity"],
    shell:
        "python -m memgen figures longtail-currency --relational {input.relational:q} "
        "--longtail {input.longtail:q} --hierarchy {params.hierarchy} "
        "--conjunctivity {params.conjunctivity} --pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


LONGTAIL_FIGURES = [
    "spectra",
    "scaling",
    "simulation",
    "tradeoff",
    "privacy",
    "noise",
    "subgroups",
    "classifiers",
    "memorization",
    "currency",
]
targets += expand(
    "figures/longtail_{name}.{kind}", name=LONGTAIL_FIGURES, kind=["pdf", "png"]
)
targets += ["results/longtail/costs.csv", "results/longtail/simulation.csv"]
claims.append("results/longtail/claims.csv")
