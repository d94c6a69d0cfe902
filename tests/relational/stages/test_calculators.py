"""The calculator: what it prints, for people and as JSON, and how it refuses."""

import json

import numpy as np
import pytest

from memgen.__main__ import run
from memgen.errors import BadInput
from memgen.relational.behaviour import phase
from memgen.relational.kernels import Exchangeable, ordered_pairs
from memgen.relational.ranks import ranks


def answer(capsys, *arguments):
    try:
        run(["relational", *map(str, arguments)])
    except SystemExit as done:
        assert not done.code
    return capsys.readouterr().out


def test_margins_and_memorization(capsys):
    task = ("--n", 9, "--exception", "5:3", "--alpha", 0.25, "--ridge", 0.01)
    found = json.loads(answer(capsys, "margins", *task, "--json"))
    assert found["memorization_weight"] == pytest.approx(0.25 / 0.26) and len(found["pairs"]) == 36
    by_pair = {(pair["higher"], pair["lower"]): pair for pair in found["pairs"]}
    profile = ranks(9, [(5, 3)], 0.25, 0.01)
    cross, loop = by_pair[2, 6], by_pair[3, 4]
    assert cross["pair_class"] == "cross" and cross["margin"] == pytest.approx(profile[2] - profile[6])
    assert loop["pair_class"] == "train" and loop["trained"] and loop["truth"] == 1
    assert by_pair[3, 5]["truth"] == -1 and by_pair[3, 5]["margin"] < 0
    assert len(answer(capsys, "margins", *task).splitlines()) == 38

    scores = json.loads(answer(capsys, "memorization", *task, "--json"))
    assert [(row["winner"], row["loser"]) for row in scores] == [*((r, r + 1) for r in range(8)), (5, 3)]
    for row in scores:
        assert row["score"] == pytest.approx(row["margin"] - row["left_out_margin"])
        sign = 1 if row["winner"] < row["loser"] else -1
        pair = by_pair[min(row["winner"], row["loser"]), max(row["winner"], row["loser"])]
        assert row["margin"] == pytest.approx(sign * pair["margin"])
    plain = ranks(9, [], 0.25, 0.01)
    assert scores[-1]["left_out_margin"] == pytest.approx(plain[5] - plain[3])
    assert len(answer(capsys, "memorization", *task).splitlines()) == 11


def test_critical(capsys):
    found = json.loads(answer(capsys, "critical", "--n", 9, "--exception", "5:3", "--json"))
    assert found["alpha"] == pytest.approx(1 / 3, abs=1e-9) and found["gamma"] == pytest.approx(1, abs=1e-9)
    none = json.loads(answer(capsys, "critical", "--n", 7, "--exception", "4:2", "--json"))
    assert none["alpha"] is None and none["gamma"] is None
    assert "cross     0.546927" in answer(capsys, "critical", "--n", 9, "--exception", "4:2")
    printed = answer(capsys, "critical", "--n", 13, "--exception", "7:5").splitlines()
    assert [line.split()[:5] for line in printed[2:]] == [
        ["4", "v", "7", "boundary", "0.048442738"],
        ["5", "v", "8", "boundary", "0.048442738"],
        ["4", "v", "8", "cross", "0.104277900"],
    ]
    assert "no crossing" in answer(capsys, "critical", "--n", 7, "--exception", "4:2")
    assert "no crossing" in answer(capsys, "critical", "--n", 7)
    assert "beyond" in answer(capsys, "critical", "--n", 9, "--exception", "5:3", "--ridge", 1)


def test_conjunctivity(capsys, tmp_path):
    found = json.loads(answer(capsys, "conjunctivity", "--kernel", "nngp", "--depth", 2, "--json"))
    assert found["conjunctivity"] == pytest.approx(0.147155, abs=5e-7)
    assert "0.333333333" in answer(capsys, "conjunctivity", "--kappa-o", 0.4, "--kappa-d", 0.1)
    pairs = ordered_pairs(4)
    matrix = Exchangeable.canonical(0.3).matrix(pairs, pairs)
    np.save(tmp_path / "kernel.npy", matrix)
    np.savetxt(tmp_path / "features.csv", np.linalg.cholesky(matrix), delimiter=",")
    for flag, name in (("--matrix", "kernel.npy"), ("--features", "features.csv")):
        found = json.loads(answer(capsys, "conjunctivity", flag, tmp_path / name, "--n", 4, "--json"))
        assert found["conjunctivity"] == pytest.approx(0.3) and found["distance"] < 1e-12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--kappa-o 0.1 --kappa-d 0.9", "gives a conjunctivity of 17, not 0 to 1; allowed: 0.9 to 0.95"),
        ("--kappa-o 0.1 --depth 3", "--depth: does not apply to --kappa-o"),
        ("--kernel ntk --depth 3 --n 9", "--n: does not apply to --kernel"),
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


def test_phase(capsys):
    arguments = ("phase", "--n", 9, "--exception", "6:3", "--alpha", 0.2, 0.5, "--ridge", 0, 0.1)
    found = json.loads(answer(capsys, *arguments, "--json"))
    assert [(point["alpha"], point["ridge"]) for point in found] == [
        (0.2, 0),
        (0.2, 0.1),
        (0.5, 0),
        (0.5, 0.1),
    ]
    expected = phase(9, [(6, 3)], 0.5, 0.1)
    for name, part in found[-1]["classes"].items():
        assert part["margin"] == pytest.approx(float(expected[name].margin))
    assert found[0]["classes"]["loop"]["accuracy"] is None
    text = answer(capsys, *arguments)
    assert "gamma 2.4" in text and "no right answer" in text
