// The chart: two canvases, one for the time and what was busy, one for the rows. Only what is seen is drawn.
const colours = {};
const view = { from: 0, to: 0, mode: 'slots', shown: [], matches: null, selected: -1, hovered: -1, gutter: 0, width: 0, height: 0, row: 24 };
const WHOLE = Math.max(RUN.end, 1);
const AXIS = 22, LOAD = 54;
const head = by('head'), rows = by('rows'), scroll = by('scroll'), chart = by('chart'), tip = by('tip');
let asked = false;

function readColours() {
  const probe = make('span');
  document.body.append(probe);
  for (const name of ['paper', 'ink', 'soft', 'line', 'band', 'edge', 'accent', 'ran', 'failed', 'failed-ink', 'flaky', 'gone', 'cached', 'slot', 'lock', 'job', 'cargo']) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  patterns.clear();
}

const patterns = new Map();
// Stripes, so that colour alone says nothing.
function hatch(context, colour, ground) {
  const key = `${colour}|${ground}`;
  if (!patterns.has(key)) {
    const tile = document.createElement('canvas');
    tile.width = tile.height = 8;
    const pen = tile.getContext('2d');
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = colour;
    pen.lineWidth = 3;
    pen.beginPath();
    for (const shift of [-8, 0, 8]) { pen.moveTo(shift - 2, 10); pen.lineTo(shift + 10, -2); }
    pen.stroke();
    patterns.set(key, context.createPattern(tile, 'repeat'));
  }
  return patterns.get(key);
}

function paint(context, state) {
  switch (state) {
    case 'failed': return colours.failed;
    case 'timed-out': return hatch(context, colours.failed, colours.gone);
    case 'flaky': return colours.flaky;
    case 'cancelled': case 'unfinished': return colours.gone;
    default: return colours.ran;
  }
}
const inkOn = (state) => (state === 'failed' ? colours['failed-ink'] : colours.ink);

const x = (at) => view.gutter + (at - view.from) / (view.to - view.from) * (view.width - view.gutter);
const at = (px) => view.from + (px - view.gutter) / (view.width - view.gutter) * (view.to - view.from);

function resize() {
  const small = chart.clientWidth < 640;
  view.gutter = view.mode === 'tasks' ? (small ? 108 : Math.min(260, chart.clientWidth * 0.22)) : small ? 22 : 30;
  const count = view.mode === 'tasks' ? view.shown.length : RUN.lanes;
  const most = Math.max(160, Math.min(window.innerHeight * 0.62, 640));
  view.row = view.mode === 'tasks' ? 24 : Math.max(16, Math.min(40, Math.floor(most / RUN.lanes)));
  const height = Math.max(count * view.row + 8, 60);
  scroll.style.height = `${Math.min(height, most)}px`;
  by('space').style.height = `${height}px`;
  view.width = scroll.clientWidth;
  view.height = Math.min(height, most);
  fit(head, view.width, AXIS + LOAD);
  fit(rows, view.width, view.height);
  draw();
}

function fit(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.getContext('2d').setTransform(scale, 0, 0, scale, 0, 0);
}

function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; drawHead(); drawRows(); });
}

// Times at which a line helps: 1, 2 or 5 of a power of ten.
function ticks() {
  const most = Math.max(2, Math.floor((view.width - view.gutter) / 90));
  const rough = (view.to - view.from) / most;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  let step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) || power * 10;
  for (const size of [15e6, 30e6, 60e6, 300e6, 600e6, 1800e6, 3600e6]) if (rough > 1e7 && size >= rough) { step = size; break; }
  const found = [];
  for (let tick = Math.ceil(view.from / step) * step; tick <= view.to; tick += step) found.push(tick);
  return { found, step };
}

