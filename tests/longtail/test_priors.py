"""Frequencies against 50 digits, and what is refused."""

import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.longtail.reference import PRIORS, precise_list

from memgen.errors import BadInput
from memgen.longtail.priors import domains, frequencies, from_file, from_values


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("domain", [1, 2, 57])
def test_frequencies_are_those_of_the_prior(prior: str, domain: int) -> None:
    with mpmath.workdps(50):
        expected = [mpmath.log(value) for value in precise_list(prior, domain)]
    drawn = frequencies(prior, domain)
    found = np.repeat(drawn.log_frequency, drawn.points)
    assert drawn.domain == domain and drawn.name == prior
    assert np.allclose(found, np.array([float(value) for value in expected]), rtol=0, atol=1e-12)


def test_equal_frequencies_are_kept_once() -> None:
    assert len(frequencies("uniform", 10**7).log_frequency) == 1
    drawn = from_values("words", [3, 1, 3, 1, 1])
    assert drawn.points.tolist() == [2, 3]
    assert np.allclose(drawn.expanded(), [3 / 9, 3 / 9, 1 / 9, 1 / 9, 1 / 9])


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60))
@example([1000000.0, 999999.9999999999])
def test_weights_of_a_list_add_up(values: list[float]) -> None:
    drawn = from_values("list", values)
    assert drawn.expanded().sum() == pytest.approx(1, abs=1e-12)
    assert np.all(np.diff(drawn.log_frequency) < 0)
    middle = float(np.median(drawn.expanded()))
    below = drawn.weight(0, math.nextafter(middle, 0))
    assert below + drawn.weight(middle, 1) == pytest.approx(1, abs=1e-12)


def test_file_of_frequencies(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# counts\n10\n2.5\n1e1\n")
    drawn = from_file(path)
    assert drawn.name == "words" and drawn.domain == 3
    assert np.allclose(drawn.expanded(), np.array([10, 10, 2.5]) / 22.5)
    assert [part.name for part in domains(["zipf"], [path], 5)] == ["zipf", "words"]
    with pytest.raises(BadInput, match="twice"):
        domains(["zipf", "zipf"], [path], 5)


@pytest.mark.parametrize("text", ["", "1\n0\n", "1\nx\n", "1\nnan\n", "1,2\n3,4\n"])
def test_bad_files_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        from_file(path)
    assert "\n" not in str(caught.value) and "bad" in str(caught.value)


def test_bad_priors_and_domains_are_refused() -> None:
    for domain in (0, 10**9):
        with pytest.raises(BadInput, match="domain"):
            frequencies("zipf", domain)
    for prior in ("zipf:-1", "zipf:x", "geometric:1", "lognormal:nan"):
        with pytest.raises(BadInput, match=f"prior '{prior}': .* allowed: "):
            frequencies(prior, 5)
