"use strict";
// The atlas. Data are columns, a value for each network; `state` is all that the reader chose, and is kept in the
// address after the #. Every change goes one way: state -> filter -> frontier -> draw.

const data = JSON.parse(document.getElementById("data").textContent);
const axes = new Map(data.axes.map((axis) => [axis.name, axis]));
const count = data.model.length;
const at = (id) => document.getElementById(id);
const START = { x: "macs", y: "top1", xlog: "1", ylog: "", area: "params", colour: "family", family: "", pretraining: "in1k", library: "", since: "", until: "", largest: "", search: "", kept: "" };
const HUES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a5195"];
const GREY = "#8a939c";
// the hues of a quantity, from its lowest sixth to its highest, on a light and on a dark background
const RAMPS = [["#7fbfe0", "#56a0cc", "#3a80b5", "#2c5f9b", "#30387c", "#32134f"], ["#3d5a94", "#3d7ab8", "#4aa0d0", "#79c3dd", "#b1e0e6", "#f4f8c8"]];
const GROUPS = ["family", "pretraining", "library"];
const FIELD = "receptive_field";
const YEAR = "year";
const PREFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

const key = (i) => `${data.model[i]}@${data.size[i]}`;
const spec = (i) => `${data.library[i]}:${key(i)}`;
const numbers = new Map(data.model.map((_, i) => [key(i), i]));

let state = { ...START, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
for (const name of ["x", "y"]) if (!axes.has(state[name])) state[name] = START[name];
if (state.area && !axes.has(state.area)) state.area = START.area;
if (!axes.has(state.colour) && !GROUPS.includes(state.colour)) state.colour = START.colour;
let shown = [];
let front = [];
let places = [];
let current = -1;

function spell(value, axis) {
  if (value === null) return "unknown";
  if (axis.name === YEAR) return String(value);
  if (axis.unit === "%") return `${value.toFixed(2)} %`;
  for (const [size, prefix] of PREFIXES) if (value >= size) return `${(value / size).toPrecision(4)} ${prefix}${axis.unit}`;
  return `${Number(value.toPrecision(4))} ${axis.unit}`.trim();
}

function read(i, axis) {
  const value = data.columns[axis.name][i];
  return axis.name === FIELD && data.everything[i] ? `whole input (${value})` : spell(value, axis);
}

function title(axis) { return axis.unit && axis.unit !== "%" ? `${axis.label} (${axis.unit})` : axis.unit === "%" ? `${axis.label} (%)` : axis.label; }

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}