// A time of the axis, as exactly as its step.
function tickWords(tick, step) {
  if (step >= 60e6 || tick >= 60e6 && step >= 1e6) {
    const seconds = Math.round(tick / 1e6);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
  if (step >= 1e6) return `${tick / 1e6} s`;
  if (step >= 1e3) return tick >= 1e6 || step >= 1e5 ? `${(tick / 1e6).toFixed(step >= 1e5 ? 1 : step >= 1e4 ? 2 : 3)} s` : `${Math.round(tick / 1e3)} ms`;
  return `${(tick / 1e3).toFixed(step >= 100 ? 1 : 3)} ms`;
}

function drawHead() {
  const pen = head.getContext('2d');
  pen.clearRect(0, 0, view.width, AXIS + LOAD);
  pen.fillStyle = colours.band;
  pen.fillRect(0, 0, view.width, AXIS + LOAD);
  drawLoad(pen);
  pen.font = '12px ' + getComputedStyle(document.body).fontFamily;
  pen.textBaseline = 'middle';
  const { found, step } = ticks();
  for (const tick of found) {
    const place = Math.round(x(tick)) + 0.5;
    pen.strokeStyle = colours.edge;
    pen.beginPath();
    pen.moveTo(place, AXIS - 4);
    pen.lineTo(place, AXIS + LOAD);
    pen.stroke();
    const words = tickWords(tick, step);
    if (place + pen.measureText(words).width + 4 < view.width) {
      pen.fillStyle = colours.soft;
      pen.fillText(words, place + 4, AXIS / 2);
    }
  }
  drawWaves(pen);
}

// The first starts of the waves that are seen, but for the first wave, each with its place.
const waves = () => [...RUN.waves.entries()].filter(([number, start]) => number > 0 && start >= view.from && start <= view.to)
  .map(([number, start]) => [number, Math.round(x(start)) + 0.5]);

function dashed(pen, place, from, to) {
  pen.strokeStyle = colours.line;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.moveTo(place, from);
  pen.lineTo(place, to);
  pen.stroke();
  pen.setLineDash([]);
}

function drawWaves(pen) {
  for (const [number, place] of waves()) {
    dashed(pen, place, AXIS, AXIS + LOAD);
    const words = `wave ${number + 1}`;
    const width = pen.measureText(words).width + 8;
    if (number < 8 && place + width < view.width) {
      pen.fillStyle = colours.band;
      pen.fillRect(place + 1, AXIS + 2, width, 14);
      pen.fillStyle = colours.soft;
      pen.fillText(words, place + 5, AXIS + 9);
    }
  }
}

// How many slots and processors were busy, averaged over each pixel.
function drawLoad(pen) {
  const count = Math.max(1, Math.floor(view.width - view.gutter));
  const slots = new Float64Array(count + 2), processors = new Float64Array(count + 2);
  const scale = count / (view.to - view.from);
  let known = false;
  for (const one of attempts) {
    add(slots, (one.start - view.from) * scale, (one.released - view.from) * scale, one.lanes.length, count);
    if (one.processor >= 0 && one.released > one.began) {
      known = true;
      add(processors, (one.began - view.from) * scale, (one.released - view.from) * scale, one.processor / (one.released - one.began), count);
    }
  }
  const most = Math.max(RUN.slots, 1);
  const top = AXIS + 18, height = LOAD - 22;
  let high = most;
  if (known) for (let i = 0; i < count; i++) high = Math.max(high, processors[i]);
  const y = (value) => top + height - value / high * height;
  pen.fillStyle = colours.slot;
  pen.beginPath();
  pen.moveTo(view.gutter, y(0));
  for (let i = 0; i < count; i++) { pen.lineTo(view.gutter + i, y(slots[i])); pen.lineTo(view.gutter + i + 1, y(slots[i])); }
  pen.lineTo(view.gutter + count, y(0));
  pen.fill();
  if (known) {
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let i = 0; i < count; i++) pen[i ? 'lineTo' : 'moveTo'](view.gutter + i + 0.5, y(processors[i]));
    pen.stroke();
    pen.lineWidth = 1;
  }
  pen.strokeStyle = colours.line;
  pen.beginPath();
  pen.moveTo(view.gutter, Math.round(y(most)) + 0.5);
  pen.lineTo(view.width, Math.round(y(most)) + 0.5);
  pen.globalAlpha = 0.5;
  pen.stroke();
  pen.globalAlpha = 1;
  pen.fillStyle = colours.soft;
  pen.font = '11px ' + getComputedStyle(document.body).fontFamily;
  pen.textBaseline = 'middle';
  pen.textAlign = 'right';
  pen.fillText(String(most), view.gutter - 5, y(most));
  pen.fillText('0', view.gutter - 5, y(0) - 3);
  pen.textAlign = 'left';
}

// Adds a value over the pixels from one place to another, in part where it covers a part.
function add(bins, from, to, value, count) {
  const [a, b] = [Math.max(0, from), Math.min(count, to)];
  if (b <= a) return;
  const [first, last] = [Math.floor(a), Math.min(Math.floor(b), count - 1)];
  if (first === last) { bins[first] += value * (b - a); return; }
  bins[first] += value * (first + 1 - a);
  for (let i = first + 1; i < last; i++) bins[i] += value;
  bins[last] += value * (b - last);
}

