// The matrix of pairs: margins above the diagonal, classes below; a click or Enter adds or removes an exception.
"use strict";

const matrix = (() => {
  // Colours are linear in the margin below this and logarithmic beyond, or errors would vanish beside large margins.
  const LINEAR = 0.05;
  // Cell that the keyboard stands on, [row, column].
  const cursor = [3, 5];
  let geometry = null;

  // Row and column at a place of the canvas, or null.
  function cellAt(x, y) {
    if (!geometry) return null;
    const column = Math.floor((x - geometry.left) / geometry.cell);
    const row = Math.floor((y - geometry.top) / geometry.cell);
    return row >= 0 && column >= 0 && row < geometry.n && column < geometry.n && row !== column ? [row, column] : null;
  }

  const indexOf = (n, higher, lower) => (higher * (2 * n - higher - 1)) / 2 + lower - higher - 1;

  function show(canvas, {chosen, pairs, margin, largest}, focused) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const {context, width, height} = sheet;
    const {n} = chosen;
    const colours = draw.palette();
    const edge = 28;
    const cell = Math.min(width - edge - 4, height - edge - 4) / n;
    const left = edge + (width - edge - 4 - cell * n) / 2;
    geometry = {left, top: edge, cell, n};
    const top = Math.log1p(largest / LINEAR);
    const kinds = hierarchy.CLASSES.map((name) => colours[`class-${name}`]);
    const gap = cell > 12 ? 1 : 0.5;
    const shown = cell >= 30;
    const crosses = {};
    context.font = `${Math.min(12, cell / 2.9)}px system-ui, sans-serif`;
    for (let index = 0; index < pairs.size; index++) {
      const [higher, lower] = [pairs.higher[index], pairs.lower[index]];
      const value = margin[index];
      const colour = draw.of(draw.MARGIN, 0.5 + 0.5 * Math.sign(value) * (Math.log1p(Math.abs(value) / LINEAR) / top));
      const [x, y] = [left + lower * cell, edge + higher * cell];
      context.fillStyle = draw.css(colour);
      context.fillRect(x, y, cell - gap, cell - gap);
      const wrong = pairs.truth[index] * value < -1e-12 * largest;
      if (shown) draw.text(sheet, value.toFixed(2).replace("-", "\u2212"), x + cell / 2, y + cell / 2, {colour: draw.inkOn(colour)});
      if (wrong) {
        const arm = shown ? cell * 0.12 : cell * 0.25;
        const [cx, cy] = shown ? [x + cell * 0.82, y + cell * 0.18] : [x + cell / 2, y + cell / 2];
        const cross = (crosses[draw.inkOn(colour)] ??= new Path2D());
        cross.moveTo(cx - arm, cy - arm);
        cross.lineTo(cx + arm, cy + arm);
        cross.moveTo(cx - arm, cy + arm);
        cross.lineTo(cx + arm, cy - arm);
      }
      context.fillStyle = kinds[pairs.kind[index]];
      context.fillRect(left + higher * cell, edge + lower * cell, cell - gap, cell - gap);
      if (pairs.kind[index] === 1) {
        draw.mark(sheet, "diamond", left + (higher + 0.5) * cell, edge + (lower + 0.5) * cell, cell / 6, colours.paper);
      }
    }
    context.lineWidth = 1.5;
    for (const [ink, cross] of Object.entries(crosses)) {
      context.strokeStyle = ink;
      context.stroke(cross);
    }
    context.font = "12px system-ui, sans-serif";
    const place = (rank) => (rank + 0.5) * cell;
    for (const [at, words] of draw.items(n, place, n * cell)) {
      draw.text(sheet, words, left + at, edge - 8, {colour: colours.muted});
      draw.text(sheet, words, left - 5, edge + at, {align: "right", colour: colours.muted});
    }
    if (focused) {
      const [row, column] = cursor.map((rank) => Math.min(rank, n - 1));
      context.strokeStyle = colours.paper;
      context.lineWidth = 5;
      context.strokeRect(left + column * cell, edge + row * cell, cell - gap, cell - gap);
      context.strokeStyle = colours.point;
      context.lineWidth = 2.5;
      context.strokeRect(left + column * cell, edge + row * cell, cell - gap, cell - gap);
    }
  }

  // What a reader is told of a pair.
  function told({chosen, pairs, margin}, row, column) {
    const [higher, lower] = [Math.min(row, column), Math.max(row, column)];
    const index = indexOf(chosen.n, higher, lower);
    const kind = hierarchy.CLASSES[pairs.kind[index]];
    const value = margin[index].toFixed(4).replace("-", "\u2212");
    const truth = pairs.truth[index];
    const right = truth === 0 ? "no right answer" : truth * margin[index] > 0 ? "right" : "wrong or a tie";
    return `I${higher} against I${lower}: ${kind}, margin ${value}, ${right}`;
  }

  function move(key, n) {
    const by = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[key];
    if (!by) return false;
    for (const axis of [0, 1]) cursor[axis] = Math.min(n - 1, Math.max(0, Math.min(cursor[axis], n - 1) + by[axis]));
    return true;
  }

  return {show, indexOf, cellAt, told, move, cursor};
})();
