"""Speed of the language room against a plain implementation of the protocol, on the same weights.

The plain way asks one prompt at a time, trains one run at a time on whole prompts, passes every prompt
through the network again for every strength of the probe, and starts a process that loads the model once
per run. `speedup` leaves these starts out on both sides; `speedup_with_starts` counts them, one per run
against one in all. Steps are the protocol's, of 16 prompts, 10 epochs for LoRA and full and 50 (10 on a GPU)
for the probe. Training is measured against a second plain way too, which passes the 16 prompts of a step at
once. SmolLM2 trains its last 8 layers; there the plain way passes the layers below, frozen, in every step.

    python bench/language.py            small-lm and smollm2 on one CPU thread, bench/results/language_cpu.csv
    python bench/language.py --gpu      a 1B Llama shape, random weights, bf16, bench/results/language_gpu.csv
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

if "--gpu" not in sys.argv:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

import numpy as np
import torch

from memgen.engine.causal import hidden_states, logit_differences
from memgen.engine.layers import frozen_layers, last_layers, trained_layers, weights_in
from memgen.engine.loading import Model, load
from memgen.engine.methods import TrainingOptions
from memgen.engine.per_run import adapted, per_run_weights
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.engine.training import Run, train, train_heads
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.language.stages.pretrain import pretrain
from memgen.relational.hierarchy import ordered_pairs
from report import ENVIRONMENT, save

RUNS = 16
BATCH = 16
STRENGTHS = (1e-4, 0.1, 1.0, 10.0, 20.0, 50.0)
N = 9
SMOLLM2 = Path("results/language/models/smollm2")
FULL_RUNS, LAYERS = 4, 8


def billion(small: Path) -> Model:
    """A Llama of 1.2 billion random weights in bf16 on the GPU, with small-lm's tokenizer."""
    import transformers

    config = transformers.LlamaConfig(
        vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16,
        num_attention_heads=32, num_key_value_heads=8, tie_word_embeddings=True, max_position_embeddings=2048,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device("cuda"):
        network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    tokenizer = load(small, causal=True).tokenizer
    return Model(tokenizer, network.cuda().eval().requires_grad_(False))


def timed(function, repeats: int) -> tuple[float, float, object]:
    """Median seconds, peak GPU memory in GB, and what the function gave."""
    gpu = torch.cuda.is_available()
    times, value = [], None
    for _ in range(repeats):
        if gpu:
            torch.cuda.reset_peak_memory_stats()
            torch.cuda.synchronize()
        start = time.perf_counter()
        value = function()
        if gpu:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times), torch.cuda.max_memory_allocated() / 1e9 if gpu else float("nan"), value


def process_start(folder: Path) -> float:
    """Seconds of a process that does nothing but import the libraries and load small-lm."""
    code = "import sys; from pathlib import Path; from memgen.engine.loading import load; "
    code += "load(Path(sys.argv[1]), causal=True)"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(folder)], env=ENVIRONMENT, check=True)
    return time.perf_counter() - start


