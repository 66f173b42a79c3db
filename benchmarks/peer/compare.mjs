#!/usr/bin/env node
// Times Inferometer and llama.cpp on the same model files in one run and prints ratios as Markdown.
// Both are started in turn, repeat by repeat, so that a drift of the machine meets both; the medians are compared,
// against the better build of the peer for each test.
//   node benchmarks/peer/compare.mjs [--types q4_0,q8_0,f16,bf16] [--shape M] [--threads 2] [--repeats 3]
//        [--prompt 512] [--generate 64] [--depth 0] [--sequences 8,32] [--sequence-depth 16] [--keep] [--load | --neighbour]
// --load times the way from the start of the process to the first token instead, --neighbour what a busy loop of
// lowest priority on one core does to prompt and generation.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const work = join(here, '.peer');
const options = { types: 'q4_0,q8_0,f16,bf16', shape: 'M', threads: '2', repeats: '3', prompt: '512', generate: '64', depth: '0', sequences: '8,32', 'sequence-depth': '16' };
const flags = { keep: false, load: false, neighbour: false };
if (process.argv.some(a => a === '--help' || a === '-h')) {
  const usage = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n').slice(1);
  console.log(usage.slice(0, usage.findIndex(l => !l.startsWith('//'))).map(l => l.slice(3)).join('\n'));
  process.exit(0);
}
for (let i = 2; i < process.argv.length; i++) {
  const name = process.argv[i].replace(/^--/, '');
  if (name in flags) flags[name] = true;
  else if (name in options && i + 1 < process.argv.length) options[name] = process.argv[++i];
  else fail(`'${process.argv[i]}' is not an option. Allowed: ${Object.keys(options).map(o => `--${o} VALUE`).join(', ')}, ${Object.keys(flags).map(f => `--${f}`).join(', ')}.`);
}
if (flags.load && flags.neighbour) fail('--load and --neighbour exclude each other.');

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
// A program that fails or is ended says why on its own output; its standard error has been shown already.
process.on('uncaughtException', e => fail(
  e.spawnargs || e.status !== undefined ? `${e.message}${e.signal ? ` (${e.signal})` : ''}\n${String(e.stdout ?? '').trim().split('\n').slice(-12).join('\n')}` : e.stack));

const run = (file, args, env = {}) =>
  execFileSync(file, args, { encoding: 'utf8', env: { ...process.env, INFEROMETER_STORE: 'none', ...env }, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 });
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
const lines = text => text.split('\n').filter(l => l.startsWith('{')).map(l => JSON.parse(l));

// Built when a driver is missing or older than its source; a native build that is there is brought up to date with it.
const drivers = ['peer_bench', 'peer_bench_native'].map(n => join(work, n));
const isOld = file => statSync(file).mtimeMs < statSync(join(here, 'peer_bench.c')).mtimeMs;
if (!existsSync(drivers[0]) || drivers.filter(existsSync).some(isOld)) run(join(here, 'build.sh'), [], existsSync(drivers[1]) ? { PEER_NATIVE: '1' } : {});
run('dotnet', ['build', join(root, 'src/Inferometer.Cli'), '-c', 'Release', '-v', 'q', '--nologo']);
const cli = join(root, 'src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll');
let peers = drivers.filter(existsSync);
const models = join(work, 'models');
mkdirSync(models, { recursive: true });

// Test names are llama-bench's; a batch of several sequences is "tg32 x8".
function ours(model) {
  const bench = (...args) => lines(run('dotnet', [cli, 'bench', model, '-t', options.threads, '-r', '1', '-o', 'jsonl', ...args]));
  const rows = bench('-p', options.prompt, '-n', options.generate, '-d', options.depth);
  if (options.sequences !== '0') rows.push(...bench('-p', '0', '-n', '16', '-d', options['sequence-depth'], '-b', options.sequences));
  return rows.map(r => [name(r.n_prompt, r.n_gen, r.n_depth, r.n_sequences), r.avg_ts, r.limit_share]);
}

const peerEnvironment = binary =>
  binary.endsWith('native') ? {} : { PEER_LIB_DIR: join(work, 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64') };

function theirs(binary, model) {
  const args = [model, '-t', options.threads, '-p', options.prompt, '-n', options.generate, '-d', options.depth, '-b', options.sequences, '--bp', options['sequence-depth'], '--bn', '16', '-r', '1'];
  return lines(run(binary, args, peerEnvironment(binary)))
    .map(r => [name(r.test === 'pp' ? r.size : 0, r.test === 'pp' ? 0 : r.size, r.depth, r.seqs), r.tok_s_median]);
}

const name = (prompt, generated, depth, sequences) =>
  `${prompt ? `pp${prompt}` : `tg${generated}`}${depth ? ` @ d${depth}` : ''}${sequences > 1 ? ` x${sequences}` : ''}`;

// A build that cannot run here (compiled into instructions that this machine refuses, say) is named and left out.
function runs(binary, model) {
  try {
    run(binary, [model, '-t', options.threads, '-p', '64', '-n', '1', '-d', '0', '-b', '0', '-r', '1'], peerEnvironment(binary));
    return true;
  } catch (error) {
    console.error(`${binary.split('/').pop()} ended with ${error.signal ?? `status ${error.status}`} on ${model.split('/').pop()} and is left out.`);
    return false;
  }
}

// Seconds from the start of a process to its first output, which both programs write when they have the first token.
function secondsToFirstToken(file, args, env = {}) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
    let seconds;
    child.stdout.on('data', () => { seconds ??= Number(process.hrtime.bigint() - start) / 1e9; });
    child.on('error', reject);
    child.on('close', code => (code === 0 && seconds ? resolve(seconds) : reject(new Error(`${file} ended with ${code} before its first token`))));
  });
}

