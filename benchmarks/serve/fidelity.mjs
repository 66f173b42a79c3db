#!/usr/bin/env node
// Predicts llama.cpp's server from three loads of it: 'inferometer calibrate' reads what 'inferometer load' measured of three closed loops,
// and then other loads, closed and open, are measured and predicted. In the end the three are measured again, which says how much of a
// difference is the machine's own.
//   node benchmarks/serve/fidelity.mjs MODEL.gguf --catalog FOLDER [--bits q8_0] [--scale 1] [--slots 8] [--context 2048] [--threads N]
// FOLDER keeps the machine ('inferometer calibrate --local --catalog FOLDER', made where it is missing) and the calibration. --scale makes
// rates so many times as high (0.1 for a model ten times as slow) and loads of fewer requests. Needs a build of src/Inferometer.Cli in
// Release, and PEER_SERVER=1 benchmarks/peer/build.sh once. Prints tables in Markdown.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    catalog: { type: 'string' },
    bits: { type: 'string', default: 'q8_0' },
    scale: { type: 'string', default: '1' },
    slots: { type: 'string', default: '8' },
    context: { type: 'string', default: '2048' },
    threads: { type: 'string', default: String(cpus().length) },
    peer: { type: 'string', default: fileURLToPath(new URL('../peer/.peer/server/bin/llama-server', import.meta.url)) },
  },
});
const [model] = positionals;
const program = process.env.INFEROMETER ?? fileURLToPath(new URL('../../src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll', import.meta.url));
for (const [file, what] of [[model, 'name a MODEL.gguf'], [values.peer, 'build it with PEER_SERVER=1 benchmarks/peer/build.sh'], [program, 'build src/Inferometer.Cli in Release']]) {
  if (!file || !existsSync(file)) {
    console.error(`error: '${file ?? ''}' is not there; ${what}.`);
    process.exit(2);
  }
}
if (!values.catalog) {
  console.error('error: name a folder for the machine and the calibration with --catalog FOLDER.');
  process.exit(2);
}
const scale = Number(values.scale);
const folder = values.catalog;
const machine = ['--on', 'this_machine', '--framework', 'llama.cpp', '--catalog', folder];

// A load: users who wait, or a rate; tokens in and out; requests of a model that is asked at --scale 1.
const some = (requests, least) => String(Math.max(least, Math.round(requests * Math.min(1, Math.sqrt(scale)))));
const users = (n, input, output, requests) => ({
  name: `${n} ${n === 1 ? 'user' : 'users'}, ${input} in, ${output} out`, isOpen: false,
  // Users begin one after the other: those who begin together stay together where all ask for the same, and their prompts are read as one.
  words: ['--users', String(n), '--ramp', String(Number((n * 0.25 / scale).toPrecision(3))), '--input', String(input), '--output', String(output), '--requests', some(requests, Math.max(2 * n, 3)), '--warm-up', String(n > 1 ? n : 1)],
});
const rate = (perSecond, input, output, requests) => ({
  name: `${Number((perSecond * scale).toPrecision(3))} requests/s, ${input} in, ${output} out`, isOpen: true,
  words: ['--rate', String(perSecond * scale), '--input', `uniform:${input.replace(' to ', ',')}`, '--output', `uniform:${output.replace(' to ', ',')}`, '--requests', some(requests, 12), '--seed', '7'],
});
const points = [users(1, 128, 32, 12), users(4, 256, 32, 16), users(8, 64, 32, 32)];
const judged = [
  users(1, 640, 24, 6), users(2, 320, 48, 8), users(4, 128, 64, 12), users(8, 192, 32, 16),
  rate(4, '64 to 192', '16 to 48', 44), rate(2, '128 to 384', '16 to 48', 26),
];

