// A server with the bundled model on a free port, and a browser to look at it with.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.INFEROMETER_DLL ?? resolve(root, 'src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll');

/** Starts the server; gives its address and what stops it. */
export async function startServer(...options) {
  if (!existsSync(program)) {
    throw new Error(`${program} is missing: build src/Inferometer.Cli in Release first`);
  }

  const server = spawn('dotnet', [program, 'serve', '--demo', '--port', '0', '--log-level', 'warning', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, errors] = ['', ''];
  server.stderr.on('data', (data) => (errors += data));
  const address = await new Promise((found, failed) => {
    server.stdout.on('data', (data) => {
      out += data;
      const match = /http:\/\/\S+/.exec(out);
      if (match !== null) {
        found(match[0]);
      }
    });
    server.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${errors}`)));
  });
  return {
    address,
    log: () => errors,
    stop: () => new Promise((ended) => {
      server.on('exit', ended);
      server.kill('SIGTERM');
    }),
  };
}

/** Runs the program to its end; gives what it printed. */
export function run(...words) {
  return execFileSync('dotnet', [program, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A folder with a history: a service simulated three times, the last time slower, and once measured beside its prediction. */
export function makeHistory() {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  const store = join(folder, 'history.db');
  const service = ['simulate', 'llama-3.1-8b', '--on', 'h100', '--rate', '6', '--requests', '150', '--input', '512', '--output', '64', '--store', store];
  run(...service, '--name', 'first');
  run(...service, '--name', 'second', '--tag', 'nightly');
  run(...service, '--step-overhead', '4', '--name', 'slower');
  const load = ['load', '--users', '2', '--requests', '24', '--input', '16', '--output', '8', '--threads', '1', '--warm-up', '0', '--store', store];
  run(...load, '--name', 'measured');
  run(...load, '--name', 'again');
  run('load', '--rate', '20', '--requests', '12', '--input', '16', '--output', '8', '--threads', '1', '--warm-up', '0', '--sweep-rate', '--slo', 'ttft:60ms', '--store', store, '--name', 'sweep');
  return { folder, store };
}

/** Starts Debian's browser; there is no other. */
export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`no browser at ${executablePath}: apt-get install chromium, or name one in CHROMIUM`);
  }

  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Opens a page of the site; what it complains of is collected. */
export async function open(browser, address, hash, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      const { url } = message.location();
      complaints.push(url ? `${message.text()}: ${url}` : message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${address}/${hash}`);
  return { page, complaints, close: () => context.close() };
}

/** Waits until a page shows what it has to show. */
export async function settled(page) {
  await page.waitForSelector('main > :nth-child(2)');
  await page.waitForFunction(() => document.querySelectorAll('.chart:not([data-drawn])').length === 0);
  await page.waitForFunction(() => document.querySelector('progress') === null, undefined, { timeout: 90_000 });
  await page.waitForTimeout(300);
}
