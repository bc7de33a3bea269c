// What stands below the chart.
const failed = tasks.filter((task) => task.state === 'failed' || task.state === 'timed-out');

function failureParts(task) {
  const parts = [];
  for (const earlier of task.before || []) {
    if (earlier.output) parts.push(make('p', { class: 'again' }, `An earlier attempt: ${earlier.words}`), make('pre', { tabindex: 0 }, earlier.output));
  }
  if (task.findings && task.findings.length) {
    parts.push(make('ul', { class: 'findings' }, ...task.findings.map((found) => make('li', {}, `${found[0]}: ${found[2]} `, found[1] ? make('code', {}, found[1]) : ''))));
    const rest = task.moreFindings || 0;
    if (rest > 0) parts.push(make('p', { class: 'again' }, `and ${counted(rest, 'more finding')}`));
  }
  if (task.output) parts.push(make('pre', { tabindex: 0, 'aria-label': `Output of ${task.name}` }, task.output));
  if (task.dropped) parts.push(make('p', { class: 'again' }, `${counted(task.dropped, 'byte')} of this output ${task.dropped === 1 ? 'is' : 'are'} not shown.`));
  return parts;
}

function showFailures() {
  by('failures-section').hidden = failed.length === 0;
  by('failures-heading').textContent = counted(failed.length, 'failure');
  const flat = failed.slice(0, 200).map((task) => {
    const item = make('details', { class: 'failure' },
      make('summary', {}, ...nameOf(task), make('span', { class: 'said' }, `: ${task.words || stateWords(task)}${task.may ? ' (may fail)' : ''}`)));
    const fill = () => { if (item.childElementCount === 1) item.append(...failureParts(task), make('p', { class: 'again' }, 'Run again: ', make('code', {}, task.rerun)), task.fix ? make('p', { class: 'again' }, 'Repair: ', make('code', {}, task.fix)) : ''); };
    item.addEventListener('toggle', () => item.open && fill());
    if (failed.length <= 3) { fill(); item.open = true; }
    return item;
  });
  by('failures').replaceChildren(...flat);
  if (failed.length > 200) by('failures').append(make('p', { class: 'lead' }, `and ${failed.length - 200} more, in the table`));
}

function showPath() {
  const links = RUN.path.map(([number, why], place) => {
    const one = attempts[number], next = RUN.path[place + 1];
    const until = next ? attempts[next[0]].start : RUN.end;
    return { one, why, place, took: Math.max(0, until - one.start) };
  });
  if (!links.length) { by('path-lead').textContent = 'Nothing ran.'; return; }
  const covered = links.reduce((all, link) => all + link.took, 0);
  by('path-lead').textContent = `${counted(links.length, 'attempt')} followed each other from the first start to the end, each begun when the one before it let it: ${percent(covered, RUN.end)} of the run. Only where one of them gets shorter can the run get shorter.`;
  const short = links.length > 14;
  const shown = short ? new Set([...links].sort((a, b) => b.took - a.took).slice(0, 12).map((link) => link.place)) : null;
  const fill = (all) => {
    const kept = links.filter((link) => all || !shown || shown.has(link.place));
    by('path').replaceChildren(make('table', {}, make('thead', {}, make('tr', {}, ...['From', 'Task', 'Why then', 'Time', 'Share'].map((name, i) => make('th', { scope: 'col', class: i === 0 || i > 2 ? 'number' : undefined }, name)))),
      make('tbody', {}, ...kept.map((link) => make('tr', {}, make('td', { class: 'number' }, time(link.one.start)),
        make('td', { class: 'name' }, make('button', { type: 'button', onclick: () => jump(link.one.row) }, ...nameOf(link.one.task))),
        make('td', { class: 'said' }, WHY[link.why]), make('td', { class: 'number' }, time(link.took)), make('td', { class: 'number' }, percent(link.took, RUN.end)))))));
    if (!all && shown) by('path').append(make('button', { type: 'button', class: 'more', onclick: () => fill(true) }, `the longest 12 of ${links.length}: show all`));
  };
  fill(false);
}

