#!/usr/bin/env node
// What a .NET user could take instead: LLamaSharp (llama.cpp behind a .NET library), the same small program written with both.
// Prints seconds from the start of the process to the first text, tokens/s after it, peak memory, and lines of code.
//   node benchmarks/peer/llamasharp/compare.mjs MODEL.gguf [--tokens 64] [--threads 2] [--repeats 3] [--prompt "Once upon a time"]
// Both programs are started in turn; medians. Needs node, the .NET SDK and NuGet.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const options = { tokens: '64', threads: '2', repeats: '3', prompt: 'Once upon a time' };
const fail = message => {
  console.error(`error: ${message}`);
  process.exit(1);
};
let model;
for (let i = 2; i < process.argv.length; i++) {
  const name = process.argv[i].replace(/^--/, '');
  if (!process.argv[i].startsWith('--') && !model) model = resolve(process.argv[i]);
  else if (name in options && i + 1 < process.argv.length) options[name] = process.argv[++i];
  else fail(`'${process.argv[i]}' is not an option. Allowed: MODEL, ${Object.keys(options).map(o => `--${o} VALUE`).join(', ')}.`);
}
if (!model) fail('name a model file (.gguf).');

const programs = { Inferometer: 'inferometer', LLamaSharp: 'peer' };
const sides = Object.keys(programs);
const built = Object.fromEntries(sides.map(side => {
  const output = join(here, '..', '.peer', 'llamasharp', programs[side]);
  execFileSync('dotnet', ['build', join(here, `${programs[side]}.cs`), '-c', 'Release', '-o', output, '-v', 'q', '--nologo'], { stdio: ['ignore', 2, 'inherit'] });
  return [side, join(output, `${programs[side]}.dll`)];
}));
const linesOf = side => {
  const lines = readFileSync(join(here, `${programs[side]}.cs`), 'utf8').split('\n').map(l => l.trim());
  const program = lines.slice(lines.indexOf('// begin') + 1, lines.indexOf('// end')).filter(l => l !== '');
  return program.length + 1; // and the closing brace
};

function run(side) {
  return new Promise((done, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn('dotnet', [built[side], model, options.tokens, options.threads, options.prompt], { stdio: ['ignore', 'pipe', 'pipe'] });
    let first, errors = '', text = '';
    child.stdout.on('data', data => {
      first ??= Number(process.hrtime.bigint() - start) / 1e9;
      text += data;
    });
    child.stderr.on('data', data => { errors += data; });
    child.on('error', reject);
    child.on('close', code => {
      const line = errors.split('\n').find(l => l.startsWith('{"pieces"'));
      if (code !== 0 || !line) return reject(new Error(`${side} ended with ${code}: ${errors.slice(-400)}`));
      const result = JSON.parse(line);
      done({ first, rate: (Number(options.tokens) - 1) / result.seconds, peak: result.peak / 1e6, pieces: result.pieces, text });
    });
  });
}

const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
const results = Object.fromEntries(sides.map(side => [side, []]));
for (let i = 0; i <= Number(options.repeats); i++)
  for (const side of sides) {
    const result = await run(side);
    if (i > 0) results[side].push(result); // the first round brings the files into the page cache
  }
console.log(`${cpus()[0].model.trim()}, ${options.threads} threads, ${options.tokens} tokens, ${options.repeats} alternated repeats, ${new Date().toISOString().slice(0, 10)}\n`);
console.log('| library | s to first text | single repeats | tokens/s | single repeats | pieces of text | peak MB | lines |\n| --- | ---: | --- | ---: | --- | ---: | ---: | ---: |');
for (const side of sides) {
  const of = key => results[side].map(r => r[key]);
  console.log(`| ${side} | ${median(of('first')).toFixed(2)} | ${of('first').map(v => v.toFixed(2)).join(', ')} | ${median(of('rate')).toFixed(1)} | ${of('rate').map(v => v.toFixed(1)).join(', ')} | ${median(of('pieces'))} | ${median(of('peak')).toFixed(0)} | ${linesOf(side)} |`);
}
console.log(`\nsame text: ${results.Inferometer[0].text.trim() === results.LLamaSharp[0].text.trim() ? 'yes' : 'no'}`);
