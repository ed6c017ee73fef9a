// Receptive fields, as archcost/account/receptive_field.py and axes.py follow them through a network. A field has an
// entry for each spatial axis of the input: "all", "unknown", or the places that the element at index 0 sees (from
// `low` to `high`), the distance between neighbours (`jump`), and the dimension of the tensor that runs along the axis.
const product = (sizes) => sizes.reduce((all, size) => all * size, 1);
const eachAxis = (field, change) => field && field.map((axis) => (typeof axis === "string" ? axis : change(axis)));

function enterField(shape, axes) {
  if (!axes || shape.length !== axes + 2) return null;
  return shape.slice(2).map((extent, i) => ({ dim: i + 2, inner: 1, extent, low: 0, high: 0, jump: 1 }));
}

function uniteFields(fields) {
  const known = fields.filter(Boolean);
  return known.length > 1 ? known[0].map((_, i) => uniteAxes(known.map((field) => field[i]))) : known[0] ?? null;
}

function uniteAxes(axes) {
  if (axes.some((axis) => typeof axis === "string")) return axes.includes("all") ? "all" : "unknown";
  const [first] = axes;
  if (axes.some(({ dim, inner }) => dim !== first.dim || inner !== first.inner)) return "unknown";
  const take = (choose, name) => choose(...axes.map((axis) => axis[name]));
  return { ...first, low: take(Math.min, "low"), high: take(Math.max, "high"), jump: take(Math.max, "jump") };
}

// A field after broadcasting: the dimensions of an operand shift if the result has more of them.
function alignField({ shape, field }, out) {
  const shift = out.length - shape.length;
  return eachAxis(field, (axis) => {
    if (axis.dim === null || axis.dim + shift >= out.length) return { ...axis, dim: null };
    const whole = axis.inner === 1 && axis.extent === shape[axis.dim], dim = axis.dim + shift;
    return { ...axis, dim, extent: whole ? out[dim] : axis.extent };
  });
}

// A window over the last `count` dimensions: an axis that is folded into a dimension is lost.
function applyWindow({ shape, field }, out, count, change) {
  const first = shape.length - count;
  return eachAxis(field, (axis) => {
    if (axis.dim === null) return axis;
    if (axis.dim < first) return axis.dim > 0 && axis.extent > 1 ? "all" : axis;
    if (axis.inner !== 1 || axis.extent !== shape[axis.dim]) return "unknown";
    return { ...axis, extent: out[axis.dim], ...change(axis, axis.dim - first) };
  });
}

function slideField(input, out, { kernel, stride, padding, dilation, transposed }) {
  return applyWindow(input, out, kernel.length, ({ low, high, jump }, i) => {
    const reach = dilation[i] * (kernel[i] - 1);
    if (transposed) return { high: high + (Math.ceil((reach + 1) / stride[i]) - 1) * jump, jump: jump / stride[i] };
    return { low: low - padding[i] * jump, high: high + (reach - padding[i]) * jump, jump: jump * stride[i] };
  });
}

function scaleField(input, out, { factor, taps }) {
  return applyWindow(input, out, factor.length, ({ high, jump }, i) => ({ high: high + (taps - 1) * jump, jump: jump / factor[i] }));
}

function mixField({ shape, field }, dims, keeps) {
  const mixed = eachAxis(field, (axis) => (dims.includes(axis.dim) && shape[axis.dim] > 1 ? "all" : axis));
  if (keeps) return mixed;
  return eachAxis(mixed, (axis) => {
    if (axis.dim === null || dims.includes(axis.dim)) return { ...axis, dim: null };
    return { ...axis, dim: axis.dim - dims.filter((dim) => dim < axis.dim).length };
  });
}

function padField({ shape, field }, out, before) {
  return eachAxis(field, (axis) => {
    const place = shape.length - 1 - axis.dim;
    if (axis.dim === null || place >= before.length) return axis;
    const moved = before[place] * axis.jump;
    return { ...axis, low: axis.low - moved, high: axis.high - moved, extent: out[axis.dim] };
  });
}

function cutField({ field }, out, cut, start, step) {
  return eachAxis(field, (axis) => {
    if (axis.dim !== cut) return axis;
    if (axis.inner !== 1) return "unknown";
    const moved = start * axis.jump;
    return { ...axis, low: axis.low + moved, high: axis.high + moved, jump: axis.jump * step, extent: out[cut] };
  });
}

function reshapeField({ shape, field }, out) {
  const groups = groupAxes(shape, out);
  const after = (sizes, dims, dim) => product(dims.filter((other) => other > dim).map((other) => sizes[other]));
  return eachAxis(field, (axis) => {
    if (axis.dim === null) return axis;
    for (const [old, made] of groups) {
      if (!old.includes(axis.dim)) continue;
      const inner = axis.inner * after(shape, old, axis.dim);
      for (const dim of made) {
        const right = after(out, made, dim);
        if (right <= inner && inner * axis.extent <= right * out[dim] && inner % right === 0) return { ...axis, dim, inner: inner / right };
      }
    }
    return axis.extent === 1 ? { ...axis, dim: null } : "unknown";
  });
}

// The dimensions before and after a reshape, in groups with equal numbers of elements.
function groupAxes(before, after) {
  const groups = [], range = (start, end) => Array.from({ length: end - start }, (_, n) => start + n);
  let i = 0, j = 0;
  while (i < before.length && j < after.length) {
    const start = i, begin = j;
    let left = before[i++], right = after[j++];
    while (left !== right && (left < right ? i < before.length : j < after.length)) {
      if (left < right) left *= before[i++];
      else right *= after[j++];
    }
    groups.push([range(start, i), range(begin, j)]);
  }
  groups.push([range(i, before.length), range(j, after.length)]);
  return groups;
}

// "5x5", "3x1", "all": the input places that an element sees along each axis.
function spellField(field) {
  const sizes = (field ?? []).map((axis) => (axis === "unknown" ? "?" : axis === "all" ? axis : Math.ceil(axis.high - axis.low) + 1));
  if (sizes.every((size) => size === "?")) return "unknown";
  return sizes.every((size) => size === "all") ? "the whole input" : sizes.join("x");
}