function countBy(column) {
  const found = new Map();
  for (const each of column) found.set(each, (found.get(each) || 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function setUp() {
  const named = data.axes.map((axis) => [axis.name, axis.label]);
  for (const id of ["x", "y"]) fill(at(id), named);
  fill(at("area"), [["", "all alike"], ...named]);
  fill(at("colour"), [...GROUPS.map((name) => [name, name]), ...named]);
  const years = [...new Set(data.columns[YEAR])].filter((year) => year !== null).sort();
  for (const id of ["since", "until"]) fill(at(id), [["", "any"], ...years.map((year) => [year, year])]);
  for (const id of GROUPS) {
    fill(at(id), [["", "any"], ...countBy(data[id]).map(([name, times]) => [name, `${name} (${times})`])]);
  }
  show();
  collect(); // an address may name what does not exist
  at("controls").addEventListener("input", () => { collect(); update(); });
  at("controls").addEventListener("reset", (event) => { event.preventDefault(); state = { ...START, kept: state.kept }; show(); update(); });
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  const plot = at("plot");
  plot.addEventListener("pointermove", (event) => point(nearest(event)));
  plot.addEventListener("click", (event) => { const found = nearest(event); if (found >= 0) { point(found); keep(found); } });
  plot.addEventListener("keydown", onKey);
  at("csv").addEventListener("click", download);
  at("link").addEventListener("click", () => navigator.clipboard?.writeText(location.href).then(() => { at("link").textContent = "Copied"; }));
  at("clear").addEventListener("click", () => { state.kept = ""; update(); });
  window.addEventListener("resize", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function show() {
  for (const id of Object.keys(START)) {
    const control = at(id);
    if (id === "kept" || !control) continue;
    if (control.type === "checkbox") control.checked = Boolean(state[id]);
    else control.value = state[id];
  }
}

function collect() {
  for (const id of Object.keys(START)) {
    const control = at(id);
    if (id === "kept" || !control) continue;
    state[id] = control.type === "checkbox" ? (control.checked ? "1" : "") : control.value;
  }
}

function update() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const largest = Number(state.largest) || Infinity;
  const dated = state.since || state.until;
  const [since, until] = [Number(state.since) || 0, Number(state.until) || Infinity];
  const [xs, ys, years] = [data.columns[state.x], data.columns[state.y], data.columns[YEAR]];
  let [unknown, undated] = [0, 0];
  shown = [];
  for (let i = 0; i < count; i++) {
    if (state.family && data.family[i] !== state.family) continue;
    if (state.pretraining && data.pretraining[i] !== state.pretraining) continue;
    if (state.library && data.library[i] !== state.library) continue;
    if (data.size[i] > largest) continue;
    if (words.some((word) => !data.model[i].toLowerCase().includes(word))) continue;
    if (dated && years[i] === null) { undated++; continue; }
    if (years[i] < since || years[i] > until) continue;
    if (xs[i] === null || ys[i] === null) { unknown++; continue; }
    shown.push(i);
  }
  front = findFrontier(xs, ys);
  current = -1;
  const kept = Object.entries(state).filter(([name, value]) => value !== START[name]);
  history.replaceState(null, "", kept.length ? `#${new URLSearchParams(kept)}` : location.pathname + location.search);
  const chosen = [...new Set([state.x, state.y])].map((name) => axes.get(name));
  at("shown").textContent = [
    `${shown.length} of ${count} networks are shown`,
    chosen.some((axis) => axis.up === null) ? "a receptive field has no frontier, because neither a small nor a large one is better" : `${front.length} lie on the frontier`,
    unknown && `${unknown} more have no known ${chosen.filter((axis) => data.columns[axis.name].includes(null)).map((axis) => axis.label).join(" or ")}`,
    undated && `${undated} more have no known year`,
    state.since && state.until && since > until && "the first year lies after the last",
  ].filter(Boolean).join("; ") + ".";
  const notes = chosen.map((axis) => axis.note).filter(Boolean);
  at("caption").textContent = [`${axes.get(state.y).label} against ${axes.get(state.x).label}.`, ...notes].join(" ");
  draw();
  listFrontier();
  listKept();
}

function findFrontier(xs, ys) {
  if (axes.get(state.x).up === null || axes.get(state.y).up === null) return [];
  const [right, up] = [axes.get(state.x).up ? -1 : 1, axes.get(state.y).up ? 1 : -1];
  const sorted = [...shown].sort((a, b) => right * (xs[a] - xs[b]) || up * (ys[b] - ys[a]));
  const found = [];
  for (const i of sorted) if (!found.length || up * (ys[i] - ys[found.at(-1)]) > 0) found.push(i);
  return found;
}

function scale(name, logarithmic, from, to) {
  const values = shown.map((i) => data.columns[name][i]);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!values.length) return { place: () => from, ticks: [] };
  const log = logarithmic && low > 0 && name !== YEAR;
  const f = log ? Math.log10 : (v) => v;
  const room = (f(high) - f(low) || 1) * 0.05;
  const [a, b] = [f(low) - room, f(high) + room];
  return { place: (v) => from + ((f(v) - a) / (b - a)) * (to - from), ticks: name === YEAR ? makeYears(low, high, Math.abs(to - from)) : makeTicks(a, b, log).map((v) => [v, brief(v)]) };
}

function makeYears(low, high, room) {
  const step = Math.ceil(((high - low + 1) * 40) / room);
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, k) => [low + k * step, String(low + k * step)]);
}

function makeTicks(a, b, log) {
  const found = [];
  if (log) {
    for (let e = Math.floor(a); e <= b; e++) for (const m of b - a > 2 ? [1] : [1, 2, 5]) found.push(m * 10 ** e);
    const within = found.filter((v) => Math.log10(v) >= a && Math.log10(v) <= b);
    if (within.length > 1) return within;
    [a, b] = [10 ** a, 10 ** b];
  }
  const raw = (b - a) / 6;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= raw);
  for (let v = Math.ceil(a / step) * step; v <= b; v += step) found.push(Number(v.toPrecision(12)));
  return found;
}

