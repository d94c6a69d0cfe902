// A choice above the table of claims for each of its columns verdict, study and model.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const heads = (table) => [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
  const table = [...document.querySelectorAll("table")].find((one) => heads(one).join(" ") === "claim found verdict study model");
  if (!table) return;
  const rows = [...table.querySelectorAll("tbody tr")];
  // The units that would decide, in brackets behind a verdict, make no choice of their own.
  const told = (row, column) => row.cells[column].textContent.replace(/ \(\d+\)$/, "").trim();
  const choices = heads(table).flatMap((head, column) => {
    if (column < 2) return [];
    const select = document.createElement("select");
    select.setAttribute("aria-label", head);
    select.append(new Option(`every ${head}`, ""));
    for (const value of new Set(rows.map((row) => told(row, column)).filter(Boolean).sort())) select.append(new Option(value));
    return [{column, select}];
  });
  const filter = () => {
    for (const row of rows) row.hidden = choices.some(({column, select}) => select.value && select.value !== told(row, column));
  };
  const line = document.createElement("p");
  line.className = "choices";
  for (const {select} of choices) {
    select.addEventListener("change", filter);
    line.append(select);
  }
  (table.closest(".table-wrapper") ?? table).before(line);
  table.classList.add("claims");
});
