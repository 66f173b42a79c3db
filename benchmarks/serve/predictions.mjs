#!/usr/bin/env node
// Sets the latencies that 'inferometer serve' measures beside those it predicts for the same requests, as /metrics has both, under closed loops
// of some numbers of streams.
//   node benchmarks/serve/predictions.mjs MODEL.gguf [--streams 1,2,4,8] [--seconds 8] [--prompt 48] [--tokens 48] [-- options of serve]
// Needs a build of src/Inferometer.Cli in Release. The server is asked by two streams for some seconds before. Prints a table in Markdown:
// measured over predicted, and both in ms.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: 'string', default: '1,2,4,8' },
    seconds: { type: 'string', default: '8' },
    prompt: { type: 'string', default: '48' },
    tokens: { type: 'string', default: '48' },
  },
});
const [model, ...options] = positionals;
const program = process.env.INFEROMETER ?? fileURLToPath(new URL('../../src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll', import.meta.url));
for (const [file, what] of [[model, 'name a MODEL.gguf'], [program, 'build src/Inferometer.Cli in Release']]) {
  if (!file || !existsSync(file)) {
    console.error(`error: '${file ?? ''}' is not there; ${what}.`);
    process.exit(2);
  }
}
const [seconds, prompt, tokens] = [values.seconds, values.prompt, values.tokens].map(Number);

const child = spawn('dotnet', [program, 'serve', model, '--port', '0', '--log-level', 'error', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('SIGTERM', () => { child.kill('SIGTERM'); process.exit(143); });
process.on('SIGINT', () => { child.kill('SIGTERM'); process.exit(130); });
const [line] = await once(createInterface({ input: child.stdout }), 'line');
const url = /at (http:\S+)$/.exec(line)[1];
while (!(await fetch(`${url}/ready`)).ok) await new Promise((done) => { setTimeout(done, 100); });

let next = 300;
async function ask() {
  // Token ids that no other prompt begins with, so that nothing comes from the cache.
  const body = { prompt: Array.from({ length: prompt }, (_, i) => 300 + ((next * 31 + i * 17) % 3000)), max_tokens: tokens, ignore_eos: true, temperature: 0, stream: true };
  next++;
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const text = await response.text();
  if (!response.ok || !text.endsWith('data: [DONE]\n\n')) throw new Error(`${response.status} ${text.slice(0, 200)}`);
}

async function load(streams, forSeconds) {
  const end = performance.now() + 1000 * forSeconds;
  await Promise.all(Array.from({ length: streams }, async () => {
    while (performance.now() < end) await ask();
  }));
}

const metrics = ['measured', 'predicted'].flatMap((arm) => ['time_to_first_token', 'time_per_output_token'].map((name) => `${arm}_${name}`));
async function sums() {
  const page = await (await fetch(`${url}/metrics`)).text();
  const value = (name) => Number(new RegExp(`^${name}(?:\\{\\})? (\\S+)$`, 'm').exec(page)?.[1]);
  return Object.fromEntries(metrics.map((name) => [name, { sum: value(`inferometer_${name}_seconds_sum`), count: value(`inferometer_${name}_seconds_count`) }]));
}

try {
  const basis = (await (await fetch(`${url}/metrics`)).text()).split('\n').find((l) => l.startsWith('inferometer_prediction_info{'));
  if (!basis) throw new Error('the server predicts nothing');
  console.log(`${basis}\n`);
  await load(2, 3);
  console.log('| streams | first token, measured / predicted, ms | | per token, measured / predicted, ms | |\n| --- | --- | --- | --- | --- |');
  for (const streams of values.streams.split(',').map(Number)) {
    const before = await sums();
    await load(streams, seconds);
    const after = await sums();
    const mean = (name) => (after[name].sum - before[name].sum) / (after[name].count - before[name].count);
    const cells = ['time_to_first_token', 'time_per_output_token'].flatMap((name) => {
      const [is, said] = [mean(`measured_${name}`), mean(`predicted_${name}`)];
      return [`${(1000 * is).toPrecision(3)} / ${(1000 * said).toPrecision(3)}`, (is / said).toFixed(2)];
    });
    console.log(`| ${streams} | ${cells.join(' | ')} |`);
  }
} finally {
  child.kill('SIGTERM');
}
