"""The calculator on the command line: five numbers, learners, and one line for what is wrong."""

import json
from pathlib import Path

import pytest

from memgen import __main__ as cli
from memgen.errors import BadInput

FIVE = ["tau_1_n", "singleton_fraction", "optimal_error", "ignore_singletons_cost", "gamma_cost"]


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.run(["longtail", "error", *words])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_five_numbers_of_the_paper(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--prior",
        "zipf",
        "--domain",
        "50000",
        "--samples",
        "50000",
        "--labels",
        "10",
        "--memorization-limit",
        "0.5",
        "--json",
    ]
    found = json.loads(ask(capsys, *words))
    assert list(found) == FIVE
    assert [round(found[name], 4) for name in FIVE] == [0.4717, 0.1704, 0.1534, 0.0723, 0.0321]


def test_learners_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--prior",
        "uniform",
        "--domain",
        "30",
        "--samples",
        "20",
        "--learner",
        "exponential:1",
        "--learner",
        "ignore:2",
    ]
    found = json.loads(ask(capsys, *words, "--json"))
    assert set(found["learners"]) == {"exponential:1", "ignore:2"}
    assert found["learners"]["ignore:2"] > found["optimal_error"]
    text = ask(capsys, *words)
    assert len(text.splitlines()) == 7 and "exponential:1" in text


def test_own_frequencies(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\n".join(str(1 / rank) for rank in range(1, 101)))
    own = json.loads(ask(capsys, "--frequencies", str(path), "--samples", "80", "--json"))
    named = json.loads(ask(capsys, "--prior", "zipf", "--domain", "100", "--samples", "80", "--json"))
    assert own == pytest.approx(named, rel=1e-9)


def test_a_domain_of_one_point(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--prior", "zipf", "--domain", "1", "--samples", "5"]
    found = json.loads(ask(capsys, *words, "--json"))
    assert found["tau_1_n"] is None and found["optimal_error"] == 0
    assert ask(capsys, *words).splitlines()[0].split() == ["tau_1_n", "-"]


@pytest.mark.parametrize(
    "words",
    [
        "--prior zip --domain 5 --samples 5",
        "--prior zipf --samples 5",
        "--samples 5",
        "--prior zipf --domain 5 --samples 0",
        "--prior zipf --domain 0 --samples 5",
        "--prior zipf --domain 5 --samples 5 --labels 1",
        "--prior zipf --domain 5 --samples 5 --memorization-limit 0.95",
        "--prior zipf --domain 5 --samples 5 --memorization-limit -1",
        "--prior zipf --domain 5 --samples 5 --memorization-limit nan",
        "--prior zipf --domain 5 --samples 5 --learner best",
        "--prior zipf --domain x --samples 5",
        "--frequencies nowhere.txt --samples 5",
    ],
)
def test_bad_input_is_one_line(words: str) -> None:
    with pytest.raises(BadInput) as caught:
        cli.run(["longtail", "error", *words.split()])
    assert "\n" not in str(caught.value)
