// What a learner does on a hierarchy: gamma, ranks, margins, the mechanism, accuracy by class, the critical point.
//
// Closed forms of memgen/relational (ranks, crossing, behaviour), held equal to them by a test that drives this page.
"use strict";

const theory = (() => {
  const TIE = 1e-12;

  function gamma(alpha, ridge) {
    return (2 * (alpha + ridge)) / (1 - alpha);
  }

  // Weight of its own target in the prediction of a trained pair.
  function ownWeight(alpha, ridge) {
    return alpha + ridge > 0 ? alpha / (alpha + ridge) : 0;
  }

  // Conjunctivity and ridge that give a gamma and a memorization weight; null where no learner of the theory has both.
  function learner(leak, weight) {
    if (!(weight >= 0 && weight <= 1)) return null;
    const alpha = (weight * leak) / (2 + weight * leak);
    return {alpha, ridge: Math.max(0, (leak * (1 - alpha)) / 2 - alpha)};
  }

  function ranksAt(n, exceptions, leak) {
    return circuit.potentials(circuit.of(n, exceptions), leak);
  }

  function ranks(n, exceptions, alpha, ridge) {
    return ranksAt(n, exceptions, gamma(alpha, ridge));
  }

  // Margin of every pair higher < lower, in the order of hierarchy.pairs.
  function margins(pairs, profile, weight) {
    const found = new Float64Array(pairs.size);
    for (let index = 0; index < pairs.size; index++) {
      const difference = profile[pairs.higher[index]] - profile[pairs.lower[index]];
      found[index] = pairs.trained[index] ? weight * pairs.truth[index] + (1 - weight) * difference : difference;
    }
    return found;
  }

  // The ranks as a sum: the chain alone, and for each exception a strength times its dipole.
  function mechanism(n, exceptions, leak, profile = ranksAt(n, exceptions, leak)) {
    return {
      chain: circuit.potentials(circuit.dipole(n, 0, n - 1), leak),
      dipoles: exceptions.map(([winner, loser]) => ({
        winner,
        loser,
        strength: 1 - (profile[winner] - profile[loser]),
        column: circuit.potentials(circuit.dipole(n, winner, loser), leak),
      })),
    };
  }

  // Pairs, share answered right (null without truth) and mean margin in the right direction, by class.
  function behaviour(pairs, margin) {
    let largest = 0;
    for (const value of margin) largest = Math.max(largest, Math.abs(value));
    const found = {};
    for (let index = 0; index < pairs.size; index++) {
      const name = hierarchy.CLASSES[pairs.kind[index]];
      const part = (found[name] ??= {pairs: 0, accuracy: 0, margin: 0, lowest: Infinity});
      const scored = pairs.truth[index] < 0 ? -margin[index] : margin[index];
      part.pairs += 1;
      part.margin += scored;
      part.lowest = Math.min(part.lowest, scored);
      part.accuracy += scored > TIE * largest ? 1 : scored < -TIE * largest ? 0 : 0.5;
    }
    for (const [name, part] of Object.entries(found)) {
      part.margin /= part.pairs;
      part.accuracy = name === "loop" ? null : part.accuracy / part.pairs;
    }
    return found;
  }

  // Root of a function that changes sign between two points, by Brent's method as Brent wrote it.
  function root(f, a, b) {
    let [fa, fb, c, fc] = [f(a), f(b), a, 0];
    fc = fa;
    let d = b - a;
    let e = d;
    for (let step = 0; step < 200; step++) {
      if (Math.sign(fb) === Math.sign(fc)) [c, fc, d, e] = [a, fa, b - a, b - a];
      if (Math.abs(fc) < Math.abs(fb)) [a, b, c, fa, fb, fc] = [b, c, b, fb, fc, fb];
      const tolerance = 2 * Number.EPSILON * Math.abs(b) + 1e-15;
      const middle = (c - b) / 2;
      if (Math.abs(middle) <= tolerance || fb === 0) return b;
      if (Math.abs(e) < tolerance || Math.abs(fa) <= Math.abs(fb)) {
        d = e = middle;
      } else {
        const s = fb / fa;
        let p, q;
        if (a === c) [p, q] = [2 * middle * s, 1 - s];
        else {
          const [u, v] = [fa / fc, fb / fc];
          p = s * (2 * middle * u * (u - v) - (b - a) * (v - 1));
          q = (u - 1) * (v - 1) * (s - 1);
        }
        if (p > 0) q = -q;
        else p = -p;
        if (2 * p < Math.min(3 * middle * q - Math.abs(tolerance * q), Math.abs(e * q))) [e, d] = [d, p / q];
        else d = e = middle;
      }
      [a, fa] = [b, fb];
      b += Math.abs(d) > tolerance ? d : Math.sign(middle) * tolerance;
      fb = f(b);
    }
    return b;
  }

  // Critical gamma and conjunctivity (at a ridge) of every component; null where there is no change of sign.
  function critical(n, exceptions, ridge = 0) {
    return hierarchy.components(exceptions).map(([first, last]) => {
      const leak = first > 0 && last < n - 1 ? crossing(n, exceptions, [[first - 1, last + 1]]) : null;
      return {first, last, gamma: leak, alpha: leak === null ? null : (leak - 2 * ridge) / (2 + leak)};
    });
  }

  // Gamma at which the first untrained pair with a right answer turns wrong, and the pair; null where none does.
  function firstMistake(pairs, n, exceptions) {
    const told = [];
    for (let index = 0; index < pairs.size; index++) {
      if (!pairs.trained[index] && pairs.truth[index] > 0) told.push([pairs.higher[index], pairs.lower[index]]);
    }
    const leak = exceptions.length && told.length ? crossing(n, exceptions, told) : null;
    if (leak === null) return null;
    const profile = ranksAt(n, exceptions, leak);
    const margin = ([above, below]) => profile[above] - profile[below];
    const [above, below] = told.reduce((one, other) => (margin(other) < margin(one) ? other : one));
    return {above, below, gamma: leak, alpha: leak / (2 + leak)};
  }

  // The search is that of memgen/relational/crossing.py: a grid in log gamma, then a root.
  function crossing(n, exceptions, across) {
    const wired = circuit.of(n, exceptions);
    const ends = [...across.flat(), 0, ...exceptions.flat()];
    const lowest = (profile) => Math.min(...across.map(([above, below]) => profile[above] - profile[below]));
    const margin = (logGamma) => lowest(circuit.potentials(wired, Math.exp(logGamma)));
    const start = Math.log(1e-3 / (n * n));
    const stop = Math.log(1e4 * (1 + exceptions.length));
    const points = 1 + Math.ceil(((stop - start) / Math.log(10)) * 8);
    let left = null;
    for (let index = 0; index < points; index++) {
      const place = start + ((stop - start) * index) / (points - 1);
      const profile = circuit.potentials(wired, Math.exp(place));
      let value = lowest(profile);
      if (Math.abs(value) <= 1e-14 * Math.max(...ends.map((item) => Math.abs(profile[item])))) value = 0;
      if (value === 0) continue;
      if (left && left.value > 0 && value < 0) return Math.exp(root(margin, left.place, place));
      left = {place, value};
    }
    return null;
  }

  return {gamma, ownWeight, learner, ranksAt, ranks, margins, mechanism, behaviour, critical, firstMistake};
})();
