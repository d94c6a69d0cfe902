# Figures of study 2, the long tail. A figure reads tables and computes nothing.
#
# Needs: results/longtail/*, results/relational/memorization.parquet
# Makes: figures/longtail_<name>.pdf and .png, captions in workflow/report/longtail_<name>.rst
#
# LONGTAIL, SUBGROUPS and MEMORIZATION are longtail.smk's.


rule figures_longtail_spectra:
    """How much of a domain is seen once, twice, and so on."""
    input:
        spectra="results/longtail/spectra.parquet",
        code=code("memgen.figures.longtail.longtail_spectra"),
    output:
        **drawn("longtail_spectra", "Long tail"),
    log:
        logged("figures_longtail_spectra"),
    benchmark:
        timed("figures_longtail_spectra")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_spectra"),
    shell:
        "python -m memgen figures longtail-spectra --spectra {input.spectra:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_scaling:
    """What a point seen l times is worth, against the sample size."""
    input:
        scaling="results/longtail/scaling.parquet",
        code=code("memgen.figures.longtail.longtail_scaling"),
    output:
        **drawn("longtail_scaling", "Long tail"),
    log:
        logged("figures_longtail_scaling"),
    benchmark:
        timed("figures_longtail_scaling")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_scaling"),
    shell:
        "python -m memgen figures longtail-scaling --scaling {input.scaling:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_simulation:
    """Simulated against closed-form error of every learner."""
    input:
        simulation="results/longtail/simulation.csv",
        code=code("memgen.figures.longtail.longtail_simulation"),
    output:
        **drawn("longtail_simulation", "Long tail"),
    log:
        logged("figures_longtail_simulation"),
    benchmark:
        timed("figures_longtail_simulation")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_simulation"),
    shell:
        "python -m memgen figures longtail-simulation --simulation {input.simulation:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_tradeoff:
    """Excess error against the share of singletons fitted."""
    input:
        tradeoff="results/longtail/tradeoff.csv",
        code=code("memgen.figures.longtail.longtail_tradeoff"),
    output:
        **drawn("longtail_tradeoff", "Long tail"),
    log:
        logged("figures_longtail_tradeoff"),
    benchmark:
        timed("figures_longtail_tradeoff")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_tradeoff"),
    shell:
        "python -m memgen figures longtail-tradeoff --tradeoff {input.tradeoff:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_privacy:
    """Excess error under label differential privacy, with what it must be."""
    input:
        privacy="results/longtail/privacy.csv",
        code=code("memgen.figures.longtail.longtail_privacy"),
    output:
        **drawn("longtail_privacy", "Long tail"),
    log:
        logged("figures_longtail_privacy"),
    benchmark:
        timed("figures_longtail_privacy")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_privacy"),
    shell:
        "python -m memgen figures longtail-privacy --privacy {input.privacy:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_noise:
    """What guessing singletons costs where labels are noisy."""
    input:
        noise="results/longtail/noise.csv",
        code=code("memgen.figures.longtail.longtail_noise"),
    output:
        **drawn("longtail_noise", "Long tail"),
    log:
        logged("figures_longtail_noise"),
    benchmark:
        timed("figures_longtail_noise")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_noise"),
    shell:
        "python -m memgen figures longtail-noise --noise {input.noise:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_subgroups:
    """What limited memorization costs each subgroup of each mixture."""
    input:
        subgroups=SUBGROUPS,
        code=code("memgen.figures.longtail.longtail_subgroups"),
    output:
        **drawn("longtail_subgroups", "Long tail"),
    log:
        logged("figures_longtail_subgroups"),
    benchmark:
        timed("figures_longtail_subgroups")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_subgroups"),
    shell:
        "python -m memgen figures longtail-subgroups --subgroups {input.subgroups:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_classifiers:
    """Trained classifiers: excess test error against singletons fitted and against the bound."""
    input:
        curves="results/longtail/curves.csv",
        code=code("memgen.figures.longtail.longtail_classifiers"),
    output:
        **drawn("longtail_classifiers", "Long tail"),
    log:
        logged("figures_longtail_classifiers"),
    benchmark:
        timed("figures_longtail_classifiers")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_classifiers"),
    shell:
        "python -m memgen figures longtail-classifiers --curves {input.curves:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_memorization:
    """Memorization scores of trained classifiers, by how often a cluster is seen."""
    input:
        memorization=MEMORIZATION,
        code=code("memgen.figures.longtail.longtail_memorization"),
    output:
        **drawn("longtail_memorization", "Long tail"),
    log:
        logged("figures_longtail_memorization"),
    benchmark:
        timed("figures_longtail_memorization")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_memorization"),
    shell:
        "python -m memgen figures longtail-memorization --memorization {input.memorization:q} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_longtail_currency:
    """Memorization in one currency: exceptions of transitive inference beside singletons."""
    input:
        relational="results/relational/memorization.parquet",
        longtail=MEMORIZATION,
        code=code("memgen.figures.longtail.longtail_currency"),
    output:
        **drawn("longtail_currency", "Long tail"),
    log:
        logged("figures_longtail_currency"),
    benchmark:
        timed("figures_longtail_currency")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_longtail_currency"),
    params:
        shown=flags(LONGTAIL["currency"]),
    shell:
        "python -m memgen figures longtail-currency --relational {input.relational:q} "
        "--longtail {input.longtail:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += figure_files(
    [
        "longtail_spectra",
        "longtail_scaling",
        "longtail_simulation",
        "longtail_tradeoff",
        "longtail_privacy",
        "longtail_noise",
        "longtail_subgroups",
        "longtail_classifiers",
        "longtail_memorization",
        "longtail_currency",
    ]
)
