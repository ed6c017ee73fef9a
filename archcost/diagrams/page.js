const FEW = 60; // boxes that are shown at first
const READABLE = 0.6; // times the letters' size

const data = JSON.parse(document.getElementById("data").textContent);
const picture = document.getElementById("picture");
const facts = document.getElementById("facts");
const root = { name: "", inside: data.inside, open: true, parent: null };
const all = []; // every box, in the order of the drawing

(function link(box, parent) {
  box.parent = parent;
  box.open ??= false;
  if (box !== root) {
    box.number = all.length;
    all.push(box);
  }
  for (const child of Object.values(box.inside?.boxes ?? {})) link(child, box);
})(root, null);

function redraw() {
  root.layout = layOut(root.inside);
  picture.innerHTML = `<g id="view">${drawInside(root.layout, root.inside.boxes)}</g>`;
  applyView();
}

// ---- what is seen of it ----

const view = { x: 0, y: 0, scale: 1 };

function applyView() {
  document.getElementById("view").setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
}

function showWhole() {
  const { left, right, height } = root.layout, { clientWidth, clientHeight } = picture;
  view.scale = Math.min(1.5, clientWidth / (right - left + 40), clientHeight / (height + 40));
  view.x = clientWidth / 2 - ((left + right) / 2) * view.scale;
  view.y = Math.max(20 * view.scale, (clientHeight - height * view.scale) / 2);
  applyView();
}

// The whole where its letters can be read, else its beginning.
function showStart() {
  showWhole();
  if (view.scale > READABLE) return;
  view.scale = 1;
  view.x = picture.clientWidth / 2;
  view.y = 20;
  applyView();
}

function zoom(factor, x = picture.clientWidth / 2, y = picture.clientHeight / 2) {
  view.x = x - (x - view.x) * factor;
  view.y = y - (y - view.y) * factor;
  view.scale *= factor;
  applyView();
}

function move(x, y) {
  view.x += x;
  view.y += y;
  applyView();
}

const find = (box) => picture.querySelector(`[data-number="${box.number}"]`);

function center(box) {
  const seen = find(box).getBoundingClientRect(), frame = picture.getBoundingClientRect();
  move(frame.x + frame.width / 2 - seen.x - seen.width / 2, frame.y + frame.height / 2 - seen.y - Math.min(seen.height, frame.height) / 2);
}

// Fold or unfold a box: it stays where it is on the screen.
function toggle(box) {
  if (!box?.inside) return;
  const before = find(box).getBoundingClientRect();
  box.open = !box.open;
  redraw();
  const after = find(box).getBoundingClientRect();
  move(before.x + before.width / 2 - after.x - after.width / 2, before.y - after.y);
  find(box).focus({ preventScroll: true });
}

function setAll(open) {
  for (const box of all) box.open = open && Boolean(box.inside);
  redraw();
  showStart();
}

function tell(box) {
  facts.replaceChildren();
  if (!box) return;
  facts.append(Object.assign(document.createElement("strong"), { textContent: box.path }));
  for (const [label, text] of box.facts) {
    facts.append(Object.assign(document.createElement("span"), { textContent: `${label} ` }), text);
  }
}

// Go to the next box whose name or path has the text; unfold what it lies in.
let last = -1;
function search(text) {
  const wanted = text.toLowerCase();
  const matches = (box) => `${box.path} ${box.name}`.toLowerCase().includes(wanted);
  const found = [...all.slice(last + 1), ...all.slice(0, last + 1)].find((box) => wanted && matches(box));
  if (!found) {
    facts.textContent = wanted ? `No layer has "${text}" in its name` : "";
    return;
  }
  last = found.number;
  for (let box = found.parent; box; box = box.parent) box.open = true;
  redraw();
  center(found);
  find(found).classList.add("found");
  tell(found);
}

const boxOf = (event) => all[event.target.closest?.("[data-number]")?.dataset.number];
const input = document.getElementById("search");

input.addEventListener("keydown", (event) => {
  if (event.key === "Enter") search(input.value);
  if (event.key === "Escape") picture.querySelector(".found, .box")?.focus();
  event.stopPropagation();
});
input.addEventListener("input", () => (last = -1));
picture.addEventListener("pointerover", (event) => tell(boxOf(event)));
picture.addEventListener("focusin", (event) => tell(boxOf(event)));
picture.addEventListener("wheel", (event) => {
  event.preventDefault();
  const frame = picture.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 500), event.clientX - frame.x, event.clientY - frame.y);
}, { passive: false });

let pressed = null;
picture.addEventListener("pointerdown", (event) => (pressed = { x: event.clientX, y: event.clientY, far: 0 }));
addEventListener("pointermove", (event) => {
  if (!pressed) return;
  const x = event.clientX - pressed.x, y = event.clientY - pressed.y;
  move(x, y);
  pressed = { x: event.clientX, y: event.clientY, far: pressed.far + Math.hypot(x, y) };
});
addEventListener("pointerup", (event) => {
  if (pressed && pressed.far < 5) toggle(boxOf(event));
  pressed = null;
});

const STEP = 60; // pixels
const keys = {
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": showWhole, "/": () => input.focus(),
  ArrowLeft: () => move(STEP, 0), ArrowRight: () => move(-STEP, 0), ArrowUp: () => move(0, STEP), ArrowDown: () => move(0, -STEP),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const box = boxOf(event);
  const act = (event.key === "Enter" || event.key === " ") && box ? () => toggle(box) : keys[event.key];
  if (!act || event.target.closest?.("button")) return;
  event.preventDefault();
  act();
});
for (const [id, act] of Object.entries({
  closer: () => zoom(1.25), farther: () => zoom(0.8), whole: showWhole, unfold: () => setAll(true), fold: () => setAll(false),
})) document.getElementById(id).addEventListener("click", act);

// At first show as many levels as can be followed.
for (let level = Object.values(root.inside.boxes), shown = level.length; ;) {
  const inner = level.flatMap((box) => Object.values(box.inside?.boxes ?? {}));
  if (!inner.length || (shown += inner.length) > FEW) break;
  for (const box of level) box.open = Boolean(box.inside);
  level = inner;
}
redraw();
showStart();
