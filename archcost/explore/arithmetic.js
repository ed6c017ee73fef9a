// The costs of the network under changed settings, step by step: the arithmetic of archcost/rules and archcost/account.
const english = new Intl.NumberFormat("en-US");
const AXIS_NAMES = ["images", "channels"];
const spell = (count) => english.format(count);
const multiply = (factors) => factors.map(spell).join(" x ");
const spellShape = (shape) => shape.slice(1).join("x");
const refuse = (step, sentence) => new Refusal(step.row, sentence);

function compute(changed) {
  const costs = {
    changed,
    results: new Map(), // the shape and the receptive field of each step and input
    rows: data.rows.map(() => ({ macs: 0, params: 0, bytes: 0, shape: null, products: [] })),
    params: new Map(), // the number of elements of each parameter
    refusal: null, // the first one; everything else is still computed
    totals: null,
  };
  const attempt = (act) => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      costs.refusal ??= error;
      return null;
    }
  };
  data.inputs.forEach((input, n) => costs.results.set(-1 - n, attempt(() => enter(input, costs))));
  data.steps.forEach((step, n) => {
    const inputs = step.reads.map((read) => costs.results.get(read));
    costs.results.set(n, inputs.every(Boolean) ? attempt(() => repeat(step, inputs, costs)) : null);
  });
  if (!costs.refusal) costs.totals = attempt(() => addUp(costs));
  return costs;
}

function enter(input, costs) {
  const { channels, size } = settle(data.layers[input.layer], costs.changed);
  const shape = [...input.batch, ...(channels === undefined ? [] : [channels]), ...(size ?? [])];
  const images = data.inputs.map(({ layer }) => data.layers[layer].start.size?.length ?? 0).find(Boolean) ?? 0;
  keep({ row: input.row, bytes: input.bytes }, shape, costs);
  return { shape, field: enterField(shape, images), row: input.row };
}

function repeat(step, inputs, costs) {
  const row = step.row ?? inputs[0].row; // an operator that returns a view has no row of its own
  const { shape, field } = KINDS[step.kind]({ ...step, row }, inputs, costs);
  if (step.changes && String(shape) !== String(inputs[0].shape)) throw refuse({ row }, `it changes ${spellShape(inputs[0].shape)} in place, and its result has another shape`);
  keep(step, shape, costs);
  return { shape, field, row };
}

// Note the shape of a row, and the memory of a tensor that a step allocates for later use.
function keep({ row, bytes }, shape, { rows }) {
  if (row === null) return;
  rows[row].shape = shape;
  rows[row].bytes += product(shape) * bytes;
  if (bytes) rows[row].products.push(["Memory", `${multiply([...shape.slice(1), bytes])} = ${spell(product(shape) * bytes)} bytes`]);
}

function addUp({ rows, params, results }) {
  const sum = (counts) => counts.reduce((all, count) => all + count, 0);
  const fields = data.returns.map((step) => results.get(step).field).filter(Boolean);
  const totals = {
    params: sum([...params.values()]) + data.rest,
    macs: sum(rows.map((row) => row.macs)),
    bytes: sum(rows.map((row) => row.bytes)),
  };
  const large = Object.values(totals).some((total) => !Number.isSafeInteger(total));
  if (large) throw new Refusal(null, `The totals exceed ${spell(Number.MAX_SAFE_INTEGER)}, the largest number that a page adds exactly`);
  return { ...totals, field: spellField(fields[0]) };
}

// Count a parameter once, however many steps use it.
function own(step, name, count, { rows, params }) {
  if (params.has(name) && params.get(name) !== count) throw refuse(step, `it shares a weight that needs ${spell(params.get(name))} elements elsewhere and ${spell(count)} here`);
  if (!params.has(name)) rows[step.row].params += count;
  params.set(name, count);
}

