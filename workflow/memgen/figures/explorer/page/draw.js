// Canvases that follow their size and the reader's light or dark, and the few marks that the panels share.
"use strict";

const draw = (() => {
  const root = document.documentElement;
  const sizes = new Map();
  let colours = null;

  // Colours of the style sheet, by name; read again when the reader's preference changes.
  function palette() {
    if (!colours) {
      const style = getComputedStyle(root);
      const names = ["ink", "muted", "grid", "paper", "shade", "chain", "ranks", "point"];
      const kinds = hierarchy.CLASSES.map((name) => `class-${name}`);
      const dipoles = [0, 1, 2, 3].map((number) => `dipole-${number}`);
      colours = Object.fromEntries(
        [...names, ...kinds, ...dipoles].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
      );
    }
    return colours;
  }

  function ramp(stops) {
    const anchors = stops.map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
    return Array.from({length: 256}, (_, index) => {
      const place = (index / 255) * (anchors.length - 1);
      const left = Math.min(Math.floor(place), anchors.length - 2);
      return anchors[left].map((value, part) => Math.round(value + (place - left) * (anchors[left + 1][part] - value)));
    });
  }
  // RdBu of ColorBrewer and cividis: both can be read by colour-blind people.
  const MARGIN = ramp(["#67001f", "#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f7f7f7", "#d1e5f0", "#92c5de",
    "#4393c3", "#2166ac", "#053061"]);
  const SHARE = ramp(["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369",
    "#e1cc55", "#fee838"]);
  const of = (scale, share) => scale[Math.round(255 * Math.min(1, Math.max(0, share)))];
  const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;
  // Ink that can be read on a colour.
  const inkOn = ([red, green, blue]) => (0.3 * red + 0.59 * green + 0.11 * blue > 140 ? "#000" : "#fff");

  // Whether a canvas is on the screen or near it; others are drawn when they come there.
  const away = new Set();
  const seen = (canvas) => !away.has(canvas);

  // Call back with every change of a canvas's size, of the colours, and with every canvas that comes to the screen.
  function watch(canvases, changed) {
    const sight = new IntersectionObserver(
      (entries) => {
        for (const {target, isIntersecting} of entries) {
          if (isIntersecting) away.delete(target);
          else away.add(target);
        }
        changed();
      },
      {rootMargin: "200px"},
    );
    for (const canvas of canvases) sight.observe(canvas);
    const observer = new ResizeObserver((entries) => {
      for (const {target, contentRect} of entries) sizes.set(target, [contentRect.width, contentRect.height]);
      changed();
    });
    for (const canvas of canvases) observer.observe(canvas);
    // All of it is printed.
    addEventListener("beforeprint", () => {
      away.clear();
      changed();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      colours = null;
      changed();
    });
    addEventListener("resize", changed);
  }

  // A cleared canvas in CSS pixels, or null while it has no size.
  function begin(canvas) {
    const [width, height] = sizes.get(canvas) ?? [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return null;
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    context.lineJoin = "round";
    return {context, width, height};
  }

  const linear = (low, high, from, to) => (value) => from + ((value - low) / (high - low)) * (to - from);

  // Round steps that cover a range in about `count` parts.
  function steps(low, high, count) {
    const raw = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= raw * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
    return found;
  }

  const short = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    const text = size >= 1e6 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
    return text.replace("e+", "e").replace("-", "\u2212");
  };

  function text({context}, words, x, y, {align = "center", base = "middle", colour = palette().ink} = {}) {
    context.fillStyle = colour;
    context.textAlign = align;
    context.textBaseline = base;
    context.fillText(words, x, y);
  }

  function line({context}, points, colour, width = 2, dash = []) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    context.setLineDash([]);
  }

  // Shapes tell apart what colours alone would not.
  function mark({context}, shape, x, y, size, fill, edge = null) {
    context.beginPath();
    if (shape === "square") context.rect(x - size, y - size, 2 * size, 2 * size);
    else if (shape === "diamond") {
      [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]].forEach(([u, v]) => context.lineTo(x + u * size, y + v * size));
    } else if (shape === "triangle") {
      [[0, -1.3], [1.2, 1], [-1.2, 1]].forEach(([u, v]) => context.lineTo(x + u * size, y + v * size));
    } else context.arc(x, y, size, 0, 2 * Math.PI);
    context.closePath();
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (edge) {
      context.strokeStyle = edge;
      context.lineWidth = 1.5;
      context.stroke();
    }
  }

  // A frame with ticks: x and y are {ticks: [[place, words]], label}, places in pixels.
  function frame(sheet, box, x, y) {
    const {context} = sheet;
    const {ink, muted, grid} = palette();
    for (const [place] of y.ticks) line(sheet, [[box.left, place], [box.right, place]], grid, 1);
    for (const [place] of x.ticks) line(sheet, [[place, box.bottom], [place, box.bottom + 4]], muted, 1);
    line(sheet, [[box.left, box.top], [box.left, box.bottom], [box.right, box.bottom]], muted, 1);
    for (const [place, words] of x.ticks) text(sheet, words, place, box.bottom + 7, {base: "top", colour: muted});
    for (const [place, words] of y.ticks) text(sheet, words, box.left - 6, place, {align: "right", colour: muted});
    text(sheet, x.label, (box.left + box.right) / 2, box.bottom + 24, {base: "top", colour: ink});
    context.save();
    context.translate(12, (box.top + box.bottom) / 2);
    context.rotate(-Math.PI / 2);
    text(sheet, y.label, 0, 0, {colour: ink});
    context.restore();
  }

  const boxOf = ({width, height}, {left = 52, right = 20, top = 12, bottom = 42} = {}) => ({
    left,
    right: width - right,
    top,
    bottom: height - bottom,
  });

  // Items as people read them: rank 0 is I0; not more names than fit.
  function items(n, place, room) {
    const step = [1, 2, 3, 5, 10].find((every) => (n / every) * 26 <= room) ?? 10;
    return Array.from({length: n}, (_, rank) => rank)
      .filter((rank) => rank % step === 0)
      .map((rank) => [place(rank), `I${rank}`]);
  }

  return {palette, seen, MARGIN, SHARE, of, css, inkOn, watch, begin, linear, steps, short, text, line, mark, frame, boxOf, items};
})();
