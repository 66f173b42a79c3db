#!/usr/bin/env node
// Times Inferometer and llama.cpp on the same model files in one run and prints ratios as Markdown.
// Both are started in turn, repeat by repeat, so that a drift of the machine meets both; the medians are compared,
// against the better build of the peer for each test.
//   node benchmarks/peer/compare.mjs [--types q4_0,q8_0,f16,bf16] [--shape M] [--threads 2] [--repeats 3]
//        [--prompt 512] [--generate 64] [--depth 0] [--sequences 8,32] [--keep]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const work = join(here, '.peer');
const options = { types: 'q4_0,q8_0,f16,bf16', shape: 'M', threads: '2', repeats: '3', prompt: '512', generate: '64', depth: '0', sequences: '8,32' };
let keep = false;
for (let i = 2; i < process.argv.length; i++) {
  const name = process.argv[i].replace(/^--/, '');
  if (name === 'keep') keep = true;
  else if (name in options && i + 1 < process.argv.length) options[name] = process.argv[++i];
  else fail(`'${process.argv[i]}' is not an option. Allowed: ${Object.keys(options).map(o => `--${o} VALUE`).join(', ')}, --keep.`);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

const run = (file, args, env = {}) =>
  execFileSync(file, args, { encoding: 'utf8', env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 });
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
const lines = text => text.split('\n').filter(l => l.startsWith('{')).map(l => JSON.parse(l));

if (!existsSync(join(work, 'peer_bench'))) run(join(here, 'build.sh'), []);
run('dotnet', ['build', join(root, 'src/Inferometer.Cli'), '-c', 'Release', '-v', 'q', '--nologo']);
const cli = join(root, 'src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll');
const peers = ['peer_bench', 'peer_bench_native'].map(n => join(work, n)).filter(existsSync);
const models = join(work, 'models');
mkdirSync(models, { recursive: true });

// Test names are llama-bench's; a batch of several sequences is "tg32 x8".
function ours(model) {
  const bench = (...args) => lines(run('dotnet', [cli, 'bench', model, '-t', options.threads, '-r', '1', '-o', 'jsonl', ...args]));
  const rows = bench('-p', options.prompt, '-n', options.generate, '-d', options.depth);
  if (options.sequences !== '0') rows.push(...bench('-p', '0', '-n', '32', '-d', '128', '-b', options.sequences));
  return rows.map(r => [name(r.n_prompt, r.n_gen, r.n_depth, r.n_sequences), r.avg_ts]);
}

function theirs(binary, model) {
  const args = [model, '-t', options.threads, '-p', options.prompt, '-n', options.generate, '-d', options.depth, '-b', options.sequences, '-r', '1'];
  const libraries = join(work, 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64');
  return lines(run(binary, args, binary.endsWith('native') ? {} : { PEER_LIB_DIR: libraries }))
    .map(r => [name(r.test === 'pp' ? r.size : 0, r.test === 'pp' ? 0 : r.size, r.depth, r.seqs), r.tok_s_median]);
}

const name = (prompt, generated, depth, sequences) =>
  `${prompt ? `pp${prompt}` : `tg${generated}`}${depth ? ` @ d${depth}` : ''}${sequences > 1 ? ` x${sequences}` : ''}`;

console.log(`${cpus()[0].model.trim()}, ${options.threads} threads, shape ${options.shape}, ${options.repeats} alternated repeats, ${new Date().toISOString().slice(0, 10)}\n`);
console.log('| weights | test | Inferometer t/s | llama.cpp t/s | ratio | ratios of single repeats |');
console.log('| --- | --- | ---: | ---: | ---: | --- |');
for (const type of options.types.split(',')) {
  const model = join(models, `${options.shape}-${type}.gguf`);
  if (!existsSync(model)) run('dotnet', [cli, 'synth', '-o', model, '--shape', options.shape, '--type', type, '--seed', '1']);
  const samples = new Map();
  const add = (who, rows) => rows.forEach(([test, rate]) => {
    const bySide = samples.get(test) ?? samples.set(test, {}).get(test);
    (bySide[who] ??= []).push(rate);
  });
  for (let i = 0; i < Number(options.repeats); i++) {
    add('ours', ours(model));
    for (const peer of peers) add(peer, theirs(peer, model));
  }
  for (const [test, by] of samples) {
    const best = peers.reduce((a, b) => (median(by[b] ?? [0]) > median(by[a] ?? [0]) ? b : a));
    if (!by.ours || !by[best]) continue;
    const mine = median(by.ours), other = median(by[best]);
    const single = by.ours.map((v, i) => (v / by[best][i]).toFixed(2)).join(', ');
    console.log(`| ${type} | ${test} | ${mine.toFixed(1)} | ${other.toFixed(1)} | ${(mine / other).toFixed(2)} | ${single} |`);
  }
  if (!keep) rmSync(model);
}
