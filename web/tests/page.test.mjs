// The page in a browser: it loads without complaint, does what it says, and can be used by everybody.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { makeHistory, open, run, settled, startBrowser, startServer } from './stage.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pages = ['estimate', 'compare', 'serving', 'plan', 'history', 'live', 'chat'];
const fast = { plan: '#/plan?model=meta-llama/Llama-3.1-8B&on=H100_SXM&rate=4',
  serving: '#/serving?points=2&requests=100', history: '#/history?a=first&b=slower' };
const budget = 300_000;
let server;
let browser;

before(async () => {
  server = await startServer('--store', makeHistory().store);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function visit(hash, options, use) {
  const view = await open(browser, server.address, hash, options);
  try {
    await settled(view.page);
    await use(view.page, view);
  } finally {
    await view.close();
  }
}

for (const name of pages) {
  for (const [width, colorScheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']]) {
    test(`${name} at ${width} pixels, ${colorScheme}: no complaint, nothing cut off, no violation that axe finds`, async () => {
      await visit(fast[name] ?? `#/${name}`, { colorScheme, bypassCSP: true, viewport: { width, height: 800 } }, async (page, { complaints }) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `wider than the window by ${wide} pixels`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), []);
        assert.deepEqual(complaints, []);
      });
    });
  }
}

test('an address of no page says so, with the way back', async () => {
  await visit('#/nosuchpage', {}, async (page) => {
    await page.getByText("There is no page 'nosuchpage'").waitFor();
    await page.locator('main').getByRole('link', { name: 'Estimate' }).click();
    await page.waitForFunction(() => document.title.startsWith('Estimate'));
  });
});

test('a table that goes on beyond the edge shows it there', async () => {
  await visit('#/compare', { viewport: { width: 390, height: 800 } }, async (page) => {
    const box = page.locator('.table-box').first();
    await box.waitFor();
    const seen = await box.evaluate((element) => {
      const style = globalThis.getComputedStyle(element);
      return { hidden: element.scrollWidth - element.clientWidth, shadows: style.backgroundImage.split('linear-gradient').length - 1,
        stay: style.backgroundAttachment };
    });
    assert.ok(seen.hidden > 0, 'the table fits');
    assert.deepEqual([seen.shadows, seen.stay], [4, 'local, local, scroll, scroll']);
  });
});

test('nothing on any page breaks the policy of the server', async () => {
  for (const name of pages) {
    await visit(fast[name] ?? `#/${name}`, {}, (_, { complaints }) => assert.deepEqual(complaints, []));
  }
});

test('the first load is within its budget', async () => {
  const view = await open(browser, server.address, '', {});
  let bytes = 0;
  view.page.on('response', async (response) => {
    const path = new URL(response.url()).pathname;
    bytes += path.startsWith('/api') ? 0 : Number(response.headers()['content-length'] ?? 0);
  });
  await view.page.reload();
  await settled(view.page);
  await view.close();
  assert.ok(bytes > 10_000 && bytes <= budget, `${bytes} bytes`);
});

test('a slider changes the estimate, the command and the link', async () => {
  await visit('#/estimate', {}, async (page) => {
    const figure = () => page.locator('.tile .figure').nth(1).textContent();
    const before = await figure();
    const slider = page.getByRole('slider', { name: 'Batch, slider' });
    await slider.focus();
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press('ArrowRight');
    }

    await page.waitForFunction((old) => document.querySelectorAll('.tile .figure')[1].textContent !== old, before);
    assert.equal(await page.getByLabel('Batch', { exact: true }).inputValue(), '64');
    assert.match(await page.locator('.copies code').first().textContent(), /estimate meta-llama\/Llama-3.1-8B --on H100_SXM --batch 64$/);
    assert.match(page.url(), /batch=64/);
  });
});

