// Reports in a browser: a file that asks for nothing, whose charts are drawn, and that everybody can use.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeHistory, run, startBrowser } from './stage.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const reports = { one: ['measured'], two: ['first', 'slower'], many: ['first', 'second', 'slower', 'measured'], sweep: ['sweep'] };
let folder;
let browser;

before(async () => {
  const history = makeHistory();
  folder = history.folder;
  for (const [name, runs] of Object.entries(reports)) {
    run('report', ...runs, '--store', history.store, '-o', join(folder, `${name}.html`));
  }

  browser = await startBrowser();
});

after(() => browser?.close());

for (const name of Object.keys(reports)) {
  for (const [width, colorScheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']]) {
    test(`a report of ${name} at ${width} pixels, ${colorScheme}: drawn, asks for nothing, no complaint, no violation that axe finds`, async () => {
      const context = await browser.newContext({ colorScheme, bypassCSP: true, viewport: { width, height: 900 } });
      const page = await context.newPage();
      const [complaints, asked] = [[], []];
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => asked.push(request.url()));
      const address = pathToFileURL(join(folder, `${name}.html`)).href;
      await page.goto(address);
      const plots = await page.locator('[data-plot]').count();
      assert.ok(plots >= 2, `${plots} plots`);
      await page.waitForFunction(() => document.querySelectorAll('[data-plot]:not([data-drawn])').length === 0);
      assert.equal(await page.locator('[data-plot] canvas').count(), plots);
      const blank = await page.evaluate(() => [...document.querySelectorAll('[data-plot] canvas')].filter((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return !data.some((value) => value !== 0);
      }).length);
      assert.equal(blank, 0);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `wider than the window by ${wide} pixels`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), []);
      assert.deepEqual(complaints, []);
      assert.deepEqual(asked, [address]);
      await context.close();
    });
  }
}

test('nothing in a report breaks its own policy, and without scripts its plots are pictures', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(pathToFileURL(join(folder, 'two.html')).href);
    await page.waitForTimeout(300);
    assert.equal(await page.locator('[data-plot] svg').count() > 0, !javaScriptEnabled);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
