// The layout and the drawing of boxes and lines, for every page that draws a network.

// Lengths in pixels, as in layout.py: x grows to the right, y downwards, a part lies around x = 0 from y = 0 down.
const LINE = 18, PAD = 9, ACROSS = 22, ALONG = 18, LANE = 8, LABEL = 19, HEAD = 26, TURN = 0.5, LEAD = 0.4, ROUNDS = 16;
const ENTRY = -1, EXIT = -2;

const widths = new Map();
const pen = document.createElement("canvas").getContext("2d");
pen.font = `14px ${getComputedStyle(document.documentElement).fontFamily}`;
function measure(text) {
  if (!widths.has(text)) widths.set(text, pen.measureText(text).width);
  return widths.get(text);
}

// ---- layout ----

// The size of a box: its own letters, or its inside when it is open; below it there is room for its shape.
function sizeUp(box) {
  const label = box.shape ? LABEL : 0;
  const name = Math.max(measure(box.name), measure(box.cost));
  if (box.open) {
    box.layout = layOut(box.inside);
    const { left, right, height } = box.layout;
    box.wide = Math.max(right - left, measure(box.name) + measure(box.cost) + 20) + 2 * PAD;
    box.high = height + HEAD + PAD;
  } else {
    box.wide = name + 2 * PAD;
    box.high = LINE * (box.cost ? 2 : 1) + 2 * PAD - 4;
  }
  return [Math.max(box.wide, measure(box.shape)), box.high + label];
}

function layOut(inside) {
  const sizes = new Map([[ENTRY, [0, 0]], [EXIT, [0, 0]]]);
  for (const [key, box] of Object.entries(inside.boxes)) sizes.set(Number(key), sizeUp(box));
  const part = place(inside.tree, sizes);
  return { ...part, lines: inside.lines.map((ends) => route(ends, part, sizes, inside.lines)) };
}

function place(tree, sizes) {
  if (typeof tree === "number") {
    const [width, height] = sizes.get(tree);
    return { places: new Map([[tree, [0, height / 2]]]), lanes: new Map(), slanted: new Set(), left: -width / 2, right: width / 2, height };
  }
  if (tree.stack) return stackUp(tree.stack.map((each) => place(each, sizes)));
  return tree.row ? placeRow(tree, sizes) : placeLayers(tree.layers, sizes);
}

const empty = (left, right, height) => ({ places: new Map(), lanes: new Map(), slanted: new Set(), left, right, height });

function shift(part, x, y) {
  for (const [key, [px, py]] of part.places) part.places.set(key, [px + x, py + y]);
  for (const [ends, points] of part.lanes) part.lanes.set(ends, points.map(([px, py]) => [px + x, py + y]));
  part.left += x;
  part.right += x;
}

function take(whole, part) {
  for (const name of ["places", "lanes"]) for (const [key, value] of part[name]) whole[name].set(key, value);
  for (const ends of part.slanted) whole.slanted.add(ends);
}

function stackUp(parts) {
  const whole = empty(0, 0, -ALONG);
  for (const part of parts) {
    shift(part, 0, whole.height + ALONG);
    whole.height += ALONG + part.height;
    whole.left = Math.min(whole.left, part.left);
    whole.right = Math.max(whole.right, part.right);
    take(whole, part);
  }
  return whole;
}

// Branches side by side, centred; a line that passes them has a lane at the right, then come side branches.
function placeRow(tree, sizes) {
  const parts = tree.row.map((each) => place(each, sizes));
  const side = tree.side.map((each) => place(each, sizes));
  const height = Math.max(...[...parts, ...side].map((part) => part.height));
  const alone = parts.length === 1 && tree.passing.length;
  for (const ends of tree.passing) {
    const lane = empty(0, LANE, height);
    lane.lanes.set(String(ends), [[0, 0], [0, height]]);
    parts.push(lane);
  }
  if (!parts.length) parts.push(empty(-LANE / 2, LANE / 2, height));
  const width = parts.reduce((sum, part) => sum + part.right - part.left + ACROSS, -ACROSS);
  let left = -(alone ? parts[0].right - parts[0].left : width) / 2;
  const whole = empty(left, left, height);
  for (const part of [...parts, ...side]) {
    shift(part, left - part.left, (height - part.height) / 2);
    take(whole, part);
    whole.right = part.right;
    left = part.right + ACROSS;
  }
  return whole;
}

function placeLayers(layers, sizes) {
  const sizeOf = (item) => (item.key === null ? [LANE, 0] : sizes.get(item.key));
  for (const layer of layers) for (const item of layer) item.below = [];
  layers.forEach((layer, n) => {
    for (const item of layer) {
      item.near = item.above.map((i) => layers[n - 1][i]);
      for (const other of item.near) other.below.push(item);
    }
  });
  for (const layer of layers) spread(layer, layer.map(() => 0), sizeOf);
  for (let n = 0; n < ROUNDS; n++) {
    for (const layer of n % 2 ? [...layers].reverse() : layers) {
      const wanted = layer.map((item) => {
        const near = n % 2 ? item.below : item.near;
        return near.length ? near.reduce((sum, other) => sum + other.x, 0) / near.length : item.x;
      });
      spread(layer, wanted, sizeOf);
    }
  }
  const whole = empty(Infinity, -Infinity, -ALONG);
  let y = 0;
  for (const layer of layers) {
    const height = Math.max(...layer.map((item) => sizeOf(item)[1]));
    for (const item of layer) {
      const half = sizeOf(item)[0] / 2;
      whole.left = Math.min(whole.left, item.x - half);
      whole.right = Math.max(whole.right, item.x + half);
      if (item.key !== null) whole.places.set(item.key, [item.x, y + height / 2]);
      for (const ends of item.lines) {
        const above = [item.x, y], below = [item.x, y + height];
        const passed = item.key === null ? [above, below] : item.key === ends[0] ? [below] : [above];
        whole.lanes.set(String(ends), [...(whole.lanes.get(String(ends)) ?? []), ...passed]);
        whole.slanted.add(String(ends));
      }
    }
    y += height + ALONG;
    whole.height += height + ALONG;
  }
  return whole;
}