function drawRows() {
  const pen = rows.getContext('2d');
  pen.clearRect(0, 0, view.width, view.height);
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, view.width, view.height);
  pen.strokeStyle = colours.edge;
  pen.globalAlpha = 0.6;
  for (const tick of ticks().found) {
    const place = Math.round(x(tick)) + 0.5;
    pen.beginPath();
    pen.moveTo(place, 0);
    pen.lineTo(place, view.height);
    pen.stroke();
  }
  pen.globalAlpha = 1;
  for (const [, place] of waves()) dashed(pen, place, 0, view.height);
  pen.font = '12px ' + getComputedStyle(document.body).fontFamily;
  pen.textBaseline = 'middle';
  if (view.mode === 'slots') drawSlots(pen); else drawTasks(pen);
}

const dimmed = (task) => view.matches !== null && !view.matches.has(task.row);

function drawSlots(pen) {
  const shift = -scroll.scrollTop + 4;
  pen.textAlign = 'right';
  for (let lane = 0; lane < RUN.lanes; lane++) {
    const y = lane * view.row + shift;
    pen.fillStyle = colours.soft;
    pen.fillText(String(lane + 1), view.gutter - 6, y + view.row / 2);
  }
  pen.textAlign = 'left';
  pen.save();
  pen.beginPath();
  pen.rect(view.gutter, 0, view.width, view.height);
  pen.clip();
  for (const one of attempts) {
    if (one.released < view.from || one.start > view.to) continue;
    for (const lane of one.lanes) bar(pen, one, lane * view.row + shift + 2, view.row - 4, one.released, lane === one.lanes[0]);
  }
  drawPath(pen, shift);
  pen.restore();
}

// A bar of an attempt, with its name where there is room.
function bar(pen, one, y, height, end, named) {
  const [left, right] = [Math.max(x(one.start), view.gutter - 4), Math.min(x(end), view.width + 4)];
  const width = Math.max(right - left - (right - left > 3 ? 1 : 0), 1);
  pen.globalAlpha = dimmed(one.task) ? 0.18 : 1;
  pen.fillStyle = paint(pen, one.state);
  pen.fillRect(left, y, width, height);
  if (one.began > one.start) {
    pen.fillStyle = hatch(pen, colours.job, colours.paper);
    pen.fillRect(left, y, Math.max(Math.min(x(one.began), right) - left, 1), height);
  }
  const critical = by('critical').checked && onPath.has(one.number);
  if (critical && width > 2) {
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 2;
    pen.strokeRect(left + 1, y + 1, width - 2, height - 2);
    pen.lineWidth = 1;
  } else if (critical) {
    pen.fillStyle = colours.accent;
    pen.fillRect(left, y + height - 3, width, 3);
  }
  if (one.row === view.selected || one.row === view.hovered) {
    pen.strokeStyle = colours.ink;
    pen.lineWidth = one.row === view.selected ? 2.5 : 1.5;
    pen.strokeRect(left, y, width, height);
    pen.lineWidth = 1;
  }
  if (named && width > 20 && height > 13) label(pen, one, left + 6, y + height / 2, width - 10);
  pen.globalAlpha = 1;
}

function label(pen, one, left, middle, width) {
  const sign = one.state === 'failed' || one.state === 'timed-out' ? '✕ ' : '';
  const letters = Math.floor(width / 6.6);
  // What tells tasks of one check apart says more than the beginning of its name.
  const fits = [sign + one.task.name, sign + one.task.unit, one.task.unit].find((name) => name && name.length <= letters);
  const words = fits || (letters > 7 ? (sign + one.task.name).slice(0, letters - 1) + '…' : '');
  if (!words) return;
  if (one.state === 'timed-out') {
    pen.fillStyle = colours.paper;
    pen.fillRect(left - 3, middle - 8, Math.min(pen.measureText(words).width + 6, width + 6), 16);
  }
  pen.fillStyle = inkOn(one.state);
  pen.fillText(words, left, middle);
}

// Lines from each attempt of the critical path to the next one.
function drawPath(pen, shift) {
  if (!by('critical').checked) return;
  pen.strokeStyle = colours.accent;
  pen.lineWidth = 1.5;
  for (let place = 1; place < RUN.path.length; place++) {
    const [before, next] = [attempts[RUN.path[place - 1][0]], attempts[RUN.path[place][0]]];
    if (next.start < view.from || before.released > view.to) continue;
    const y = (one) => one.lanes[0] * view.row + view.row / 2 + shift;
    const [a, b] = [x(before.released), x(next.start)];
    if (before.lanes[0] === next.lanes[0] && b - a < 3) continue;
    pen.beginPath();
    pen.moveTo(a, y(before));
    pen.lineTo(b, y(next));
    pen.stroke();
  }
  pen.lineWidth = 1;
}