function showWaits() {
  const sums = new Map();
  for (const task of tasks) for (const piece of task.pieces) {
    const name = piece.kind === LOCK ? `waited for ${piece.what}` : piece.kind === CARGO ? `waited for another cargo: ${piece.what}` : PIECES[piece.kind].name.replace(/^waits/, 'waited').replace(/^runs/, 'ran');
    const known = sums.get(name) || { name, kind: piece.kind, sum: 0, tasks: new Set() };
    known.sum += piece.to - piece.from;
    known.tasks.add(task.row);
    sums.set(name, known);
  }
  const all = [...sums.values()].filter((one) => one.sum > 0).sort((a, b) => (b.kind === RAN) - (a.kind === RAN) || b.sum - a.sum);
  const most = Math.max(...all.map((one) => one.sum), 1);
  by('waits-lead').textContent = RUN.load;
  by('waits').replaceChildren(make('dl', { class: 'measure' }, ...all.slice(0, 12).flatMap((one) => {
    const colour = PIECES[one.kind].colour || 'line';
    const share = make('i', { style: { width: `${100 * one.sum / most}%`, background: PIECES[one.kind].looks === 'hatched' ? `repeating-linear-gradient(135deg, var(--${colour}) 0 4px, transparent 4px 7px)` : `var(--${colour})` } });
    return [make('dt', {}, one.name), make('dd', { class: 'track', 'aria-hidden': 'true' }, share), make('dd', {}, `${time(one.sum)} · ${counted(one.tasks.size, 'task')}`)];
  })));
}

function showSlowest() {
  const slowest = tasks.filter((task) => task.tries.length).sort((a, b) => b.ran - a.ran).slice(0, 10);
  const most = Math.max(...slowest.map((task) => task.ran), 1);
  const colour = { failed: 'failed', 'timed-out': 'failed', flaky: 'flaky' };
  by('slowest').replaceChildren(...slowest.map((task) => make('li', {}, make('button', { type: 'button', title: task.name, onclick: () => jump(task.row) }, ...nameOf(task)),
    make('span', { class: 'track', 'aria-hidden': 'true' }, make('i', { style: { width: `${100 * task.ran / most}%`, background: `var(--${colour[task.state] || 'ran'})` } })), make('em', {}, time(task.ran)))));
}

function showTrends() {
  by('trends-section').hidden = RUN.trends.length === 0;
  by('trends').replaceChildren(...RUN.trends.map((trend) => {
    const points = trend.points;
    const took = points.filter((point) => point[2] > 0).map((point) => point[1]).sort((a, b) => a - b);
    const [usual, most] = [took[Math.floor(took.length / 2)] ?? -1, Math.max(...took, 1)];
    const last = points[points.length - 1];
    const slot = 300 / Math.max(points.length, 12), height = 46;
    const bars = points.map(([run, micros, ran, failures, cached], place) => {
      const high = ran ? Math.max(micros / most * height, 2) : 2;
      const words = `${run ? `run ${run}` : 'this run'}: ${ran ? time(micros) : 'nothing ran'}${failures ? `, ${failures} failed` : ''}${cached ? `, ${cached} cached` : ''}`;
      const fill = failures ? 'failed' : ran ? 'ran' : 'cached';
      const rect = make('rect', { x: place * slot, y: height - high + 4, width: Math.max(slot - 2, 1), height: high, fill: `var(--${fill})` }, make('title', {}, words));
      // A failure has a sign as well as a colour.
      return failures ? make('g', {}, rect, make('rect', { x: place * slot, y: 0, width: Math.max(slot - 2, 1), height: 2, fill: 'var(--failed)' })) : rect;
    });
    const failures = points.filter((point) => point[3] > 0).length;
    const words = `${counted(points.length, 'run')}${usual < 0 ? '' : `, usually ${time(usual)}`}${failures ? `, failed in ${failures}` : ''}`;
    return make('figure', { class: 'trend' }, make('figcaption', {}, make('strong', {}, trend.check), make('span', {}, last[2] ? time(last[1]) : 'cached')),
      make('svg', { viewBox: '0 0 300 52', preserveAspectRatio: 'none', role: 'img', 'aria-label': `${trend.check}: ${words}` }, ...bars), make('p', {}, words));
  }));
}