test('a link restores what was set, and gives the figures of the command line', async () => {
  await visit('#/estimate?model=Qwen/Qwen3-8B&on=A100_SXM_80GB&tp=2&batch=16&bits=int8&draft-tokens=&kv=fp8', {}, async (page) => {
    assert.equal(await page.getByRole('combobox', { name: 'Model' }).inputValue(), 'Qwen/Qwen3-8B');
    assert.equal(await page.getByLabel('Tensor', { exact: true }).inputValue(), '2');
    assert.equal(await page.getByLabel('Format', { exact: true }).inputValue(), 'int8');
    const answer = await fetch(`${server.address}/api/v1/estimate`, {
      method: 'POST',
      body: JSON.stringify({ model: 'Qwen/Qwen3-8B', on: 'A100_SXM_80GB', tp: 2, batch: 16, bits: 'int8', kv: 'fp8' }),
    });
    const { tpot_ms: tpot } = (await answer.json()).metrics;
    assert.equal(Number.parseFloat(await page.locator('.tile .figure').nth(1).textContent()), Number(tpot.toPrecision(3)));
  });
});

test('a model is found and picked by keyboard', async () => {
  await visit('#/estimate', {}, async (page) => {
    const model = page.getByRole('combobox', { name: 'Model' });
    await model.focus();
    await page.keyboard.type('qwen3 32b');
    await page.keyboard.press('Enter');
    assert.equal(await model.inputValue(), 'Qwen/Qwen3-32B');
    await page.getByText('Qwen3-32B', { exact: true }).waitFor();
  });
});

test('what does not fit is refused with advice that works', async () => {
  await visit('#/estimate?model=meta-llama/Llama-3.1-70B&on=H100_SXM', {}, async (page) => {
    await page.getByRole('heading', { name: 'Does not fit' }).waitFor();
    await page.getByRole('button', { name: 'tp 2' }).click();
    await page.getByRole('heading', { name: 'Time to first token' }).waitFor();
    assert.match(page.url(), /tp=2/);
  });
});

