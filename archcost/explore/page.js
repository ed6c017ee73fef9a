// The page: totals, drawing and table follow the settings, and the address of the page holds them.
const picture = document.getElementById("picture");
const table = document.getElementById("table");
const refusal = document.getElementById("refusal");
const sums = document.getElementById("totals");
const PATIENCE = 150; // milliseconds, because a browser refuses an address that changes with each step of a slider
const SMALLEST = 0.75; // times the letters' size
const boxes = Object.entries(data.picture.boxes).map(([key, box]) => ({ ...box, key }));
boxes.forEach((box, number) => (box.number = number));
const drawn = { ...data.picture, boxes: Object.fromEntries(boxes.map((box) => [box.key, box])) };
const first = compute(new Map());
const TOTALS = [
  ["params", "Parameters", ""],
  ["macs", "Multiply-adds", ""],
  ["bytes", "Activation memory", " bytes"],
  ["field", "Receptive field", ""],
];

let writing = 0; // the timer of the address
let drawing = 0; // the next frame, which shows the drawing and the table

function show() {
  const costs = showFigures();
  showPicture(costs);
  showTable(costs);
}

function showFigures() {
  const costs = compute(changed);
  showControls(costs);
  showTotals(costs);
  return costs;
}

function update() {
  const costs = showFigures();
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(() => {
    showPicture(costs);
    showTable(costs);
  });
  clearTimeout(writing);
  writing = setTimeout(writeAddress, PATIENCE);
}

function writeAddress() {
  const address = new URLSearchParams(changed).toString();
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
}

function showTotals({ totals, refusal: refused }) {
  tell(refusal, refused ? `${refused.message}.` : "");
  sums.hidden = !totals;
  for (const [name, , unit] of TOTALS) {
    const before = first.totals?.[name], now = totals?.[name], exact = typeof before === "number";
    const ratio = exact && before ? `${((100 * now) / before).toFixed(1)} % of ` : "";
    const [value, start] = [now, before].map((each) => (exact ? spell(each ?? 0) : each ?? ""));
    tell(sums.querySelector(`#total-${name}`), totals ? `${value}${unit}` : "");
    tell(sums.querySelector(`#total-${name} + small`), now === before ? "as at the start" : `${ratio}${start} at the start`);
  }
}

function showPicture(costs) {
  const largest = Math.max(...costs.rows.map((row) => row.macs), 1);
  for (const box of boxes) {
    const rows = box.rows.map((row) => costs.rows[row]), macs = rows.reduce((sum, row) => sum + row.macs, 0);
    const name = box.named.map((row) => nameRow(row, costs.changed)).join(" + ");
    box.name = (name.startsWith("+ ") ? name.replace("+ + ", "+ ") : name) + (box.shared ? " (shared)" : "");
    box.cost = macs ? `${spell(macs)} multiply-adds` : "";
    box.share = macs / largest;
    box.shape = rows.at(-1).shape ? spellShape(rows.at(-1).shape) : "";
  }
  const layout = layOut(drawn), width = layout.right - layout.left + 8, height = layout.height + 8;
  const focused = document.activeElement?.closest?.("#picture [data-number]")?.dataset.number;
  const room = picture.parentElement.clientWidth, scale = Math.min(1, Math.max(SMALLEST, room / width));
  picture.setAttribute("viewBox", `${layout.left - 4} -4 ${width} ${height}`);
  picture.setAttribute("width", width * scale);
  picture.setAttribute("height", height * scale);
  picture.innerHTML = drawInside(layout, drawn.boxes);
  const wrong = boxes.find((box) => box.rows.includes(costs.refusal?.row));
  if (wrong) picture.querySelector(`[data-number="${wrong.number}"]`).classList.add("wrong");
  if (focused) picture.querySelector(`[data-number="${focused}"]`).focus({ preventScroll: true });
}

function showTable({ rows, totals }) {
  const fill = (scope, name, texts) => make("tr", {}, make("th", { scope, textContent: name }), ...texts.map((text) => make(scope === "col" ? "th" : "td", { textContent: text, ...(scope === "col" && { scope }) })));
  const body = rows.flatMap(({ shape, params, macs, bytes }, n) => (shape ? [fill("row", data.rows[n].name, [spellShape(shape), ...[params, macs, bytes].map(spell)])] : []));
  const foot = totals ? [fill("row", "Total", ["", ...[totals.params, totals.macs, totals.bytes].map(spell)])] : [];
  const head = fill("col", "Layer", ["Output", "Parameters", "Multiply-adds", "Memory, bytes"]);
  table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...body), make("tfoot", {}, ...foot));
}

// A box leads to the settings of its layer.
function goTo(box) {
  const number = data.layers.indexOf(layerOf.get(box?.rows.find((row) => layerOf.has(row))));
  if (number < 0 || !parts[number].details.isConnected) return;
  parts[number].details.open = true;
  showControls(compute(changed));
  parts[number].fields.querySelector("input").focus();
  parts[number].details.scrollIntoView({ block: "nearest" });
}

function readAddress() {
  const strange = [];
  changed.clear();
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (settings.has(key)) changed.set(key, value === "" ? NaN : Number(value));
    else strange.push(key);
  }
  tell(document.getElementById("strange"), strange.length ? `This network has no setting ${strange.join(", ")}.` : "");
  clearTimeout(writing);
  cancelAnimationFrame(drawing);
  show();
}

const boxOf = (event) => boxes[event.target.closest?.("[data-number]")?.dataset.number];
picture.addEventListener("click", (event) => goTo(boxOf(event)));
picture.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  goTo(boxOf(event));
});
document.getElementById("reset").addEventListener("click", () => {
  changed.clear();
  update();
});
addEventListener("hashchange", readAddress);
addEventListener("resize", () => showPicture(compute(changed)));
sums.append(...TOTALS.map(([name, label]) => make("div", {}, make("dt", { textContent: label }), make("dd", {}, make("b", { id: `total-${name}` }), make("small")))));
buildControls(update);
readAddress();