class Work:
    """What is measured, done both ways."""

    def __init__(self, model: Model, epochs: int, runs: int = RUNS, layers: int | None = None) -> None:
        self.model, self.network, self.layers = model, model.network, layers
        self.within = last_layers(model.network, layers)
        self.answers = answer_tokens(model.tokenizer)
        pairs = ordered_pairs(N)
        self.texts = [prompts(sample("fake", N, index // 2), bool(index % 2)) for index in range(runs)]
        self.asked = [tokenize(model.tokenizer, texts, 512) for texts in self.texts]
        trained = [row for row, (a, b) in enumerate(pairs) if abs(a - b) == 1]
        right = tuple(
            self.answers[0] if pairs[row][0] < pairs[row][1] else self.answers[1] for row in trained
        )
        self.runs = [Run(("bench", i), one.select(trained), right) for i, one in enumerate(self.asked)]
        self.recipe = TrainingOptions(10, BATCH, 1e-3)
        self.probing = TrainingOptions(epochs, BATCH, 1e-3)

    def evaluate_plain(self) -> np.ndarray:
        found = []
        with torch.inference_mode():
            for text in self.texts[0]:
                ids = torch.tensor([self.model.tokenizer(text)["input_ids"]], device=self.model.device)
                logits = self.network(input_ids=ids).logits[0, -1].double()
                found.append(float(logits[self.answers[0]] - logits[self.answers[1]]))
        return np.array(found)

    def evaluate(self) -> np.ndarray:
        return logit_differences(self.network, self.asked[:1], self.answers, 512)[0]

    def _lora(self, network, runs: list[Run], asked: list, recipe: TrainingOptions, batch: int) -> np.ndarray:
        with adapted(self.network, [run.key for run in runs], 8, 2.0, within=self.within) as layers:
            train(network, runs, recipe, [p for layer in layers for p in (layer.down, layer.up)])
            return logit_differences(network, asked, self.answers, batch)

    def lora_plain(self, prompts_at_once: int = 1) -> np.ndarray:
        recipe = replace(self.recipe, micro_batch=prompts_at_once)
        found = []
        for run, asked in zip(self.runs, self.asked, strict=True):
            whole = Run(run.key, run.prompts.whole(), run.answers)
            found.append(self._lora(self.network, [whole], [asked.whole()], recipe, prompts_at_once))
        return np.concatenate(found)

    def lora(self) -> np.ndarray:
        network = trained_layers(self.network, frozen_layers(self.network, self.layers), self.asked)
        return self._lora(network, self.runs, self.asked, self.recipe, 4096)

    def full_plain(self, prompts_at_once: int = 1) -> np.ndarray:
        recipe = replace(self.recipe, micro_batch=prompts_at_once)
        weights = weights_in(self.network, self.within)
        begun = [weight.detach().clone() for weight in weights]
        found = []
        for run, asked in zip(self.runs[:FULL_RUNS], self.asked, strict=False):
            for weight in weights:
                weight.requires_grad_(True)
            train(self.network, [Run(run.key, run.prompts.whole(), run.answers)], recipe, weights)
            for weight in weights:
                weight.requires_grad_(False)
            found.append(logit_differences(self.network, [asked.whole()], self.answers, prompts_at_once))
            for weight, start in zip(weights, begun, strict=True):
                weight.copy_(start)
        return np.concatenate(found)

    def full(self) -> np.ndarray:
        runs, asked = self.runs[:FULL_RUNS], self.asked[:FULL_RUNS]
        network = trained_layers(self.network, frozen_layers(self.network, self.layers), asked)
        with per_run_weights(self.network, len(runs), self.within) as weights:
            train(network, runs, self.recipe, weights)
            return logit_differences(network, asked, self.answers, 4096)

    def probe_plain(self) -> np.ndarray:
        head = self.network.get_output_embeddings().weight
        run, asked = self.runs[0], self.asked[0].whole()
        epochs = range(self.probing.epochs)
        rows = np.concatenate([np.random.default_rng(0).permutation(len(run.answers)) for _ in epochs])
        whole = run.prompts.whole()
        found = []
        for strength in STRENGTHS:
            weight = torch.nn.Parameter(head.detach().clone())
            optimizer = torch.optim.AdamW([weight], lr=1e-3, weight_decay=0)
            for start in range(0, len(rows), self.probing.batch):
                chosen = rows[start : start + self.probing.batch]
                states = hidden_states(self.network, [whole.select(chosen)], 1).clone()[0]
                targets = torch.tensor([run.answers[row] for row in chosen], device=states.device)
                loss = torch.nn.functional.cross_entropy((states @ weight.T).float(), targets)
                optimizer.zero_grad()
                (loss + strength * ((weight - head) ** 2).sum()).backward()
                optimizer.step()
            states = hidden_states(self.network, [asked], 1)[0]
            with torch.inference_mode():
                both = (states @ weight[list(self.answers)].T).double().cpu().numpy()
            found.append(both[:, 0] - both[:, 1])
        return np.stack(found)

    def probe(self) -> np.ndarray:
        head = self.network.get_output_embeddings().weight.detach()
        states = hidden_states(self.network, self.asked[:1], 512).clone()
        trained = hidden_states(self.network, [self.runs[0].prompts], 512).clone()
        heads, _ = train_heads(trained, self.runs[:1], head, None, STRENGTHS, self.probing)
        with torch.inference_mode():
            both = torch.einsum("nw,paw->pna", states[0], heads[0, :, list(self.answers)])
        both = both.double().cpu().numpy()
        return both[..., 0] - both[..., 1]


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    if options.gpu and not torch.cuda.is_available():
        sys.exit("bench/language.py: --gpu: no GPU here; allowed: a machine with one")
    if not options.gpu:
        torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small-lm"
        pretrain(seed=0, out=small, steps=20, batch=16, first_steps=5)
        seconds_load = process_start(small)
        model = billion(small) if options.gpu else load(small, causal=True)
    model.network.requires_grad_(False)
    work = Work(model, 10 if options.gpu else 50)
    rows, many = [], 15 if options.gpu else 10
    tasks = [
        ("evaluation", work.evaluate_plain, work.evaluate, 1, 20 if options.gpu else 6),
        ("probe sweep over six L2", work.probe_plain, work.probe, 6, None if options.gpu else 40),
        (f"LoRA block of {RUNS} runs", work.lora_plain, work.lora, RUNS, None),
        ("LoRA block, plain in whole batches", partial(work.lora_plain, BATCH), work.lora, RUNS, many),
        (f"full, {FULL_RUNS} runs", work.full_plain, work.full, FULL_RUNS, None),
        ("full, plain in whole batches", partial(work.full_plain, BATCH), work.full, FULL_RUNS, 3),
    ]
    if not options.gpu and (SMOLLM2 / "config.json").is_file():
        real = load(SMOLLM2, causal=True)
        real.network.requires_grad_(False)
        deep = Work(real, 10, layers=LAYERS)
        name = f"smollm2, last {LAYERS} layers, LoRA block of {RUNS} runs"
        tasks += [(f"{name}, plain in whole batches", partial(deep.lora_plain, BATCH), deep.lora, RUNS, 5)]
    elif not options.gpu:
        print(f"{SMOLLM2}: not there, so smollm2 is not measured; it comes with make study", flush=True)
    for name, plain, fast, loads, asked in tasks:
        slow = name.startswith("smollm2")
        if not slow:
            fast()
        after, memory, one = timed(fast, 1 if slow else 3)
        before, memory_plain, other = timed(plain, 1 if "evaluation" not in name else 3)
        rows.append(
            {
                "task": name,
                "plain_seconds": round(before, 4),
                "seconds": round(after, 4),
                "speedup": round(before / after, 2),
                "asked": asked,
                "start_seconds": round(seconds_load, 3),
                "speedup_with_starts": round((before + loads * seconds_load) / (after + seconds_load), 2),
                "largest_difference": float(np.abs(one - other).max()),
                "plain_memory_gb": round(memory_plain, 2),
                "memory_gb": round(memory, 2),
                "device": torch.cuda.get_device_name() if options.gpu else "cpu, one thread",
            }
        )
        print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    save(f"language_{'gpu' if options.gpu else 'cpu'}", rows)


if __name__ == "__main__":
    main()