// Times all sides in turn, repeat by repeat: name of the side -> one time per repeat.
async function alternate(sides) {
  const times = Object.fromEntries(Object.keys(sides).map(side => [side, []]));
  for (let i = 0; i <= Number(options.repeats); i++)
    for (const side in sides) {
      const value = await sides[side]();
      if (i > 0) times[side].push(value); // the first round brings the files into the page cache
    }
  return times;
}

async function compareRates(type, model) {
  const samples = new Map();
  const add = (who, rows) => rows.forEach(([test, rate, share]) => {
    const bySide = samples.get(test) ?? samples.set(test, { shares: [] }).get(test);
    (bySide[who] ??= []).push(rate);
    if (share) bySide.shares.push(share);
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
    const build = best.endsWith('native') ? 'native' : 'npm';
    console.log(`| ${type} | ${test} | ${mine.toFixed(1)} | ${Math.round(100 * median(by.shares))} % | ${other.toFixed(1)} (${build}) | ${(mine / other).toFixed(2)} | ${single} |`);
  }
}

// The same one-word prompt for all; ours first without and then with its file of repacked weights.
async function compareLoad(type, model) {
  const repacked = `${model}.repacked`;
  const first = ['run', model, '--raw', '-p', 'a', '-n', '1', '--temp', '0', '--logprobs', '0', '-t', options.threads];
  const peerSides = Object.fromEntries(peers.map(p => [p, () => secondsToFirstToken(p, ['--first-token', model, 'a', options.threads], peerEnvironment(p))]));
  rmSync(repacked, { force: true });
  const plain = await alternate({ ours: () => secondsToFirstToken('dotnet', [cli, ...first]), ...peerSides });
  run('dotnet', [cli, ...first, '--repack-cache']);
  const kept = existsSync(repacked) ? await alternate({ ours: () => secondsToFirstToken('dotnet', [cli, ...first]), ...peerSides }) : null;
  rmSync(repacked, { force: true });
  for (const [how, times] of [['repacked at load', plain], ['repacked file', kept]]) {
    if (!times) continue;
    const best = peers.reduce((a, b) => (median(times[b]) < median(times[a]) ? b : a));
    const mine = median(times.ours), other = median(times[best]);
    const single = times.ours.map((v, i) => (v / times[best][i]).toFixed(2)).join(', ');
    console.log(`| ${type} | ${how} | ${mine.toFixed(2)} | ${other.toFixed(2)} | ${(mine / other).toFixed(2)} | ${single} |`);
  }
}

// The busy loop ends with this program, also when that is stopped.
let neighbour;
process.on('exit', () => neighbour?.kill('SIGKILL'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

// How many times slower each program becomes while a busy loop of lowest priority holds one core.
async function compareNeighbour(type, model) {
  const rates = new Map();
  const note = (side, state, rows) => rows.forEach(([test, rate]) => {
    const of = rates.get(test) ?? rates.set(test, {}).get(test);
    ((of[side] ??= {})[state] ??= []).push(rate);
  });
  const measure = state => {
    note('ours', state, ours(model));
    for (const peer of peers) note(peer, state, theirs(peer, model));
  };
  for (let i = 0; i < Number(options.repeats); i++) {
    measure('alone');
    neighbour = spawn('taskset', ['-c', String(cpus().length - 1), 'nice', '-n', '19', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
    try {
      measure('beside');
    } finally {
      neighbour.kill('SIGKILL');
    }
  }
  for (const [test, sides] of rates) {
    const cells = ['ours', ...peers].map(side => {
      const alone = median(sides[side].alone), beside = median(sides[side].beside);
      return `${alone.toFixed(1)} | ${beside.toFixed(1)} | ${(alone / beside).toFixed(2)}`;
    });
    console.log(`| ${type} | ${test} | ${cells.join(' | ')} |`);
  }
}

const modelOf = type => {
  const model = join(models, `${options.shape}-${type}.gguf`);
  if (!existsSync(model)) run('dotnet', [cli, 'synth', '-o', model, '--shape', options.shape, '--type', type, '--seed', '1']);
  return model;
};
const types = options.types.split(',');
peers = peers.filter(p => types.every(type => runs(p, modelOf(type))));
if (peers.length === 0) fail('no build of the peer runs here.');

const table = (...columns) => console.log(`| ${columns.join(' | ')} |\n|${columns.map((_, i) => (i < 2 ? ' --- ' : ' ---: ')).join('|')}|`);
const [compare, columns] = flags.load
  ? [compareLoad, ['weights', 'Inferometer', 'Inferometer s', 'llama.cpp s', 'times as long', 'single repeats']]
  : flags.neighbour
    ? [compareNeighbour, ['weights', 'test', ...['Inferometer', ...peers.map(p => p.split('/').pop())].flatMap(s => [`${s} t/s`, 'with neighbour', 'times slower'])]]
    : [compareRates, ['weights', 'test', 'Inferometer t/s', 'of limit', 'llama.cpp t/s', 'ratio', 'ratios of single repeats']];
if (flags.neighbour) options.sequences = '0';

console.log(`${cpus()[0].model.trim()}, ${options.threads} threads, shape ${options.shape}, ${options.repeats} alternated repeats, ${new Date().toISOString().slice(0, 10)}\n`);
table(...columns);
for (const type of types) {
  const model = modelOf(type);
  await compare(type, model);
  if (!flags.keep) rmSync(model);
}
