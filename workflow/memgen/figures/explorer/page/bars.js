// Panels of the two other studies: who pays for a limit on memorization, and what stored positions buy.
"use strict";

const bars = (() => {
  let kept = {};

  function columns(canvas, values, names, label, below, colour) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const colours = draw.palette();
    const box = draw.boxOf(sheet, {left: 62});
    const most = Math.max(...values, 1e-300);
    const y = draw.linear(0, most * 1.12, box.bottom, box.top);
    const width = (box.right - box.left) / values.length;
    const middle = (index) => box.left + (index + 0.5) * width;
    const ticks = draw.steps(0, most, 4).map((value) => [y(value), draw.short(value)]);
    draw.frame(sheet, box, {ticks: names.map((name, index) => [middle(index), name]), label: below}, {ticks, label});
    values.forEach((value, index) => {
      sheet.context.fillStyle = colours[colour(index)];
      sheet.context.fillRect(middle(index) - width * 0.36, y(value), width * 0.72, y(0) - y(value));
      if (value > 0) draw.text(sheet, draw.short(value), middle(index), y(value) - 7);
    });
  }

  // Excess error by how often the sample is expected to hold a point.
  function bands(canvas, {tail: found}) {
    const edges = tail.BANDS;
    const names = [`<${edges[0]}`, ...edges.slice(1).map((edge) => `<${edge}`), `\u2265${edges[edges.length - 1]}`];
    columns(canvas, found.bands, names, "excess error", "expected copies of a point", () => "ranks");
  }

  function groups(canvas, {groups: found}) {
    const names = found.map(({weight}) => `${Math.round(1000 * weight) / 10}% of the data`);
    const kinds = ["chain", "class-exception"];
    columns(canvas, found.map((group) => group.gamma_cost), names, "excess error within", "subgroup", (index) => kinds[index]);
  }

  // Error against the number of positions stored.
  function stored(canvas, {chosen, leak: found}) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const colours = draw.palette();
    const box = draw.boxOf(sheet);
    const {sample, dimension, rho, flip} = chosen;
    const key = [sample, dimension, rho, flip].join(" ");
    if (kept.key !== key) {
      const parts = Math.max(8, Math.min(48, dimension, Math.round(60000 / dimension)));
      const places = [...new Set(Array.from({length: parts + 1}, (_, step) => Math.round((dimension * step) / parts)))];
      kept = {key, curve: places.map((count) => [count, leak.clusterError({samples: sample, rho, stored: count, flip})])};
    }
    const x = draw.linear(0, dimension, box.left, box.right);
    const y = draw.linear(0, 1, box.bottom, box.top);
    const across = draw.steps(0, dimension, sheet.width < 420 ? 3 : 5).map((value) => [x(value), draw.short(value)]);
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((value) => [y(value), String(value)]);
    draw.frame(sheet, box, {ticks: across, label: "stored positions k"}, {ticks, label: "singleton error"});
    draw.line(sheet, kept.curve.map(([count, error]) => [x(count), y(error)]), colours.ranks, 2);
    draw.mark(sheet, "circle", x(chosen.stored), y(found.singleton_error), 6, colours.point, colours.paper);
  }

  return {bands, groups, stored};
})();
