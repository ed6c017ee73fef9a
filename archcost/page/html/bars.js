// Bars of the rows that show: a folded module has the sum of its parts. Bars and rows highlight each other.
const SVG = "http://www.w3.org/2000/svg";

function figureOf(row, column, unit) {
  const cell = row.cells[column];
  const text = cell.firstChild?.nodeType === Node.TEXT_NODE ? cell.firstChild.nodeValue : "";
  const share = cell.querySelector("small")?.textContent;
  const figure = text && `${text} ${unit}`.trim();
  return [figure, share && `${share} %`].filter(Boolean).join(", ") || "none";
}

class Panel {
  constructor(element, list) {
    this.list = list;
    this.column = list.headings.findIndex((heading) => heading.dataset.name === element.dataset.column);
    const heading = list.headings[this.column];
    this.unit = heading.querySelector("small").textContent;
    this.svg = element.querySelector("svg");
    this.path = element.querySelector(".bars");
    this.grid = element.querySelector(".grid");
    this.most = element.querySelector("p span");
    this.ticks = element.querySelectorAll(".axis span");
    this.mark = this.svg.appendChild(document.createElementNS(SVG, "rect"));
    this.mark.setAttribute("height", 100);
    this.tip = element.querySelector(".field").appendChild(document.createElement("span"));
    this.tip.className = "tip";
    this.tip.hidden = true;
  }

  draw(rows) {
    const sizes = rows.map((row) => numberIn(row.cells[this.column]) ?? 0);
    const largest = Math.max(...sizes);
    const width = rows.length > 200 ? 1 : 0.8;
    const bars = sizes.map((size, i) => {
      const height = Math.max((size / largest) * 100, 0.5);
      return size > 0 ? `M${i} 100V${(100 - height).toFixed(1)}h${width}V100z` : "";
    });
    this.path.setAttribute("d", bars.join(""));
    this.grid.setAttribute("d", `M0 0h${rows.length}M0 50h${rows.length}`);
    this.svg.setAttribute("viewBox", `0 0 ${Math.max(rows.length, 1)} 100`);
    const longest = largest > 0 ? rows[sizes.indexOf(largest)] : undefined;
    const top = longest ? figureOf(longest, this.column, this.unit) : "";
    this.ticks[0].textContent = top.split(", ")[0];
    this.most.textContent = longest ? `most in ${longest.cells[0].textContent}: ${top}` : "nothing to show";
    this.svg.ariaValueMax = rows.length;
  }

  // Name a row and its figure at its bar; at the bars of its parts, where it has some.
  point(row, first, count) {
    this.tip.hidden = !row;
    this.mark.setAttribute("width", row ? count : 0);
    if (!row) return;
    this.mark.setAttribute("x", first);
    const name = row.cells[0].textContent;
    this.tip.textContent = `${name}: ${figureOf(row, this.column, this.unit)}`;
    const at = (100 * (first + count / 2)) / this.list.drawn.length;
    this.tip.style.left = `${at}%`;
    this.tip.style.transform = `translateX(-${at}%)`;
    this.svg.ariaValueNow = first + 1;
    this.svg.ariaValueText = this.tip.textContent;
  }
}

class Chart {
  constructor(element, list) {
    this.list = list;
    this.ends = element.querySelectorAll("figcaption span");
    this.panels = [...element.querySelectorAll(".panel")].map((panel) => new Panel(panel, list));
    this.panels.forEach((panel) => this.listen(panel.svg));
    const point = (event) => this.point(event.target.closest("tr"));
    for (const kind of ["pointerover", "focusin"]) list.body.addEventListener(kind, point);
    for (const kind of ["pointerleave", "focusout"]) list.body.addEventListener(kind, () => this.point());
    list.watchers.push(() => this.draw());
  }

  draw() {
    this.point();
    const { drawn } = this.list;
    for (const panel of this.panels) panel.draw(drawn);
    [drawn[0], drawn.at(-1)].forEach((row, i) => (this.ends[i].textContent = row?.cells[0].textContent ?? ""));
  }

  point(row) {
    const { drawn, rows } = this.list;
    let [first, count] = [drawn.indexOf(row), 1];
    if (row && first < 0) {
      const place = rows.indexOf(row);
      const after = rows.findIndex((other, i) => i > place && level(other) <= level(row));
      const parts = new Set(rows.slice(place, after < 0 ? rows.length : after));
      first = drawn.findIndex((each) => parts.has(each));
      count = drawn.filter((each) => parts.has(each)).length;
    }
    this.pointed?.classList.remove("pointed");
    this.pointed = first < 0 ? undefined : row;
    this.pointed?.classList.add("pointed");
    for (const panel of this.panels) panel.point(this.pointed, first, count);
  }

  // A pointer and arrow keys choose a bar; a click and Enter go to its row.
  listen(svg) {
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      return this.list.drawn[Math.floor(((event.clientX - box.left) / box.width) * this.list.drawn.length)];
    };
    const go = (row) => {
      row?.scrollIntoView({ block: "center" });
      row?.querySelector("button, a")?.focus({ preventScroll: true });
    };
    svg.addEventListener("pointermove", (event) => this.point(at(event)));
    svg.addEventListener("pointerleave", () => this.point());
    svg.addEventListener("click", (event) => go(at(event)));
    svg.role = "slider";
    svg.tabIndex = 0;
    svg.ariaValueMin = 1;
    svg.ariaValueNow = 1;
    svg.ariaValueMax = this.list.drawn.length;
    svg.addEventListener("focus", () => this.point(this.pointed ?? this.list.drawn[0]));
    svg.addEventListener("blur", () => this.point());
    svg.addEventListener("keydown", (event) => {
      const { drawn } = this.list;
      const [now, last] = [drawn.indexOf(this.pointed), drawn.length - 1];
      const next = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 0, End: last };
      if (event.key === "Enter") go(this.pointed);
      if (!(event.key in next)) return;
      event.preventDefault();
      this.point(drawn[Math.min(Math.max(next[event.key], 0), last)]);
    });
  }
}
