"""The explorer: the real page, in a real browser, against the library; and how it behaves for people."""

import csv
import io
import json
import math
import os
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import browser
from checks import made_up
from memgen.errors import BadInput
from memgen.figures.explorer.explorer import explorer
from memgen.irrelevant.bounds import cluster_error, leaked_bits
from memgen.language.fits.least_squares import fit_gamma
from memgen.language.fits.tables import FIT
from memgen.longtail.bounds import limited_memorization_cost
from memgen.longtail.learners import Risk
from memgen.longtail.priors import frequencies
from memgen.longtail.spectrum import spectrum
from memgen.relational.behaviour import Pairs, behaviour
from memgen.relational.crossing import balance, critical
from memgen.relational.hierarchy import Hierarchy
from memgen.relational.ranks import dipole, gamma, memorization_weight, ranks, strengths
from repository import ROOT

PARTS = ROOT / "workflow/memgen/figures/explorer/page"
TOLERANCE = 1e-10
RELATIONAL, TAILS, LEAKS = (700, 150, 150) if os.environ.get("FULL") else (40, 30, 30)


def make(folder: Path, parts: list[Path], fits: Path) -> Path:
    """The page, of some parts and a table."""
    out = folder / "explorer.html"
    words = ["full=full finetuning"]
    explorer(template=PARTS / "index.html", parts=parts, fits=[fits], words=words, out=out)
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, with four fitted models, of which one lies at the edge and one has no gamma."""
    folder = tmp_path_factory.mktemp("a page")
    models = {
        "model": ["one</script>", "edge", "none", "two"], "source": ["study"] * 3 + ["published"],
        "gamma": [1.0, None, None, 0.5], "gamma_at_edge": [None, "low", None, None],
        "memorization_weight": [0.5, None, None, 1.25], "n": [9] * 4, "exceptions": ["5:3"] * 4,
        "hierarchy": ["exc_mid_n9"] * 4, "method": ["full"] * 4,
    }  # fmt: skip
    FIT.write(made_up(FIT, pl.DataFrame(models), np.random.default_rng(0)), folder / "fits.csv")
    return make(folder, [*sorted(PARTS.glob("*.js")), *PARTS.glob("*.css")], folder / "fits.csv")


def test_page_is_one_file_and_the_same_each_time(made: Path, tmp_path: Path) -> None:
    text = made.read_text(encoding="utf-8")
    outside = re.search(r'src=|https?:|@import|url\(|"model":"(edge|none)"|one</script>', text)
    assert outside is None and len(text) < 200_000
    assert '"model":"two"' in text and '"hierarchy":"9 items, 5 beats 3"' in text
    parts = [*PARTS.glob("*.css"), *sorted(PARTS.glob("*.js"), reverse=True)]
    with pytest.raises(BadInput, match=r"differ in answers\.js, bars\.js"):
        make(tmp_path, parts[:-2], made.with_name("fits.csv"))
    again = make(tmp_path, parts, made.with_name("fits.csv"))
    assert again.read_bytes() == made.read_bytes()


@pytest.fixture
def page(chromium: browser.Page, made: Path) -> Iterator[browser.Page]:
    """The page as a newcomer finds it, on a desktop; it must not complain."""
    chromium.size(1280, 900)
    chromium.scheme("light")
    chromium.complaints.clear()
    chromium.open(made.as_uri())
    yield chromium
    assert chromium.complaints == []


def close(found: Any, expected: Any, scale: float | None = None) -> None:
    """Equal to the tolerance, of the largest value or of a given one; None where None is expected."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    size = np.abs(expected).max(initial=0.0) if scale is None else scale
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * size + 1e-300)


ANSWERS = """(settings => settings.map(setting => {
  page.change(setting);
  const found = page.render();
  return {
    profile: [...found.profile], margin: [...found.margin], gamma: found.gamma, weight: found.weight,
    classes: found.classes, critical: found.critical, first: found.mistake,
    kinds: [...found.pairs.kind].map(kind => hierarchy.CLASSES[kind]),
    chain: [...found.mechanism.chain],
    dipoles: found.mechanism.dipoles.map(part => ({...part, column: [...part.column]})),
    tail: found.tail, groups: found.groups, leak: found.leak,
  };
}))"""


