# The page in which people play with the theories of all studies. It reads tables, as figures do.
#
# Needs: the tables of fitted models, listed in `fitted` by the studies that have them
# Makes: figures/explorer.html, one file that opens from disk
import memgen.figures.labels as labels

EXPLORER = "workflow/memgen/figures/explorer/page"


rule figures_explorer:
    """The closed forms of the three studies as one page to play with, with the fitted models on it."""
    input:
        template=f"{EXPLORER}/index.html",
        parts=sorted(
            str(path)
            for suffix in ("css", "js")
            for path in Path(EXPLORER).glob(f"*.{suffix}")
        ),
        fits=lambda wildcards: fitted,
    output:
        **record("figures_explorer"),
        page="figures/explorer.html",
    log:
        logged("figures_explorer"),
    benchmark:
        timed("figures_explorer")
    conda:
        "../../envs/figures.yaml"
    resources:
        **needs("figures_explorer"),
    params:
        code=code("figures explorer"),
        called=flags(
            words=[f"{name}={text}" for name, text in labels.words(config).items()]
        ),
    shell:
        "python -m memgen figures explorer --template {input.template:q} --parts {input.parts:q} "
        "--fits {input.fits:q} {params.called} --out {output.page:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


targets.append("figures/explorer.html")
