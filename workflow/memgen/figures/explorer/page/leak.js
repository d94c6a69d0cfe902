// Irrelevant information: what an example seen once costs a learner that stores k of its d positions.
//
// The closed form of memgen/irrelevant/bounds.py (cluster_error), held equal to it by a test that drives this page.
"use strict";

const leak = (() => {
  // Most positions that this page sums over; the command line goes to 10^6.
  const MOST_DIMENSION = 20000;
  const MOST_SAMPLES = 1e8;

  function logAdd(one, other) {
    const [low, high] = one < other ? [one, other] : [other, one];
    return high === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
  }

  // E[T / (T + 1)], T ~ Bin(n - 1, share): probability that a tie with T rivals is lost.
  function losesTie(share, samples) {
    if (share * samples >= 0.05 && samples > 1) {
      return 1 + Math.expm1(samples * Math.log1p(-share)) / (samples * share);
    }
    let [sum, term] = [0, 1];
    for (let k = 2; k < 14; k++) {
      term *= (share * (samples - k + 1)) / k;
      sum += k % 2 === 0 ? term : -term;
    }
    return sum;
  }

  // Probability that the nearest neighbour gets a fresh example of a cluster seen once wrong.
  function clusterError({samples, rho, stored, flip}) {
    const agreeing = (1 + rho * (1 - 2 * flip)) / 2;
    const logEqual = new Float64Array(stored + 1);
    const logBelow = new Float64Array(stored + 1);
    for (let b = 0; b <= stored; b++) {
      logEqual[b] = binomial.logChance(stored, b, 0.5);
      logBelow[b] = b ? logAdd(logBelow[b - 1], logEqual[b]) : logEqual[b];
    }
    let error = 0;
    for (let b = 0; b <= stored; b++) {
      const chance = Math.exp(binomial.logChance(stored, b, agreeing));
      if (chance === 0) continue;
      const logAbove = b < stored ? logBelow[stored - b - 1] : -Infinity;
      const logMost = logBelow[b] < -Math.LN2 ? logBelow[b] : Math.log1p(-Math.exp(Math.min(logAbove, -0.5)));
      const rivals = (samples - 1) * logMost;
      const share = Math.min(Math.exp(logEqual[b] - logMost), 1);
      error += chance * (-Math.expm1(rivals) + Math.exp(rivals) * losesTie(share, samples));
    }
    return Math.min(1, Math.max(0, error));
  }

  // Bits about one example's useless positions that k stored positions hold, each flipped with some probability.
  function bits({rho, stored, flip}) {
    const error = Math.min(flip, 1 - flip);
    const entropy = error > 0 ? -(error * Math.log2(error) + (1 - error) * Math.log2(1 - error)) : 0;
    return (1 - rho) * stored * (1 - entropy);
  }

  return {MOST_DIMENSION, MOST_SAMPLES, clusterError, bits};
})();
