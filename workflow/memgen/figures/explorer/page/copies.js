// The numbers that are shown, as a table to copy and as the command that prints them.
"use strict";

const copies = (() => {
  const csv = (rows) => rows.map((row) => row.map((value) => value ?? "").join(",")).join("\n") + "\n";

  function task(chosen) {
    return [`--n ${chosen.n}`, ...chosen.exceptions.map(([winner, loser]) => `--exception ${winner}:${loser}`)].join(" ");
  }

  function prior({prior, parameter}) {
    return tail.PRIORS[prior].parameter ? `${prior}:${parameter}` : prior;
  }

  // The command whose numbers a table holds.
  function command(chosen) {
    const learner = `${task(chosen)} --alpha ${chosen.alpha} --ridge ${chosen.ridge}`;
    switch (chosen.table) {
      case "critical":
        return `memgen relational critical ${task(chosen)} --ridge ${chosen.ridge}`;
      case "tail":
        return (
          `memgen longtail error --prior ${prior(chosen)} --domain ${chosen.domain} --samples ${chosen.samples} ` +
          `--labels ${chosen.labels} --memorization-limit ${chosen.limit}`
        );
      case "leak":
        return (
          `memgen irrelevant cluster-error --samples ${chosen.sample} --dimension ${chosen.dimension} ` +
          `--rho ${chosen.rho} --stored ${chosen.stored} --flip ${chosen.flip}`
        );
      default:
        return `memgen relational ${chosen.table} ${learner}`;
    }
  }

  function table(chosen, found) {
    const {pairs} = found;
    switch (chosen.table) {
      case "ranks":
        return csv([["item", "rank"], ...Array.from(found.profile, (value, item) => [item, value])]);
      case "margins":
        return csv([
          ["higher", "lower", "pair_class", "truth", "margin"],
          ...Array.from(found.margin, (value, index) => [
            pairs.higher[index],
            pairs.lower[index],
            hierarchy.CLASSES[pairs.kind[index]],
            pairs.truth[index] || "",
            value,
          ]),
        ]);
      case "mechanism":
        return csv([
          ["part", "strength", "item", "value"],
          ...Array.from(found.mechanism.chain, (value, item) => ["chain", "", item, value]),
          ...found.mechanism.dipoles.flatMap(({winner, loser, strength, column}) =>
            Array.from(column, (value, item) => [`${winner}:${loser}`, strength, item, strength * value]),
          ),
          ...Array.from(found.profile, (value, item) => ["ranks", "", item, value]),
        ]);
      case "phase":
        return csv([
          ["pair_class", "pairs", "accuracy", "margin", "lowest_margin"],
          ...hierarchy.CLASSES.filter((name) => found.classes[name]).map((name) => {
            const part = found.classes[name];
            return [name, part.pairs, part.accuracy, part.margin, part.lowest];
          }),
        ]);
      case "critical":
        return csv([
          ["first", "last", "alpha", "gamma"],
          ...found.critical.map((part) => [
            part.first,
            part.last,
            part.gamma === null ? null : (part.gamma - 2 * chosen.ridge) / (2 + part.gamma),
            part.gamma,
          ]),
        ]);
      case "tail": {
        const {bands, ...numbers} = found.tail;
        return csv([["quantity", "value"], ...Object.entries(numbers)]);
      }
      default:
        return csv([["quantity", "value"], ...Object.entries(found.leak)]);
    }
  }

  return {command, table};
})();