function countProducts(step, batch, weights, places, biases, costs) {
  const row = costs.rows[step.row], factors = [...batch.filter((size) => size > 1), ...weights, ...places];
  row.macs += product([...batch, ...weights, ...places]);
  row.products.push(["Multiply-adds", `${multiply(factors)} = ${spell(product(factors))}`]);
  own(step, `${step.layer}.weight`, product(weights), costs);
  if (step.biased) own(step, `${step.layer}.bias`, biases, costs);
  const all = product(weights) + (step.biased ? biases : 0);
  row.products.push(["Parameters", `${multiply(weights)}${step.biased ? ` + ${spell(biases)}` : ""} = ${spell(all)}`]);
}

function listDivisors(count) {
  const found = [];
  for (let each = 1; each <= count && found.length < 12; each++) if (count % each === 0) found.push(each);
  return found.join(", ");
}

const findCommon = (a, b) => (b ? findCommon(b, a % b) : a);

// The size of a window's result along each axis, as torch computes it.
function slide(step, sizes, window) {
  const { kernel, stride, padding, dilation, transposed, more, up } = window;
  const out = sizes.map((size, i) => {
    const reach = dilation[i] * (kernel[i] - 1);
    if (transposed) return (size - 1) * stride[i] - 2 * padding[i] + reach + more[i] + 1;
    const steps = Math.floor((size + 2 * padding[i] - reach - 1 + (up ? stride[i] - 1 : 0)) / stride[i]);
    return up && steps * stride[i] >= size + padding[i] ? steps : steps + 1;
  });
  if (out.every((size) => size > 0)) return out;
  const padded = padding.some(Boolean) ? ` with padding ${padding.join("x")}` : "";
  throw refuse(step, `a window of ${kernel.join("x")} does not fit into ${sizes.join("x")}${padded}`);
}

