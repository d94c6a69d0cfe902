// Binomial probabilities to full precision (Loader, "Fast and accurate computation of binomial probabilities", 2000),
// and the normal quantile (Wichura, algorithm AS 241, 1988).
"use strict";

const binomial = (() => {
  const LOG_2_PI = Math.log(2 * Math.PI);
  const logFactorials = [0];
  for (let count = 1; count < 16; count++) logFactorials.push(logFactorials[count - 1] + Math.log(count));

  // log(count!) minus Stirling's formula for it, without cancellation.
  function stirlingError(count) {
    if (count < 16) return logFactorials[count] - (count * Math.log(count) - count + 0.5 * (LOG_2_PI + Math.log(count)));
    const square = 1 / (count * count);
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / count;
  }

  // x log(x / mean) + mean - x, accurate where x is near the mean.
  function deviance(x, mean) {
    const difference = x - mean;
    if (Math.abs(difference) < 0.1 * (x + mean)) {
      const v = difference / (x + mean);
      let sum = difference * v;
      let term = 2 * x * v;
      for (let j = 1; j < 1000; j++) {
        term *= v * v;
        const next = sum + term / (2 * j + 1);
        if (next === sum) return next;
        sum = next;
      }
    }
    return x * Math.log(x / mean) + mean - x;
  }

  // Logarithm of C(n, x) p^x (1 - p)^(n - x).
  function logChance(n, x, p) {
    if (p === 0) return x === 0 ? 0 : -Infinity;
    if (p === 1) return x === n ? 0 : -Infinity;
    if (x === 0) return n * Math.log1p(-p);
    if (x === n) return n * Math.log(p);
    const error = stirlingError(n) - stirlingError(x) - stirlingError(n - x);
    const spread = deviance(x, n * p) + deviance(n - x, n * (1 - p));
    return error - spread + 0.5 * (Math.log(n / (n - x)) - Math.log(x) - LOG_2_PI);
  }

  const evaluate = (coefficients, x) => coefficients.reduceRight((sum, value) => sum * x + value, 0);
  const CENTRE = [
    [3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
      45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727],
    [1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
      39307.89580009271061, 28729.085735721942674, 5226.495278852545925],
  ];
  const SIDE = [
    [1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
      1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4],
    [1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
      0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9],
  ];
  const TAIL = [
    [6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
      0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
    [1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
      1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15],
  ];

  // Quantile of the standard normal distribution, 0 < p < 1.
  function normalQuantile(p) {
    const q = p - 0.5;
    const ratio = ([above, below], x) => evaluate(above, x) / evaluate(below, x);
    if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
    const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
    return Math.sign(q) * (r <= 5 ? ratio(SIDE, r - 1.6) : ratio(TAIL, r - 5));
  }

  return {logChance, normalQuantile};
})();