// The hue of each network, and the entries of the legend. A quantity has six hues, for as many networks each.
function colours(dark) {
  if (GROUPS.includes(state.colour)) {
    const names = countBy(shown.map((i) => data[state.colour][i])).map(([name]) => name);
    const hues = new Map(names.slice(0, HUES.length).map((name, i) => [name, HUES[i]]));
    return { find: (i) => hues.get(data[state.colour][i]) || GREY, entries: [...hues, ...(names.length > hues.size ? [["others", GREY]] : [])] };
  }
  const [column, axis, ramp] = [data.columns[state.colour], axes.get(state.colour), RAMPS[dark ? 1 : 0]];
  const known = shown.map((i) => column[i]).filter((v) => v !== null).sort((a, b) => a - b);
  const limits = [...new Set(ramp.map((_, k) => known[Math.ceil(((k + 1) * known.length) / ramp.length) - 1]))].filter((v) => v !== undefined);
  const hues = limits.map((_, k) => ramp[Math.round((k * (ramp.length - 1)) / Math.max(limits.length - 1, 1))]);
  const entries = limits.map((limit, k) => [`${k ? "up to" : `${axis.label} up to`} ${spell(limit, axis)}`, hues[k]]);
  const find = (i) => (column[i] === null ? GREY : hues[limits.findIndex((limit) => column[i] <= limit)]);
  return { find, entries: known.length < shown.length ? [...entries, ["unknown", GREY]] : entries };
}

function isDark() {
  const parts = getComputedStyle(document.documentElement).backgroundColor.match(/[\d.]+/g) || [255, 255, 255];
  return parts.slice(0, 3).reduce((sum, part) => sum + Number(part), 0) < 384;
}

// A network that sees its whole input is a square, where the receptive field is an axis.
function trace(pen, each, r, boxed) {
  pen.beginPath();
  if (boxed && data.everything[each.i]) pen.rect(each.x - 0.9 * r, each.y - 0.9 * r, 1.8 * r, 1.8 * r);
  else pen.arc(each.x, each.y, r, 0, 7);
}

