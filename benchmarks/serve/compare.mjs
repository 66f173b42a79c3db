#!/usr/bin/env node
// Sets 'inferometer serve' beside llama.cpp's server on the same model file: time to first token and tokens/s at some numbers of streams.
// Both servers are up and asked in turn, round by round, so that a drift of the machine meets both; one is idle while the other answers.
//   node benchmarks/serve/compare.mjs MODEL.gguf [--streams 1,8,32] [--rounds 3] [--prompt 48] [--tokens 32] [--threads N]
// Needs a build of src/Inferometer.Cli in Release, and PEER_SERVER=1 benchmarks/peer/build.sh once. Prints a table in Markdown.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, request as ask } from 'node:http';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: 'string', default: '1,8,32' },
    rounds: { type: 'string', default: '3' },
    prompt: { type: 'string', default: '48' },
    tokens: { type: 'string', default: '32' },
    threads: { type: 'string', default: String(cpus().length) },
  },
});
const [model] = positionals;
const peer = fileURLToPath(new URL('../peer/.peer/server/bin/llama-server', import.meta.url));
const program = process.env.INFEROMETER ?? fileURLToPath(new URL('../../src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll', import.meta.url));
for (const [file, what] of [[model, 'name a MODEL.gguf'], [peer, 'build it with PEER_SERVER=1 benchmarks/peer/build.sh'], [program, 'build src/Inferometer.Cli in Release']]) {
  if (!file || !existsSync(file)) {
    console.error(`error: '${file ?? ''}' is not there; ${what}.`);
    process.exit(2);
  }
}
const counts = values.streams.split(',').map(Number);
const [rounds, words, tokens] = [values.rounds, values.prompt, values.tokens].map(Number);
const most = Math.max(...counts);
const context = 8 * words + tokens + 64; // room for vocabularies of short pieces
const agent = new Agent(); // a connection for each request: how long a server keeps one open is not measured

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function start(name, file, args, port) {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    const isUp = await fetch(`http://127.0.0.1:${port}/health`).then((r) => r.ok, () => false);
    if (isUp) return { name, port, child, firsts: new Map(), rates: new Map() };
    await sleep(100);
  }
  throw new Error(`${name} did not start`);
}

// The same requests for both and in each run; no prompt is the beginning of another.
const vocabulary = 'the sea king ship old house night wind said went long ago road stone fire'.split(' ');
const prompt = (number) => Array.from({ length: words }, (_, i) => vocabulary[(number * 7 + i * (number + 3) + (number >> (i % 8))) % vocabulary.length]).join(' ');

function stream(port, number) {
  const body = JSON.stringify({
    prompt: `${number} ${prompt(number)}`, max_tokens: tokens, temperature: 0, ignore_eos: true, cache_prompt: false, stream: true,
    stream_options: { include_usage: true },
  });
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    let first, text = '';
    const request = ask({ agent, port, host: '127.0.0.1', path: '/v1/completions', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (data) => { first ??= performance.now() - begun; text += data; });
      response.on('end', () => {
        if (response.statusCode !== 200 || !text.includes('[DONE]')) return reject(new Error(`${response.statusCode}: ${text.slice(0, 300)}`));
        const usage = text.split('\n').filter((l) => l.includes('"usage":{')).map((l) => JSON.parse(l.slice(6)).usage).at(-1);
        resolve({ first, usage });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

let number = 0;
async function measure(server, streams, base) {
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: streams }, (_, i) => stream(server.port, base + i)));
  const seconds = (performance.now() - begun) / 1000;
  const generated = answers.reduce((sum, a) => sum + a.usage.completion_tokens, 0);
  if (generated !== streams * tokens) throw new Error(`${server.name}: ${generated} tokens, not ${streams * tokens}`);
  return { firsts: answers.map((a) => a.first), rate: generated / seconds, prompts: answers.map((a) => a.usage.prompt_tokens) };
}

const sorted = (list) => [...list].sort((a, b) => a - b);
const at = (list, share) => sorted(list)[Math.min(list.length - 1, Math.ceil(share * list.length) - 1)];
const median = (list) => at(list, 0.5);

const servers = [];
let lengths;
try {
  const [own, theirs] = [await freePort(), await freePort()];
  servers.push(await start('inferometer', 'dotnet', [program, 'serve', model, '--port', String(own), '--no-predictions', '--log-level', 'error', '--max-num-seqs', String(most), '--ctx', String(context), '--threads', values.threads], own));
  servers.push(await start('llama.cpp', peer, ['-m', model, '--host', '127.0.0.1', '--port', String(theirs), '-np', String(most), '-c', String(context * most), '-t', values.threads, '-tb', values.threads, '--no-webui', '--no-slots', '-fa', 'on', '-b', '2048', '-ub', '512', '--no-context-shift', '--cache-ram', '0'], theirs));
  for (const server of servers) {
    await measure(server, Math.min(4, most), 1e6); // code is compiled, memory is there
    await measure(server, Math.min(4, most), 1e6 + 10);
  }
  for (let round = 0; round < rounds; round++) {
    for (const streams of counts) {
      const base = (number += 100);
      for (const server of round % 2 ? [...servers].reverse() : servers) {
        // One stream says little by itself: as many in a row as make eight.
        const parts = [];
        for (let i = 0; i < Math.max(1, Math.ceil(8 / streams)); i++) parts.push(await measure(server, streams, base + i * streams));
        const all = (map) => map.get(streams) ?? map.set(streams, []).get(streams);
        all(server.firsts).push(...parts.flatMap((p) => p.firsts));
        all(server.rates).push(...parts.map((p) => p.rate));
        lengths ??= new Map();
        const prompts = String(parts.flatMap((p) => p.prompts));
        if (lengths.has(base) && lengths.get(base) !== prompts) throw new Error(`the prompts have other lengths: ${lengths.get(base)} and ${prompts}`);
        lengths.set(base, prompts);
      }
    }
  }
} finally {
  for (const { child } of servers) child.kill('SIGTERM');
}

const all = [...lengths.values()].flatMap((l) => l.split(',').map(Number));
console.log(`${model.split('/').at(-1)} (${(statSync(model).size / 1e6).toFixed(0)} MB), ${values.threads} threads, prompts of ${Math.min(...all)} to ${Math.max(...all)} tokens, ${tokens} generated, ${rounds} rounds\n`);
console.log('| streams | server | TTFT p50, ms | TTFT p99, ms | tokens/s |\n| --- | --- | --- | --- | --- |');
for (const streams of counts) {
  for (const { name, firsts, rates } of servers) {
    console.log(`| ${streams} | ${name} | ${at(firsts.get(streams), 0.5).toFixed(1)} | ${at(firsts.get(streams), 0.99).toFixed(1)} | ${median(rates.get(streams)).toFixed(1)} |`);
  }
}
process.exit(0);