function inferometer(...words) {
  const { status, stdout, stderr } = spawnSync('dotnet', [program, ...words], { encoding: 'utf8', env: { ...process.env, INFEROMETER_STORE: 'none' } });
  if (status !== 0 && !stdout.startsWith('{')) throw new Error(`inferometer ${words.join(' ')}: ${stderr.trim() || stdout.trim()}`);
  if (status !== 0) console.error(`${words.join(' ')}: ${JSON.stringify(JSON.parse(stdout).errors)}`);
  return stdout;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function start(port) {
  const slots = Number(values.slots);
  const child = spawn(values.peer, ['-m', model, '--host', '127.0.0.1', '--port', String(port), '-np', String(slots), '-c', String(slots * Number(values.context)),
    '-t', values.threads, '-tb', values.threads, '--no-webui', '--no-slots', '-fa', 'on'], { stdio: 'ignore' });
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null) throw new Error(`llama.cpp's server ended with ${child.exitCode}`);
    if (await fetch(`http://127.0.0.1:${port}/health`).then((r) => r.ok, () => false)) return child;
    await sleep(100);
  }
  throw new Error("llama.cpp's server did not start");
}

if (!existsSync(join(folder, 'hardware', 'this_machine.json'))) {
  mkdirSync(folder, { recursive: true });
  inferometer('calibrate', '--local', '--catalog', folder);
}

const port = await freePort();
const server = await start(port);
try {
  const url = `http://127.0.0.1:${port}`;
  const measure = (load, ...more) => JSON.parse(inferometer('load', ...more, '--url', url, ...load.words, '-f', 'json'));
  measure(users(Number(values.slots), 64, 8, 16)); // memory is touched, connections stand
  const first = points.map((point) => measure(point));
  const files = first.map((result, i) => {
    const file = join(folder, `llama-server-${i + 1}.json`);
    writeFileSync(file, JSON.stringify(result));
    return file;
  });
  inferometer('calibrate', ...files.flatMap((file) => ['-m', file]), '--model', model, '--bits', values.bits, '--on', 'this_machine', '--framework', 'llama.cpp',
    '--catalog', folder, '--name', 'llama_server');
  console.log(`${model.split('/').at(-1)} (${(statSync(model).size / 1e6).toFixed(0)} MB), ${values.threads} threads, ${values.slots} slots; ms, measured / predicted\n`);
  console.log('| load | TTFT | | TPOT | |\n| --- | --- | --- | --- | --- |');
  const errors = { closed: { ttft: [], tpot: [] }, open: { ttft: [], tpot: [] } };
  const digits = (value) => String(Number(value.toPrecision(3)));
  const share = (value) => `${value >= 0 ? '+' : ''}${(100 * value).toFixed(0)} %`;
  for (const load of judged) {
    const result = measure(load, model, ...machine, '--max-num-seqs', values.slots);
    for (const [statistic, label] of load.isOpen ? [['median', ', p50'], ['p90', ', p90']] : [['mean', '']]) {
      const cells = ['ttft', 'tpot'].flatMap((metric) => {
        const [measured, predicted] = [result[`${statistic}_${metric}_ms`], result[`predicted_${statistic}_${metric}_ms`]];
        errors[load.isOpen ? 'open' : 'closed'][metric].push(predicted / measured - 1);
        return [`${digits(measured)} / ${digits(predicted)}`, share(predicted / measured - 1)];
      });
      console.log(`| ${load.name}${label} | ${cells.join(' | ')} |`);
    }
  }
  console.log('');
  const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  for (const [kind, of] of Object.entries(errors)) {
    console.log(`${kind} loops: error in the middle TTFT ${(100 * median(of.ttft.map(Math.abs))).toFixed(0)} %, TPOT ${(100 * median(of.tpot.map(Math.abs))).toFixed(0)} %`);
  }
  const again = points.map((point) => measure(point));
  console.log(`the three points, again after all others: ${points.map((p, i) => `${p.name}: TTFT ${share(again[i].mean_ttft_ms / first[i].mean_ttft_ms - 1)}, TPOT ${share(again[i].mean_tpot_ms / first[i].mean_tpot_ms - 1)}`).join('; ')}`);
} finally {
  server.kill('SIGTERM');
}
