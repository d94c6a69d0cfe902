"""Adapters of many runs at once: gradients and answers of each are those that it has alone."""

import numpy as np
import pytest
import torch

from memgen.engine.causal import logit_differences
from memgen.engine.loading import load
from memgen.engine.methods import TrainingOptions as Recipe
from memgen.engine.per_run import adapted
from memgen.engine.prompts import answer_tokens, tokenize
from memgen.engine.training import Run, run_losses, train
from memgen.errors import BadInput
from memgen.language.items import sample
from memgen.language.prompts import prompts
from memgen.relational.hierarchy import ordered_pairs

RECIPE = Recipe(epochs=12, batch=5, rate=5e-3)


def prepare(model, count: int, n: int = 5) -> tuple[list, list[Run]]:
    yes, no = answer_tokens(model.tokenizer)
    chosen = [row for row, (a, b) in enumerate(ordered_pairs(n)) if abs(a - b) == 1]
    asked, runs = [], []
    for index in range(count):
        drawn = sample("real", n, index // 2)
        one = tokenize(model.tokenizer, prompts(drawn, bool(index % 2)), model.longest_prompt)
        answers = tuple(yes if a < b else no for a, b in map(ordered_pairs(n).__getitem__, chosen))
        asked.append(one)
        runs.append(Run(("test", index), one.select(chosen), answers))
    return asked, runs


def gradients(network, runs: list[Run]) -> list[torch.Tensor]:
    with adapted(network, [run.key for run in runs], 4, 2.0) as layers:
        # Second matrices begin at 0, where the first ones have no gradient: move both a little.
        with torch.no_grad():
            for layer in layers:
                layer.up += 0.01 * layer.down.mean(2)[:, None, :]
        losses = run_losses(network, [run.prompts for run in runs], [run.answers for run in runs])
        losses.sum().backward()
        return [part.grad.clone() for layer in layers for part in (layer.down, layer.up)]


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_first_gradients_are_those_of_one_run_at_a_time(tiny_causal: dict, kind: str) -> None:
    for dtype, tolerance in (("float64", 1e-10), ("float32", 1e-4)):
        model = load(tiny_causal[kind, False], dtype, causal=True)
        _, runs = prepare(model, 5)
        together = gradients(model.network, runs)
        for index, run in enumerate(runs):
            for many, alone in zip(together, gradients(model.network, [run]), strict=True):
                assert alone.abs().max() > 0
                torch.testing.assert_close(many[index], alone[0], rtol=0, atol=tolerance)


def trained(model, asked: list, runs: list[Run], recipe: Recipe = RECIPE) -> tuple[np.ndarray, np.ndarray]:
    with adapted(model.network, [run.key for run in runs], 4, 2.0) as layers:
        losses = train(model.network, runs, recipe, [p for layer in layers for p in (layer.down, layer.up)])
        return losses, logit_differences(model.network, asked, answer_tokens(model.tokenizer), 1000)


def test_final_answers_do_not_depend_on_the_block(tiny_causal: dict) -> None:
    model = load(tiny_causal["llama", True], "float64", causal=True)
    asked, runs = prepare(model, 4)
    before = logit_differences(model.network, asked, answer_tokens(model.tokenizer), 1000)
    losses, together = trained(model, asked, runs)
    assert np.abs(together - before).max() > 0.5, "training must move the answers"
    for index in range(4):
        loss, alone = trained(model, asked[index : index + 1], runs[index : index + 1])
        np.testing.assert_allclose(together[index], alone[0], rtol=0, atol=1e-8)
        np.testing.assert_allclose(losses[index], loss[0], atol=1e-8)
    np.testing.assert_array_equal(
        logit_differences(model.network, asked, answer_tokens(model.tokenizer), 1000), before
    )


def test_agrees_with_peft(tiny_causal: dict) -> None:
    """The same first matrices, one step of plain gradient descent: the answers of the reference code."""
    import peft

    from memgen.engine.per_run import TARGETS

    model = load(tiny_causal["llama", False], "float64", causal=True)
    asked, runs = prepare(model, 2)
    expected = []
    for run, one in zip(runs, asked, strict=True):
        fresh = load(tiny_causal["llama", False], "float64", causal=True)
        config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=list(TARGETS), lora_dropout=0.0)
        network = peft.get_peft_model(fresh.network, config, autocast_adapter_dtype=False)
        with adapted(model.network, [run.key], 4, 2.0) as layers:
            firsts = [layer.down[0].detach().clone() for layer in layers]
        downs = [p for name, p in network.named_parameters() if "lora_A" in name]
        for parameter, value in zip(downs, firsts, strict=True):
            assert parameter.shape == value.shape
            parameter.data.copy_(value)
        optimizer = torch.optim.AdamW(
            [p for p in network.parameters() if p.requires_grad], 0.01, weight_decay=0
        )
        for _ in range(2):
            optimizer.zero_grad()
            logits = torch.stack(
                [
                    network(input_ids=torch.tensor([run.prompts.prefix + query])).logits[0, -1]
                    for query in run.prompts.queries
                ]
            )
            torch.nn.functional.cross_entropy(logits, torch.tensor(run.answers)).backward()
            optimizer.step()
        expected.append(logit_differences(fresh.network, [one], answer_tokens(model.tokenizer), 100)[0])
    _, found = trained(model, asked, runs, Recipe(epochs=2, batch=100, rate=0.01))
    np.testing.assert_allclose(found, np.stack(expected), rtol=0, atol=1e-8)


def test_one_diverging_run_leaves_the_others_alone(tiny_causal: dict, monkeypatch) -> None:
    model = load(tiny_causal["llama", False], "float64", causal=True)
    asked, runs = prepare(model, 3)
    _, expected = trained(model, asked, runs)
    from memgen.engine import training as training

    original = training.run_losses

    def broken(network, given, answers):
        found = original(network, given, answers)
        return found * torch.tensor([1.0, float("nan"), 1.0], dtype=found.dtype)

    monkeypatch.setattr(training, "run_losses", broken)
    found, answers = trained(model, asked, runs)
    assert np.isnan(found[1]) and np.isfinite(found[[0, 2]]).all()
    np.testing.assert_allclose(answers[[0, 2]], expected[[0, 2]], rtol=0, atol=1e-10)


def test_out_of_memory_halves_the_micro_batch_and_changes_nothing(
    tiny_causal: dict, monkeypatch, caplog
) -> None:
    model = load(tiny_causal["llama", False], "float64", causal=True)
    asked, runs = prepare(model, 2)
    _, expected = trained(model, asked, runs)
    from memgen.engine import training as training

    original = training.run_losses
    sizes = []

    def small(network, given, answers):
        if len(answers[0]) > 2:
            raise torch.cuda.OutOfMemoryError
        sizes.append(len(answers[0]))
        return original(network, given, answers)

    monkeypatch.setattr(training, "run_losses", small)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    _, found = trained(model, asked, runs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    assert max(sizes) == 2 and "micro-batch halved to 2" in caplog.text

    monkeypatch.setattr(training, "run_losses", lambda *_: (_ for _ in ()).throw(torch.cuda.OutOfMemoryError))
    with pytest.raises(BadInput, match="allowed: a smaller block"):
        trained(model, asked, runs)


def test_a_network_without_such_layers_is_refused(tiny_model) -> None:
    model = load(tiny_model)
    with (
        pytest.raises(BadInput, match="allowed: dense, key, query, value"),
        adapted(model.network, [("a",)], 4, 2.0),
    ):
        pass
