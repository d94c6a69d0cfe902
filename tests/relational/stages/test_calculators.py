"""The calculator: what it prints, for people and as JSON, and how it refuses."""

import json

import numpy as np
import pytest

from memgen.__main__ import run
from memgen.errors import BadInput
from memgen.relational.kernels import Exchangeable, ordered_pairs


@pytest.fixture
def answer(memgen):
    """What a calculator prints."""
    return lambda words: memgen("relational", *words.split())[1]


def test_critical(answer):
    found = json.loads(answer("critical --n 9 --exception 5:3 --json"))
    assert found["alpha"] == pytest.approx(1 / 3, abs=1e-9) and found["gamma"] == pytest.approx(1, abs=1e-9)
    assert [line.split()[:5] for line in answer("critical --n 13 --exception 7:5").splitlines()[2:]] == [
        ["4", "v", "7", "boundary", "0.048442738"],
        ["5", "v", "8", "boundary", "0.048442738"],
        ["4", "v", "8", "cross", "0.104277900"],
    ]
    assert "no crossing" in answer("critical --n 7 --exception 4:2")
    assert "beyond" in answer("critical --n 9 --exception 5:3 --ridge 1")


def test_conjunctivity(answer, tmp_path):
    found = json.loads(answer("conjunctivity --kernel nngp --depth 2 --json"))
    assert found["conjunctivity"] == pytest.approx(0.147155, abs=5e-7)
    assert "0.333333333" in answer("conjunctivity --kappa-o 0.4 --kappa-d 0.1")
    pairs = ordered_pairs(4)
    matrix = Exchangeable.canonical(0.3).matrix(pairs, pairs)
    np.save(tmp_path / "kernel.npy", matrix)
    np.savetxt(tmp_path / "features.csv", np.linalg.cholesky(matrix), delimiter=",")
    for given in (f"--matrix {tmp_path}/kernel.npy", f"--features {tmp_path}/features.csv"):
        found = json.loads(answer(f"conjunctivity {given} --n 4 --json"))
        assert found["conjunctivity"] == pytest.approx(0.3) and found["distance"] < 1e-12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--kappa-o 0.1 --kappa-d 0.9", "gives a conjunctivity of 17, not 0 to 1; allowed: 0.9 to 0.95"),
        ("--kappa-o 0.1 --depth 3", "--depth: does not apply to --kappa-o"),
        ("--kernel ntk", "--depth is missing"),
        ("--matrix m.csv --rho 1", "m.csv: no such file"),
    ],
)
def test_similarities_and_flags_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(BadInput, match=message):
        run(["relational", "conjunctivity", *arguments.split()])


def test_a_matrix_that_is_none_is_refused(tmp_path):
    for name, content in (("text.csv", "a,b\n"), ("pickle.npy", "\x80\x04N.")):
        (tmp_path / name).write_text(content, encoding="latin-1")
        with pytest.raises(BadInput, match="cannot be read") as caught:
            run(["relational", "conjunctivity", "--matrix", str(tmp_path / name), "--n", "4"])
        assert "\n" not in str(caught.value)
