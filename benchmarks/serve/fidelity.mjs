#!/usr/bin/env node
// Predicts llama.cpp's server from three loads of it: 'inferometer calibrate' reads what 'inferometer load' measured of three closed loops,
// and then other loads, closed and open, are measured and predicted. In the end the three are measured again, which says how much of a
// difference is the machine's own.
//   node benchmarks/serve/fidelity.mjs MODEL.gguf --catalog FOLDER [--bits q8_0] [--scale 1] [--slots N] [--context 2048] [--threads N]
//     [--points 1,2,3] [--loads N,N,...] [--kept] [--steps]
// FOLDER keeps the machine ('inferometer calibrate --local --catalog FOLDER', made where it is missing), the calibration, and what was
// measured; --kept measures nothing again that is there and predicts it anew. Without --slots the server is started as it comes (four slots
// that share one stream of keys and values, with room for --context tokens each); with --slots N each of N slots has a stream of its own.
// --scale makes rates so many times as high (0.1 for a model ten times as slow) and loads of fewer requests. --points names other loads to
// calibrate to, by their numbers in the table, and --loads those to measure beside them, where not all are to be. --steps times steps of one
// sequence to as many as there are slots too. Needs a build of src/Inferometer.Cli in Release, and PEER_SERVER=1 benchmarks/peer/build.sh
// once. Prints tables in Markdown.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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
    slots: { type: 'string' },
    context: { type: 'string', default: '2048' },
    threads: { type: 'string', default: String(cpus().length) },
    points: { type: 'string', default: '1,2,3' },
    loads: { type: 'string' },
    kept: { type: 'boolean', default: false },
    steps: { type: 'boolean', default: false },
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
if (values.slots === '4') {
  console.error("error: --slots 4: four slots are taken to share one stream, as the server comes; leave it out, or name another number.");
  process.exit(2);
}
const scale = Number(values.scale);
const slots = Number(values.slots ?? 4);
const own = values.slots ? ['--max-num-seqs', values.slots] : [];
const folder = values.catalog;
const machine = ['--on', 'this_machine', '--framework', 'llama.cpp', '--catalog', folder];

// A load: users who wait, or a rate; tokens in and out; requests of a model that is asked at --scale 1.
const some = (requests, least) => String(Math.max(least, Math.round(requests * Math.min(1, Math.sqrt(scale)))));
const around = (tokens) => `uniform:${Math.round(0.8 * tokens)},${Math.round(1.2 * tokens)}`;
const users = (n, input, output, requests) => ({
  name: `${n} ${n === 1 ? 'user' : 'users'}, ${input} in, ${output} out`, isOpen: false,
  // Users begin one after the other, and lengths vary by a fifth: those who begin together, or fall into step, stay together where all ask for
  // the same, and their prompts are read as one.
  words: ['--users', String(n), '--ramp', String(Number((n * 0.25 / scale).toPrecision(3))), '--input', around(input), '--output', around(output), '--requests', some(requests, Math.max(2 * n, 3)), '--warm-up', String(n > 1 ? n : 1), '--seed', '3'],
});
const rate = (perSecond, input, output, requests) => ({
  name: `${Number((perSecond * scale).toPrecision(3))} requests/s, ${input} in, ${output} out`, isOpen: true,
  words: ['--rate', String(perSecond * scale), '--input', `uniform:${input.replace(' to ', ',')}`, '--output', `uniform:${output.replace(' to ', ',')}`, '--requests', some(requests, 12), '--seed', '7'],
});
const loads = [
  users(1, 128, 32, 12), users(4, 256, 32, 20), users(8, 64, 32, 40),
  users(1, 640, 24, 6), users(2, 320, 48, 10), users(4, 128, 64, 16), users(6, 96, 48, 24), users(8, 192, 32, 24), users(16, 64, 32, 56),
  rate(slots / 2, '64 to 192', '16 to 48', 44), rate(slots / 4, '128 to 384', '16 to 48', 26), // more than four slots serve is a queue
];
const numbers = (text) => text.split(',').map((number) => Number(number) - 1);
const chosen = numbers(values.points);
const points = loads.filter((_, i) => chosen.includes(i));
const judged = loads.filter((_, i) => !chosen.includes(i) && (!values.loads || numbers(values.loads).includes(i)));
if (points.length !== chosen.length || points.some((load) => load.isOpen)) {
  console.error(`error: --points ${values.points}: numbers of loads of users, 1 to ${loads.filter((load) => !load.isOpen).length}.`);
  process.exit(2);
}

