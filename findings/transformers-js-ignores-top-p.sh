#!/usr/bin/env bash
# @huggingface/transformers 4.3.2 (transformers.js): generate takes top_p and typical_p, from the call or from a model's
# generation_config.json, and does nothing with them; only temperature and top_k narrow the choice. Its documentation describes both, and
# it exports a TopPLogitsWarper; nothing says that generate does not use it. Most models' files ask for a top_p (Llama 0.9,
# Qwen 0.8), so that answers here are drawn from more of the tail than those of other servers with the same file.
#
# Expected, for a model that gives tokens 0 to 5 the probabilities 50, 30, 10, 5, 4 and 1 %: with top_p 0.5 token 0 alone, with
# typical_p 0.2 token 1 alone. Seen: all six in a thousand draws, with both.
#
# What follows for us: answers from this library are no reference for our sampler; filters are checked against formulas and transformers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/transformers@4.3.2
cat > sample.mjs <<'JS'
import { mkdirSync, writeFileSync } from 'node:fs';
import { AutoModelForCausalLM, Tensor, env } from '@huggingface/transformers';

// An ONNX model of one Gather: whatever the token, the logits of the next are the logarithms of these probabilities.
const probabilities = [0.5, 0.3, 0.1, 0.05, 0.04, 0.01];
const count = probabilities.length;
const varint = (value) => {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
};
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(Buffer.byteLength(value)), Buffer.from(value)]);
const all = (...parts) => Buffer.concat(parts);
const dimension = (size) => bytes(1, typeof size === 'number' ? number(1, size) : bytes(2, size));
const value = (name, type, ...sizes) => all(bytes(1, name), bytes(2, bytes(1, all(number(1, type), bytes(2, all(...sizes.map(dimension)))))));
const table = Buffer.from(new Float32Array(Array(count).fill(probabilities.map(Math.log)).flat()).buffer);
const graph = all(
  bytes(1, all(bytes(1, 'table'), bytes(1, 'input_ids'), bytes(2, 'logits'), bytes(4, 'Gather'))), bytes(2, 'graph'),
  bytes(5, all(number(1, count), number(1, count), number(2, 1), bytes(8, 'table'), bytes(9, table))),
  bytes(11, value('input_ids', 7, 'b', 's')), bytes(12, value('logits', 1, 'b', 's', count)));
mkdirSync('models/tiny/onnx', { recursive: true });
writeFileSync('models/tiny/onnx/model.onnx', all(number(1, 8), bytes(7, graph), bytes(8, number(2, 17))));
const config = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: count, n_embd: 8, n_head: 1, n_layer: 1 };
writeFileSync('models/tiny/config.json', JSON.stringify(config));
writeFileSync('models/tiny/generation_config.json', '{}');

env.allowRemoteModels = false;
env.localModelPath = './models/';
const model = await AutoModelForCausalLM.from_pretrained('tiny', { dtype: 'fp32' });
for (const options of [{}, { top_k: 2 }, { top_p: 0.5 }, { typical_p: 0.2 }]) {
  const kinds = new Set();
  for (let i = 0; i < 10; i++) {
    const inputs = new Tensor('int64', BigInt64Array.of(0n), [1, 1]);
    const made = await model.generate({ inputs, do_sample: true, max_new_tokens: 100, ...options });
    made.tolist()[0].slice(1).forEach((token) => kinds.add(Number(token)));
  }
  console.log(`${JSON.stringify(options)}: ${[...kinds].sort().join(' ')}`);
}
JS
seen=$(node sample.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
{}: 0 1 2 3 4 5
{"top_k":2}: 0 1
{"top_p":0.5}: 0 1 2 3 4 5
{"typical_p":0.2}: 0 1 2 3 4 5
SEEN