function drawTasks(pen) {
  const first = Math.max(0, Math.floor((scroll.scrollTop - 4) / view.row));
  const last = Math.min(view.shown.length, Math.ceil((scroll.scrollTop + view.height) / view.row));
  for (let place = first; place < last; place++) {
    const task = tasks[view.shown[place]];
    const y = place * view.row + 4 - scroll.scrollTop;
    if (task.row === view.selected || task.row === view.hovered) {
      pen.fillStyle = colours.band;
      pen.fillRect(0, y, view.width, view.row);
    }
    pen.save();
    pen.beginPath();
    pen.rect(view.gutter, y, view.width, view.row);
    pen.clip();
    for (const piece of task.pieces) drawPiece(pen, task, piece, y);
    mark(pen, task, y);
    pen.restore();
    pen.fillStyle = task.state === 'passed' || task.state === 'cached' ? colours.ink : task.state === 'failed' || task.state === 'timed-out' ? colours.failed : colours.soft;
    const room = Math.floor((view.gutter - 18) / 6.4);
    pen.fillStyle = colours.ink;
    pen.fillText(task.name.length > room ? task.name.slice(0, room - 1) + '…' : task.name, 10, y + view.row / 2);
    if (by('critical').checked && tasksOnPath.has(task.row)) {
      pen.fillStyle = colours.accent;
      pen.fillRect(0, y + 2, 3, view.row - 4);
    }
  }
}

function drawPiece(pen, task, piece, y) {
  if (piece.to < view.from || piece.from > view.to) return;
  if (piece.kind === RAN) {
    const one = attempts[piece.by];
    bar(pen, { ...one, start: piece.from, began: piece.from }, y + 3, view.row - 6, piece.to, true);
    return;
  }
  const [left, right] = [Math.max(x(piece.from), view.gutter), Math.min(x(piece.to), view.width)];
  const { looks, colour } = PIECES[piece.kind];
  const middle = y + view.row / 2;
  if (looks === 'thin' || looks === 'dotted') {
    pen.strokeStyle = colours.line;
    pen.setLineDash(looks === 'dotted' ? [2, 4] : []);
    pen.beginPath();
    pen.moveTo(left, Math.round(middle) + 0.5);
    pen.lineTo(right, Math.round(middle) + 0.5);
    pen.stroke();
    pen.setLineDash([]);
    return;
  }
  pen.fillStyle = looks === 'hatched' ? hatch(pen, colours[colour], colours.paper) : colours[colour];
  pen.fillRect(left, middle - 4, Math.max(right - left, 1), 8);
}

// What never ran has a sign where its end was known.
function mark(pen, task, y) {
  if (task.tries.length) return;
  const words = { cached: '✓ cached', blocked: '⊘ blocked', cancelled: '– cancelled' }[task.state];
  if (!words) return;
  pen.fillStyle = task.state === 'cached' ? colours.cached : colours.soft;
  pen.fillText(words, Math.max(view.gutter + 6, Math.min(x(task.end) + 6, view.width - 80)), y + view.row / 2);
}

// The attempt or task under a point of the rows.
function under(px, py) {
  const row = Math.floor((py + scroll.scrollTop - 4) / view.row);
  if (view.mode === 'tasks') return view.shown[row] ?? -1;
  const moment = at(px), slack = (view.to - view.from) / (view.width - view.gutter) * 2;
  let best = -1, distance = Infinity;
  for (const one of attempts) {
    if (!one.lanes.includes(row) || one.start - slack > moment || one.released + slack < moment) continue;
    const away = Math.max(one.start - moment, moment - one.released, 0);
    if (away <= distance) { best = one.row; distance = away; }
  }
  return best;
}

function zoom(factor, around = (view.from + view.to) / 2) {
  const span = Math.min(WHOLE, Math.max((view.to - view.from) * factor, 50));
  const share = (around - view.from) / (view.to - view.from);
  move(around - span * share, span);
}

function move(from, span = view.to - view.from) {
  view.from = Math.max(0, Math.min(from, WHOLE - span));
  view.to = view.from + span;
  draw();
}

function whole() { move(0, WHOLE); }
