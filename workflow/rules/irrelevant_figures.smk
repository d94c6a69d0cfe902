# Figures of study 3, irrelevant information.
#
# Needs: results/irrelevant/simulation.csv, averages.parquet, leakage.csv, extraction.csv
# Makes: figures/irrelevant_*.pdf and .png


rule figures_irrelevant_training:
    """What attacks recover and what learners get wrong, step by step."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_training"),
    output:
        pdf="figures/irrelevant_training.pdf",
        png=report(
            "figures/irrelevant_training.png",
            caption="../report/irrelevant_training.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_training/job.json",
    log:
        "logs/figures_irrelevant_training/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_training/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_training"),
    shell:
        "python -m memgen figures irrelevant-training --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_multiplicity:
    """What attacks recover of samples whose cluster was seen several times."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_multiplicity"),
    output:
        pdf="figures/irrelevant_multiplicity.pdf",
        png=report(
            "figures/irrelevant_multiplicity.png",
            caption="../report/irrelevant_multiplicity.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_multiplicity/job.json",
    log:
        "logs/figures_irrelevant_multiplicity/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_multiplicity/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_multiplicity"),
    shell:
        "python -m memgen figures irrelevant-multiplicity --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_defences:
    """What every defence costs in accuracy for what it keeps back."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_defences"),
    output:
        pdf="figures/irrelevant_defences.pdf",
        png=report(
            "figures/irrelevant_defences.png",
            caption="../report/irrelevant_defences.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_defences/job.json",
    log:
        "logs/figures_irrelevant_defences/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_defences/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_defences"),
    shell:
        "python -m memgen figures irrelevant-defences --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_storage:
    """What learners that store their sample get wrong with less of it stored."""
    input:
        simulation="results/irrelevant/simulation.csv",
        code=code("memgen.figures.irrelevant.irrelevant_storage"),
    output:
        pdf="figures/irrelevant_storage.pdf",
        png=report(
            "figures/irrelevant_storage.png",
            caption="../report/irrelevant_storage.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_storage/job.json",
    log:
        "logs/figures_irrelevant_storage/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_storage/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_storage"),
    shell:
        "python -m memgen figures irrelevant-storage --simulation {input.simulation:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_scaling:
    """What attacks recover at other dimensions and shares of fixed positions."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_scaling"),
    output:
        pdf="figures/irrelevant_scaling.pdf",
        png=report(
            "figures/irrelevant_scaling.png",
            caption="../report/irrelevant_scaling.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_scaling/job.json",
    log:
        "logs/figures_irrelevant_scaling/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_scaling/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_scaling"),
    shell:
        "python -m memgen figures irrelevant-scaling --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_leakage:
    """Bits that leak, against the size of the sample and with every defence."""
    input:
        leakage="results/irrelevant/leakage.csv",
        code=code("memgen.figures.irrelevant.irrelevant_leakage"),
    output:
        pdf="figures/irrelevant_leakage.pdf",
        png=report(
            "figures/irrelevant_leakage.png",
            caption="../report/irrelevant_leakage.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_leakage/job.json",
    log:
        "logs/figures_irrelevant_leakage/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_leakage/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_leakage"),
    shell:
        "python -m memgen figures irrelevant-leakage --leakage {input.leakage:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_controls:
    """Two controls: samples never seen, and clusters with nothing in common."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_controls"),
    output:
        pdf="figures/irrelevant_controls.pdf",
        png=report(
            "figures/irrelevant_controls.png",
            caption="../report/irrelevant_controls.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_controls/job.json",
    log:
        "logs/figures_irrelevant_controls/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_controls/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_controls"),
    shell:
        "python -m memgen figures irrelevant-controls --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_attacks:
    """What each attack recovers, and the answers that it needs."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_attacks"),
    output:
        pdf="figures/irrelevant_attacks.pdf",
        png=report(
            "figures/irrelevant_attacks.png",
            caption="../report/irrelevant_attacks.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_attacks/job.json",
    log:
        "logs/figures_irrelevant_attacks/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_attacks/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_attacks"),
    shell:
        "python -m memgen figures irrelevant-attacks --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_completion:
    """What a transformer says when it is asked to complete its samples."""
    input:
        averages="results/irrelevant/averages.parquet",
        code=code("memgen.figures.irrelevant.irrelevant_completion"),
    output:
        pdf="figures/irrelevant_completion.pdf",
        png=report(
            "figures/irrelevant_completion.png",
            caption="../report/irrelevant_completion.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_completion/job.json",
    log:
        "logs/figures_irrelevant_completion/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_completion/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_completion"),
    shell:
        "python -m memgen figures irrelevant-completion --averages {input.averages:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_irrelevant_extraction:
    """What a language model gives away of numbers that it saw in training."""
    input:
        extraction="results/irrelevant/extraction.csv",
        code=code("memgen.figures.irrelevant.irrelevant_extraction"),
    output:
        pdf="figures/irrelevant_extraction.pdf",
        png=report(
            "figures/irrelevant_extraction.png",
            caption="../report/irrelevant_extraction.rst",
            category="Irrelevant information",
        ),
        record="results/provenance/jobs/figures_irrelevant_extraction/job.json",
    log:
        "logs/figures_irrelevant_extraction/job.log",
    benchmark:
        "results/benchmarks/figures_irrelevant_extraction/job.tsv"
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_irrelevant_extraction"),
    shell:
        "python -m memgen figures irrelevant-extraction --extraction {input.extraction:q} "
        "--pdf {output.pdf:q} --png {output.png:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule figures_three_studies:
    """What is memorized, what forgetting it costs, what it leaks: a panel of each study."""
    input:
        memorization="results/relational/memorization.parquet",
        tradeoff="results/longtail/tradeoff.csv",
        leakage="results/irrelevant/leakage.csv",
        code=code("memgen.figures.irrelevant.three_studies"),
    output:
        **drawn("three_studies", "Irrelevant information"),
    log:
        logged("figures_three_studies"),
    benchmark:
        timed("figures_three_studies")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_three_studies"),
    params:
        shown=flags(IRRELEVANT["three_studies"]),
    shell:
        "python -m memgen figures three-studies --memorization {input.memorization:q} "
        "--tradeoff {input.tradeoff:q} --leakage {input.leakage:q} {params.shown} "
        "--pdf {output.pdf:q} --png {output.png:q} --record {output.record:q} --threads {threads} 2> {log:q}"


IRRELEVANT_FIGURES = [
    "training",
    "multiplicity",
    "defences",
    "storage",
    "scaling",
    "leakage",
    "controls",
    "attacks",
    "completion",
    *(["extraction"] if EXTRACTED else []),
]
targets += expand(
    "figures/irrelevant_{name}.{kind}", name=IRRELEVANT_FIGURES, kind=["pdf", "png"]
)
# It draws a table of each of the other studies.
if {"relational", "longtail"} <= set(config):
    targets += figure_files(["three_studies"])
