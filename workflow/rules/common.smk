# What every rule file uses. Knows no study, and holds no rule.
#
# A job leaves three files beside its results: its record, its log and its benchmark. They are named by the rule
# and by the job: "job" where a rule has but one, else its wildcards, as in "hierarchy={hierarchy}".
from pathlib import Path

from memgen.planning.resources import needs
from memgen.rules import code, flags, one_of, repeated, words


def record(rule, job="job"):
    """Output that holds a job's record; every rule unpacks it with `**` among its outputs."""
    return {"record": f"results/provenance/jobs/{rule}/{job}.json"}


def logged(rule, job="job"):
    """Log of a job: what its command prints to standard error."""
    return f"logs/{rule}/{job}.log"


def timed(rule, job="job"):
    """Benchmark of a job: its time and memory, as Snakemake measures them."""
    return f"results/benchmarks/{rule}/{job}.tsv"


def drawn(figure, category, job="job"):
    """Outputs of a figure's rule: PDF, PNG and record.

    `figure` is the name of the files, with the rule's wildcards at its end: "accuracy_by_class_{method}" is drawn by
    figures_accuracy_by_class. Its caption stands in the report under `category`.
    """
    name = figure.partition("_{")[0]
    caption = f"../report/{name}.rst"
    return {
        "pdf": f"figures/{figure}.pdf",
        "png": report(f"figures/{figure}.png", caption=caption, category=category),
        **record(f"figures_{name}", job),
    }


def figure_files(names):
    """Files of figures, as targets of a whole run."""
    return expand("figures/{name}.{suffix}", name=names, suffix=["pdf", "png"])


def without(options, *keys):
    """Options of a configuration but for some, which are no flags."""
    return {key: value for key, value in options.items() if key not in keys}


def columns(rows, *keys):
    """Values of some keys, each in the order of the rows: flags whose n-th values belong together."""
    return {key: [row[key] for row in rows] for key in keys}
