// The controls: for each layer a slider and a number for each setting, and the products that they change.
const form = document.getElementById("controls");
const FEW = 9; // layers that are open at first
const changed = new Map();
const settings = new Map(); // by name
for (const layer of data.layers) for (const setting of listSettings(layer)) settings.set(setting.key, { ...setting, layer });
const inputs = new Map(); // a slider and a number by the name of a setting, once its layer was open
const parts = []; // by layer: the details, their heading, their fields, their products
const layerOf = new Map(); // by row; a layer that runs several times has several rows
for (const { row, layer } of [...data.inputs, ...data.steps]) if (layer !== undefined) layerOf.set(row, data.layers[layer]);

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

function buildControls(update) {
  data.layers.forEach((layer, number) => {
    const heading = make("span", { className: "heading" }), products = make("dl", { className: "products" });
    const fields = make("fieldset", {}, make("legend", { className: "above", textContent: layer.key }));
    const details = make("details", { open: data.layers.length <= FEW || number < 2 });
    details.append(make("summary", {}, make("b", { textContent: layer.key }), " ", heading), fields, products);
    details.addEventListener("toggle", () => details.open && showControls(compute(changed)));
    const build = () => fields.append(...listSettings(layer).map(({ key }) => buildField(key, update)));
    if (listSettings(layer).length) form.append(details);
    parts.push({ details, heading, fields, products, build });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

function buildField(key, update) {
  const { name, label, start } = settings.get(key), id = `setting${inputs.size}`, least = findLeast(name);
  const slider = make("input", { type: "range", id, min: least, max: findFarthest(name, start), step: 1 });
  const digits = make("input", { type: "number", min: least, max: MOST, step: 1, ariaLabel: `${label} as a number` });
  inputs.set(key, { slider, digits });
  for (const input of [slider, digits]) {
    input.addEventListener("input", () => {
      change(key, input.value === "" ? NaN : Number(input.value));
      update();
    });
  }
  return make("div", { className: "setting" }, make("label", { htmlFor: id, textContent: label }), slider, digits);
}

function findFarthest(name, start) {
  const least = { kernel: 11, stride: 4, padding: 5, groups: 32, multiplier: 8, channels: 8 }[name] ?? 16;
  return Math.max(least, ["stride", "padding"].includes(name) ? start : 2 * start);
}

// Set a value, or forget it where the layer has it anyway.
function change(key, value) {
  changed.delete(key);
  if (findValue(key) !== value) changed.set(key, value);
}

// The value of a setting: padding may follow the kernel.
function findValue(key) {
  if (changed.has(key)) return changed.get(key);
  const { layer, name, start } = settings.get(key);
  if (name !== "padding" || !layer.keeps) return start;
  try {
    return settle(layer, changed).padding[key.endsWith(".padding") ? 0 : Number(key.split(".").at(-1))];
  } catch {
    return start; // the kernel is not a number
  }
}

// Show the values of the layers that are open, and name all layers.
function showControls(costs) {
  for (const { details, build, fields } of parts) if (details.open && fields.children.length === 1) build();
  for (const [key, { slider, digits }] of inputs) {
    const value = findValue(key);
    if (Number.isFinite(value)) slider.max = Math.max(slider.max, Math.min(value, MOST));
    slider.value = value;
    if (document.activeElement !== digits) digits.value = value; // a half-typed number stays
  }
  const wrong = costs.refusal && layerOf.get(costs.refusal.row);
  data.layers.forEach((layer, number) => {
    const { details, heading, products } = parts[number], { row, kind } = layer;
    details.classList.toggle("wrong", wrong === layer);
    tell(heading, kind === "input" ? spellShape(costs.rows[row].shape ?? []) : nameRow(row, costs.changed));
    if (!details.open) return;
    const texts = costs.rows.flatMap((each, n) => (layerOf.get(n) === layer ? each.products : []));
    products.replaceChildren(...texts.flatMap(([label, text]) => [make("dt", { textContent: label }), make("dd", { textContent: text })]));
  });
}

// Only what changes is written, because a screen reader reads it out.
function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The name of a row as in a drawing: "3x3 conv, 192, /2".
function nameRow(row, values) {
  const layer = layerOf.get(row);
  if (!layer || layer.kind === "input") return data.rows[row].label;
  const read = (name) => {
    const key = `${layer.key}.${name}`, start = layer.start[name];
    const legible = (value) => (Number.isFinite(value) ? value : "?"); // a field that is being typed may be empty
    if (Array.isArray(start)) return start.map((each, i) => legible(values.get(key) ?? values.get(`${key}.${i}`) ?? each));
    return legible(values.get(key) ?? start);
  };
  if (layer.kind === "linear") return `fc ${read("outputs")}`;
  const stride = read("stride"), sign = layer.transposed ? "x" : "/";
  const steps = stride.every((step) => step === 1) ? "" : `, ${sign}${isUniform(stride) ? stride[0] : stride.join("x")}`;
  const window = read("kernel").join("x");
  if (layer.kind === "pool") return `${layer.name} ${window}${steps}`;
  if (layer.start.multiplier) return `${window} depthwise conv${read("multiplier") === 1 ? "" : `, x${read("multiplier")}`}${steps}`;
  const groups = read("groups") === 1 ? "" : `, ${read("groups")} groups`;
  return `${window} ${layer.transposed ? "up-conv" : "conv"}, ${read("filters")}${steps}${groups}`;
}
