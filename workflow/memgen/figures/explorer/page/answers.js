// A reader's own answers: a table of pairs becomes margins, and gamma and the scale are fitted to the untrained ones.
//
// The fit is that of memgen/language/fits/least_squares.py, with a coarser grid in log gamma before the refinement.
"use strict";

const answers = (() => {
  const [LOWEST, HIGHEST, POINTS] = [1e-3, 1e2, 251];
  const STEP = Math.log(HIGHEST / LOWEST) / (POINTS - 1);
  const GOLDEN = (Math.sqrt(5) - 1) / 2;
  const placeOf = (index) => Math.log(LOWEST) + STEP * index;

  // Margin of every pair higher < lower, in the order of hierarchy.pairs; NaN where the table has no answer.
  // Directions are averaged apart. A share counts as its distance from one half, as 0 and 1 have no logit.
  function read(text, {n, size}) {
    const lines = text.split(/\r?\n/).map((line) => line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
    const kind = ["margin", "share"].find((name) => lines[0].includes(name));
    const places = ["first", "second", kind].map((name) => lines[0].indexOf(name));
    if (places.includes(-1)) throw Error("row 1: the header lacks first, second, and margin or share");
    const [sum, count] = [new Float64Array(2 * size), new Float64Array(2 * size)];
    lines.forEach((cells, number) => {
      if (!number || cells.join("") === "") return;
      const refuse = (why) => {
        throw Error(`row ${number + 1}: ${why}`);
      };
      const [first, second, told] = places.map((place) => cells[place] || NaN).map(Number);
      for (const item of [first, second]) {
        if (!Number.isInteger(item) || item < 0 || item >= n) refuse(`first and second must be items, 0 to ${n - 1}`);
      }
      if (first === second) refuse("first and second are the same item");
      if (!Number.isFinite(told)) refuse(`${kind} must be a number`);
      if (kind === "share" && !(told >= 0 && told <= 1)) refuse("share must lie between 0 and 1");
      const index = 2 * matrix.indexOf(n, Math.min(first, second), Math.max(first, second)) + (first > second ? 1 : 0);
      sum[index] += (kind === "share" ? told - 0.5 : told) * (first > second ? -1 : 1);
      count[index] += 1;
    });
    return Float64Array.from({length: size}, (_, pair) => {
      const told = [2 * pair, 2 * pair + 1].filter((index) => count[index]);
      return told.reduce((total, index) => total + sum[index] / count[index], 0) / told.length;
    });
  }

  function product(one, other) {
    let total = 0;
    for (let index = 0; index < one.length; index++) total += one[index] * other[index];
    return total;
  }

  // Pearson; null where one side does not vary.
  function correlation(one, other) {
    const [x, y] = [one, other].map((values) => {
      const mean = values.reduce((total, value) => total + value, 0) / values.length;
      const centred = values.map((value) => value - mean);
      return product(centred, centred) > 1e-24 * product(values, values) ? centred : null;
    });
    return x && y ? product(x, y) / Math.sqrt(product(x, x) * product(y, y)) : null;
  }

  // Gamma and scale of least squares, the correlation, the share of squares explained along the grid, and the mistakes.
  function fit(text, n, exceptions, pairs) {
    const observed = read(text, {n, size: pairs.size});
    const used = [...observed.keys()].filter((index) => !pairs.trained[index] && !Number.isNaN(observed[index]));
    if (used.length < 3) throw Error(`a fit needs 3 untrained pairs of this hierarchy; found: ${used.length}`);
    const wired = circuit.of(n, exceptions);
    const told = used.map((index) => observed[index]);
    const square = product(told, told);
    const at = (place) => {
      const ranks = circuit.potentials(wired, Math.exp(place));
      const shape = used.map((index) => ranks[pairs.higher[index]] - ranks[pairs.lower[index]]);
      const [size, both] = [product(shape, shape), product(shape, told)];
      return {place, shape, scale: size ? both / size : 0, explained: size * square ? both ** 2 / size / square : 0};
    };
    const curve = Float64Array.from({length: POINTS}, (_, index) => at(placeOf(index)).explained);
    const best = curve.indexOf(Math.max(...curve));
    if (!curve[best]) throw Error("the theory explains nothing of these answers");
    let [low, high] = [placeOf(Math.max(best - 1, 0)), placeOf(Math.min(best + 1, POINTS - 1))];
    while (high - low > 1e-9) {
      const width = GOLDEN * (high - low);
      if (at(high - width).explained < at(low + width).explained) low = high - width;
      else high = low + width;
    }
    const edge = (best === 0 || best === POINTS - 1) && Math.abs((low + high) / 2 - placeOf(best)) < 1e-6;
    const found = at(edge ? placeOf(best) : (low + high) / 2);
    const predicted = found.shape.map((value) => found.scale * value);
    const largest = Math.max(...predicted.map(Math.abs));
    const pair = (index) => `${pairs.higher[index]} v ${pairs.lower[index]}`;
    const wrong = (values, least) => used.filter((index, k) => pairs.truth[index] > 0 && values[k] < -least).map(pair);
    return {
      gamma: Math.exp(found.place), scale: found.scale, edge, curve, used, predicted, observed: told,
      r: correlation(predicted, told), expected: wrong(predicted, 1e-12 * largest), mistakes: wrong(told, 0),
    };
  }

  const empty = (sheet, box) =>
    draw.text(sheet, "no answers yet", (box.left + box.right) / 2, (box.top + box.bottom) / 2, {colour: draw.palette().muted});

  // The margin found of every untrained pair, against the fitted one, in the colours of the classes.
  function scatter(canvas, {pairs, answered}) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const colours = draw.palette();
    const box = draw.boxOf(sheet, {left: 62});
    const axis = (values, from, to) => {
      const most = 1.05 * Math.max(...values.map(Math.abs)) || 1;
      const scale = draw.linear(-most, most, from, to);
      return {scale, most, ticks: draw.steps(-most, most, 5).map((value) => [scale(value), draw.short(value)])};
    };
    const {predicted = [1], observed = [1]} = answered ?? {};
    const [x, y] = [axis(predicted, box.left, box.right), axis(observed, box.bottom, box.top)];
    draw.frame(sheet, box, {ticks: x.ticks, label: "fitted margin"}, {ticks: y.ticks, label: "answer"});
    if (!answered) return empty(sheet, box);
    for (const ends of [[[x.scale(0), box.top], [x.scale(0), box.bottom]], [[box.left, y.scale(0)], [box.right, y.scale(0)]]]) {
      draw.line(sheet, ends, colours.muted, 1);
    }
    const reach = Math.min(x.most, y.most);
    draw.line(sheet, [-reach, reach].map((value) => [x.scale(value), y.scale(value)]), colours.chain, 1.5, [5, 4]);
    answered.used.forEach((index, k) => {
      const colour = colours[`class-${hierarchy.CLASSES[pairs.kind[index]]}`];
      draw.mark(sheet, "circle", x.scale(predicted[k]), y.scale(observed[k]), 4.5, colour, colours.paper);
    });
  }

  // The share of the answers' squares that each gamma explains.
  function curve(canvas, {answered}) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const colours = draw.palette();
    const box = draw.boxOf(sheet);
    const x = draw.linear(placeOf(0), placeOf(POINTS - 1), box.left, box.right);
    const y = draw.linear(0, 1, box.bottom, box.top);
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((value) => [y(value), String(value)]);
    const across = [0.001, 0.01, 0.1, 1, 10, 100].map((value) => [x(Math.log(value)), String(value)]);
    draw.frame(sheet, box, {ticks: across, label: "gamma"}, {ticks, label: "share explained"});
    if (!answered) return empty(sheet, box);
    draw.line(sheet, Array.from(answered.curve, (value, index) => [x(placeOf(index)), y(value)]), colours.ranks, 2);
    const place = x(Math.log(answered.gamma));
    draw.line(sheet, [[place, box.top], [place, box.bottom]], colours.point, 2);
  }

  return {fit, scatter, curve};
})();