function draw() {
  const plot = at("plot");
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [plot.clientWidth, plot.clientHeight];
  plot.width = width * ratio;
  plot.height = height * ratio;
  const pen = plot.getContext("2d");
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const ink = style.color;
  pen.font = `12px ${style.fontFamily}`;
  const [xs, ys] = [data.columns[state.x], data.columns[state.y]];
  const across = scale(state.x, state.xlog, 58, width - 12);
  const up = scale(state.y, state.ylog, height - 42, 12);
  const boxed = [state.x, state.y].includes(FIELD);
  pen.strokeStyle = pen.fillStyle = ink;
  pen.lineWidth = 1;
  pen.textAlign = "center";
  for (const [v, text] of across.ticks) {
    pen.globalAlpha = 0.15; line(pen, across.place(v), 12, across.place(v), height - 42); pen.globalAlpha = 1;
    pen.fillText(text, across.place(v), height - 26);
  }
  pen.textAlign = "right";
  for (const [v, text] of up.ticks) {
    pen.globalAlpha = 0.15; line(pen, 58, up.place(v), width - 12, up.place(v)); pen.globalAlpha = 1;
    pen.fillText(text, 52, up.place(v) + 4);
  }
  pen.textAlign = "center";
  pen.fillText(title(axes.get(state.x)), width / 2, height - 8);
  pen.save(); pen.translate(12, height / 2); pen.rotate(-Math.PI / 2); pen.fillText(title(axes.get(state.y)), 0, 0); pen.restore();
  const hues = colours(isDark());
  const sizes = state.area ? data.columns[state.area] : null;
  const largest = sizes ? Math.max(...shown.map((i) => sizes[i] || 0), 1) : 1;
  places = shown.map((i) => ({ i, x: across.place(xs[i]), y: up.place(ys[i]), r: sizes ? 2.5 + 12 * Math.sqrt((sizes[i] || 0) / largest) : 5 }));
  for (const each of [...places].sort((a, b) => b.r - a.r)) {
    pen.globalAlpha = 0.6;
    pen.fillStyle = hues.find(each.i);
    trace(pen, each, each.r, boxed); pen.fill();
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = ink;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  for (const i of front) pen.lineTo(across.place(xs[i]), up.place(ys[i]));
  pen.stroke();
  pen.setLineDash([]);
  pen.lineWidth = 2;
  const marked = new Set([...listed(), ...(current < 0 ? [] : [shown[current]])]);
  for (const each of places) if (marked.has(each.i)) { trace(pen, each, each.r + 3, boxed); pen.stroke(); }
  name(pen, ink, marked, width);
  const squares = boxed && shown.some((i) => data.everything[i]);
  at("legend").replaceChildren(
    ...hues.entries.map(([label, hue]) => enter("circle", { cx: 6, cy: 6, r: 5, fill: hue }, label)),
    ...(squares ? [enter("rect", { x: 1, y: 1, width: 10, height: 10, fill: "none", stroke: "currentColor" }, "a square sees its whole input, and is drawn at the input's size")] : []),
  );
}

// Return an entry of the legend.
function enter(shape, look, label) {
  const entry = document.createElement("span");
  const dot = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of [["width", 12], ["height", 12], ["aria-hidden", "true"]]) dot.setAttribute(key, value);
  const mark = document.createElementNS("http://www.w3.org/2000/svg", shape);
  for (const [key, value] of Object.entries(look)) mark.setAttribute(key, value);
  dot.append(mark);
  entry.append(dot, ` ${label}`);
  return entry;
}

function name(pen, ink, marked, width) {
  pen.fillStyle = ink;
  pen.textAlign = "left";
  pen.strokeStyle = getComputedStyle(document.documentElement).backgroundColor;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  const taken = [];
  const wanted = [...places].sort((a, b) => marked.has(b.i) - marked.has(a.i));
  const on = new Set(front);
  for (const each of wanted) {
    if (!marked.has(each.i) && !on.has(each.i)) continue;
    const text = data.model[each.i].split(".")[0];
    const wide = pen.measureText(text).width;
    // outside of the frontier, where no network is, rather than inside
    const sides = [[each.x - each.r - 4 - wide, each.y - 6], [each.x + each.r + 4, each.y + 4]];
    if (axes.get(state.x).up) sides.reverse();
    const free = sides.find(([x, y]) => x > 58 && x + wide < width && !taken.some((b) => x < b[2] && b[0] < x + wide && y - 11 < b[3] && b[1] < y + 3));
    if (!free) continue;
    taken.push([free[0], free[1] - 11, free[0] + wide, free[1] + 3]);
    pen.strokeText(text, ...free);
    pen.fillText(text, ...free);
  }
}

function line(pen, a, b, c, d) { pen.beginPath(); pen.moveTo(a, b); pen.lineTo(c, d); pen.stroke(); }

