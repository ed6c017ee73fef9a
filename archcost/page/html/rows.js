// Which rows of a table show, and in which order: as a tree, or sorted, searched or filtered as a plain list.
const words = new Intl.Collator("en", { numeric: true });
const level = (row) => Number(row.dataset.level ?? 0);
const button = (row) => row.cells[0].querySelector("button");
const isFolded = (row) => button(row)?.ariaExpanded === "false";

// The figure of a cell, or null for a cell without one.
function numberIn(cell) {
  const text = cell.dataset.v ?? cell.firstChild?.nodeValue?.replaceAll(",", "");
  return text && !Number.isNaN(Number(text)) ? Number(text) : null;
}

// What lacks a figure or a text stays last.
function sorted(rows, column, numeric, sign) {
  const read = numeric ? numberIn : (cell) => cell.textContent || null;
  const keyed = rows.map((row) => [read(row.cells[column]), row]);
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (numeric ? (a < b ? -1 : a > b ? 1 : 0) : words.compare(a, b));
  });
  return keyed.map(([, row]) => row);
}

class List {
  constructor(section) {
    this.section = section;
    this.table = section.querySelector("table");
    this.body = this.table.tBodies[0];
    this.rows = [...this.body.rows];
    this.parents = this.rows.filter(button);
    this.headings = [...this.table.tHead.rows[0].cells];
    this.tools = section.querySelector(".tools");
    this.search = this.tools.querySelector("input");
    this.work = this.tools.querySelector("select");
    this.order = "";
    this.watchers = [];
    this.tools.hidden = false;
    this.makeSortable();
    this.makeFoldable();
    for (const field of [this.search, this.work]) field?.addEventListener("input", () => this.arrange());
    this.arrange();
  }

  makeSortable() {
    this.headings.forEach((heading, column) => {
      const numeric = !heading.classList.contains("t");
      const turns = numeric ? ["descending", "ascending", "none"] : ["ascending", "descending", "none"];
      heading.firstElementChild.addEventListener("click", () => {
        const now = turns[(turns.indexOf(heading.ariaSort) + 1) % 3];
        for (const other of this.headings) other.ariaSort = "none";
        heading.ariaSort = now;
        const plain = now === "none";
        this.order = plain ? "" : `Sorted by ${heading.textContent.trim()}, ${now}`;
        this.body.append(...(plain ? this.rows : sorted(this.rows, column, numeric, now === "ascending" ? 1 : -1)));
        this.arrange(plain ? "In the original order" : "");
      });
    });
  }

  makeFoldable() {
    for (const row of this.parents) {
      button(row).addEventListener("click", () => {
        button(row).ariaExpanded = String(isFolded(row));
        this.arrange();
      });
    }
    for (const all of this.tools.querySelectorAll("[data-fold]")) {
      all.addEventListener("click", () => {
        for (const row of this.parents) button(row).ariaExpanded = String(all.dataset.fold !== "true");
        this.arrange();
      });
    }
  }

  // Show what is asked for; `drawn` are then the rows that no other row is part of, in the order of the network.
  arrange(told = "") {
    const wanted = this.search.value.trim().toLowerCase();
    const filtered = Boolean(wanted || this.work?.value);
    const plain = filtered || this.order !== "";
    this.table.classList.toggle("plain", plain);
    const shown = plain ? this.rows.map((row) => !button(row) && this.matches(row, wanted)) : this.unfolded();
    this.rows.forEach((row, i) => row.hidden === shown[i] && (row.hidden = !shown[i]));
    this.drawn = this.rows.filter((row, i) => shown[i] && (!button(row) || isFolded(row)));
    const leaves = this.rows.length - this.parents.length;
    const found = filtered ? `${this.drawn.length} of ${leaves.toLocaleString("en")} rows` : "";
    this.tools.querySelector("[role=status]").textContent = [found, this.order || told].filter(Boolean).join(" · ");
    for (const watch of this.watchers) watch();
  }

  matches(row, wanted) {
    if (this.work?.value && row.dataset.work !== this.work.value) return false;
    return !wanted || `${row.cells[0].textContent} ${row.cells[1]?.textContent}`.toLowerCase().includes(wanted);
  }

  unfolded() {
    let deepest = Infinity;
    return this.rows.map((row) => {
      if (level(row) <= deepest) deepest = Infinity;
      const shown = deepest === Infinity;
      if (shown && isFolded(row)) deepest = level(row);
      return shown;
    });
  }

  // Make a row show that a link names.
  reveal(row) {
    this.search.value = "";
    if (this.work) this.work.value = "";
    let below = level(row);
    for (let i = this.rows.indexOf(row) - 1; i >= 0 && below > 0; i--) {
      if (level(this.rows[i]) >= below) continue;
      below = level(this.rows[i]);
      if (isFolded(this.rows[i])) button(this.rows[i]).ariaExpanded = "true";
    }
    this.arrange();
    row.scrollIntoView({ block: "center" });
  }
}
