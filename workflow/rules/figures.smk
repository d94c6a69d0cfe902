# Figures of every study: a rule for each entry of memgen/figures/<study>/table.py. Figures read tables and compute nothing.
#
# Needs: the tables that the entries name
# Makes: figures/<name>.pdf and figures/<name>.png
from memgen.figures.table import entries

# The command is a parameter: Snakemake evaluates a rule's shell text when its job runs, after the loop.
for figure in entries(config):

    rule:
        f"""{figure.docstring()[0]}"""
        name:
            figure.rule
        input:
            **figure.tables,
        output:
            **record(figure.rule, figure.job),
            pdf=f"figures/{figure.name}.pdf",
            png=report(
                f"figures/{figure.name}.png",
                caption=caption_of(figure),
                category=figure.category,
            ),
        log:
            logged(figure.rule, figure.job),
        benchmark:
            timed(figure.rule, figure.job)
        conda:
            "../../envs/figures.yaml"
        resources:
            **needs(figure.rule),
        params:
            code=code(figure.stage),
            drawing=figure.command,
        shell:
            "python -m memgen {params.drawing} --pdf {output.pdf:q} --png {output.png:q} "
            "--record {output.record:q} --threads {threads} 2> {log:q}"

    targets += figure.targets()
