// What fingers, mice and keys do to the chart, and what is told of the task that is selected.
const pointers = new Map();
let dragged = 0;

function point(event, canvas) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

for (const canvas of [head, rows]) {
  canvas.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, event.clientX);
    dragged = 0;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) { hover(event, canvas); return; }
    const spread = () => { const all = [...pointers.values()]; return all.length > 1 ? Math.abs(all[0] - all[1]) : 0; };
    const wide = spread();
    pointers.set(event.pointerId, event.clientX);
    dragged += Math.abs(event.clientX - before);
    if (pointers.size > 1) {
      if (wide > 8 && spread() > 8) zoom(wide / spread(), at(point(event, canvas)[0]));
    } else if (dragged > 4) {
      move(view.from - (event.clientX - before) / (view.width - view.gutter) * (view.to - view.from));
      tip.hidden = true;
    }
  });
  for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, (event) => {
    const held = pointers.delete(event.pointerId);
    if (held && name === 'pointerup' && dragged <= 4 && canvas === rows) select(under(...point(event, rows)));
  });
  canvas.addEventListener('pointerleave', () => { tip.hidden = true; if (view.hovered >= 0) { view.hovered = -1; draw(); } });
  canvas.addEventListener('dblclick', (event) => zoom(0.4, at(point(event, canvas)[0])));
  canvas.addEventListener('wheel', (event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const scrolls = canvas === rows && (view.mode === 'tasks' || document.activeElement !== chart);
    if (!sideways && scrolls && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    if (sideways) move(view.from + (event.deltaX || event.deltaY) / view.width * (view.to - view.from));
    else zoom(Math.exp(event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), at(point(event, canvas)[0]));
  }, { passive: false });
}

function hover(event, canvas) {
  const [px, py] = point(event, canvas);
  const row = canvas === rows && event.pointerType === 'mouse' ? under(px, py) : -1;
  if (row !== view.hovered) { view.hovered = row; draw(); }
  tip.hidden = row < 0;
  if (row < 0) return;
  const task = tasks[row];
  const longest = task.pieces.filter((piece) => piece.kind !== RAN).sort((a, b) => b.to - b.from - (a.to - a.from))[0];
  tip.replaceChildren(make('strong', {}, task.name),
    make('span', {}, [stateWords(task), task.words].filter(Boolean).join(': ')),
    task.tries.length ? make('span', {}, `ran ${time(task.ran)}, from ${time(task.start)} to ${time(task.end)}`) : '',
    longest && longest.to - longest.from > 999 ? make('span', {}, `${pieceWords(longest)}: ${time(longest.to - longest.from)}`) : '');
  const box = chart.getBoundingClientRect();
  const [left, top] = [event.clientX - box.left, event.clientY - box.top];
  tip.style.left = `${Math.max(4, Math.min(left + 14, box.width - tip.offsetWidth - 6))}px`;
  tip.style.top = `${top + 18 + tip.offsetHeight > box.height ? Math.max(4, top - tip.offsetHeight - 12) : top + 18}px`;
}

chart.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const span = view.to - view.from;
  const keys = {
    '+': () => zoom(0.6), '=': () => zoom(0.6), '-': () => zoom(1 / 0.6), '_': () => zoom(1 / 0.6), '0': whole,
    ArrowLeft: () => (event.shiftKey ? move(view.from - span / 5) : step(-1)),
    ArrowRight: () => (event.shiftKey ? move(view.from + span / 5) : step(1)),
    ArrowUp: () => step(-1), ArrowDown: () => step(1),
    Home: () => stepTo(0), End: () => stepTo(order().length - 1), Escape: () => select(-1),
    '/': () => by('search').focus(),
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});

// The tasks in the order in which keys go through them.
const order = () => (view.mode === 'tasks' ? view.shown : view.shown.filter((row) => tasks[row].tries.length));
function step(by) {
  const all = order(), place = all.indexOf(view.selected);
  stepTo(place < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(place + by, all.length - 1)));
}
function stepTo(place) {
  const row = order()[place];
  if (row !== undefined) { select(row); reveal(row); }
}

// Brings a task into what is seen of the chart.
function reveal(row) {
  const task = tasks[row];
  const start = task.start < 0 ? task.end : task.start;
  const span = view.to - view.from;
  if (start < view.from || start > view.to) move(start - span / 3);
  const place = view.mode === 'tasks' ? view.shown.indexOf(row) : task.tries.length ? attempts[task.tries[0]].lanes[0] : -1;
  if (place < 0) return;
  const y = place * view.row;
  if (y < scroll.scrollTop) scroll.scrollTop = y;
  if (y + view.row > scroll.scrollTop + view.height) scroll.scrollTop = y + view.row - view.height + 8;
}

function select(row) {
  view.selected = row;
  draw();
  const box = by('details');
  box.hidden = row < 0;
  if (row < 0) { box.replaceChildren(); return; }
  const task = tasks[row];
  const facts = make('dl');
  const fact = (name, ...value) => facts.append(make('dt', {}, name), make('dd', {}, ...value));
  fact('Outcome', [stateWords(task), task.words].filter(Boolean).join(': '));
  if (task.wave >= 0) fact('Wave', `${task.wave + 1}${task.slots > 1 ? `, takes ${task.slots} slots` : ''}`);
  if (task.tries.length) fact('Ran', `${time(task.ran)}, from ${time(task.start)} to ${time(task.end)}${task.tries.length > 1 ? `, in ${task.tries.length} attempts` : ''}`);
  const used = task.tries.map((number) => attempts[number].processor).filter((micros) => micros >= 0);
  if (used.length) fact('Processors', `${time(used.reduce((a, b) => a + b, 0))} of their time`);
  for (const piece of task.pieces.filter((one) => one.kind !== RAN && one.to - one.from >= 1000).slice(0, 12)) {
    fact('', `${pieceWords(piece)}: ${time(piece.to - piece.from)}`);
  }
  const waited = [...facts.querySelectorAll('dt')].find((name) => name.textContent === '');
  if (waited) waited.textContent = 'Waited';
  const why = task.tries.map((number) => onPath.get(number)).find(Boolean);
  if (why) fact('Critical path', WHY[why.why]);
  if (task.rerun) fact('Run again', make('code', {}, task.rerun));
  box.replaceChildren(make('h3', {}, ...nameOf(task)), make('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => { select(-1); chart.focus(); } }, '✕'), facts,
    ...(failureParts(task)));
}
