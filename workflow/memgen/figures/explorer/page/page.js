// The page: what a reader does changes the state, and a change draws once in the next frame.
"use strict";

const page = (() => {
  const element = (id) => document.getElementById(id);
  const fields = [...document.querySelectorAll("[data-field]")];
  const MARKS = ["circle", "square", "triangle", "diamond"];
  let chosen = state.fromHash(location.hash);
  let cached = {};
  let waiting = false;
  let resting = null;
  let latest = null;
  // Name and text of the reader's file; it is kept nowhere else.
  let brought = null;

  const fits = JSON.parse(element("fitted").textContent).map((fit) => {
    const hyper = fit.hyperparameter === null ? "" : ` ${fit.hyperparameter}`;
    return {
      ...fit,
      pairs: state.pairsIn(fit.exceptions),
      row: fit.method,
      name: `${fit.model}, ${fit.method}${hyper}, ${fit.items}`,
      learner: theory.learner(fit.gamma, fit.memorization_weight ?? 1),
    };
  });
  const kinds = [...new Set(fits.map((fit) => fit.items))].sort();
  for (const fit of fits) fit.shape = MARKS[kinds.indexOf(fit.items) % MARKS.length];

  // Fit of the reader's answers on this hierarchy, or what is wrong with them.
  function fitBrought(pairs) {
    try {
      return brought ? {answered: answers.fit(brought.text, chosen.n, chosen.exceptions, pairs)} : {};
    } catch (error) {
      return {problem: error.message};
    }
  }

  // All that the panels show; what depends on the hierarchy alone is kept.
  function compute() {
    const {n, exceptions, alpha, ridge} = chosen;
    const key = `${n} ${state.label(exceptions)}`;
    if (cached.key !== key) {
      const here = state.label([...exceptions].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
      for (const fit of fits) {
        fit.here = fit.n === n && state.label([...fit.pairs].sort((a, b) => a[0] - b[0] || a[1] - b[1])) === here;
      }
      const rows = fits.filter((fit) => fit.here).length;
      element("line").style.height = rows > 30 ? `${Math.min(640, 90 + 7 * rows)}px` : "";
      const pairs = hierarchy.pairs(n, exceptions);
      const mistake = theory.firstMistake(pairs, n, exceptions);
      cached = {key, pairs, mistake, critical: theory.critical(n, exceptions), ...fitBrought(pairs)};
    }
    const {pairs, mistake, critical, answered, problem} = cached;
    const gamma = theory.gamma(alpha, ridge);
    const weight = theory.ownWeight(alpha, ridge);
    const profile = theory.ranksAt(n, exceptions, gamma);
    const margin = theory.margins(pairs, profile, weight);
    let largest = 1e-300;
    for (const value of margin) largest = Math.max(largest, Math.abs(value));
    return {
      chosen, pairs, mistake, critical, answered, problem, fits, gamma, weight, profile, margin, largest,
      mechanism: theory.mechanism(n, exceptions, gamma, profile),
      classes: theory.behaviour(pairs, margin),
    };
  }

  // What the two other parts show; kept while their own choices stay.
  let others = {};
  function computeOthers() {
    const {prior, parameter, domain, samples, labels, limit, minority, sample, rho, stored, flip} = chosen;
    const first = [prior, parameter, domain, samples, labels, limit, minority].join(" ");
    if (others.first !== first) {
      others.first = first;
      others.tail = tail.costs(chosen);
      others.groups = tail.groups(chosen);
    }
    const second = [sample, chosen.dimension, rho, stored, flip].join(" ");
    if (others.second !== second) {
      const each = leak.bits({rho, stored, flip});
      others.second = second;
      others.leak = {
        singleton_error: leak.clusterError({samples: sample, rho, stored, flip}),
        irrelevant_bits: each * sample,
      };
    }
    return others;
  }

  const number = (value, digits = 4) => (value === null ? "none" : draw.short(Number(value.toPrecision(digits))));
  const exact = (value, digits = 5) => String(Number(value.toPrecision(digits))).replace("-", "\u2212");

  function list(id, entries) {
    const list_ = element(id);
    const text = JSON.stringify(entries);
    if (list_.dataset.told === text) return;
    list_.dataset.told = text;
    list_.replaceChildren(
      ...entries.map(([name, value]) => {
        const part = document.createElement("div");
        const term = document.createElement("dt");
        const description = document.createElement("dd");
        term.textContent = name;
        description.textContent = value;
        part.append(term, description);
        return part;
      }),
    );
  }

  function set(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  // The conjunctivity that has a gamma at the present ridge, and the pair that turns wrong there.
  function turning(above, below, leak) {
    if (leak === null) return `${above} v ${below} never`;
    const alpha = (leak - 2 * chosen.ridge) / (2 + leak);
    return `${above} v ${below} from alpha ${alpha > 0 ? exact(alpha, 4) : "0"}, gamma ${exact(leak)}`;
  }

  function firstTold({mistake, chosen: {exceptions}}) {
    if (!exceptions.length) return "no exception";
    return mistake === null ? "none" : turning(mistake.above, mistake.below, mistake.gamma);
  }

  function acrossTold(found) {
    const told = ({first, last, gamma}) =>
      first > 0 && last < chosen.n - 1 ? turning(first - 1, last + 1, gamma) : "no such pair";
    return found.map(told).join("; ") || "no exception";
  }

  function describe(found) {
    list("relational-numbers", [
      ["gamma", exact(found.gamma)],
      ["memorization weight m", exact(found.weight, 4)],
      ["first mistake, at this ridge", firstTold(found)],
      ["pair across the loop (critical)", acrossTold(found.critical)],
    ]);
    set(element("matrix-scale"), exact(found.largest, 3));
    const parts = found.mechanism.dipoles.map(({winner, loser, strength}, index) => {
      const shape = ["\u25c6", "\u25b2", "\u25a0", "\u25cf"][index % 4];
      return [index % 4, `${shape} I${winner} beats I${loser}, strength ${exact(strength, 3)}`];
    });
    const told = element("dipoles");
    const text = JSON.stringify(parts);
    if (told.dataset.told !== text) {
      told.dataset.told = text;
      told.replaceChildren(
        ...parts.flatMap(([index, words], place) => {
          const part = document.createElement("span");
          part.style.color = `var(--dipole-${index})`;
          part.textContent = words;
          return place ? [", ", part] : [part];
        }),
      );
      if (!parts.length) told.textContent = "there is none.";
    }
    const shown = hierarchy.CLASSES.filter((name) => found.classes[name]);
    const body = element("classes").tBodies[0];
    while (body.rows.length > shown.length) body.deleteRow(-1);
    while (body.rows.length < shown.length) {
      const row = body.insertRow();
      for (let cell = 0; cell < 5; cell++) row.insertCell();
    }
    shown.forEach((name, index) => {
      const part = found.classes[name];
      const right = part.accuracy === null ? "no truth" : `${(100 * part.accuracy).toFixed(1)}%`;
      const texts = [name, String(part.pairs), right, part.margin.toFixed(4), part.lowest.toFixed(4)];
      texts.forEach((text, cell) => set(body.rows[index].cells[cell], text.replace("-", "\u2212")));
    });
    const legend = element("legend");
    if (legend.dataset.told !== shown.join()) {
      legend.dataset.told = shown.join();
      legend.replaceChildren(
        ...shown.map((name) => {
          const part = document.createElement("li");
          const swatch = document.createElement("span");
          swatch.className = "swatch";
          swatch.style.background = `var(--class-${name})`;
          part.append(swatch, name);
          return part;
        }),
      );
    }
    const ranks = Array.from(found.profile, (value) => value.toFixed(3)).join(", ");
    element("ranks").setAttribute("aria-description", `Ranks from I0 on: ${ranks}`);
  }

  const FORMAT = "Your answers: a CSV file, chosen or dropped here, with the header first,second,margin (or share, of answers for "
    + "first) and rows such as 2,6,0.4. It never leaves this page.";
  function describeAnswers({answered, problem}) {
    const many = (pairs) => pairs.slice(0, 12).map((pair) => pair.replaceAll(" ", "\u00a0")).join(", ")
      + (pairs.length > 12 ? ` and ${pairs.length - 12} more` : "") || "none";
    set(element("answers-told"), problem ? `${brought.name}: ${problem}` : answered
      ? `${brought.name}: gamma ${exact(answered.gamma)}, r ${number(answered.r, 3)}; see \u201cYour answers\u201d` : FORMAT);
    list("answers-numbers", answered ? [
      [answered.edge ? "gamma, at the end of the range" : "gamma", exact(answered.gamma)],
      ["scale", exact(answered.scale, 4)],
      [`correlation r, ${answered.used.length} pairs`, number(answered.r, 4)],
      ["mistakes predicted", many(answered.expected)],
      ["mistakes found", many(answered.mistakes)],
    ] : []);
  }

  function describeOthers({tail: costs, groups, leak: found}) {
    list("longtail-numbers", [
      ["error of the best learner", number(costs.optimal_error)],
      ["share of samples seen once", number(costs.singleton_fraction)],
      ["n times the frequency of a singleton", number(costs.tau_1_n)],
      ["cost of ignoring singletons", number(costs.ignore_singletons_cost)],
      ["cost of the limit", number(costs.gamma_cost)],
      ["cost within the minority", number(groups[1].gamma_cost)],
    ]);
    list("irrelevant-numbers", [
      ["singleton error", number(found.singleton_error)],
      ["useless bits stored of each sample", number(found.irrelevant_bits / chosen.sample)],
      ["useless bits stored in all", number(found.irrelevant_bits)],
    ]);
    set(element("parameter-name"), tail.PRIORS[chosen.prior].parameter ?? "no parameter");
  }

  // Sliders run evenly over a range, or evenly over its logarithm.
  const logarithmic = (input) => input.type === "range" && input.dataset.from;
  function positionOf(input, value) {
    if (!logarithmic(input)) return value;
    const [from, to] = [Number(input.dataset.from), Number(input.dataset.to)];
    return value <= 0 ? 0 : Math.round(1000 * Math.min(1, Math.max(0, Math.log(value / from) / Math.log(to / from))));
  }
  function valueOf(input) {
    if (!logarithmic(input)) return input.value;
    const [from, to] = [Number(input.dataset.from), Number(input.dataset.to)];
    if ("zero" in input.dataset && Number(input.value) === 0) return 0;
    const value = Number((from * (to / from) ** (Number(input.value) / 1000)).toPrecision(3));
    return state.FIELDS[input.dataset.field].whole ? Math.round(value) : value;
  }

  function fill() {
    for (const input of fields) {
      const name = input.dataset.field;
      const field = state.FIELDS[name];
      if (!field.of && !logarithmic(input)) {
        if (input.type === "range" && typeof field.most === "function") input.max = state.bound(field.most, chosen);
        if (input.type === "number") input.max = state.bound(field.most, chosen);
      }
      if (name === "parameter") input.disabled = !tail.PRIORS[chosen.prior].parameter;
      if (input === document.activeElement && input.type === "number") continue;
      const value = String(positionOf(input, chosen[name]));
      if (input.value !== value) input.value = value;
      if (logarithmic(input)) input.setAttribute("aria-valuetext", String(chosen[name]));
    }
    const box = element("exceptions");
    if (box !== document.activeElement) box.value = state.label(chosen.exceptions);
  }

  // What need not keep up with a drag: the texts to copy, and the address.
  function rest() {
    element("command").value = copies.command(chosen);
    element("csv").value = copies.table(chosen, latest);
    const hash = state.toHash(chosen);
    if (location.hash.slice(1) !== hash) history.replaceState(null, "", `#${hash}`);
  }

  const PANELS = {
    ranks: profile.ranks,
    mechanism: profile.parts,
    matrix: (canvas, all) => matrix.show(canvas, all, document.activeElement === canvas),
    phase: diagram.phase,
    line: diagram.line,
    scatter: answers.scatter,
    curve: answers.curve,
    bands: bars.bands,
    groups: bars.groups,
    stored: bars.stored,
  };

  // One whole update, at once; the tests and the measurement of speed call it as well.
  function render() {
    waiting = false;
    const found = compute();
    const all = {...found, ...computeOthers()};
    fill();
    for (const [id, show] of Object.entries(PANELS)) {
      const canvas = element(id);
      if (draw.seen(canvas)) show(canvas, all);
    }
    describe(all);
    describeAnswers(all);
    describeOthers(all);
    latest = all;
    clearTimeout(resting);
    resting = setTimeout(rest, 150);
    return all;
  }

  function refresh() {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(render);
    }
  }

  function change(changes) {
    const prior = chosen.prior;
    chosen = {...chosen, ...changes, wished: changes.exceptions ?? chosen.wished};
    if (chosen.prior !== prior && changes.parameter === undefined) chosen.parameter = tail.PRIORS[chosen.prior].usual ?? 0;
    chosen = state.settled(chosen);
    refresh();
  }

  function toggle([row, column]) {
    const [loser, winner] = [Math.min(row, column), Math.max(row, column)];
    const rest = chosen.exceptions.filter(([w, l]) => w !== winner || l !== loser);
    const removed = rest.length < chosen.exceptions.length;
    const problem = removed ? null : hierarchy.refusal(chosen.n, rest, [winner, loser]);
    const pair = `I${winner} beats I${loser}`;
    if (problem) set(element("pair-told"), `${pair}: ${problem}`);
    else {
      change({exceptions: removed ? rest : [...rest, [winner, loser]]});
      set(element("pair-told"), `${pair}: ${removed ? "removed" : "added"}`);
    }
  }

  function goTo(fit) {
    const point = fit.learner ?? theory.learner(fit.gamma, 1);
    change({n: fit.n, exceptions: fit.pairs, alpha: point.alpha, ridge: point.ridge});
    const beyond = fit.learner ? "" : `; its m is above 1, which no ridge gives: shown at ridge 0`;
    const weight = fit.memorization_weight === null ? "unknown" : exact(fit.memorization_weight, 3);
    set(element("fit-told"), `${fit.name}: gamma ${exact(fit.gamma, 3)}, m ${weight}, correlation ${exact(fit.correlation, 3)}${beyond}`);
  }

  async function bring(file) {
    brought = file ? {name: file.name, text: await file.text().catch(() => "")} : null;
    cached = {};
    refresh();
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  const placeIn = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function listen() {
    for (const input of fields) {
      input.addEventListener("input", () => {
        const name = input.dataset.field;
        const value = state.read(name, valueOf(input), chosen);
        if (value !== null) change({[name]: value});
      });
      input.addEventListener("change", () => {
        if (input.type === "number") input.value = chosen[input.dataset.field];
      });
    }
    const box = element("exceptions");
    box.addEventListener("input", () => {
      const words = box.value.trim().split(/[\s,]+/).filter(Boolean);
      const kept = [];
      for (const word of words) {
        const [pair] = /^\d+:\d+$/.test(word) ? state.pairsIn(word) : [null];
        const problem = pair ? hierarchy.refusal(chosen.n, kept, pair) : "write WINNER:LOSER in ranks from 0, such as 5:3";
        set(element("exceptions-told"), problem ? `${word}: ${problem}` : "");
        if (problem) return;
        kept.push(pair);
      }
      set(element("exceptions-told"), "");
      change({exceptions: kept});
    });
    box.addEventListener("change", () => {
      const told = element("exceptions-told").textContent;
      if (told && !told.includes("not taken")) set(element("exceptions-told"), `not taken: ${told}`);
      box.value = state.label(chosen.exceptions);
    });
    const cells = element("matrix");
    cells.addEventListener("click", (event) => {
      const cell = matrix.cellAt(...placeIn(event));
      if (!cell) return;
      [matrix.cursor[0], matrix.cursor[1]] = cell;
      toggle(cell);
    });
    cells.addEventListener("pointermove", (event) => {
      const cell = matrix.cellAt(...placeIn(event));
      if (cell) set(element("pair-told"), matrix.told(compute(), ...cell));
    });
    cells.addEventListener("keydown", (event) => {
      const cell = matrix.cursor.map((rank) => Math.min(rank, chosen.n - 1));
      if (event.key === "Enter" || event.key === " ") {
        if (cell[0] !== cell[1]) toggle(cell);
      } else if (matrix.move(event.key, chosen.n)) {
        const [row, column] = matrix.cursor;
        if (row !== column) set(element("pair-told"), matrix.told(compute(), row, column));
        refresh();
      } else return;
      event.preventDefault();
    });
    cells.addEventListener("focus", refresh);
    cells.addEventListener("blur", refresh);
    const phase = element("phase");
    const drag = (event) => {
      const point = diagram.pointAt(...placeIn(event));
      if (point) change(point);
    };
    phase.addEventListener("pointerdown", (event) => {
      phase.setPointerCapture(event.pointerId);
      drag(event);
    });
    phase.addEventListener("pointermove", (event) => {
      if (event.buttons) drag(event);
    });
    phase.addEventListener("keydown", (event) => {
      const {alpha, ridge} = chosen;
      const by = {ArrowLeft: {alpha: alpha - 0.01}, ArrowRight: {alpha: alpha + 0.01},
        ArrowUp: {ridge: Math.max(0.001, ridge * 1.25)}, ArrowDown: {ridge: ridge < 0.00125 ? 0 : ridge / 1.25}}[event.key];
      if (!by) return;
      if (by.alpha !== undefined) by.alpha = Number(Math.min(0.98, Math.max(0, by.alpha)).toFixed(6));
      else by.ridge = Number(by.ridge.toPrecision(3));
      change(by);
      event.preventDefault();
    });
    element("line").addEventListener("click", (event) => {
      const fit = diagram.fitAt(...placeIn(event));
      if (fit) goTo(fit);
    });
    const select = element("fits");
    const groups = new Map();
    fits.forEach((fit, index) => {
      const title = `${fit.source === "published" ? "published" : "ours"}: ${fit.hierarchy}`;
      if (!groups.has(title)) {
        const group = document.createElement("optgroup");
        group.label = title;
        groups.set(title, group);
        select.append(group);
      }
      groups.get(title).append(new Option(`${fit.name} (gamma ${exact(fit.gamma, 3)})`, String(index)));
    });
    if (!fits.length) select.disabled = true;
    select.addEventListener("change", () => {
      if (select.value !== "") goTo(fits[Number(select.value)]);
    });
    set(element("sources"), ["circle", "square", "triangle", "diamond"].slice(0, kinds.length)
      .map((shape, index) => `${{circle: "\u25cf", square: "\u25a0", triangle: "\u25b2", diamond: "\u25c6"}[shape]} ${kinds[index]}`)
      .join(", ") + " items, blue ours, orange published");
    for (const button of document.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => element(button.dataset.go).scrollIntoView());
    }
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        const source = element(button.dataset.copy);
        let done = await copy(source.value);
        if (!done) {
          source.select();
          done = document.execCommand("copy");
        }
        set(element("copy-told"), done ? "copied" : "select the text and copy it by hand");
      });
    }
    element("copy-link").addEventListener("click", async () => {
      const hash = state.toHash(chosen);
      const done = await copy(location.href.split("#")[0] + (hash ? `#${hash}` : ""));
      set(element("copy-told"), done ? "copied" : "copy the page's address by hand");
    });
    const input = element("answers");
    input.addEventListener("change", () => bring(input.files[0]));
    for (const name of ["dragover", "drop"]) {
      document.addEventListener(name, (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        if (name === "drop") {
          input.files = event.dataTransfer.files;
          bring(input.files[0]);
        }
      });
    }
    element("reset").addEventListener("click", () => {
      chosen = state.usual();
      input.value = "";
      bring(null);
    });
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) !== state.toHash(chosen)) {
        chosen = state.fromHash(location.hash);
        refresh();
      }
    });
  }

  listen();
  draw.watch(document.querySelectorAll("canvas"), refresh);
  render();
  rest();
  return {render, change, rest, goTo, fits, chosen: () => chosen};
})();