// Place a layer's items in their order, each as near to what it wants as the others let it.
function spread(layer, wanted, sizeOf) {
  const groups = [];
  let offset = 0;
  layer.forEach((item, i) => {
    if (i) offset += (sizeOf(layer[i - 1])[0] + sizeOf(item)[0]) / 2 + ACROSS;
    item.offset = offset;
    let group = { items: [item], sum: wanted[i] - offset };
    while (groups.length && groups.at(-1).sum / groups.at(-1).items.length > group.sum / group.items.length) {
      const before = groups.pop();
      group = { items: [...before.items, ...group.items], sum: before.sum + group.sum };
    }
    groups.push(group);
  });
  for (const { items, sum } of groups) for (const item of items) item.x = sum / items.length + item.offset;
}

// The corners of a line: out of the lower edge, through its lane, into the upper edge.
function route([source, key], part, sizes, lines) {
  const [x0, y0] = part.places.get(source), [x1, y1] = part.places.get(key);
  const start = y0 + sizes.get(source)[1] / 2, end = y1 - sizes.get(key)[1] / 2;
  const lane = part.lanes.get(`${source},${key}`) ?? [];
  if (part.slanted.has(`${source},${key}`)) { // enters straight down, so that its arrow does
    const points = [[x0, start], ...lane], last = points.at(-1), lead = end - LEAD * ALONG;
    if (Math.abs(last[0] - x1) > 0.01) points.push([x1, lead]);
    else points[points.length - 1] = [x1, Math.min(last[1], lead)];
    return [...points, [x1, end]];
  }
  const low = start + TURN * ALONG, high = end - (1 - TURN) * ALONG;
  if (lane.length) return [[x0, start], [x0, low], [lane[0][0], low], [lane[0][0], high], [x1, high], [x1, end]];
  if (Math.abs(x0 - x1) < 0.01) return [[x0, start], [x1, end]];
  const y = lines.filter(([from]) => from === source).length > 1 ? low : high;
  return [[x0, start], [x0, y], [x1, y], [x1, end]];
}

// ---- drawing ----

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const write = (x, y, text, kind) => `<text x="${x}" y="${y}" class="${kind}">${escaped(text)}</text>`;

function drawInside(layout, boxes) {
  const lines = layout.lines.map((points) => {
    const [[x0, y0], [x1, y1]] = points.slice(-2);
    const long = Math.hypot(x1 - x0, y1 - y0) || 1, dx = (x1 - x0) / long, dy = (y1 - y0) / long;
    const [bx, by] = [x1 - 7 * dx, y1 - 7 * dy];
    return `<path d="M${points.join("L")}"/><path class="head" d="M${x1},${y1}L${bx - 3 * dy},${by + 3 * dx}L${bx + 3 * dy},${by - 3 * dx}z"/>`;
  });
  const drawn = Object.entries(boxes).map(([key, box]) => {
    const [x, y] = layout.places.get(Number(key));
    const top = y - (box.high + (box.shape ? LABEL : 0)) / 2;
    return drawBox(box, x - box.wide / 2, top);
  });
  return lines.join("") + drawn.join("");
}

function drawBox(box, x, y) {
  const middle = box.wide / 2;
  const kind = `box${box.inside ? " module" : ""}${box.open ? " open" : ""}`;
  const expanded = box.inside ? ` aria-expanded="${box.open}"` : "";
  const parts = [`<g class="${kind}" data-number="${box.number}" tabindex="0" role="treeitem"${expanded} aria-label="${escaped(`${box.name} ${box.cost}`)}" transform="translate(${x} ${y})">`];
  if (box.sheets && !box.open) parts.push(`<rect x="4" y="-4" rx="5" width="${box.wide}" height="${box.high}"/>`);
  parts.push(`<rect rx="5" width="${box.wide}" height="${box.high}"/>`);
  if (box.open) {
    parts.push(write(PAD, 17, box.name, ""), write(PAD + measure(box.name) + 12, 17, box.cost, "soft"));
    const { left, right } = box.layout;
    parts.push(`<g role="group" transform="translate(${(box.wide - right - left) / 2} ${HEAD})">${drawInside(box.layout, box.inside.boxes)}</g>`);
  } else {
    parts.push(write(middle, 18, box.name, "middle"));
    if (box.cost) parts.push(write(middle, 18 + LINE, box.cost, "soft middle"));
    if (box.share) parts.push(`<rect class="bar" x="5" y="${box.high - 6}" width="${Math.max(1, (box.wide - 10) * box.share)}" height="4"/>`);
  }
  if (box.shape) parts.push(write(middle, box.high + 14, box.shape, "soft middle"));
  return `${parts.join("")}</g>`;
}
