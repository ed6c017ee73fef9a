"use strict";
{
  const THEMES = { automatic: "", dark: "dark", light: "light" };
  const theme = document.getElementById("theme");
  let shown = 0;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    shown = (shown + 1) % 3;
    const [name, value] = Object.entries(THEMES)[shown];
    document.documentElement.dataset.theme = value;
    theme.textContent = `Theme: ${name}`;
  });

  // Paper cannot be unfolded.
  const folded = [...document.querySelectorAll("details:not([open])")];
  addEventListener("beforeprint", () => folded.forEach((each) => (each.open = true)));
  addEventListener("afterprint", () => folded.forEach((each) => (each.open = false)));

  const words = new Intl.Collator("en", { numeric: true });

  // What a row is sorted by: a number, a text, or null for a cell that has none, which stays last.
  function keyOf(row, column, numeric) {
    const cell = row.cells[column];
    if (!numeric) return cell.textContent || null;
    const text = cell.dataset.v ?? cell.firstChild?.nodeValue?.replaceAll(",", "");
    return text && !Number.isNaN(Number(text)) ? Number(text) : null;
  }

  function sorted(rows, column, numeric, sign) {
    const keyed = rows.map((row) => [keyOf(row, column, numeric), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (numeric ? (a < b ? -1 : a > b ? 1 : 0) : words.compare(a, b));
    });
    return keyed.map(([, row]) => row);
  }

  function makeSortable(table, body, rows, status) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const numeric = !heading.classList.contains("t");
      const turns = numeric ? ["descending", "ascending", "none"] : ["ascending", "descending", "none"];
      heading.firstElementChild?.addEventListener("click", () => {
        const now = turns[(turns.indexOf(heading.ariaSort) + 1) % 3];
        for (const other of headings) other.ariaSort = "none";
        heading.ariaSort = now;
        table.classList.toggle("sorted", now !== "none");
        const sign = now === "ascending" ? 1 : -1;
        body.append(...(now === "none" ? rows : sorted(rows, column, numeric, sign)));
        fold(rows, now === "none");
        status.textContent = now === "none" ? "In the original order" : `Sorted by ${heading.textContent.trim()}, ${now}`;
      });
    });
  }

  const level = (row) => Number(row.dataset.level ?? 0);
  const button = (row) => row.cells[0].querySelector("button");

  // Hide what is below a folded module; a sorted table is a plain list and hides nothing.
  function fold(rows, asTree) {
    let deepest = Infinity;
    for (const row of rows) {
      if (level(row) <= deepest) deepest = Infinity;
      row.hidden = asTree && deepest !== Infinity;
      if (!row.hidden && button(row)?.ariaExpanded === "false") deepest = level(row);
    }
  }

  function makeFoldable(section, rows) {
    const modules = rows.filter(button);
    for (const row of modules) {
      button(row).addEventListener("click", (event) => {
        const folded = event.currentTarget.ariaExpanded === "true";
        event.currentTarget.ariaExpanded = String(!folded);
        fold(rows, true);
      });
    }
    for (const all of section.querySelectorAll("[data-fold]")) {
      all.addEventListener("click", () => {
        for (const row of modules) button(row).ariaExpanded = String(all.dataset.fold !== "true");
        fold(rows, !section.querySelector("table").classList.contains("sorted"));
      });
    }
  }

  // The row whose bar is under the pointer is named below the chart, and a click goes there.
  function makePointable(chart, rows) {
    const readout = chart.querySelector(".readout");
    const bars = rows.filter((row) => !button(row));
    let pointed;
    const point = (row) => {
      pointed?.classList.remove("pointed");
      pointed = row;
      pointed?.classList.add("pointed");
      readout.textContent = row ? row.cells[0].textContent : "";
    };
    for (const svg of chart.querySelectorAll("svg")) {
      const at = (event) => {
        const box = svg.getBoundingClientRect();
        return bars[Math.floor(((event.clientX - box.left) / box.width) * bars.length)];
      };
      svg.addEventListener("pointermove", (event) => point(at(event)));
      svg.addEventListener("pointerleave", () => point());
      svg.addEventListener("click", (event) => at(event)?.scrollIntoView({ block: "center" }));
    }
  }

  for (const section of document.querySelectorAll("section")) {
    const table = section.querySelector("table");
    if (!table) continue;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const tools = section.querySelector(".tools");
    tools.hidden = false;
    makeSortable(table, body, rows, tools.querySelector("[role=status]"));
    makeFoldable(section, rows);
    const chart = section.querySelector(".chart");
    if (chart) makePointable(chart, rows);
  }
}
