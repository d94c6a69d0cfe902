# The whole study on one page: task -> learner -> table -> figure.
#
# Run it with `make study`, which holds the study's lock; plain `snakemake --cores 2` works as well.
import os
import sys
import time
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/study.rst"


# Jobs and this file use the same package, installed or not.
sys.path.insert(0, "workflow")

from memgen.jobs import kernels
from memgen.configuration.layers import load
from memgen.jobs.kernels import refuse_missing_gpu
from memgen.errors import BadInput
from memgen.configuration.own_folder import belong, next_steps
from memgen.jobs.layers import VARIABLE, described
from memgen.provenance.sealing import sealed, workflow_digests
from memgen.jobs.rules import before_each_job, figure_alone
from memgen.planning.timings import Estimates, failures, in_words, timings

begun, as_begun = time.time(), workflow_digests()

# Jobs on a cluster read this file again, and need the kernels of this run.
os.environ.setdefault(kernels.VARIABLE, "ordinary")


envvars:
    kernels.VARIABLE,


# The layers are read again: Snakemake's own loader takes a key that is given twice.
layers = [Path("config.yaml"), *workflow.overwrite_configfiles]
try:
    config = load(layers, workflow.config_settings.config)
    description = described(config, layers, workflow.config_settings.config)
    variables = {VARIABLE: description, kernels.VARIABLE: kernels.asked()}
except BadInput as problem:
    raise WorkflowError(str(problem)) from None

# And the same Python, unless Snakemake deploys one for each job.
shell.prefix(
    before_each_job(
        None if workflow.deployment_settings.deployment_method else sys.executable,
        variables,
    )
)


wildcard_constraints:
    hierarchy=r"[a-z][a-z0-9_]*",
    model=r"[a-z0-9][a-z0-9-]*",
    kind=r"[a-z]+",
    lineup=r"[a-z][a-z0-9_]*",
    method=r"[a-z0-9][a-z0-9-]*",
    seeds=r"\d+-\d+",
    figure=r"[a-z][a-z0-9_]*",


# Every rule file adds what a whole run of its study makes.
targets = []
claims = []
fitted = []
checks = []


rule all:
    default_target: True
    input:
        lambda wildcards: targets,


include: "workflow/rules/common.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/explorer.smk"


# Each block of the configuration is a study of its own, with rules of the same name.
for block in config:

    include: f"workflow/rules/{block}.smk"


include: "workflow/rules/figures.smk"


# One figure alone, where `make figure` asks for one.
whole_study = targets
try:
    targets = figure_alone(targets, os.environ.get("MEMGEN_FIGURE"))
except BadInput as problem:
    raise WorkflowError(str(problem)) from None


# On a cluster the jobs' own machines have the GPUs.
onstart:
    try:
        belong(layers[1:], kernels.asked())
        refuse_missing_gpu(config if workflow.local_exec else {})
    except BadInput as problem:
        raise WorkflowError(str(problem)) from None
    expected = Estimates(Path("results/benchmarks")).of_jobs(
        workflow.dag.needrun_jobs()
    )
    spent = in_words(sum(expected.values()))
    logger.info(
        f"Expected: {spent} of one core's time", extra={"expected": expected}
    )


onsuccess:
    print(timings(Path("results/benchmarks")))
    try:
        print(sealed(whole_study, description, as_begun))
    except BadInput as problem:
        raise WorkflowError(f"not sealed: {problem}") from None
    print(next_steps())


onerror:
    print(failures(Path("logs"), Path("results/provenance/jobs"), begun))
