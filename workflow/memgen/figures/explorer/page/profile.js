// Two panels over the items: the ranks, and the mechanism that they are the sum of.
"use strict";

const profile = (() => {
  // Largest absolute value of some columns, rounded up, so that the axis does not tremble while one drags.
  function span(columns) {
    let largest = 1e-9;
    for (const column of columns) for (const value of column) largest = Math.max(largest, Math.abs(value));
    const power = 10 ** Math.floor(Math.log10(largest));
    return [1, 1.5, 2, 3, 5, 7.5, 10].map((factor) => factor * power).find((value) => value >= largest);
  }

  function axes(canvas, n, exceptions, columns, label) {
    const sheet = draw.begin(canvas);
    if (!sheet) return null;
    const box = draw.boxOf(sheet);
    const most = span(columns);
    const x = draw.linear(0, n - 1, box.left + 12, box.right - 8);
    const y = draw.linear(-most, most, box.bottom, box.top);
    sheet.context.fillStyle = draw.palette().shade;
    const half = (x(1) - x(0)) / 2;
    for (const [first, last] of hierarchy.components(exceptions)) {
      sheet.context.fillRect(x(first) - half, box.top, x(last) - x(first) + 2 * half, box.bottom - box.top);
    }
    const ticks = draw.steps(-most, most, 5).map((value) => [y(value), draw.short(value)]);
    draw.frame(sheet, box, {ticks: draw.items(n, x, box.right - box.left), label: "item"}, {ticks, label});
    return {sheet, at: (column, factor = 1) => Array.from(column, (value, item) => [x(item), y(factor * value)])};
  }

  function ranks(canvas, {chosen, profile: found, mechanism}) {
    const {chain} = mechanism;
    const panel = axes(canvas, chosen.n, chosen.exceptions, [found, chain], "rank (target units)");
    if (!panel) return;
    const colours = draw.palette();
    draw.line(panel.sheet, panel.at(chain), colours.chain, 1.5, [5, 4]);
    const points = panel.at(found);
    draw.line(panel.sheet, points, colours.ranks, 2);
    for (const [x, y] of points) draw.mark(panel.sheet, "circle", x, y, 3.5, colours.ranks);
    for (const [winner, loser] of chosen.exceptions) {
      for (const item of [winner, loser]) {
        draw.mark(panel.sheet, "diamond", ...points[item], 5, null, colours["class-exception"]);
      }
    }
  }

  function parts(canvas, {chosen, profile: found, mechanism}) {
    const {chain, dipoles} = mechanism;
    const scaled = dipoles.map(({strength, column}) => column.map((value) => strength * value));
    const panel = axes(canvas, chosen.n, chosen.exceptions, [found, chain, ...scaled], "part of the rank");
    if (!panel) return;
    const colours = draw.palette();
    const shapes = ["diamond", "triangle", "square", "circle"];
    draw.line(panel.sheet, panel.at(chain), colours.chain, 1.5, [5, 4]);
    scaled.forEach((column, index) => {
      const colour = colours[`dipole-${index % 4}`];
      const points = panel.at(column);
      draw.line(panel.sheet, points, colour, 1.5);
      for (const [x, y] of points) draw.mark(panel.sheet, shapes[index % 4], x, y, 3, colour);
    });
    draw.line(panel.sheet, panel.at(found), colours.ranks, 3);
  }

  return {ranks, parts};
})();
