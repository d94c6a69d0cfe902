"""States of a training are saved: what is stopped anywhere and goes on ends with the same bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from memgen.engine import training
from memgen.engine.checkpoints import MINUTES, Keeper, Position
from tiny_models import finetuned

TABLES = ("out", "runs", "geometry")


class Stopped(Exception):
    """What a kill is in these tests: nothing is written after it."""


def run(folder: Path, model: Path, inputs: dict[str, Path], **changed: Any) -> dict[str, bytes]:
    """Two groups of three epochs of three steps."""
    finetuned(folder, model, inputs, **{"last_seed": 0, "dtype": "float32", "keep_minutes": 0, **changed})
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Stop the next training while this step is taken; the list given grows with every step."""
    original = training._step

    def arm(number: int) -> list[int]:
        taken: list[int] = []

        def step(*arguments: Any) -> Any:
            taken.append(len(taken))
            if len(taken) == number:
                raise Stopped
            return original(*arguments)

        monkeypatch.setattr(training, "_step", step)
        return taken

    return arm


@pytest.mark.parametrize(
    ("model", "options", "steps"),
    [
        ("llama", {"runs_per_pass": 2, "dtype": "bfloat16"}, 9),
        ("llama", {"layers": 1, "optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.1}, 18),
        ("qwen3", {"kind": "lora", "lora_rank": [2, 4], "runs_per_pass": 2, "micro_batch": 3}, 18),
        ("bert", {"order": "hierarchy"}, 18),
    ],
)
def test_a_stopped_training_goes_on_to_the_same_bytes(
    tmp_path, tiny_causal, tiny_model, inputs, stop_after, model, options, steps
):
    """Stopped within the first epoch, between two epochs, and in the last step: no step is taken twice."""
    folder = tiny_model if model == "bert" else tiny_causal[model, True]
    taken = stop_after(0)
    whole = run(tmp_path / "whole", folder, inputs, **options, keep_minutes=10)
    assert len(taken) == steps
    done = 0
    for until in (2, 4, steps):
        taken = stop_after(until - done)
        with pytest.raises(Stopped):
            run(tmp_path / "cut", folder, inputs, **options)
        done = until - 1
    taken = stop_after(0)
    assert run(tmp_path / "cut", folder, inputs, **options) == whole
    assert len(taken) == 1


def test_a_short_training_keeps_nothing(tmp_path, tiny_causal, inputs, stop_after):
    stop_after(8)
    with pytest.raises(Stopped):
        run(tmp_path, tiny_causal["llama", True], inputs, keep_minutes=MINUTES)
    assert not list((tmp_path / "finished").rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("fault", "stopped", "steps"),
    [("one bit", 5, 18), ("foreign", 5, 18), ("half written", 5, 18), ("finished group", 14, 9 + 5)],
)
def test_what_is_not_as_it_was_written_is_never_used(
    tmp_path, tiny_causal, inputs, stop_after, caplog, fault, stopped, steps
):
    folder = tiny_causal["llama", True]
    whole = run(tmp_path / "whole", folder, inputs)
    stop_after(stopped)
    with pytest.raises(Stopped):
        run(tmp_path / "cut", folder, inputs)
    assert not (tmp_path / "cut/out.parquet").exists()
    (path,) = (tmp_path / "cut/finished").rglob("*.safetensors")
    if fault == "one bit":
        content = bytearray(path.read_bytes())
        content[-9] ^= 1
        path.write_bytes(content)
    elif fault == "foreign":
        other = torch.nn.Parameter(torch.ones(3))
        keeper = Keeper(path.parent, "00000", 0)
        keeper.save_if_due(Position(2, 8, 4, [0.0], [False]), [other], torch.optim.SGD([other], 0.1))
        assert not path.exists(), "the last one alone is kept"
    elif fault == "half written":
        path.rename(path.with_name(".00000.partial"))
    else:
        (kept,) = (tmp_path / "cut/finished").glob("*/*.geometry.*.parquet")
        kept.write_bytes(kept.read_bytes()[:-9])
    taken = stop_after(0)
    assert run(tmp_path / "cut", folder, inputs) == whole
    assert len(taken) == steps, "the training of the group began anew"
    if fault in ("one bit", "foreign"):
        assert "is not used" in caplog.text


def test_other_arguments_find_no_state(tmp_path, tiny_causal, inputs, stop_after):
    stop_after(5)
    with pytest.raises(Stopped):
        run(tmp_path, tiny_causal["llama", True], inputs)
    taken = stop_after(0)
    run(tmp_path, tiny_causal["llama", True], inputs, rate=2e-3, left=1)
    assert len(taken) == 18


def test_a_full_disk_stops_no_training(tmp_path, caplog):
    weight = torch.nn.Parameter(torch.ones(1))
    keeper = Keeper(Path("/dev/full"), "a", 0)  # no folder can be made there
    keeper.save_if_due(Position(0, 0, 1, [0.0], [False]), [weight], torch.optim.SGD([weight], 0.1))
    assert "cannot be kept" in caplog.text
