// What a reader has chosen: its ranges, its defaults, and its form as the end of a link.
"use strict";

const state = (() => {
  // Whole numbers have `whole`; `below` excludes the upper end; bounds may depend on the other choices.
  const FIELDS = {
    n: {whole: true, least: 3, most: 31, usual: 9},
    alpha: {least: 0, most: 1, below: true, usual: 0.25},
    ridge: {least: 0, most: 1000, usual: 0.01},
    show: {of: ["cross", "boundary", "within", "exception", "train", "test"], usual: "cross"},
    table: {of: ["ranks", "margins", "mechanism", "phase", "critical", "tail", "leak"], usual: "ranks"},
    prior: {of: Object.keys(tail.PRIORS), usual: "zipf"},
    parameter: {least: (c) => tail.PRIORS[c.prior].least ?? 0, most: (c) => tail.PRIORS[c.prior].most ?? 0, usual: 1},
    domain: {whole: true, least: 1, most: tail.LARGEST, usual: 50000},
    samples: {whole: true, least: 1, most: 1e8, usual: 50000},
    labels: {whole: true, least: 2, most: 1e6, usual: 10},
    limit: {least: 0, most: (c) => 1 - 1 / c.labels, usual: 0.5},
    minority: {least: 0.01, most: 0.5, usual: 0.2},
    sample: {whole: true, least: 1, most: leak.MOST_SAMPLES, usual: 500},
    dimension: {whole: true, least: 1, most: leak.MOST_DIMENSION, usual: 1000},
    rho: {least: 0, most: 1, below: true, usual: 0.1739},
    stored: {whole: true, least: 0, most: (c) => c.dimension, usual: 700},
    flip: {least: 0, most: 0.5, usual: 0},
  };

  const bound = (value, chosen) => (typeof value === "function" ? value(chosen) : value);

  // A value as a field takes it; null where it takes it not.
  function read(name, text, chosen) {
    const field = FIELDS[name];
    if (field.of) return field.of.includes(text) ? text : null;
    const value = typeof text === "number" ? text : text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || (field.whole && !Number.isInteger(value))) return null;
    const most = bound(field.most, chosen);
    return value < bound(field.least, chosen) || value > most || (field.below && value === most) ? null : value;
  }

  // The same, moved into its range where another choice has narrowed it.
  function fitted(name, value, chosen) {
    const field = FIELDS[name];
    if (field.of || !Number.isFinite(value)) return read(name, value, chosen) ?? field.usual;
    const most = bound(field.most, chosen);
    const inside = Math.min(Math.max(value, bound(field.least, chosen)), field.below ? most - 1e-6 : most);
    return read(name, field.whole ? Math.round(inside) : inside, chosen) ?? field.usual;
  }

  function usual() {
    const chosen = {exceptions: [[5, 3]], wished: [[5, 3]]};
    for (const [name, field] of Object.entries(FIELDS)) chosen[name] = field.usual;
    return chosen;
  }

  // Ranges that depend on other choices hold again, and those exceptions are there that the chain has room for.
  function settled(chosen) {
    for (const name of Object.keys(FIELDS)) chosen[name] = fitted(name, chosen[name], chosen);
    const kept = [];
    for (const pair of chosen.wished) if (!hierarchy.refusal(chosen.n, kept, pair)) kept.push(pair);
    chosen.exceptions = kept;
    return chosen;
  }

  const label = (exceptions) => exceptions.map(([winner, loser]) => `${winner}:${loser}`).join(" ");

  function pairsIn(exceptions) {
    return [...exceptions.matchAll(/(\d+):(\d+)/g)].map(([, winner, loser]) => [Number(winner), Number(loser)]);
  }

  // All that differs from the defaults, as the part of a link after "#".
  function toHash(chosen) {
    const first = usual();
    const parts = [];
    if (label(chosen.exceptions) !== label(first.exceptions)) {
      parts.push(`exceptions=${label(chosen.exceptions).replaceAll(" ", ",")}`);
    }
    for (const name of Object.keys(FIELDS)) if (chosen[name] !== first[name]) parts.push(`${name}=${chosen[name]}`);
    return parts.join("&");
  }

  function fromHash(hash) {
    const chosen = usual();
    for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
      if (name === "exceptions") chosen.wished = pairsIn(text);
      else if (FIELDS[name]) chosen[name] = FIELDS[name].of ? text : Number(text);
    }
    return settled(chosen);
  }

  return {FIELDS, bound, read, usual, settled, label, pairsIn, toHash, fromHash};
})();
