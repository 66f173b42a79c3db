// Every page at two widths in both themes, to be looked at: node tests/screenshots.mjs FOLDER
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeHistory, open, run, settled, startBrowser, startServer } from './stage.mjs';

const folder = process.argv[2] ?? 'screenshots';
const pages = {
  estimate: '#/estimate?model=meta-llama/Llama-3.1-70B&on=H100_SXM&tp=4&batch=32&input=4096&output=512&bits=fp8&framework=vllm',
  refusal: '#/estimate?model=meta-llama/Llama-3.1-70B&on=H100_SXM',
  compare: '#/compare',
  serving: '#/serving',
  plan: '#/plan',
  history: '#/history?a=first&b=slower&limit=1',
  live: '#/live',
  chat: '#/chat',
};
await mkdir(folder, { recursive: true });
const history = makeHistory();
const server = await startServer('--store', history.store);
const browser = await startBrowser();
try {
  for (const [name, hash] of Object.entries(pages)) {
    for (const width of [1280, 390]) {
      for (const colorScheme of ['light', 'dark']) {
        const { page, complaints, close } = await open(browser, server.address, hash, { colorScheme, viewport: { width, height: width > 400 ? 900 : 844 } });
        if (name === 'chat') {
          await page.getByLabel('Message').fill('Once upon a time');
          await page.getByRole('button', { name: 'Send' }).click();
          await page.getByRole('button', { name: 'Send' }).waitFor();
        }

        if (name === 'live') {
          await page.waitForTimeout(2500);
        }

        await settled(page);
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        complaints.forEach((text) => console.log(name, width, colorScheme, text));
        await close();
      }
    }
  }

  for (const [name, runs] of Object.entries({ 'report-one': ['measured'], 'report-two': ['first', 'slower'] })) {
    const file = join(history.folder, `${name}.html`);
    run('report', ...runs, '--store', history.store, '-o', file);
    for (const width of [1280, 390]) {
      for (const colorScheme of ['light', 'dark']) {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
        const page = await context.newPage();
        await page.goto(pathToFileURL(file).href);
        await page.waitForTimeout(500);
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
