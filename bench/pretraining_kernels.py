"""Which recipe of pretraining gives the same weights whatever kernels the CPU has.

Writes bench/results/pretraining_kernels.csv. Each of three recipes pretrains small-lm for some steps twice,
with the CPU's own kernels and with the plainest ones. There sums are rounded in another order, and training
amplifies that. In float64 the difference is small and is amplified all the same; rounding every weight to a
multiple of 2^-20 after each step removes it before it can grow, unless a weight lies that near the boundary
between two multiples. Beside the products, the initial normal numbers and the angles of the positions differ
between kernels, and norms go through float32: these are computed otherwise here.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors.numpy import load_file

from memgen.digests import bytes_digest

STEPS = 200
GRID = 2.0**-20
PLAIN = {"ATEN_CPU_CAPABILITY": "default", "OPENBLAS_CORETYPE": "Prescott"}
RECIPES = ("float32, as in the study", "float64", "float64, weights on a grid")


def widened(recipe: str) -> None:
    """Let `pretrain` make a network of float64, whose first numbers and angles are numpy's."""
    import torch
    import transformers
    from torch.optim.optimizer import register_optimizer_step_post_hook

    made = transformers.AutoModelForCausalLM.from_config

    class Norm(torch.nn.Module):
        def __init__(self, like: Any) -> None:
            super().__init__()
            self.weight, self.epsilon = like.weight, like.variance_epsilon

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return self.weight * states * torch.rsqrt(states.square().mean(-1, keepdim=True) + self.epsilon)

    class Angles(torch.nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.rates = 10000.0 ** -(np.arange(0, size, 2) / size)

        def forward(
            self, states: torch.Tensor, position_ids: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            angles = np.tile(position_ids.numpy()[..., None] * self.rates, 2)
            return torch.from_numpy(np.cos(angles)), torch.from_numpy(np.sin(angles))

    def from_config(config: Any, **options: Any) -> Any:
        network = made(config, **options).double()
        random = np.random.default_rng(0)
        with torch.no_grad():
            for weights in network.parameters():
                if weights.dim() > 1:
                    weights.copy_(
                        torch.from_numpy(config.initializer_range * random.standard_normal(weights.shape))
                    )
        network.model.norm = Norm(network.model.norm)
        network.model.rotary_emb = Angles(config.hidden_size // config.num_attention_heads)
        for layer in network.model.layers:
            layer.input_layernorm = Norm(layer.input_layernorm)
            layer.post_attention_layernorm = Norm(layer.post_attention_layernorm)
        return network

    def on_grid(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        with torch.no_grad():
            for group in optimizer.param_groups:
                for weights in group["params"]:
                    weights.copy_((weights / GRID).round_() * GRID)

    transformers.AutoModelForCausalLM.from_config = from_config
    if recipe == RECIPES[2]:
        register_optimizer_step_post_hook(on_grid)


def weights_after(recipe: str, kernels: dict[str, str], folder: Path) -> tuple[np.ndarray, float]:
    """Weights after the steps, as float32, and the processor seconds that they took."""
    before = os.times()
    subprocess.run(
        [sys.executable, __file__, recipe, str(folder)],
        env={**os.environ, **kernels},
        check=True,
        timeout=3600,
    )
    after = os.times()
    found = load_file(folder / "model.safetensors")
    numbers = np.concatenate([found[name].astype(np.float32).ravel() for name in sorted(found)])
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return numbers, spent


def main() -> None:
    rows = []
    for recipe in RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            own, seconds = weights_after(recipe, {}, Path(folder) / "own")
            plain, _ = weights_after(recipe, PLAIN, Path(folder) / "plain")
        differ, largest = int((own != plain).sum()), float(np.abs(own - plain).max())
        rows.append(
            {
                "recipe": recipe,
                "steps": STEPS,
                "weights": len(own),
                "weights_that_differ": differ,
                "largest_difference": largest,
                "cpu_seconds": seconds,
                "sha256_own": bytes_digest(own.tobytes()),
                "sha256_plain": bytes_digest(plain.tobytes()),
            }
        )
        print(
            f"{recipe}: {differ} of {len(own)} weights differ after {STEPS} steps, by {largest:.1e} at most; "
            f"{seconds:.0f} CPU-s",
            flush=True,
        )
    out = Path("bench/results/pretraining_kernels.csv")
    out.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_csv(out)


def one(recipe: str, out: Path) -> None:
    """Pretrain once, in this process."""
    from memgen.language.models.loading import transformers_offline
    from memgen.stage import pin_threads

    pin_threads(1)
    transformers_offline()
    if recipe != RECIPES[0]:
        widened(recipe)
    from memgen.language.stages.pretrain import pretrain

    out.mkdir()
    pretrain(seed=0, steps=STEPS, out=out)


if __name__ == "__main__":
    began = time.monotonic()
    if len(sys.argv) > 1:
        one(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
        print(f"{time.monotonic() - began:.0f} s")
