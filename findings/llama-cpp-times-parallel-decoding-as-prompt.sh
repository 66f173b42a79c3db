#!/usr/bin/env bash
# llama.cpp in node-llama-cpp 3.22.1, its own performance counters (llama_perf_context; printTimings there, and the closing lines of many
# programs): "prompt eval" and "eval" are no phases of a request but batches of more than one token and batches of one. As soon as two
# sequences decode together, each step's new tokens are counted and timed as prompt, and "eval" holds what was left over: of four
# sequences with 9 tokens of prompt and 20 generated each, 111 of 112 tokens are "prompt eval" and one is "eval". The pace of prompts
# is then mostly that of decoding, and the pace of decoding that of stragglers.
#
# Expected: 4 x 9 tokens of prompt and 4 x 19 steps of decoding (the last token is made and not read), as one sequence alone shows 9 and 19.
# Seen:     111 and 1 for the four.
#
# What follows for us: both phases are counted by request, and nothing is fitted to these lines of a run with more than one sequence.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts node-llama-cpp@3.22.1
cat > perf.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

// A Llama of one layer with made-up weights: bytes, the letters a and b.
const width = 64;
const hidden = 128;
const vocabulary = ['<unk>', '<s>', '</s>'];
for (let i = 0; i < 256; i++) vocabulary.push(`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
vocabulary.push('\u2581', 'a', 'b');
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const f32 = (value) => Buffer.from(Float32Array.of(value).buffer);
const text = (value) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const list = (type, values, write) => Buffer.concat([u32(type), u64(values.length), ...values.map(write)]);
const keys = [
  ['general.architecture', 8, text('llama')], ['llama.block_count', 4, u32(1)], ['llama.context_length', 4, u32(2048)],
  ['llama.embedding_length', 4, u32(width)], ['llama.feed_forward_length', 4, u32(hidden)], ['llama.attention.head_count', 4, u32(4)],
  ['llama.attention.layer_norm_rms_epsilon', 6, f32(1e-5)], ['tokenizer.ggml.model', 8, text('llama')],
  ['tokenizer.ggml.tokens', 9, list(8, vocabulary, text)], ['tokenizer.ggml.scores', 9, list(6, vocabulary.map((_, i) => -i), f32)],
  ['tokenizer.ggml.token_type', 9, list(5, vocabulary.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1)), u32)],
];
const tensors = [
  ['token_embd.weight', [width, vocabulary.length]], ['output_norm.weight', [width]], ['output.weight', [width, vocabulary.length]],
  ['blk.0.attn_norm.weight', [width]], ...['q', 'k', 'v', 'output'].map((name) => [`blk.0.attn_${name}.weight`, [width, width]]),
  ['blk.0.ffn_norm.weight', [width]], ['blk.0.ffn_gate.weight', [width, hidden]], ['blk.0.ffn_up.weight', [width, hidden]],
  ['blk.0.ffn_down.weight', [hidden, width]],
];
let size = 0;
const infos = tensors.map(([name, shape]) => {
  const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(size)]);
  size += shape.reduce((a, b) => a * b) * 4;
  return info;
});
const head = Buffer.concat([
  Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(keys.length),
  ...keys.flatMap(([name, type, value]) => [text(name), u32(type), value]), ...infos,
]);
const weights = Float32Array.from({ length: size / 4 }, (_, i) => Math.sin(i * i + 1) / 10);
writeFileSync('tiny.gguf', Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), Buffer.from(weights.buffer)]));

const lines = [];
const logger = (_, message) => lines.push(...message.split('\n').filter((line) => /eval time/.test(line)));
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.debug, logger });
const model = await llama.loadModel({ modelPath: 'tiny.gguf' });
const prompt = model.tokenize('abababab');
for (const sequences of [1, 4]) {
  const context = await model.createContext({ contextSize: 256, sequences, performanceTracking: true, threads: 1 });
  await Promise.all(Array.from({ length: sequences }, async () => {
    let made = 0;
    for await (const _ of context.getSequence().evaluate(prompt, { temperature: 0, yieldEogToken: true })) if (++made === 20) break;
  }));
  lines.length = 0;
  await context.printTimings();
  while (lines.length < 2) await new Promise((done) => setTimeout(done, 20));
  const [asPrompt, asEval] = lines.map((line) => Number(/\/\s*(\d+) (?:tokens|runs)/.exec(line)[1]));
  console.error(lines.join('\n'));
  const all = asPrompt + asEval;
  console.log(`${sequences} x (${prompt.length} + 19): ${all} tokens, more than 80 % of them as prompt: ${asPrompt > 0.8 * all}`);
}
process.exit(0);
JS
seen=$(node perf.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
1 x (9 + 19): 28 tokens, more than 80 % of them as prompt: false
4 x (9 + 19): 112 tokens, more than 80 % of them as prompt: true
SEEN
