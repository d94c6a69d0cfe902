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


def test_ranks(capsys):
    arguments = ("ranks", "--n", 9, "--exception", "5:3", "--alpha", 0.25, "--ridge", 0.01)
    found = json.loads(answer(capsys, *arguments, "--json"))
    assert list(found) == ["ranks", "gamma", "memorization_weight"]
    np.testing.assert_array_equal(found["ranks"], ranks(9, [(5, 3)], 0.25, 0.01))
    assert found["gamma"] == pytest.approx(2 * 0.26 / 0.75)
    assert found["memorization_weight"] == pytest.approx(0.25 / 0.26)
    text = answer(capsys, *arguments).splitlines()
    assert len(text) == 10 and text[0].startswith("gamma 0.693333333")


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
    assert len(answer(capsys, "margins", *task).splitlines()) == 37

    scores = json.loads(answer(capsys, "memorization", *task, "--json"))
    assert [(row["winner"], row["loser"]) for row in scores] == [*((r, r + 1) for r in range(8)), (5, 3)]
    for row in scores:
        assert row["score"] == pytest.approx(row["margin"] - row["left_out_margin"])
        sign = 1 if row["winner"] < row["loser"] else -1
        pair = by_pair[min(row["winner"], row["loser"]), max(row["winner"], row["loser"])]
        assert row["margin"] == pytest.approx(sign * pair["margin"])
    plain = ranks(9, [], 0.25, 0.01)
    assert scores[-1]["left_out_margin"] == pytest.approx(plain[5] - plain[3])
    assert len(answer(capsys, "memorization", *task).splitlines()) == 10


def test_mechanism_adds_up_to_the_ranks(capsys):
    task = ("--n", 11, "--exception", "5:3", "--exception", "9:7", "--alpha", 0.25)
    parts = json.loads(answer(capsys, "mechanism", *task, "--json"))["parts"]
    sums = [sum(p["value"] for p in parts if p["item"] == i and p["part"] != "ranks") for i in range(11)]
    np.testing.assert_allclose(sums, ranks(11, [(5, 3), (9, 7)], 0.25), atol=1e-12)
    assert {p["part"] for p in parts} == {"chain", "5:3", "9:7", "ranks"}
    assert "5:3 has strength" in answer(capsys, "mechanism", *task)


@pytest.mark.parametrize("name", ["margins", "memorization", "mechanism"])
def test_the_new_calculators_refuse_in_one_line(name):
    for task in (["--n", "2"], ["--n", "9", "--exception", "3:5"], ["--n", "9", "--exception", "x"]):
        with pytest.raises(BadInput):
            run(["relational", name, *task, "--alpha", "0.5"])
    with pytest.raises(BadInput):
        run(["relational", name, "--n", "9", "--alpha", "-0.5"])
    if name != "mechanism":
        with pytest.raises(BadInput, match="at most 1000"):
            run(["relational", name, "--n", "1000000000", "--alpha", "0.5"])


def test_repeated_exceptions(capsys):
    found = json.loads(
        answer(
            capsys, "ranks", "--n", 12, "--exception", "5:3", "--exception", "9:7", "--alpha", 0.5, "--json"
        )
    )
    np.testing.assert_array_equal(found["ranks"], ranks(12, [(5, 3), (9, 7)], 0.5, 0.0))


def test_critical(capsys):
    found = json.loads(answer(capsys, "critical", "--n", 9, "--exception", "5:3", "--json"))
    assert found["alpha"] == pytest.approx(1 / 3, abs=1e-9) and found["gamma"] == pytest.approx(1, abs=1e-9)
    none = json.loads(answer(capsys, "critical", "--n", 7, "--exception", "4:2", "--json"))
    assert none["alpha"] is None and none["gamma"] is None
    assert "alpha 0.546927" in answer(capsys, "critical", "--n", 9, "--exception", "4:2")
    assert "no crossing" in answer(capsys, "critical", "--n", 7, "--exception", "4:2")
    assert "no crossing" in answer(capsys, "critical", "--n", 7)
    assert "beyond" in answer(capsys, "critical", "--n", 9, "--exception", "5:3", "--ridge", 1)


def test_the_component_that_errs_first_leads(capsys):
    flags = ("--exception", "22:20", "--exception", "6:4")
    found = json.loads(answer(capsys, "critical", "--n", 40, *flags, "--json"))
    crossings = [part["gamma"] for part in found["components"] if part["gamma"] is not None]
    assert found["gamma"] == min(crossings) and len(found["components"]) == 2


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
        (["ranks", "--n", "9", "--alpha", "1"], "--alpha: 1.0"),
        (["ranks", "--n", "9", "--alpha", "-0.1", "--ridge", "1"], "--alpha: -0.1"),
        (["ranks", "--n", "9", "--alpha", "nan"], "--alpha: nan"),
        (["ranks", "--n", "2", "--alpha", "0.1"], "--n: 2"),
        (["ranks", "--n", "9", "--exception", "9:3", "--alpha", "0.1"], "exception 9:3"),
        (["ranks", "--n", "9", "--exception", "5-3", "--alpha", "0.1"], "WINNER:LOSER"),
        (["critical", "--n", "9", "--ridge", "-1"], "ridge"),
        (["conjunctivity"], "exactly one"),
        (["conjunctivity", "--kernel", "ntk"], "--depth"),
        (["conjunctivity", "--kernel", "ntk", "--depth", "11"], "--depth: 11"),
        (["conjunctivity", "--matrix", "nowhere.npy", "--n", "4"], "nowhere.npy: no such file"),
        (["conjunctivity", "--kappa-o", "0.5", "--kappa-d", "1"], "--kappa-d"),
    ],
)
def test_bad_input_gives_one_line(arguments, message):
    with pytest.raises(BadInput) as caught:
        run(["relational", *arguments])
    assert message in str(caught.value) and "\n" not in str(caught.value)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["phase", "--n", "9", "--alpha", "1"], "--alpha: 1.0"),
        (["phase", "--n", "9", "--alpha", "-0.1", "--ridge", "1"], "--alpha: -0.1"),
        (["phase", "--n", "1001", "--alpha", "0.1"], "--n: 1001"),
    ],
)
def test_bad_input_to_phase_gives_one_line(arguments, message):
    with pytest.raises(BadInput) as caught:
        run(["relational", *arguments])
    assert message in str(caught.value) and "\n" not in str(caught.value)