// The table: sorted and filtered as a whole, shown a page at a time.
const PAGE = 100;
const table = { sort: 'start', down: false, page: 0, rows: [] };
const COLUMNS = [
  ['name', 'Task', (task) => task.name], ['state', 'Outcome', (task) => task.state], ['start', 'Start', (task) => (task.start < 0 ? Infinity : task.start), 1],
  ['ran', 'Ran', (task) => task.ran, 1], ['waited', 'Waited', (task) => task.waited, 1], ['needed', 'For needs', (task) => task.needed, 1],
  ['tries', 'Attempts', (task) => task.tries.length, 1], ['wave', 'Wave', (task) => task.wave, 1], ['words', 'What was said', (task) => task.words || ''],
];

function sortTable() {
  const [, , value] = COLUMNS.find(([key]) => key === table.sort);
  const compare = (a, b) => { const [x1, y1] = [value(a), value(b)]; return x1 < y1 ? -1 : x1 > y1 ? 1 : a.row - b.row; };
  table.rows = view.shown.map((row) => tasks[row]).sort((a, b) => (table.down ? compare(b, a) : compare(a, b)));
}

function showTable() {
  const headings = COLUMNS.map(([key, name, , number]) => make('th', { scope: 'col', class: number ? 'number' : undefined, 'aria-sort': table.sort === key ? (table.down ? 'descending' : 'ascending') : undefined },
    make('button', { type: 'button', onclick: () => { Object.assign(table, { down: table.sort === key ? !table.down : Boolean(number) && key !== 'start', sort: key, page: 0 }); sortTable(); showTable(); by('tasks').querySelector(`[data-key=${key}]`)?.focus(); }, 'data-key': key }, name)));
  by('tasks').tHead.replaceChildren(make('tr', {}, ...headings));
  const pages = Math.max(1, Math.ceil(table.rows.length / PAGE));
  const shown = table.rows.slice(table.page * PAGE, (table.page + 1) * PAGE);
  by('tasks').tBodies[0].replaceChildren(...shown.map((task) => make('tr', { class: tasksOnPath.has(task.row) ? 'critical' : undefined },
    make('td', { class: 'name' }, make('button', { type: 'button', onclick: () => jump(task.row) }, ...nameOf(task))),
    make('td', {}, make('span', { class: `state ${task.state}` }, stateWords(task))),
    ...[time(task.start), task.tries.length ? time(task.ran) : '', task.waited > 999 ? time(task.waited) : '', task.needed > 999 ? time(task.needed) : '', task.tries.length || '', task.wave >= 0 ? task.wave + 1 : ''].map((value) => make('td', { class: 'number' }, String(value))),
    make('td', { class: 'said' }, task.words || ''))));
  const turn = (by) => { table.page += by; showTable(); };
  by('pages').replaceChildren(...(pages < 2 ? [counted(table.rows.length, 'task')] : [
    make('button', { type: 'button', disabled: table.page === 0, onclick: () => turn(-1) }, 'Back'), `page ${table.page + 1} of ${pages}, ${counted(table.rows.length, 'task')}`,
    make('button', { type: 'button', disabled: table.page + 1 >= pages, onclick: () => turn(1) }, 'Next')]));
}

// Selects a task from elsewhere on the page, and goes to the chart.
function jump(row) {
  select(row);
  reveal(row);
  chart.scrollIntoView({ block: 'nearest' });
  chart.focus({ preventScroll: true });
}
