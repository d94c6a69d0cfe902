// Potentials of a leaky chain of conductors with extra wires, without a single subtraction that cancels.
//
// The same elimination as memgen/relational/circuit.py, one configuration at a time; see there for why it holds.
// Ranks are the potentials of the circuit of a hierarchy: each trained pair is a conductor, gamma the leak.
"use strict";

const circuit = (() => {
  // Nodes that are kept, wires as indices into them, and B^T 1 at them: the circuit of a chain with exceptions.
  function of(n, exceptions) {
    const nodes = [...new Set([0, n - 1, ...exceptions.flat()])].sort((one, other) => one - other);
    const place = new Map(nodes.map((node, index) => [node, index]));
    const wires = exceptions.map(([winner, loser]) => [place.get(winner), place.get(loser)]);
    const current = new Float64Array(nodes.length);
    current[0] = 1;
    current[nodes.length - 1] = -1;
    for (const [winner, loser] of wires) {
      current[winner] += 1;
      current[loser] -= 1;
    }
    return {nodes, wires, current};
  }

  // Chain alone, a unit current fed in at one node and taken out at another: a dipole.
  function dipole(n, first, second) {
    const nodes = [...new Set([0, n - 1, first, second])].sort((one, other) => one - other);
    const current = new Float64Array(nodes.length);
    current[nodes.indexOf(first)] += 1;
    current[nodes.indexOf(second)] -= 1;
    return {nodes, wires: [], current};
  }

  // Potential of every node of the chain, against ground. Powers of q are multiplied up; chains here are short.
  function potentials({nodes, wires, current}, gamma) {
    const kept = nodes.length;
    const width = nodes[kept - 1] + 1;
    const out = new Float64Array(width);
    const ratio = 1 / (1 + 0.5 * gamma + Math.sqrt(gamma * (1 + 0.25 * gamma)));
    let longest = 1;
    for (let s = 0; s < kept - 1; s++) longest = Math.max(longest, nodes[s + 1] - nodes[s]);
    const power = new Float64Array(longest + 1);
    const partial = new Float64Array(longest + 1);
    power[0] = 1;
    for (let m = 1; m <= longest; m++) {
      power[m] = power[m - 1] * ratio;
      partial[m] = partial[m - 1] + power[m - 1];
    }
    const joined = new Uint8Array(kept * kept);
    const conductance = new Float64Array(kept * kept);
    const weight = new Float64Array(kept);
    const feed = Float64Array.from(current);
    const reach = new Float64Array(kept);
    let carry = 1;
    for (let s = 0; s < kept - 1; s++) {
      const before = nodes[s + 1] - nodes[s] - 1;
      const sumAll = partial[before] + power[before];
      const one = 1 / (sumAll * (1 + ratio * power[before]));
      reach[s] = one;
      joined[s * kept + s + 1] = 1;
      conductance[s * kept + s + 1] = power[before] * (1 + ratio) * one;
      const share = ratio * partial[before] * (sumAll * one);
      weight[s] = carry + share;
      carry = 1 + share;
    }
    weight[kept - 1] = carry;
    for (const [one, other] of wires) {
      const index = Math.min(one, other) * kept + Math.max(one, other);
      joined[index] = 1;
      conductance[index] += 1;
    }
    let ground = 0;
    for (let k = 0; k < kept - 1; k++) {
      const row = k * kept;
      let total = gamma * weight[k];
      for (let j = k + 1; j < kept; j++) if (joined[row + j]) total += conductance[row + j];
      const inverse = 1 / total;
      feed[k] *= inverse;
      ground += feed[k] * weight[k];
      weight[k] *= inverse;
      for (let j = k + 1; j < kept; j++) {
        if (!joined[row + j]) continue;
        weight[j] += weight[k] * conductance[row + j];
        feed[j] += feed[k] * conductance[row + j];
        for (let i = k + 1; i < j; i++) {
          if (!joined[row + i]) continue;
          joined[i * kept + j] = 1;
          conductance[i * kept + j] += conductance[row + i] * conductance[row + j] * inverse;
        }
      }
      for (let j = k + 1; j < kept; j++) conductance[row + j] *= inverse;
    }
    feed[kept - 1] = -ground / weight[kept - 1];
    for (let k = kept - 2; k >= 0; k--) {
      for (let j = k + 1; j < kept; j++) feed[k] += conductance[k * kept + j] * feed[j];
    }
    for (let s = 0; s < kept; s++) out[nodes[s]] = feed[s];
    for (let s = 0; s < kept - 1; s++) {
      const length = nodes[s + 1] - nodes[s];
      for (let i = 1; i < length; i++) {
        const rest = length - i;
        const upper = power[i] * (partial[rest] * (1 + power[rest]));
        const lower = power[rest] * (partial[i] * (1 + power[i]));
        out[nodes[s] + i] = (feed[s] * upper + feed[s + 1] * lower) * reach[s];
      }
    }
    return out;
  }

  return {of, dipole, potentials};
})();
