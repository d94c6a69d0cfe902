"""How smoothly the explorer follows a drag at n = 31, its largest: frames a second and time of one update.

Writes bench/results/explorer.csv. The real page, in a headless Chromium at 1280 by 900: for two seconds each,
every frame moves the slider of conjunctivity, drags the point of the phase diagram, or adds and removes an
exception, as a reader would. Frames cannot come faster than the browser asks for them, 60 a second. Where
other work keeps the machine busy, frames tell of that; the processor time of the browser, which draws all
of it in software here, tells what a frame needs: below 16.7 ms, one free core shows 60 a second.
"""

import itertools
import sys
import tempfile
from pathlib import Path

import polars as pl
import psutil

from report import ROOT, save

sys.path.insert(0, str(ROOT / "tests/support"))

import browser
from memgen.figures.explorer.explorer import explorer

PAGE = ROOT / "workflow/memgen/figures/explorer/page"
FITS = ROOT / "results/language/fit.csv"
FRAMES = 120
EXCEPTIONS = "[[5, 3], [12, 9], [20, 17], [27, 22]]"
SLIDER = (
    "(() => { const slider = document.querySelector('input[type=range][data-field=alpha]');"
    " slider.value = 0.9 * (frame % 60) / 60; slider.dispatchEvent(new Event('input')); })()"
)
ACTS = {
    "slider of conjunctivity": SLIDER,
    "phase diagram": "page.change({alpha: 0.9 * (frame % 60) / 60, ridge: 10 ** (-3 + (frame % 40) / 10)})",
    "exceptions": f"page.change({{exceptions: frame % 2 ? {EXCEPTIONS} : {EXCEPTIONS}.slice(1)}})",
}
FRAME_TIMES = """new Promise(done => {{
  const times = [];
  let frame = 0;
  const step = now => {{
    times.push(now);
    if (frame === {frames}) return done(times);
    {act};
    frame += 1;
    requestAnimationFrame(step);
  }};
  requestAnimationFrame(step);
}})"""
COSTS = """(() => {{
  const costs = [];
  for (let frame = 0; frame < {frames}; frame++) {{
    {act};
    const start = performance.now();
    page.render();
    costs.push(performance.now() - start);
  }}
  return costs;
}})()"""


def processor_seconds() -> float:
    """Processor time of the browser so far: of all processes that descend from this one."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(time.user + time.system for time in times)


def main() -> None:
    """Measure and write the table."""
    found = browser.found()
    if found is None:
        sys.exit(f"bench/explorer.py: {browser.MISSING}")
    if not FITS.is_file():
        sys.exit(f"bench/explorer.py: {FITS.relative_to(ROOT)}: no such file; make it with make study")
    rows = []
    with tempfile.TemporaryDirectory() as folder, browser.page(found) as page:
        made = Path(folder) / "explorer.html"
        parts = [*sorted(PAGE.glob("*.js")), *sorted(PAGE.glob("*.css"))]
        explorer(template=PAGE / "index.html", parts=parts, fits=[FITS], out=made)
        page.size(1280, 900)
        page.open(made.as_uri())
        for name, act in ACTS.items():
            page.value(f"page.change({{n: 31, exceptions: {EXCEPTIONS}}})")
            page.settle()
            page.value("document.getElementById('ranks').scrollIntoView()")
            page.settle()
            before = processor_seconds()
            times = page.value(FRAME_TIMES.format(act=act, frames=FRAMES))
            spent = processor_seconds() - before
            gaps = pl.Series([after - before for before, after in itertools.pairwise(times)])
            page.settle()
            costs = page.value(COSTS.format(act=act, frames=FRAMES))
            rows.append(
                {
                    "act": name,
                    "frames_per_second": 1000 * len(gaps) / float(gaps.sum()),
                    "longest_gap_ms": float(gaps.max()),  # type: ignore[arg-type]
                    "processor_ms_per_frame": 1000 * spent / len(gaps),
                    "update_median_ms": float(pl.Series(costs, dtype=pl.Float64).median()),  # type: ignore[arg-type]
                    "update_worst_ms": max(costs),
                }
            )
    save("explorer", rows)
    for row in rows:
        print(
            "n = 31, {act}: {frames_per_second:.1f} frames/s, longest gap {longest_gap_ms:.1f} ms, "
            "{processor_ms_per_frame:.1f} ms of processor a frame, update {update_median_ms:.1f} ms "
            "(worst {update_worst_ms:.1f})".format(**row)
        )


if __name__ == "__main__":
    main()