def answers(page: browser.Page, settings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the page shows for some settings, one whole update each."""
    found = []
    for start in range(0, len(settings), 50):
        found += page.value(f"{ANSWERS}({json.dumps(settings[start : start + 50])})")
    return found


def test_relational_numbers_are_the_librarys(page: browser.Page) -> None:
    draw = random.Random("explorer: relational")
    settings = []
    for _ in range(RELATIONAL):
        n = draw.randint(3, 31)
        pairs = [(winner, loser) for winner in range(n) for loser in range(winner - 1)]
        exceptions = draw.sample(pairs, min(len(pairs), draw.choice([0, 1, 1, 1, 2, 3, 5])))
        alpha = draw.choice([0.0, draw.uniform(0, 0.999), draw.uniform(0, 0.999)])
        ridge = draw.choice([0.0, 10 ** draw.uniform(-6, 3), 10 ** draw.uniform(-3, 0)])
        settings.append({"n": n, "exceptions": exceptions, "alpha": alpha, "ridge": ridge})
    for number, (setting, found) in enumerate(zip(settings, answers(page, settings), strict=True)):
        n, exceptions, alpha, ridge = setting.values()
        every, leak = Pairs.of(Hierarchy(n, exceptions)), float(gamma(alpha, ridge))
        weight = memorization_weight(alpha, ridge)
        profile = ranks(n, exceptions, alpha, ridge)
        margins = every.margins(profile, weight)
        alone = float(np.abs(dipole(n, 0, n - 1, leak)).max())
        size = max(1.0, alone)
        close(found["profile"], profile, alone)
        close([found["gamma"], found["weight"]], [leak, weight], max(1.0, leak))
        close(found["margin"], margins, size)
        assert found["kinds"] == every.classes.tolist()
        told = behaviour(every, profile, weight)
        assert set(told) == set(found["classes"])
        for name, part in told.items():
            shown = found["classes"][name]
            assert shown["pairs"] == part.pairs
            close([shown["margin"], shown["lowest"]], [part.margin, part.lowest_margin], size)
            # Of a margin that is 0 rounding decides.
            if np.abs(margins).min() > 1e-9:
                close(shown["accuracy"], part.accuracy, 1.0)
        close(found["chain"], dipole(n, 0, n - 1, leak))
        forces = strengths(n, exceptions, leak)
        for part, (winner, loser), force in zip(found["dipoles"], exceptions, forces, strict=True):
            close(part["column"], dipole(n, winner, loser, leak))
            close(part["strength"], force, 1.0)
        if number % 5 == 0:
            if len(exceptions) == 1:
                earliest = balance(n, *exceptions[0]).gamma
                close(found["first"] and found["first"]["gamma"], earliest, max(earliest or 0, 1.0))
            for part, other in zip(found["critical"], critical(n, exceptions), strict=True):
                assert (part["first"], part["last"]) == (other.first, other.last)
                close([part["gamma"], part["alpha"]], [other.gamma, other.alpha], max(other.gamma or 0, 1.0))


def test_long_tail_numbers_are_the_librarys(page: browser.Page) -> None:
    draw = random.Random("explorer: long tail")
    settings = []
    for _ in range(TAILS):
        ends = {"zipf": (0, 3), "uniform": (0, 0), "geometric": (0.3, 0.9999), "lognormal": (0, 5)}
        prior, labels = draw.choice(list(ends)), draw.randint(2, 1000)
        settings.append(
            {"prior": prior, "parameter": draw.uniform(*ends[prior]), "labels": labels,
             "domain": round(10 ** draw.uniform(0.5, 4)), "samples": round(10 ** draw.uniform(0, 7)),
             "limit": draw.uniform(0, 1 - 1 / labels), "minority": draw.uniform(0.01, 0.5)}
        )  # fmt: skip
    for setting, found in zip(settings, answers(page, settings), strict=True):
        parameter = "" if setting["prior"] == "uniform" else f":{setting['parameter']!r}"
        name = f"{setting['prior']}{parameter}"
        domain, labels = frequencies(name, setting["domain"]), setting["labels"]
        risk = Risk(domain, setting["samples"], labels)
        once, guess = risk.singletons(), 1 - 1 / labels
        cost = limited_memorization_cost(risk, setting["limit"])
        expected = {
            "tau_1_n": float(once.tau[0]) * setting["samples"] if np.isfinite(once.log_points[0]) else None,
            "singleton_fraction": float(once.points[0]) / setting["samples"],
            "optimal_error": risk.optimum,
            "ignore_singletons_cost": guess * float(once.mass[0]),
            "gamma_cost": cost,
        }
        for key, value in expected.items():
            close(found["tail"][key], value)
        close(sum(found["tail"]["bands"]), cost)
        weights = (1 - setting["minority"], setting["minority"])
        for group, weight in zip(found["groups"], weights, strict=True):
            shrunk = replace(domain, log_frequency=domain.log_frequency + math.log(weight))
            unseen, seen = spectrum(shrunk, setting["samples"], [0, 1]).mass / weight
            close(group["optimal_error"], guess * unseen)
            close(group["gamma_cost"], (guess - setting["limit"]) * seen)


def test_leak_numbers_are_the_librarys(page: browser.Page) -> None:
    draw = random.Random("explorer: leak")
    settings = []
    for _ in range(LEAKS):
        dimension = round(10 ** draw.uniform(0, 3.7))
        settings.append(
            {"sample": round(10 ** draw.uniform(0, 8)), "dimension": dimension,
             "rho": draw.choice([0.0, draw.uniform(0, 0.99)]),
             "stored": draw.choice([0, dimension, draw.randint(0, dimension)]),
             "flip": draw.choice([0.0, draw.uniform(0, 0.5)])}
        )  # fmt: skip
    for setting, found in zip(settings, answers(page, settings), strict=True):
        sample, dimension, rho, stored, flip = setting.values()
        close(found["leak"]["singleton_error"], cluster_error(sample, dimension, rho, stored, flip))
        bits = leaked_bits(flip, sample, stored, rho)
        # 1 less the entropy of a bit that is flipped nearly half the time is a small difference.
        close(found["leak"]["irrelevant_bits"], bits, float(sample * stored))


@pytest.mark.parametrize("table", ["ranks", "margins", "mechanism", "phase", "critical", "tail", "leak"])
def test_the_command_prints_what_the_table_holds(page: browser.Page, table: str, memgen: Any) -> None:
    page.value(
        f"page.change({{table: '{table}', exceptions: [[5, 3], [8, 6]], alpha: 0.3, ridge: 0.05}}),"
        "page.render(), page.rest()"
    )
    words = page.value("document.getElementById('command').value").split()
    rows = list(csv.DictReader(io.StringIO(page.value("document.getElementById('csv').value"))))
    assert words[0] == "memgen" and rows
    answer = json.loads(memgen(*words[1:], "--json")[1])
    if table == "ranks":
        shown = [{"rank": value} for value in answer["ranks"]]
    elif table in ("tail", "leak"):
        shown = [{"quantity": name, "value": value} for name, value in answer.items()]
    elif table == "phase":
        shown = [{"pair_class": name, **part} for name, part in answer[0]["classes"].items()]
    else:
        shown = answer[{"margins": "pairs", "mechanism": "parts", "critical": "components"}[table]]
    for row, part in zip(rows, shown, strict=True):
        for name, text in row.items():
            value = part.get(name)
            if isinstance(value, (int, float)):
                assert float(text) == pytest.approx(value, rel=1e-9, abs=1e-12)
            elif name in part:
                assert text == (value or "")


def test_a_link_brings_the_state_back(page: browser.Page, made: Path) -> None:
    page.value(
        "page.change({n: 21, exceptions: [[7, 3], [15, 12]], alpha: 0.123, ridge: 0.5, show: 'within', "
        "prior: 'geometric', domain: 700, table: 'leak', dimension: 50, stored: 20})"
    )
    page.settle()
    before, address = page.value("JSON.stringify(page.chosen())"), page.value("location.href")
    assert "#" in address
    page.open(address)
    assert page.value("JSON.stringify(page.chosen())") == before
    page.open(made.as_uri())
    page.settle()  # its own address is written
    assert page.value("JSON.stringify(page.chosen())") != before
    page.value(f"location.hash = {json.dumps(address.partition('#')[2])}")
    page.wait(f"JSON.stringify(page.chosen()) === {json.dumps(before)}")


def test_a_broken_link_opens_something_that_holds(page: browser.Page, made: Path) -> None:
    page.open(
        f"{made.as_uri()}#n=1e9&exceptions=5:3,5:3,99:1,4:4&limit=7&labels=1&alpha=NaN&ridge=-1&prior=x&%&="
    )
    all_of = "(all => [...all.profile, all.leak.singleton_error])(page.render())"
    assert all(map(math.isfinite, page.value(all_of)))


def box(page: browser.Page, name: str) -> list[float]:
    """Left, top, width and height of an element in the middle of the window."""
    page.value(f"document.getElementById('{name}').scrollIntoView({{block: 'center'}})")
    page.settle()
    sides = "(box => [box.left, box.top, box.width, box.height])"
    return list(page.value(f"{sides}(document.getElementById('{name}').getBoundingClientRect())"))


def test_pairs_become_exceptions_by_click_and_by_key(page: browser.Page) -> None:
    page.value("page.change({n: 9, exceptions: []})")
    left, top, *_ = box(page, "matrix")
    x, y = page.value(
        "(() => { for (let x = 0; ; x += 3) for (let y = 0; y < 900; y += 3) {"
        " const cell = matrix.cellAt(x, y); if (cell && cell[0] === 2 && cell[1] === 6) return [x, y]; } })()"
    )
    x, y = left + x + 4, top + y + 4
    page.click(x, y)
    page.wait("state.label(page.chosen().exceptions) === '6:2'")
    page.click(x, y)
    page.wait("page.chosen().exceptions.length === 0")
    page.press("ArrowRight")
    page.press("Enter")
    page.wait("state.label(page.chosen().exceptions) === '7:2'")
    page.value("page.change({n: 5})")
    page.wait("page.chosen().exceptions.length === 0")
    page.value("page.change({n: 9})")
    page.wait("state.label(page.chosen().exceptions) === '7:2'")


def test_fields_refuse_what_is_no_number_of_theirs(page: browser.Page) -> None:
    for text, value in [("9.5", 9), ("2", 9), ("", 9), ("15", 15), ("32", 15)]:
        page.value(
            "(() => { const field = document.querySelector('input[type=number][data-field=n]');"
            f" field.value = {json.dumps(text)}; field.dispatchEvent(new Event('input')); }})()"
        )
        assert page.value("page.chosen().n") == value, text


def test_the_phase_diagram_is_dragged(page: browser.Page) -> None:
    left, top, wide, high = box(page, "phase")
    page.mouse("mousePressed", left + wide * 0.5, top + high * 0.5)
    page.mouse("mouseMoved", left + wide * 0.8, top + high * 0.2)
    page.mouse("mouseReleased", left + wide * 0.8, top + high * 0.2)
    assert page.value("page.chosen().alpha") > 0.6 and page.value("page.chosen().ridge") > 0.3
    page.press("ArrowLeft")
    page.press("ArrowDown")
    assert page.value("page.chosen().ridge") > 0.2


def test_fitted_models_can_be_gone_to(page: browser.Page) -> None:
    assert page.value("page.fits.map(fit => fit.model)") == ["one</script>", "two"]
    page.value("page.goTo(page.fits[0])")
    alpha, ridge = page.value("[page.chosen().alpha, page.chosen().ridge]")
    assert (gamma(alpha, ridge), memorization_weight(alpha, ridge)) == pytest.approx((1.0, 0.5))
    page.value("page.goTo(page.fits[1])")
    alpha, ridge = page.value("[page.chosen().alpha, page.chosen().ridge]")
    assert ridge == 0 and gamma(alpha) == pytest.approx(0.5)
    assert "above 1" in page.value("document.getElementById('fit-told').textContent")


def bring(page: browser.Page, text: str) -> None:
    """Choose a file of answers, as a reader does."""
    page.value(
        "(() => { const files = new DataTransfer(), input = document.getElementById('answers');"
        f" files.items.add(new File([{json.dumps(text)}], 'mine.csv')); input.files = files.files;"
        " input.dispatchEvent(new Event('change')); })()"
    )
    page.wait("document.getElementById('answers-told').textContent.startsWith('mine.csv')")
    page.settle()


@pytest.mark.parametrize(
    ("kind", "truth", "noise"), [("margin", 0.7, 0), ("margin", 12.0, 0.3), ("share", 0.5, 0.05)]
)
def test_a_readers_answers_are_fitted_as_the_library_fits(
    page: browser.Page, kind: str, truth: float, noise: float
) -> None:
    one, draw = Hierarchy(9, [(5, 3)]), np.random.default_rng(7)
    every = Pairs.of(one)
    untrained = ~every.trained
    scale, middle = (0.2, 0.5) if kind == "share" else (3.0, 0.0)
    margin = scale * every.margins(ranks(9, [(5, 3)], truth / (2 + truth)), 1.0)
    margin += noise * draw.standard_normal(len(margin))
    # Each pair in one direction, with its columns in an order of the reader's.
    turned = draw.random(len(margin)) < 0.5
    rows = [
        f"{middle - value},x,{lower},{higher}" if turn else f"{middle + value},x,{higher},{lower}"
        for higher, lower, value, turn in zip(every.higher, every.lower, margin, turned, strict=True)
    ]
    page.value("page.change({n: 9, exceptions: [[5, 3]]})")
    bring(page, "\n".join([f'{kind},"who",first,second', *rows, ""]))
    found = page.value("(found => ({...found, curve: null}))(page.render().answered)")
    expected = fit_gamma(one, every.higher[untrained], every.lower[untrained], margin[untrained])
    numbers = [found["gamma"], found["scale"], found["r"]]
    assert numbers == pytest.approx([expected.gamma, expected.scale, expected.correlation], rel=1e-6)
    if not noise:
        assert numbers[:2] == pytest.approx([truth, scale], rel=1e-6)
        assert found["mistakes"] == found["expected"] == ["2 v 5", "3 v 6"]
    assert page.value("location.href").count("answer") == 0
    page.value("document.getElementById('reset').click()")
    page.wait("!page.render().answered")


def test_a_bad_file_of_answers_is_told_in_one_line(page: browser.Page) -> None:
    header = "first,second,margin\n"
    for rows, told in (
        ("winner,loser,margin\n0,2,1", "row 1: the header lacks first, second, and margin or share"),
        (f"{header}0,2,1\n\n0,9,1", "row 4: first and second must be items, 0 to 8"),
        (f"{header}0,2,often", "row 2: margin must be a number"),
        (f"{header}0,1,1\n0,2,1", "a fit needs 3 untrained pairs of this hierarchy; found: 1"),
        (f"{header}0,2,0\n0,3,0\n0,4,0", "the theory explains nothing of these answers"),
    ):
        bring(page, rows)
        assert page.value("document.getElementById('answers-told').textContent") == f"mine.csv: {told}"
        page.value("document.getElementById('reset').click()")
        page.wait("document.getElementById('answers-told').textContent.startsWith('Your answers')")


@pytest.mark.full
@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_every_width_in_light_and_dark(page: browser.Page, made: Path, width: int, scheme: str) -> None:
    page.size(width, 800, mobile=width < 500)
    page.scheme(scheme)
    page.open(f"{made.as_uri()}#n=31")
    page.settle()
    assert page.value("document.documentElement.scrollWidth") <= width
    page.value("dispatchEvent(new Event('beforeprint'))")
    page.settle()
    assert page.value(
        "[...document.querySelectorAll('canvas')].every(canvas => canvas.width > 200 && "
        "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value))"
    )
    paper = page.value("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_every_control_is_reached_by_keyboard_and_has_a_name(page: browser.Page) -> None:
    wanted = page.value(
        "document.querySelectorAll('button, select:not(:disabled), input:not(:disabled), textarea, summary, "
        "[tabindex]').length"
    )
    seen = set()
    page.value("document.body.focus()")
    for _ in range(wanted):
        page.press("Tab")
        seen.add(page.value("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(seen) == wanted
    nameless = page.value(
        "[...document.querySelectorAll('select, input, textarea, canvas')].filter(node => "
        "!node.labels?.length && !node.hasAttribute('aria-label') && "
        "!node.hasAttribute('aria-labelledby')).length"
    )
    assert nameless == 0
