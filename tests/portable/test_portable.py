"""The same bytes on every processor: small jobs of each kind, here and on two emulated processors.

`make test-portable` prints a table, with FULL=1 of all jobs and both processors. The same jobs without the
settings of `memgen.jobs.kernels` must differ somewhere, or equal bytes would prove nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from memgen.jobs.digests import file_digest, files_of
from memgen.jobs.kernels import VARIABLE
from repository import ROOT

#: Of Debian's package qemu-user.
QEMU = "qemu-x86_64"
HASWELL, ROME = "Haswell", "EPYC-Rome"

GIVEN = [
    "relational task --name mid --n 9 --exception 5:3 --out given/mid.parquet",
    "language lineups --items fake --n 9 --first-seed 0 --last-seed 1 --no-ordered --out given/n9.parquet",
    "language pretrain --seed 0 --steps 2 --batch 8 --words 8 --first-words 4 --first-steps 1 "
    "--vocabulary 512 --out given/llama",
]
#: Jobs that import no torch, by what they compute. Their settings are in force in every run.
LIGHT = {
    "theory: ranks and margins": "relational sweep --tasks given/mid.parquet --conjunctivity 0 0.3 0.9 "
    "--ridge 0 0.1 --out sweep.parquet --ranks ranks.parquet",
    "long tail: spectra": "longtail spectra --priors zipf geometric:0.99 lognormal:2 --domain 1000 "
    "--samples 1000 --out spectra.parquet",
    "a figure": "figures task --tasks given/mid.parquet --pdf task.pdf --png task.png",
}
#: Jobs that train networks or read features.
HEAVY = {
    "theory: finite width": "relational finite-width --task given/mid.parquet --width 32 64 --seeds 2 "
    "--steps 30 --rich-scale 0.5 --scan-width 64 --scan-scale 1 --out width.parquet --margins widths.parquet",
    "long tail: private network": "longtail classify --structure gaussian --spread 0.7 "
    "--learner private_network --settings 0 2 --prior zipf --domain 60 --samples 60 --dimensions 80 "
    "--labels 10 --tests 4 --seeds 1 --out private.parquet",
    "attacks on a network": "irrelevant attack --run network --learner network "
    "--attacks sign labels coordinate_ascent gradient informed --most-seen 4 --seeds 1 "
    "--steps 30 --rate 0.1 --momentum 0.9 --hidden 32 --optimizer sgd --slower-from 0 --singleton-weight 2 "
    "--tests 4 --record-steps 4 --clusters 40 --samples 40 --dimension 80 --rho 0.4 --tail 0 "
    "--defences none --kinds none --strengths 0 --clip 1 --delta 1e-05 --noisy-rate 2 --noisy-momentum 0.9 "
    "--noisy-steps 20 --out attacks.parquet",
    "pretraining": "language pretrain --seed 1 --steps 4 --batch 16 --words 8 --first-words 4 "
    "--first-steps 2 --vocabulary 512 --out pretrained",
    "LoRA of a Llama": "language finetune --model-directory given/llama --lineup given/n9.parquet "
    "--task given/mid.parquet --model llama --method lora --first-seed 0 --last-seed 1 --kind lora "
    "--lora-rank 4 --epochs 2 --batch 8 --rate 0.01 --runs-per-pass 2 --dtype float32 --device cpu "
    "--out lora.parquet --runs runs.parquet --geometry geometry.parquet",
    "features": "language features --model-directory given/llama --lineup given/n9.parquet --model llama "
    "--first-seed 0 --last-seed 1 --pooling last tail --batch 24 --dtype float32 --device cpu "
    "--out features.safetensors",
    "a probe": "language probe --features features.safetensors --task given/mid.parquet --method probe "
    "--kind ridge --ridge 0.001 --pooling last --out probe.parquet --geometry probe_geometry.parquet",
}
DRIVER = """
import json, sys
from memgen.jobs import kernels
from memgen.__main__ import run
commands, with_settings = json.load(sys.stdin)
if not with_settings:
    kernels.SETTINGS = {}
    kernels._replace_products = lambda: None
for command in commands:
    try:
        run(command.split())
    except SystemExit as end:
        if end.code:
            raise
"""


def outputs(
    folder: Path, jobs: Iterable[str], processor: str | None, given: Path, *, settings: bool = True
) -> dict[str, str]:
    """Digest of every file that some jobs write, run one after the other in one process."""
    folder.mkdir()
    (folder / "given").symlink_to(given)
    before = [] if processor is None else [QEMU, "-cpu", processor]
    kernels = {VARIABLE: "portable" if settings else "ordinary"}
    subprocess.run(
        [*before, sys.executable, "-c", DRIVER],
        input=json.dumps([list(jobs), settings]),
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow"), **kernels},
        check=True,
    )
    (folder / "given").unlink()
    return {name: file_digest(path) for name, path in files_of(folder).items()}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portable") / "made"
    made = [line.replace("given/", "") for line in GIVEN]
    outputs(folder, made, None, folder)
    return folder


@pytest.mark.parametrize(
    ("jobs", "processor", "settings"),
    [
        pytest.param(LIGHT, HASWELL, True, id="light-haswell"),
        pytest.param(LIGHT, ROME, True, id="light-rome", marks=pytest.mark.full),
        pytest.param(HEAVY, HASWELL, True, id="heavy-haswell", marks=pytest.mark.full),
        pytest.param(HEAVY, ROME, True, id="heavy-rome", marks=pytest.mark.full),
        pytest.param(LIGHT, HASWELL, False, id="light-without-settings", marks=pytest.mark.full),
        pytest.param(HEAVY, HASWELL, False, id="heavy-without-settings", marks=pytest.mark.full),
    ],
)
def test_bytes_are_the_same_exactly_where_settings_are_in_force(tmp_path, given, jobs, processor, settings):
    here = outputs(tmp_path / "here", jobs.values(), None, given, settings=settings)
    there = outputs(tmp_path / "there", jobs.values(), processor, given, settings=settings)
    where = processor if settings else f"{processor}, no settings"
    for name in here:
        print(f"{where:<28} {name:<34} {'identical' if here[name] == there.get(name) else 'DIFFERENT'}")
    assert len(here) >= len(jobs) and (there == here) == settings
