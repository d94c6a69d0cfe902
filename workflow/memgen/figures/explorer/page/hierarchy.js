// One hierarchy: n ranked items and exceptions [winner, loser]; the class and the truth of every pair.
//
// The same words and rules as memgen/relational/hierarchy.py. Ranks count from 0, the strongest.
"use strict";

const hierarchy = (() => {
  const CLASSES = ["train", "exception", "loop", "boundary", "cross", "within", "test"];

  // What is wrong with an exception, or null.
  function refusal(n, exceptions, [winner, loser]) {
    if (!(loser >= 0 && winner < n)) return `ranks must be 0 to ${n - 1}`;
    if (winner < loser) return `the weaker item wins: write ${loser}:${winner}`;
    if (winner < loser + 2) return "neighbours are trained: an exception skips at least one item";
    if (exceptions.some(([w, l]) => w === winner && l === loser)) return "it is there already";
    return null;
  }

  // First and last item of every component: loops that share an item merge.
  function components(exceptions) {
    const merged = [];
    const spans = exceptions.map(([winner, loser]) => [loser, winner]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [first, last] of spans) {
      const end = merged[merged.length - 1];
      if (end && first <= end[1]) end[1] = Math.max(end[1], last);
      else merged.push([first, last]);
    }
    return merged;
  }

  // Every pair higher < lower as parallel arrays: class (an index into CLASSES), truth, and whether it is trained.
  function pairs(n, exceptions) {
    const parts = components(exceptions);
    const component = new Int32Array(n).fill(-1);
    parts.forEach(([first, last], index) => component.fill(index, first, last + 1));
    const excepted = new Set(exceptions.map(([winner, loser]) => loser * n + winner));
    const size = (n * (n - 1)) / 2;
    const found = {
      size,
      higher: new Int32Array(size),
      lower: new Int32Array(size),
      kind: new Int8Array(size),
      truth: new Int8Array(size),
      trained: new Uint8Array(size),
    };
    let index = 0;
    for (let higher = 0; higher < n; higher++) {
      for (let lower = higher + 1; lower < n; lower++, index++) {
        const one = component[higher];
        const other = component[lower];
        let kind = "within";
        if (lower === higher + 1) kind = "train";
        else if (!exceptions.length) kind = "test";
        else if (excepted.has(higher * n + lower)) kind = "exception";
        else if (one >= 0 && one === other) kind = "loop";
        else if (one >= 0 || other >= 0) kind = "boundary";
        else if (parts.some(([first, last]) => higher < first && last < lower)) kind = "cross";
        found.higher[index] = higher;
        found.lower[index] = lower;
        found.kind[index] = CLASSES.indexOf(kind);
        found.truth[index] = kind === "exception" ? -1 : kind === "loop" ? 0 : 1;
        found.trained[index] = kind === "train" || kind === "exception" ? 1 : 0;
      }
    }
    return found;
  }

  return {CLASSES, refusal, components, pairs};
})();
