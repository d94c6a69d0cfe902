// The phase diagram over conjunctivity and ridge, and the line of gamma on which the fitted models stand.
"use strict";

const diagram = (() => {
  const HIGHEST = 0.98;
  const [LOWEST_RIDGE, HIGHEST_RIDGE] = [1e-3, 10];
  const [COLUMNS, ROWS] = [72, 48];
  const [LOWEST_GAMMA, HIGHEST_GAMMA] = [1e-3, 1e2];
  let kept = {};
  let geometry = null;
  let dots = [];

  // Ridge at a height of the diagram, 0 at the bottom and 1 at the top; the lowest sixteenth is ridge 0.
  const STRIP = 1 / 16;
  function ridgeAt(height) {
    if (height < STRIP) return 0;
    return LOWEST_RIDGE * (HIGHEST_RIDGE / LOWEST_RIDGE) ** Math.min(1, (height - STRIP) / (1 - STRIP));
  }
  function heightOf(ridge) {
    if (ridge <= 0) return STRIP / 2;
    const share = Math.log(ridge / LOWEST_RIDGE) / Math.log(HIGHEST_RIDGE / LOWEST_RIDGE);
    return STRIP + (1 - STRIP) * Math.min(1, Math.max(0, share));
  }

  // Accuracy of a class over the grid, as a small picture that is drawn large. Ranks depend on gamma alone, so they
  // are solved for on a line of gamma (2% apart) and not for each place.
  const LEVELS = 320;
  const [FIRST, LAST] = [theory.gamma(0, LOWEST_RIDGE), theory.gamma(HIGHEST, HIGHEST_RIDGE)];
  function picture(key, chosen, pairs) {
    if (kept.key === key) return kept.canvas;
    const kind = hierarchy.CLASSES.indexOf(chosen.show);
    const members = [...pairs.kind.keys()].filter((index) => pairs.kind[index] === kind);
    const size = members.length;
    const wired = circuit.of(chosen.n, chosen.exceptions);
    const scored = new Float64Array(LEVELS * size);
    const share = new Float64Array(LEVELS);
    const right = (value) => (value > 1e-12 ? 1 : value < -1e-12 ? 0 : 0.5);
    for (let level = 0; level < LEVELS && size; level++) {
      const found = circuit.potentials(wired, level ? FIRST * (LAST / FIRST) ** ((level - 1) / (LEVELS - 2)) : 0);
      for (let place = 0; place < size; place++) {
        const index = members[place];
        const value = pairs.truth[index] * (found[pairs.higher[index]] - found[pairs.lower[index]]);
        scored[level * size + place] = value;
        share[level] += right(value) / size;
      }
    }
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [COLUMNS, ROWS];
    const context = canvas.getContext("2d");
    const image = context.createImageData(COLUMNS, ROWS);
    const trained = chosen.show === "train" || chosen.show === "exception";
    for (let row = 0; row < ROWS && size; row++) {
      const ridge = ridgeAt(1 - (row + 0.5) / ROWS);
      for (let column = 0; column < COLUMNS; column++) {
        const alpha = (HIGHEST * (column + 0.5)) / COLUMNS;
        const step = (Math.log(theory.gamma(alpha, ridge) / FIRST) / Math.log(LAST / FIRST)) * (LEVELS - 2);
        const level = Math.min(LEVELS - 1, Math.max(0, 1 + Math.round(step)));
        let accuracy = share[level];
        if (trained) {
          const weight = theory.ownWeight(alpha, ridge);
          accuracy = 0;
          for (let place = 0; place < size; place++) {
            accuracy += right(weight + (1 - weight) * scored[level * size + place]) / size;
          }
        }
        const [red, green, blue] = draw.of(draw.SHARE, accuracy);
        const at = 4 * (row * COLUMNS + column);
        [image.data[at], image.data[at + 1], image.data[at + 2], image.data[at + 3]] = [red, green, blue, 255];
      }
    }
    context.putImageData(image, 0, 0);
    kept = {key, canvas};
    return canvas;
  }

  function phase(canvas, {chosen, pairs, critical, fits}) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const colours = draw.palette();
    const box = draw.boxOf(sheet, {right: 14});
    geometry = box;
    const x = draw.linear(0, HIGHEST, box.left, box.right);
    const y = draw.linear(0, 1, box.bottom, box.top);
    const key = `${chosen.n} ${state.label(chosen.exceptions)} ${chosen.show}`;
    sheet.context.imageSmoothingEnabled = false;
    const grid = picture(key, chosen, pairs);
    sheet.context.drawImage(grid, box.left, box.top, box.right - box.left, box.bottom - box.top);
    const ticks = [0, 0.001, 0.01, 0.1, 1, 10].map((ridge) => [y(heightOf(ridge)), String(ridge)]);
    const across = [0, 0.2, 0.4, 0.6, 0.8].map((alpha) => [x(alpha), String(alpha)]);
    const sides = {x: {ticks: across, label: "conjunctivity"}, y: {ticks, label: "effective ridge"}};
    draw.frame(sheet, box, {...sides.x}, {ticks: [], label: sides.y.label});
    for (const [place, words] of ticks) draw.text(sheet, words, box.left - 6, place, {align: "right", colour: colours.muted});
    sheet.context.save();
    sheet.context.beginPath();
    sheet.context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    sheet.context.clip();
    for (const {gamma} of critical) {
      if (gamma === null) continue;
      const curve = [];
      for (let step = 0; step <= 200; step++) {
        const alpha = (HIGHEST * step) / 200;
        const ridge = (gamma * (1 - alpha)) / 2 - alpha;
        if (ridge >= LOWEST_RIDGE) curve.push([x(alpha), y(heightOf(ridge))]);
      }
      const end = x(gamma / (2 + gamma));
      curve.push([end, y(STRIP)], [end, box.bottom]);
      draw.line(sheet, curve, "#000", 4);
      draw.line(sheet, curve, "#fff", 2, [6, 4]);
    }
    sheet.context.restore();
    for (const fit of fits) if (fit.here && fit.learner) draw.mark(sheet, fit.shape, x(fit.learner.alpha), y(heightOf(fit.learner.ridge)), 3, "#fff", "#000");
    const [px, py] = [x(Math.min(chosen.alpha, HIGHEST)), y(heightOf(chosen.ridge))];
    draw.mark(sheet, "circle", px, py, 8, null, "#000");
    draw.mark(sheet, "circle", px, py, 6.5, colours.point, "#fff");
  }

  // Conjunctivity and ridge at a place of the diagram, kept inside it.
  function pointAt(px, py) {
    if (!geometry) return null;
    const across = Math.min(1, Math.max(0, (px - geometry.left) / (geometry.right - geometry.left)));
    const up = Math.min(1, Math.max(0, (geometry.bottom - py) / (geometry.bottom - geometry.top)));
    return {alpha: Number((HIGHEST * across).toFixed(4)), ridge: Number(ridgeAt(up).toPrecision(3))};
  }

  // Fitted models on the line of gamma: their own row by method, intervals over seeds, the present gamma, the critical.
  function line(canvas, {chosen, gamma, critical, fits}) {
    const sheet = draw.begin(canvas);
    if (!sheet) return;
    const colours = draw.palette();
    const here = fits.filter((fit) => fit.here);
    const methods = [...new Set(here.map((fit) => fit.row))].sort();
    const box = draw.boxOf(sheet, {left: sheet.width < 420 ? 84 : 118, top: 18});
    const place = draw.linear(Math.log(LOWEST_GAMMA), Math.log(HIGHEST_GAMMA), box.left, box.right);
    const x = (value) => place(Math.log(Math.min(HIGHEST_GAMMA, Math.max(LOWEST_GAMMA, value))));
    const height = (box.bottom - box.top) / Math.max(1, methods.length);
    const ticks = methods.map((name, index) => [box.top + (index + 0.5) * height, name]);
    const across = [0.001, 0.01, 0.1, 1, 10, 100].map((value) => [x(value), String(value)]);
    draw.frame(sheet, box, {ticks: across, label: "gamma"}, {ticks, label: ""});
    const crossings = critical.map(({gamma: found}) => found).filter((found) => found !== null);
    for (const found of crossings) {
      draw.line(sheet, [[x(found), box.top], [x(found), box.bottom]], colours["class-exception"], 2, [6, 4]);
    }
    if (crossings.length) draw.text(sheet, "critical", x(Math.min(...crossings)), box.top - 8, {colour: colours["dipole-0"]});
    draw.line(sheet, [[x(gamma), box.top], [x(gamma), box.bottom]], colours.point, 2);
    dots = [];
    for (const [index, name] of methods.entries()) {
      const row = here.filter((fit) => fit.row === name);
      row.forEach((fit, number) => {
        const y = box.top + (index + (number + 1) / (row.length + 1)) * height;
        const colour = colours[fit.source === "published" ? "class-boundary" : "ranks"];
        if (fit.gamma_low !== null) draw.line(sheet, [[x(fit.gamma_low), y], [x(fit.gamma_high), y]], colour, 1);
        draw.mark(sheet, fit.shape, x(fit.gamma), y, 4.5, colour, colours.paper);
        dots.push({fit, x: x(fit.gamma), y});
      });
    }
    if (!here.length) draw.text(sheet, "no fitted model on this hierarchy", box.left + 8, box.bottom - 12, {align: "left", colour: colours.muted});
  }

  // The fitted model nearest to a place of the line, if one is near.
  function fitAt(px, py) {
    let best = null;
    for (const dot of dots) {
      const distance = Math.hypot(dot.x - px, dot.y - py);
      if (distance < 14 && (!best || distance < best.distance)) best = {...dot, distance};
    }
    return best?.fit ?? null;
  }

  return {phase, line, pointAt, fitAt};
})();