async function inferometer(...words) {
  const child = spawn('dotnet', [program, ...words], { env: { ...process.env, INFEROMETER_STORE: 'none' } });
  let stdout = '', stderr = '';
  child.stdout.on('data', (data) => { stdout += data; });
  child.stderr.on('data', (data) => { stderr += data; });
  const [status] = await once(child, 'close');
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
  const child = spawn(values.peer, ['-m', model, '--host', '127.0.0.1', '--port', String(port), ...values.slots ? ['-np', values.slots] : [],
    '-c', String(slots * Number(values.context)), '-t', values.threads, '-tb', values.threads, '--no-webui', '--no-slots', '-fa', 'on'], { stdio: 'ignore' });
  server = child; // ended with this program, whether or not it is up
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null) throw new Error(`llama.cpp's server ended with ${child.exitCode}`);
    if (await fetch(`http://127.0.0.1:${port}/health`).then((r) => r.ok, () => false)) return;
    await sleep(100);
  }
  throw new Error("llama.cpp's server did not start");
}

if (!existsSync(join(folder, 'hardware', 'this_machine.json'))) {
  mkdirSync(folder, { recursive: true });
  await inferometer('calibrate', '--local', '--catalog', folder);
}

let server, url;
const stop = () => server?.kill('SIGTERM');
process.on('SIGTERM', () => { stop(); process.exit(143); });
process.on('SIGINT', () => { stop(); process.exit(130); });
const fileOf = (load) => join(folder, `${load.name.replaceAll(/[^a-z0-9.]+/gi, '-')}.json`);

async function measure(load) {
  if (!server) {
    const port = await freePort();
    await start(port);
    url = `http://127.0.0.1:${port}`;
    await measure({ ...users(slots, 64, 8, 64), name: 'warm-up' }); // memory is touched, connections stand
  }

  const text = await inferometer('load', '--url', url, ...load.words, '-f', 'json');
  writeFileSync(fileOf(load), text);
  return JSON.parse(text);
}

const taken = async (load) => values.kept && existsSync(fileOf(load)) ? JSON.parse(readFileSync(fileOf(load), 'utf8')) : measure(load);
const digits = (value) => String(Number(value.toPrecision(3)));
const share = (value) => `${value >= 0 ? '+' : ''}${(100 * value).toFixed(0)} %`;
const middle = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
try {
  const results = new Map();
  for (const load of [...points, ...judged]) results.set(load, await taken(load));
  if (values.steps) {
    for (let n = 1; n <= slots; n++) {
      const load = { name: `steps of ${n}`, words: ['--users', String(n), '--input', '16', '--output', '48', '--requests', String(3 * n), '--warm-up', String(n)] };
      const { median_itl_ms: between } = await taken(load);
      console.log(`between tokens of ${n}: ${digits(between)} ms in the middle`);
    }
  }

  await inferometer('calibrate', ...points.flatMap((load) => ['-m', fileOf(load)]), '--model', model, '--bits', values.bits, '--on', 'this_machine',
    '--framework', 'llama.cpp', ...own, '--catalog', folder, '--name', 'llama_server');
  console.log(`${model.split('/').at(-1)} (${(statSync(model).size / 1e6).toFixed(0)} MB), ${values.threads} threads, ${slots} slots; ms, measured / predicted\n`);
  console.log('| load | TTFT | | TPOT | |\n| --- | --- | --- | --- | --- |');
  const errors = { points: [], users: [], rates: [] };
  for (const load of [...points, ...judged]) {
    const measured = results.get(load);
    const predicted = JSON.parse(await inferometer('simulate', model, ...machine, ...own, ...load.words, '-f', 'json'));
    for (const [statistic, label] of load.isOpen ? [['median', ', p50'], ['p90', ', p90']] : [['mean', '']]) {
      const cells = ['ttft', 'tpot'].flatMap((metric) => {
        const [is, said] = [measured[`${statistic}_${metric}_ms`], predicted[`${statistic}_${metric}_ms`]];
        errors[points.includes(load) ? 'points' : load.isOpen ? 'rates' : 'users'].push({ metric, error: Math.abs(said / is - 1) });
        return [`${digits(is)} / ${digits(said)}`, share(said / is - 1)];
      });
      console.log(`| ${points.includes(load) ? 'point: ' : ''}${load.name}${label} | ${cells.join(' | ')} |`);
    }
  }

  console.log('');
  for (const [kind, of] of Object.entries(errors)) {
    const said = (metric) => `${metric.toUpperCase()} ${(100 * middle(of.filter((e) => e.metric === metric).map((e) => e.error))).toFixed(0)} %`;
    console.log(`${kind}: error in the middle ${said('ttft')}, ${said('tpot')}`);
  }

  if (server) {
    const again = [];
    for (const load of points) again.push(await measure({ ...load, name: `${load.name}, again` }));
    const drift = (result, load, metric) => share(result[`mean_${metric}_ms`] / results.get(load)[`mean_${metric}_ms`] - 1);
    console.log(`the points, again after all others: ${points.map((p, i) => `${p.name}: TTFT ${drift(again[i], p, 'ttft')}, TPOT ${drift(again[i], p, 'tpot')}`).join('; ')}`);
  }
} finally {
  stop();
}