test('a wrong value is refused in words', async () => {
  await visit('#/estimate?kv=nonsense', {}, async (page) => {
    assert.match(await page.getByRole('alert').textContent(), /kv: 'nonsense' is not allowed/);
    // The command line would refuse it too: there is none to copy, but the link keeps what is set.
    assert.equal(await page.getByRole('button', { name: 'Copy command' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Copy link' }).count(), 1);
  });
});

test('rows of a comparison are sorted by their headings', async () => {
  await visit('#/compare?model=meta-llama/Llama-3.1-8B&on=H100_SXM,A100_SXM_80GB&tp=1,2&batch=1,8', {}, async (page) => {
    const costs = async () => (await page.locator('tbody tr td:nth-child(9)').allTextContents()).map((text) => Number(text.replace('$', '')));
    assert.equal((await costs()).length, 8);
    await page.getByRole('button', { name: '$/M tok' }).click();
    const up = await costs();
    assert.deepEqual(up, [...up].sort((a, b) => a - b));
    await page.getByRole('button', { name: '$/M tok' }).click();
    assert.deepEqual(await costs(), [...up].reverse());
    await page.getByRole('button', { name: 'Remove A100_SXM_80GB' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 4);
  });
});

test('a service is simulated at every rate, and can be stopped', async () => {
  await visit('#/serving?points=3&requests=100', {}, async (page) => {
    assert.equal(await page.locator('tbody tr').count(), 3);
    await page.getByRole('heading', { name: /Over time at/ }).waitFor();
    await page.getByRole('region', { name: 'Loads simulated' }).getByRole('button', { name: '18', exact: true }).press('Enter');
    await page.getByRole('heading', { name: 'Over time at 18 requests/s' }).waitFor();
    const requests = page.getByLabel('Requests', { exact: true });
    await requests.fill('200000');
    await requests.press('Tab');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    // At once, without waiting for the button to stand still: the small model may end its answer in the meantime.
    await page.getByRole('button', { name: 'Stop' }).dispatchEvent('click');
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  });
});

test('without a number of requests a service answers as many as come', async () => {
  await visit('#/serving?from=4&points=1&input=200&output=400', {}, async (page) => {
    const row = page.getByRole('region', { name: 'Loads simulated' }).locator('tbody tr');
    assert.equal(await row.count(), 1);
    const answered = Number(await row.locator('td').nth(1).textContent());
    assert.ok(answered > 3.7 && answered < 4.3, `${answered} of 4 requests/s`);
    await page.getByText('while the service neither fills nor empties').waitFor();
  });
});

test('a conversation is streamed, can be stopped, and is seen on the Live page beside its prediction', async () => {
  await visit('#/chat', {}, async (page, { complaints }) => {
    const message = page.getByLabel('Message');
    await message.fill('Once upon a time');
    await message.press('Enter');
    await page.waitForFunction(() => (document.querySelector('article.assistant p')?.textContent.length ?? 0) > 40);
    await page.getByRole('button', { name: 'Send' }).waitFor();
    assert.match(await page.locator('output').textContent(), /^\d+ tokens, [\d.,]+ tokens\/s, first after/);
    await page.getByLabel('Tokens at most').fill('3');
    await message.fill('Who was she?');
    await message.press('Enter');
    await page.getByText('Cut off after 3 tokens').waitFor();
    await page.getByLabel('Tokens at most').fill('700');
    await message.fill('And then?');
    // In the page itself, as soon as the button is there: the small model may end its answer before a click comes from here.
    const stopped = page.evaluate(() => new Promise((done) => {
      new MutationObserver((_, observer) => {
        const button = [...document.querySelectorAll('button')].find((b) => b.textContent.trim() === 'Stop');
        if (button) {
          observer.disconnect();
          button.click();
          done();
        }
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    }));
    await message.press('Enter');
    await stopped;
    await page.getByRole('button', { name: 'Send' }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByRole('row', { name: /Time per output token [\d.]+ .s [\d.]+ .s/ }).waitFor();
    assert.deepEqual(complaints, []);
  });
});

test('a plan names deployments that keep the level, and what was asked goes on to the Serving page', async () => {
  await visit(fast.plan, {}, async (page) => {
    await page.getByRole('heading', { name: /^Deployments that keep it/ }).waitFor();
    assert.match(await page.getByRole('columnheader', { name: /cheapest/ }).textContent(), /^cheapest\$[\d,]+ a month$/);
    const command = await page.locator('.copies code').first().textContent();
    assert.equal(command, 'inferometer plan meta-llama/Llama-3.1-8B --on H100_SXM --rate 4 --input 1000 --output 250 --slo ttft:1s,tpot:40ms');
    const printed = JSON.parse(run(...command.split(' ').slice(1), '--format', 'json'));
    const rents = await page.locator('.answers thead .figure').allTextContents();
    assert.deepEqual(rents, printed.answers.map((answer) => `$${Math.round(answer.usd_per_month).toLocaleString('en')}`));
    await page.getByRole('link', { name: 'The cheapest under rising load' }).click();
    await page.getByRole('heading', { name: /^Over time at/ }).waitFor();
    assert.match(page.url(), /#\/serving\?model=meta-llama\/Llama-3.1-8B&on=H100_SXM&tp=1.*framework=/);
    assert.equal(await page.getByRole('alert').count(), 0);
  });
});

test('a level that nothing keeps is said to be, with what is nearest', async () => {
  await visit(`${fast.plan}&slo=ttft:1s,tpot:1ms`, {}, async (page) => {
    await page.getByRole('heading', { name: 'No deployment keeps this' }).waitFor();
    assert.match(await page.locator('.notice').textContent(), /The nearest: TPOT/);
    assert.ok((await page.getByRole('region', { name: 'Why the others are not it' }).locator('tbody tr').count()) > 0);
  });
});

test('users in place of a rate, and an empty field, stand in the link', async () => {
  await visit(fast.plan, {}, async (page) => {
    await page.getByLabel('Users').fill('8');
    await page.getByLabel('Users').press('Enter');
    await page.waitForFunction(() => location.hash.includes('rate=&') && location.hash.includes('users=8'));
    await page.reload();
    await settled(page);
    assert.equal(await page.getByLabel('Requests/s').inputValue(), '');
    await page.getByRole('heading', { name: /^Deployments that keep it/ }).waitFor();
  });
});

test('going to another page and back loses nothing that was set', async () => {
  await visit('#/estimate?batch=8', {}, async (page) => {
    await page.getByLabel('Batch', { exact: true }).fill('9');
    await page.getByRole('link', { name: 'Chat', exact: true }).click();
    await page.getByLabel('Message').waitFor();
    await page.getByRole('link', { name: 'Estimate', exact: true }).click();
    assert.equal(await page.getByLabel('Batch', { exact: true }).inputValue(), '9');
    await page.getByRole('link', { name: 'Estimate', exact: true }).click();
    assert.match(page.url(), /batch=9/);
    await page.getByRole('link', { name: 'Compare batches' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 5);
    assert.match(page.url(), /batch=1,9,16,64,256/);
  });
});

test('rows are saved as comma-separated values with every digit, and why some are impossible', async () => {
  await visit('#/compare?model=meta-llama/Llama-3.1-70B&on=H100_SXM&tp=1,4&batch=1&bits=bf16', {}, async (page) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV: Deployments compared' }).click()]);
    assert.equal(download.suggestedFilename(), 'deployments-compared.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    assert.match(lines[0], /^machine,TP,.*TTFT ms,TPOT ms,.*,error$/);
    assert.match(lines[1], /^H100_SXM,1,.*does not fit/);
    assert.match(lines[2], /^H100_SXM,4,4,\d+\.\d{6,},/);
  });
});

test('a chart whose library comes after newer figures shows the newer ones', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let release;
  const held = new Promise((go) => (release = go));
  await page.route('**/assets/echarts*.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${server.address}/#/estimate`);
  await page.locator('.tile .figure').first().waitFor();
  const before = await page.locator('.tile .figure').nth(1).textContent();
  await page.getByLabel('Batch', { exact: true }).fill('64');
  await page.waitForFunction((old) => document.querySelectorAll('.tile .figure')[1].textContent !== old, before);
  release();
  await settled(page);
  const late = await page.locator('.chart canvas').first().evaluate((canvas) => canvas.toDataURL());
  await page.reload();
  await settled(page);
  assert.equal(await page.locator('.chart canvas').first().evaluate((canvas) => canvas.toDataURL()) === late, true);
  await context.close();
});

test('the history shows runs over time, what got worse, and two beside each other', async () => {
  await visit('#/history?model=llama&metric=median_ttft_ms&limit=1', {}, async (page) => {
    const rows = page.locator('table').last().locator('tbody tr');
    assert.equal(await rows.count(), 3);
    await page.getByRole('button', { name: 'first', exact: true }).click();
    await page.getByRole('button', { name: 'slower', exact: true }).click();
    await page.getByRole('heading', { name: /^slower beside first/ }).waitFor();
    assert.match(page.url(), /a=[0-9a-f]{10}&b=[0-9a-f]{10}/);
    await page.getByRole('row', { name: /Time per output token.* \+\d+ %.* worse/ }).first().waitFor();
    assert.ok((await page.getByText(/--step-overhead/).count()) > 0, 'what was asked for differently is said');
    await page.getByLabel('Model').fill('nothing-like-this');
    await page.getByLabel('Model').press('Enter');
    await page.getByRole('heading', { name: 'No runs' }).waitFor();
  });
});

test('without a store, History says how to name one', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/api/v1/runs*', (route) => route.fulfill({ status: 404, json: { status: 404, detail: 'none', code: 'no_store' } }));
  await page.goto(`${server.address}/#/history`);
  await page.getByRole('heading', { name: 'This server shows no history' }).waitFor();
  await context.close();
});

test('without a model, Live and Chat say how to serve one', async () => {
  for (const name of ['live', 'chat']) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route('**/v1/models', (route) =>
      new URL(route.request().url()).pathname === '/v1/models' ? route.fulfill({ json: { object: 'list', data: [] } }) : route.continue());
    await page.goto(`${server.address}/#/${name}`);
    await page.getByRole('heading', { name: 'No model is served here' }).waitFor();
    await context.close();
  }
});

test('the theme is the system’s until one is chosen, and stays chosen', async () => {
  await visit('#/chat', { colorScheme: 'dark' }, async (page) => {
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), 'dark');
    await page.getByRole('button', { name: 'Use the light theme' }).click();
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
    await page.reload();
    await settled(page);
    assert.equal(await theme(), 'light');
  });
});

test('a server that asks for a key is used with one', async () => {
  const locked = await startServer('--api-key', 'a-key-of-some-length');
  const view = await open(browser, locked.address, '#/estimate');
  try {
    await view.page.getByLabel(/asks for an API key/).fill('a-key-of-some-length');
    await view.page.getByRole('button', { name: 'Use it' }).click();
    await view.page.getByRole('heading', { name: 'Time to first token' }).waitFor();
  } finally {
    await view.close();
    await locked.stop();
  }
});