function brief(v) {
  for (const [size, prefix] of PREFIXES) if (Math.abs(v) >= size) return `${Number((v / size).toPrecision(3))}${prefix}`;
  return String(Number(v.toPrecision(3)));
}

function nearest(event) {
  const [x, y] = [event.offsetX, event.offsetY];
  let [best, found] = [30, -1];
  places.forEach((each, n) => { const d = Math.hypot(each.x - x, each.y - y) - each.r; if (d < best) [best, found] = [d, n]; });
  return found;
}

function onKey(event) {
  const order = [...places.keys()].sort((a, b) => places[a].x - places[b].x || places[a].y - places[b].y);
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (step && order.length) {
    const place = order.indexOf(current);
    point(order[(place + step + order.length + (place < 0 && step < 0 ? 1 : 0)) % order.length]);
  } else if (event.key === "Enter" && current >= 0) keep(current);
  else return;
  event.preventDefault();
}

function point(n) {
  if (n < 0 || n === current) return;
  current = n;
  at("point").replaceChildren(describe(shown[n]));
  draw();
}

function describe(i) {
  const box = document.createDocumentFragment();
  const strong = document.createElement("strong");
  strong.textContent = `${data.model[i]}, ${data.size[i]} x ${data.size[i]}`;
  const text = document.createElement("div");
  text.textContent = [`family ${data.family[i]}`, `pretraining ${data.pretraining[i]}`, ...data.axes.filter((axis) => axis.name === YEAR || axis.name === FIELD || data.columns[axis.name][i] !== null).map((axis) => `${axis.label} ${read(i, axis)}`)].join(" · ");
  const paper = document.createElement("div");
  paper.textContent = `Paper: ${data.paper[i] === null ? "unknown" : data.papers[data.paper[i]].join(", ")}`;
  box.append(strong, text, paper, ...[`archcost profile ${spec(i)}`, `archcost alternatives ${spec(i)}`].map((command) => {
    const code = document.createElement("code");
    code.textContent = command;
    return code;
  }));
  return box;
}

function listed() { return state.kept.split("~").filter((key) => numbers.has(key)).map((key) => numbers.get(key)); }

function keep(n) {
  const found = new Set(listed());
  if (!found.delete(shown[n])) found.add(shown[n]);
  state.kept = [...found].map(key).join("~");
  const place = current;
  update();
  current = place;
  draw();
}

function listKept() {
  at("kept").replaceChildren(...listed().map((i) => { const item = document.createElement("li"); item.append(describe(i)); return item; }));
}

function cell(tag, text) { const found = document.createElement(tag); found.textContent = text; return found; }

function listFrontier() {
  const chosen = [...new Set([state.x, state.y, state.area].filter(Boolean))].map((each) => axes.get(each));
  const head = document.createElement("tr");
  head.append(...["Network", "Input", ...chosen.map((axis) => axis.label)].map((text) => cell("th", text)));
  at("front").tHead.replaceChildren(head);
  at("front").tBodies[0].replaceChildren(...front.map((i) => {
    const row = document.createElement("tr");
    row.append(cell("td", data.model[i]), cell("td", data.size[i]), ...chosen.map((axis) => cell("td", read(i, axis))));
    return row;
  }));
}

function download() {
  const rows = listed().length ? listed() : front;
  const head = ["library", "model", "size", "family", "pretraining", ...axes.keys(), "whole_input", "paper"];
  const lines = rows.map((i) => [data.library[i], data.model[i], data.size[i], data.family[i], data.pretraining[i], ...[...axes.keys()].map((each) => data.columns[each][i] ?? ""), data.everything[i], data.paper[i] === null ? "" : data.papers[data.paper[i]][1]]);
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([[head, ...lines].map((each) => each.join(",")).join("\n") + "\n"], { type: "text/csv" }));
  anchor.download = "networks.csv";
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

setUp();
update();