const KINDS = {
  convolution(step, [x], costs) {
    const layer = data.layers[step.layer], values = settle(layer, costs.changed), window = { ...layer, ...values };
    const [batch, channels, ...sizes] = x.shape;
    const groups = values.groups ?? channels, filters = values.filters ?? channels * values.multiplier;
    if (channels % groups || filters % groups) {
      const allowed = listDivisors(findCommon(channels, filters));
      throw refuse(step, `${groups} groups do not divide its ${channels} input channels and ${filters} filters; choose ${allowed}`);
    }
    if (window.transposed && window.more.some((more, i) => more && more >= Math.max(values.stride[i], layer.dilation[i]))) throw refuse(step, `its output padding of ${Math.max(...window.more)} must be smaller than its stride`);
    const out = slide(step, sizes, window), shape = [batch, filters, ...out];
    countProducts(step, [batch], [...values.kernel, channels / groups, filters], window.transposed ? sizes : out, filters, costs);
    return { shape, field: slideField(x, shape, window) };
  },
  pool(step, [x], costs) {
    const layer = step.fixed ?? data.layers[step.layer], window = { ...layer, ...settle(layer, costs.changed) };
    const axes = window.kernel.length, sizes = x.shape.slice(-axes);
    const wide = window.padding.findIndex((padding, i) => 2 * padding > layer.dilation[i] * (window.kernel[i] - 1) + 1);
    if (wide >= 0) throw refuse(step, `a padding of ${window.padding[wide]} is more than half of a window of ${window.kernel[wide]}`);
    const shape = [...x.shape.slice(0, -axes), ...slide(step, sizes, window)];
    return { shape, field: slideField(x, shape, window) };
  },
  adapt({ sizes }, [x]) {
    const axes = sizes.length, shape = [...x.shape.slice(0, -axes), ...sizes], before = x.shape.slice(-axes);
    if (product(sizes) === 1) return { shape, field: mixField(x, sizes.map((_, i) => x.shape.length - axes + i), true) };
    const spans = sizes.map((out, axis) => Array.from({ length: out }, (_, i) => Math.ceil(((i + 1) * before[axis]) / out) - Math.floor((i * before[axis]) / out)));
    const window = { kernel: spans.map((each) => Math.max(...each)), stride: sizes.map((out, i) => before[i] / out), padding: sizes.map(() => 0), dilation: sizes.map(() => 1) };
    return { shape, field: slideField(x, shape, window) };
  },
  linear(step, [x], costs) {
    const { outputs } = settle(data.layers[step.layer], costs.changed), [places, width] = x.shape, shape = [places, outputs];
    countProducts(step, [places], [width, outputs], [], outputs, costs);
    return { shape, field: mixField(x, [1], true) };
  },
  mix({ dims, keeps, reduces }, [x]) {
    const sizes = x.shape.map((size, dim) => (reduces && dims.includes(dim) ? 1 : size));
    return { shape: keeps ? sizes : sizes.filter((_, dim) => !dims.includes(dim)), field: mixField(x, dims, keeps) };
  },
  reshape(step, [x]) {
    const long = step.single.find((dim) => x.shape[dim] > 1);
    if (long !== undefined) throw refuse(step, `it removes an axis that has ${x.shape[long]} places now`);
    const shape = step.factors.map((dims) => product(dims.map((dim) => x.shape[dim])));
    return { shape, field: reshapeField(x, shape) };
  },
  pad(step, [x]) {
    const shape = x.shape.map((size, dim) => {
      const place = x.shape.length - 1 - dim;
      return size + (step.before[place] ?? 0) + (step.after[place] ?? 0);
    });
    if (shape.some((size) => size < 1)) throw refuse(step, `nothing is left of ${spellShape(x.shape)}`);
    return { shape, field: padField(x, shape, step.before) };
  },
  cut(step, [x]) {
    const size = x.shape[step.dim];
    const [start, end] = [step.first, step.last ?? size].map((place) => Math.min(Math.max(place < 0 ? place + size : place, 0), size));
    const shape = x.shape.map((each, dim) => (dim === step.dim ? Math.ceil((end - start) / step.step) : each));
    if (shape[step.dim] < 1) throw refuse(step, `nothing is left of ${spellShape(x.shape)}`);
    return { shape, field: cutField(x, shape, step.dim, start, step.step) };
  },
  scale(step, [x]) {
    const first = x.shape.length - step.factor.length;
    const shape = x.shape.map((size, dim) => (dim < first ? size : Math.floor(size * step.factor[dim - first])));
    if (shape.some((size) => size < 1)) throw refuse(step, `nothing is left of ${spellShape(x.shape)}`);
    return { shape, field: scaleField(x, shape, step) };
  },
  join(step, inputs) {
    const shape = [...inputs[0].shape];
    if (inputs.some((input) => input.shape.some((size, dim) => dim !== step.dim && size !== shape[dim]))) throw refuse(step, `${spellSources(inputs)} do not join; only their ${AXIS_NAMES[step.dim] ?? `axis ${step.dim}`} may differ`);
    shape[step.dim] = inputs.reduce((sum, input) => sum + input.shape[step.dim], 0);
    return { shape, field: uniteFields(inputs.map((input) => alignField(input, shape))) };
  },
  point(step, inputs, costs) {
    const length = Math.max(...inputs.map((input) => input.shape.length));
    const shape = Array.from({ length }, (_, dim) => {
      const sizes = inputs.map((input) => input.shape[dim - length + input.shape.length] ?? 1).filter((size) => size !== 1);
      if (!isUniform(sizes)) throw refuse(step, `${spellSources(inputs)} have different shapes`);
      return sizes[0] ?? 1;
    });
    if (shape[1] % step.parts) throw refuse(step, `its ${step.parts} groups do not divide ${shape[1]} channels`);
    for (const { name, axis } of step.params) own(step, name, axis === null ? 1 : shape[axis], costs);
    return { shape, field: uniteFields(inputs.map((input) => alignField(input, shape))) };
  },
};

const spellSources = (inputs) => inputs.map(({ shape, row }) => `${spellShape(shape)} from ${data.rows[row].name}`).join(", ");
