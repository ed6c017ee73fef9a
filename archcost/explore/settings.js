// The settings of the layers: their names, their limits, and their values. A changed value lies in a map under its name.
const data = JSON.parse(document.getElementById("data").textContent);
const MOST = 2 ** 24;
const LABELS = {
  channels: "Channels", size: "Size", filters: "Filters", multiplier: "Filters for each channel", outputs: "Outputs",
  kernel: "Kernel", stride: "Stride", padding: "Padding", groups: "Groups",
};
const AXES = [[], ["length"], ["height", "width"], ["depth", "height", "width"]];

// A setting that the network does not allow: a sentence, and the row that it is about.
class Refusal extends Error {
  constructor(row, sentence) {
    super(row === null ? sentence : `${data.rows[row].name}: ${sentence}`);
    this.row = row;
  }
}

const findLeast = (name) => (name === "padding" ? 0 : 1);
const isUniform = (sizes) => sizes.every((size) => size === sizes[0]);

// The settings of a layer; equal sizes of all axes are one setting.
function listSettings(layer) {
  return Object.entries(layer.start).flatMap(([name, start]) => {
    const label = layer.reduces && name === "filters" ? "Reduction width" : LABELS[name];
    const key = `${layer.key}.${name}`;
    if (!Array.isArray(start)) return [{ key, name, label, start }];
    if (isUniform(start)) return start.length ? [{ key, name, label, start: start[0] }] : [];
    const axes = AXES[start.length] ?? [];
    return start.map((each, i) => ({ key: `${key}.${i}`, name, label: `${label}, ${axes[i] ?? `axis ${i}`}`, start: each }));
  });
}

function readSetting(layer, name, key, start, changed) {
  const value = changed.get(key) ?? start, least = findLeast(name);
  if (Number.isInteger(value) && value >= least && value <= MOST) return value;
  throw new Refusal(layer.row, `${LABELS[name].toLowerCase()} must be a whole number from ${least} to ${MOST.toLocaleString("en-US")}`);
}

// A layer's values. Padding that keeps the size follows the kernel along each axis, until it is set.
function settle(layer, changed) {
  const values = {};
  for (const [name, start] of Object.entries(layer.start)) {
    const key = `${layer.key}.${name}`, several = Array.isArray(start) && !isUniform(start);
    const read = (each, i) => {
      const place = several ? `${key}.${i}` : key;
      const follows = name === "padding" && layer.keeps && !changed.has(place);
      return follows ? Math.floor((layer.dilation[i] * (values.kernel[i] - 1)) / 2) : readSetting(layer, name, place, each, changed);
    };
    values[name] = Array.isArray(start) ? start.map(read) : read(start);
  }
  return values;
}
