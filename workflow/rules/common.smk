# What every rule file uses. Knows no study, and holds no rule.
#
# A job leaves three files beside its results: its record, its log and its benchmark. They are named by the rule
# and by the job: "job" where a rule has but one, else its wildcards, as in "hierarchy={hierarchy}".
from pathlib import Path

from memgen.planning.resources import needs
from memgen.jobs.rules import code, flags, one_of, repeated, words


def record(rule, job="job"):
    """Output that holds a job's record; every rule unpacks it with `**` among its outputs."""
    return {"record": f"results/provenance/jobs/{rule}/{job}.json"}


def logged(rule, job="job"):
    """Log of a job: what its command prints to standard error."""
    return f"logs/{rule}/{job}.log"


def timed(rule, job="job"):
    """Benchmark of a job: its time and memory, as Snakemake measures them."""
    return f"results/benchmarks/{rule}/{job}.tsv"


def caption_of(figure):
    """Template of a figure's caption for the report, written from the docstring of its function."""
    template = Path(".snakemake/captions", f"{figure.function}.rst").absolute()
    if workflow.is_main_process:
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(figure.template())
    return str(template)


def without(options, *keys):
    """Options of a configuration but for some, which are no flags."""
    return {key: value for key, value in options.items() if key not in keys}


def columns(rows, *keys):
    """Values of some keys, each in the order of the rows: flags whose n-th values belong together."""
    return {key: [row[key] for row in rows] for key in keys}
