// Opens the pages that `cargo xtask page` has written, uses them as people do, and takes pictures. Anything that is not as it
// should be ends it with an error: an error of a script, a request to anywhere, a page that is slow, a violation that axe finds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, dir] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(modules, 'any.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

async function open(tasks, size, colorScheme) {
  // The policy of the page lets no other script in: axe comes past it, and everything else is held to it by `policy`.
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme, bypassCSP: true, hasTouch: size === 'phone' });
  return look(await context.newPage(), tasks);
}

async function look(page, tasks) {
  const wrong = [];
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('request', (request) => request.url().startsWith('file:') || wrong.push(`request: ${request.url()}`));
  const began = performance.now();
  await page.goto(pathToFileURL(join(dir, `${tasks}.html`)).href);
  await frames(page, 2);
  const took = performance.now() - began;
  return { page, wrong, took };
}

const frames = (page, count) => page.evaluate(async (left) => { while (left--) await new Promise(requestAnimationFrame); }, count);

/** What stands in a canvas. */
const picture = (page, id) => page.evaluate((canvas) => document.getElementById(canvas).toDataURL(), id);

async function differs(page, what, act) {
  const before = await picture(page, 'rows');
  await act();
  await frames(page, 2);
  assert.notEqual(await picture(page, 'rows'), before, `${what} changes the chart`);
}

async function accessible(page, where) {
  await page.addScriptTag({ content: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`), [], where);
}

/** With its own policy in force: no script but the page's own, and nothing from elsewhere. */
async function policy(tasks) {
  const context = await browser.newContext({ viewport: SIZES.desktop });
  const { page, wrong } = await look(await context.newPage(), tasks);
  assert.deepEqual(wrong, []);
  assert.equal(await page.title(), 'Run of the checks', 'nothing that a tool wrote has run');
  const ran = await page.evaluate(() => { const script = document.createElement('script'); script.textContent = 'globalThis.strange = 1'; document.body.append(script); return globalThis.strange; });
  assert.equal(ran, undefined, 'the policy keeps other scripts out');
  await context.close();
}

async function use(tasks) {
  const { page, wrong, took } = await open(tasks, 'desktop', 'light');
  assert.ok(took < 1000, `${tasks} tasks are drawn after ${took.toFixed(0)} ms`);
  await differs(page, 'zooming by a button', () => page.click('#in'));
  await page.focus('#chart');
  await differs(page, 'zooming by a key', () => page.keyboard.press('+'));
  await differs(page, 'zooming by the wheel', async () => { await page.hover('#rows'); await page.mouse.wheel(0, -400); });
  await differs(page, 'moving by a key', () => page.keyboard.press('Shift+ArrowRight'));
  await differs(page, 'seeing the whole again', () => page.keyboard.press('0'));
  const zooms = await page.evaluate(async () => {
    const times = [];
    for (let i = 0; i < 40; i++) {
      const began = performance.now();
      zoom(i < 20 ? 0.85 : 1 / 0.85);
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b);
  });
  const [middle, slowest] = [zooms[20], zooms[39]];
  assert.ok(middle < 60, `a step of the zoom takes ${middle} ms`);
  await page.keyboard.press('ArrowRight');
  assert.ok(await page.isVisible('#details h3'), 'an arrow selects a task');
  const first = await page.textContent('#details h3');
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await page.textContent('#details h3'), first, 'and the next one');
  await page.keyboard.press('Escape');
  assert.ok(await page.isHidden('#details'));
  await page.keyboard.press('/');
  await page.keyboard.type('doc crate-0001');
  assert.equal(await page.textContent('#found'), `1 task of ${tasks.toLocaleString('en')}`);
  assert.equal(await page.locator('#tasks tbody tr').count(), 1);
  await page.click('#tasks tbody button');
  assert.match(await page.textContent('#details'), /doc crate-0001/);
  await page.fill('#search', '');
  await page.locator('input[value=tasks]').check();
  await differs(page, 'scrolling', () => page.evaluate(() => { document.getElementById('scroll').scrollTop = 100; })).catch((error) => { if (tasks > 20) throw error; });
  await page.click('#tasks thead button[data-key=ran]');
  assert.equal(await page.getAttribute('#tasks th:has(button[data-key=ran])', 'aria-sort'), 'descending');
  await page.selectOption('#filter', 'passed');
  assert.ok((await page.textContent('#found')).includes(' of '));
  await page.selectOption('#filter', '');
  await page.click('#theme');
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(19, 22, 26)', 'dark');
  await page.click('#theme');
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)', 'light');
  const shown = page.locator('details.failure');
  if (await shown.count()) {
    await shown.first().evaluate((item) => { item.open = true; });
    await shown.first().locator('pre').first().waitFor();
    assert.match(await shown.first().locator('pre').first().textContent(), /<\/script><script>/, 'outputs are text');
  }
  await accessible(page, `${tasks} tasks, used`);
  assert.deepEqual(wrong, []);
  await page.context().close();
  return { took, middle, slowest };
}

for (const tasks of [10, 300, 5000]) {
  await policy(tasks);
  const { took, middle, slowest } = await use(tasks);
  console.log(`${tasks} tasks: drawn after ${took.toFixed(0)} ms; a step of the zoom and two frames take ${middle.toFixed(1)} ms, at most ${slowest.toFixed(1)} ms`);
  for (const size of Object.keys(SIZES)) for (const scheme of ['light', 'dark']) {
    const { page, wrong } = await open(tasks, size, scheme);
    await accessible(page, `${tasks} tasks, ${size}, ${scheme}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, `nothing is wider than a ${size}`);
    await page.screenshot({ path: join(dir, `${tasks}-${size}-${scheme}.png`), fullPage: true });
    await page.locator('input[value=tasks]').check();
    await frames(page, 2);
    await page.screenshot({ path: join(dir, `${tasks}-${size}-${scheme}-tasks.png`) });
    assert.deepEqual(wrong, []);
    await page.context().close();
  }
}
await browser.close();
console.log(`pictures are in ${dir}`);
