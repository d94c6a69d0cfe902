// The long tail: what fitting examples that are seen once is worth, and which points pay where they are not fitted.
//
// Closed forms of memgen/longtail (priors, spectrum, bounds), held equal to them by a test that drives this page.
"use strict";

const tail = (() => {
  // Largest domain that this page sums over; the command line goes to 10^8.
  const LARGEST = 200000;
  const PRIORS = {
    zipf: {parameter: "exponent", least: 0, most: 5, usual: 1},
    uniform: {},
    geometric: {parameter: "ratio", least: 1e-6, most: 0.999999, usual: 0.99},
    lognormal: {parameter: "sigma", least: 0, most: 20, usual: 2},
  };
  let kept = {};

  // Logarithms of the frequencies, descending, normalized.
  function logFrequencies(kind, parameter, domain) {
    const key = `${kind}:${parameter}:${domain}`;
    if (kept.key === key) return kept.values;
    const values = new Float64Array(domain);
    for (let index = 0; index < domain; index++) {
      if (kind === "zipf") values[index] = -parameter * Math.log(index + 1);
      else if (kind === "geometric") values[index] = index * Math.log(parameter);
      else if (kind === "lognormal") values[index] = parameter * binomial.normalQuantile((domain - index - 0.5) / domain);
    }
    const top = values[0];
    let total = 0;
    let lost = 0;
    for (const value of values) {
      const part = Math.exp(value - top) - lost;
      const sum = total + part;
      lost = sum - total - part;
      total = sum;
    }
    const shift = top + Math.log(total);
    for (let index = 0; index < domain; index++) values[index] -= shift;
    kept = {key, values};
    return values;
  }

  // Points whose expected number of copies lies below each edge share a band; the last band has no edge.
  const BANDS = [0.03, 0.1, 0.3, 1, 3, 10];

  // M_0, M_1, K_1 and tau_1 within a subgroup of some weight, and M_1 by band of n alpha.
  function spectrum(kind, parameter, domain, samples, weight = 1) {
    const logs = logFrequencies(kind, parameter, domain);
    const logWeight = Math.log(weight);
    const bands = new Float64Array(BANDS.length + 1);
    let unseen = 0;
    let once = 0;
    let points = 0;
    // Scaled by the largest term, so that none underflows where all are small.
    let peak = -Infinity;
    const logOnce = new Float64Array(domain);
    for (let index = 0; index < domain; index++) {
      const logAlpha = logs[index] + logWeight;
      const rest = Math.log1p(-Math.exp(logAlpha));
      logOnce[index] = Math.log(samples) + logAlpha + (samples > 1 ? (samples - 1) * rest : 0);
      peak = Math.max(peak, logOnce[index]);
      unseen += Math.exp(logs[index] + samples * rest);
    }
    if (peak === -Infinity) return {unseen, once, points, tau: null, bands};
    let [scaledPoints, scaledMass] = [0, 0];
    const shift = logs[0];
    for (let index = 0; index < domain; index++) {
      const scaled = Math.exp(logOnce[index] - peak);
      const mass = scaled * Math.exp(logs[index] - shift);
      scaledPoints += scaled;
      scaledMass += mass;
      const expected = samples * Math.exp(logs[index] + logWeight);
      let band = 0;
      while (band < BANDS.length && expected >= BANDS[band]) band++;
      bands[band] += mass;
    }
    points = Math.exp(peak) * scaledPoints;
    once = Math.exp(peak + shift) * scaledMass;
    for (let band = 0; band < bands.length; band++) bands[band] *= Math.exp(peak + shift);
    return {unseen, once, points, tau: (scaledMass / scaledPoints) * Math.exp(shift + logWeight), bands};
  }

  // What `memgen longtail error` prints, and the excess error by band of frequency.
  function costs({prior, parameter, domain, samples, labels, limit}) {
    const found = spectrum(prior, parameter, domain, samples);
    const guess = 1 - 1 / labels;
    return {
      tau_1_n: found.tau === null ? null : found.tau * samples,
      singleton_fraction: found.points / samples,
      optimal_error: guess * found.unseen,
      ignore_singletons_cost: guess * found.once,
      gamma_cost: (guess - limit) * found.once,
      bands: Array.from(found.bands, (mass) => (guess - limit) * mass),
    };
  }

  // Error that the limit adds within each of two subgroups with domains of their own, which differ in weight alone.
  function groups({prior, parameter, domain, samples, labels, limit, minority}) {
    return [1 - minority, minority].map((weight) => {
      const found = spectrum(prior, parameter, domain, samples, weight);
      const guess = 1 - 1 / labels;
      return {weight, optimal_error: guess * found.unseen, gamma_cost: (guess - limit) * found.once};
    });
  }

  return {LARGEST, PRIORS, BANDS, logFrequencies, costs, groups};
})();
