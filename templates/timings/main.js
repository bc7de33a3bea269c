// Puts the page together.
function filter() {
  const words = by('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const state = by('filter').value;
  const fits = (task) => (!state || task.state === state) && words.every((word) => task.haystack.includes(word));
  view.shown = tasks.filter(fits).map((task) => task.row);
  const all = view.shown.length === tasks.length;
  view.matches = all ? null : new Set(view.shown);
  by('found').textContent = all ? '' : `${counted(view.shown.length, 'task')} of ${tasks.length.toLocaleString('en')}`;
  table.page = 0;
  sortTable();
  showTable();
  resize();
}

function showLegend() {
  const sign = (...shapes) => make('svg', { width: 22, height: 12, 'aria-hidden': 'true' }, ...shapes);
  const box = (colour, more = {}) => make('rect', { x: 0, y: 1, width: 22, height: 10, fill: `var(--${colour})`, ...more });
  const stripes = (colour) => [0, 8, 16].map((left) => make('path', { d: `M${left} 11 L${left + 6} 1`, stroke: `var(--${colour})`, 'stroke-width': 3 }));
  const line = (dash, colour = 'line') => make('line', { x1: 0, x2: 22, y1: 6, y2: 6, stroke: `var(--${colour})`, 'stroke-width': 1.5, 'stroke-dasharray': dash });
  const kinds = new Set(tasks.flatMap((task) => task.pieces.map((piece) => piece.kind)));
  const states = new Set(attempts.map((one) => one.state));
  const items = [['passed', 'ran and passed', box('ran')], ['flaky', 'passed when tried again', box('flaky')], ['failed', 'failed', box('failed')]]
    .filter(([state]) => states.has(state)).map(([, name, shape]) => [name, sign(shape)]);
  if (states.has('timed-out')) items.push(['ran out of time', sign(box('gone'), ...stripes('failed'))]);
  if (states.has('cancelled') || states.has('unfinished')) items.push(['did not come to its end', sign(box('gone'))]);
  for (const kind of kinds) {
    const { name, looks, colour } = PIECES[kind];
    if (looks === 'hatched') items.push([name, sign(...stripes(colour))]);
    if (looks === 'plain') items.push([name, sign(box(colour, { y: 2, height: 8 }))]);
    if (looks === 'thin') items.push([name, sign(line('none'))]);
    if (looks === 'dotted') items.push([name, sign(line('2 4'))]);
  }
  items.push(['critical path', sign(box('paper', { stroke: 'var(--accent)', 'stroke-width': 2 }))], ['busy slots', sign(box('slot'))]);
  if (attempts.some((one) => one.processor >= 0)) items.push(['busy processors', sign(line('none', 'accent'))]);
  by('legend').replaceChildren(...items.map(([name, shape]) => make('li', {}, shape, name)));
}

function showFilter() {
  for (const state of STATES) {
    const count = tasks.filter((task) => task.state === state).length;
    if (count) by('filter').append(make('option', { value: state }, `${state === 'timed-out' ? 'timed out' : state} (${count})`));
  }
}

const THEMES = ['system', 'dark', 'light'];
by('theme').addEventListener('click', () => {
  const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || 'system') + 1) % 3];
  if (next === 'system') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = next;
  by('theme').textContent = `Theme: ${next}`;
  readColours();
  draw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColours(); draw(); });
for (const choice of document.getElementsByName('mode')) choice.addEventListener('change', () => { view.mode = choice.value; scroll.scrollTop = 0; resize(); });
by('search').addEventListener('input', filter);
by('search').addEventListener('keydown', (event) => { if (event.key === 'Escape') { by('search').value = ''; filter(); chart.focus(); } });
by('filter').addEventListener('change', filter);
by('critical').addEventListener('change', draw);
by('in').addEventListener('click', () => zoom(0.6));
by('out').addEventListener('click', () => zoom(1 / 0.6));
by('whole').addEventListener('click', whole);
scroll.addEventListener('scroll', draw);
window.addEventListener('resize', resize);

Object.assign(view, { from: 0, to: WHOLE });
readColours();
showFilter();
showLegend();
filter();
showPath();
showWaits();
showSlowest();
showFailures();
showTrends();
