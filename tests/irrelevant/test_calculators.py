"""The calculators on the command line: one number each, and one line for what is wrong."""

import json

import pytest

from memgen import __main__ as cli
from memgen.errors import BadInput

CLUSTER = "cluster-error --samples 500 --dimension 1000 --rho 0.1739"
SYMBOL = "symbol-error --references 500 --samples 500 --dimension 200 --noise 0.1"


def ask(capsys: pytest.CaptureFixture[str], words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.run(["irrelevant", *words.split()])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_numbers_of_the_reference_settings(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(ask(capsys, f"{CLUSTER} --json"))
    assert list(found) == ["singleton_error", "irrelevant_bits"]
    assert round(1 - found["singleton_error"], 4) == 0.9896
    assert round(found["irrelevant_bits"]) == 413050  # (1 - rho) d of each sample
    assert round(json.loads(ask(capsys, f"{CLUSTER} --stored 700 --json"))["singleton_error"], 3) == 0.069
    assert round(json.loads(ask(capsys, f"{CLUSTER} --flip 0.1 --json"))["singleton_error"], 3) == 0.099
    found = json.loads(ask(capsys, f"{SYMBOL} --json"))
    assert list(found) == ["error"] and round(found["error"], 5) == 0.34940
    half = json.loads(ask(capsys, f"{SYMBOL} --stored-fraction 0.5 --json"))
    assert round(half["error"], 5) == 0.38687
    assert ask(capsys, SYMBOL).split() == ["error", f"{found['error']:.9g}"]


@pytest.mark.parametrize(
    "words",
    [
        f"{CLUSTER} --stored 700.5", f"{CLUSTER} --stored 1001", f"{CLUSTER} --stored -1",
        f"{CLUSTER} --flip 2", f"{CLUSTER} --flip nan", f"{CLUSTER} --flip x", f"{CLUSTER} --store 3",
        "cluster-error --samples 500 --dimension 1000",
        "cluster-error --samples 500 --dimension 1000 --rho 1",
        "cluster-error --samples 500 --dimension 1000 --rho -0.1",
        "cluster-error --samples 500.5 --dimension 1000 --rho 0.1",
        "cluster-error --samples 0 --dimension 1000 --rho 0.1",
        f"{SYMBOL} --stored-fraction 1.1", f"{SYMBOL} --stored-fraction nan",
        "symbol-error --references 500 --samples 500 --dimension 200 --noise 1.1",
        "symbol-error --references 500 --samples 500 --dimension 200.5 --noise 0.1",
        "symbol-error --references 2.5 --samples 500 --dimension 200 --noise 0.1",
    ],
)  # fmt: skip
def test_bad_input_is_one_line(words: str) -> None:
    with pytest.raises(BadInput) as caught:
        cli.run(["irrelevant", *words.split()])
    assert "\n" not in str(caught.value)
