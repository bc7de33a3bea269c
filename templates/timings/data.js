'use strict';
// What the page is about: parsed once, never changed. Times are in microseconds from the start of the run.
const RUN = JSON.parse(document.getElementById('data').textContent);
const STATES = ['passed', 'flaky', 'cached', 'failed', 'timed-out', 'blocked', 'cancelled', 'unfinished'];
// What a piece of a task is: how it is called, and how it is drawn.
const PIECES = [
  { key: 'need', name: 'waits for what it needs', looks: 'thin' },
  { key: 'lock', name: 'waits for a lock', looks: 'hatched', colour: 'lock' },
  { key: 'slot', name: 'waits for a slot', looks: 'plain', colour: 'slot' },
  { key: 'backoff', name: 'waits to be tried again', looks: 'dotted' },
  { key: 'job', name: 'waits for a job', looks: 'hatched', colour: 'job' },
  { key: 'cargo', name: 'waits for another cargo', looks: 'hatched', colour: 'cargo' },
  { key: 'unknown', name: 'waits, nobody knows what for', looks: 'dotted' },
  { key: 'ran', name: 'runs', looks: 'run', colour: 'ran' },
];
const NEED = 0, LOCK = 1, SLOT = 2, BACKOFF = 3, JOB = 4, CARGO = 5, UNKNOWN = 6, RAN = 7;
const WHY = ['it was the first', 'it needs the one before', 'the one before used what it uses', 'no slot was free before', 'it had failed before'];

const tasks = RUN.tasks.map((told, row) => {
  const check = RUN.checks[told.check];
  const name = told.unit ? `${check} ${told.unit}` : check;
  const pieces = [];
  for (let at = 0; at < told.pieces.length; at += 5) {
    const [kind, from, to, what, by] = told.pieces.slice(at, at + 5);
    pieces.push({ kind, from, to, what: what < 0 ? '' : RUN.names[what], by });
  }
  const sum = (wanted) => pieces.reduce((all, piece) => all + (wanted(piece.kind) ? piece.to - piece.from : 0), 0);
  const start = told.tries.length ? RUN.attempts[told.tries[0]].start : -1;
  return { ...told, row, checkName: check, name, state: STATES[told.state], pieces, start,
    ran: sum((kind) => kind === RAN), waited: sum((kind) => kind !== RAN && kind !== NEED), needed: sum((kind) => kind === NEED),
    haystack: `${name} ${STATES[told.state]} ${told.words || ''}`.toLowerCase() };
});
const attempts = RUN.attempts.map((told, number) => ({ ...told, number, task: tasks[told.row], state: STATES[told.state] }));
const onPath = new Map(RUN.path.map(([attempt, why], place) => [attempt, { why, place }]));
const tasksOnPath = new Set(RUN.path.map(([attempt]) => attempts[attempt].row));

// How long something took, as the program itself writes it.
function time(micros) {
  if (micros < 0) return '';
  const millis = micros / 1000;
  if (millis < 1) return `${micros} µs`;
  if (millis < 100) return `${Math.round(millis)} ms`;
  if (millis < 9950) return `${(millis / 1000).toFixed(2).replace(/0$/, '')} s`;
  if (millis < 59950) return `${(millis / 1000).toFixed(1)} s`;
  const seconds = Math.round(millis / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} min`;
}
const percent = (part, of) => (of > 0 ? `${Math.round(100 * part / of)} %` : '');
const counted = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
const stateWords = (task) => (task.state === 'timed-out' ? 'timed out' : task.state) + (task.may && /failed|timed/.test(task.state) ? ' (may fail)' : '');

// What a piece was, in words.
function pieceWords(piece) {
  const by = piece.kind !== RAN && piece.by >= 0 ? tasks[piece.by] : null;
  switch (piece.kind) {
    case NEED: return by ? `waited for ${by.name}, which it needs` : 'waited for what it needs';
    case LOCK: return `waited for ${piece.what}${by ? `, which ${by.name} used` : ''}`;
    case SLOT: return 'waited for a slot';
    case BACKOFF: return 'waited to be tried again';
    case JOB: return 'waited for a job of the run';
    case CARGO: return `waited for another cargo, which held the ${piece.what}`;
    case UNKNOWN: return 'waited; nobody knows what for';
    default: return 'ran';
  }
}

// Elements, with text that is only ever text.
function make(tag, attributes = {}, ...children) {
  const svg = ['svg', 'rect', 'path', 'line', 'title', 'g'].includes(tag);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}
const by = (id) => document.getElementById(id);
function nameOf(task) {
  const parts = [make('strong', {}, task.checkName)];
  if (task.unit) parts.push(make('span', { class: 'unit' }, ` ${task.unit}`));
  return parts;
}
