"""What portable kernels cost: processor time of the same job with ordinary and with portable kernels.

Writes bench/results/kernels.csv. `mkl` is a portable job whose products stay with MKL, which shows what
taking them from OpenBLAS gains. Imports are counted on all sides; each figure is the least of three runs.
LoRA of SmolLM2 is measured where `make study` has left its weights.
"""

import sys
import tempfile
from pathlib import Path

from report import measured, save

MODEL = Path("results/language/models/smollm2")
PRETRAIN = ["language", "pretrain", "--seed", "0", "--steps", "60", "--out", "{out}/model"]
LORA = f"""
language finetune --model-directory {MODEL} --model smollm2 --method lora --kind lora --lora-rank 8 --layers 4
--lineup results/language/lineups/fake/n9.parquet --task results/relational/tasks/exc_mid_n9.parquet
--first-seed 0 --last-seed 3 --epochs 3 --batch 32 --rate 0.003 --runs-per-pass 4 --dtype float32 --device cpu
--out {{out}}/a.parquet --runs {{out}}/b.parquet --geometry {{out}}/c.parquet
""".split()
MKL = """
from memgen.jobs import kernels
from memgen.__main__ import main
kernels._replace_products = lambda: None
main()
"""
WAYS = {
    "ordinary": ("ordinary", ["-m", "memgen"]),
    "portable": ("portable", ["-m", "memgen"]),
    "mkl": ("portable", ["-c", MKL]),
}


def seconds(way: str, job: list[str]) -> float:
    """Processor time of a job in a separate process."""
    kernels, program = WAYS[way]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *program, *(part.format(out=folder) for part in job)]
        return measured(command, MEMGEN_KERNELS=kernels)[2]


def main() -> None:
    """Measure, print and write."""
    jobs = {"pretraining small-lm, 60 steps": PRETRAIN}
    if MODEL.is_dir():
        jobs["LoRA of smollm2, 3 epochs"] = LORA
    rows = []
    for name, job in jobs.items():
        found = {way: min(seconds(way, job) for _ in range(3)) for way in WAYS}
        rows.append({"job": name, **{f"{way}_cpu_s": round(value, 2) for way, value in found.items()}})
        rows[-1] |= {f"{way}_ratio": round(found[way] / found["ordinary"], 2) for way in ("portable", "mkl")}
        print(rows[-1])
    save("kernels", rows)


if __name__ == "__main__":
    main()
