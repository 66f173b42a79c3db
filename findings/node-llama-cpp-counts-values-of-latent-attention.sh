#!/usr/bin/env bash
# node-llama-cpp 3.22.1, GgufInsights.estimateContextResourceRequirements (memory of a context before it is made): for models with latent
# attention (architecture deepseek2: DeepSeek V2 and V3, R1, Kimi K2, GLM-4.7-Flash) it counts keys and values, as in other models. The
# llama.cpp that travels in the same package keeps one row per token and layer, from which the values are read as well: its own log says
# "V (f16): 0.00 MiB". With DeepSeek's sizes (576 numbers a row, of which 512 are the values) the estimate is 1.9 times what is allocated.
#
# Expected: layers x (latent + rotary) x 2 bytes a token, here 2 x 48 x 2 x 32768 = 6291456 bytes, as allocated.
# Seen:     10485760 bytes and some more, 2 x (48 + 32) x 2 x 32768.
#
# What follows for us: `info`, `estimate` and the engine count one row per token; sizes of contexts that this package gives for such models
# are not comparable with measured memory.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts node-llama-cpp@3.22.1
cat > latent.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { getLlama, GgufInsights, LlamaLogLevel, readGgufFileInfo } from 'node-llama-cpp';

// Two dense layers with made-up weights; tokens are bytes and the letters a and b.
const [width, hidden, heads, latent, rotary, plain, value, rank, layers, tokens] = [64, 128, 4, 32, 16, 16, 16, 32, 2, 32768];
const vocabulary = ['<unk>', '<s>', '</s>'];
for (let i = 0; i < 256; i++) vocabulary.push(`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
vocabulary.push('\u2581', 'a', 'b');
const u32 = (number) => Buffer.from(Uint32Array.of(number).buffer);
const u64 = (number) => Buffer.from(BigUint64Array.of(BigInt(number)).buffer);
const f32 = (number) => Buffer.from(Float32Array.of(number).buffer);
const text = (words) => Buffer.concat([u64(Buffer.byteLength(words)), Buffer.from(words)]);
const list = (type, values, write) => Buffer.concat([u32(type), u64(values.length), ...values.map(write)]);
const count = (key, number) => [`deepseek2.${key}`, 4, u32(number)];
const keys = [
  ['general.architecture', 8, text('deepseek2')], count('block_count', layers), count('context_length', 65536),
  count('embedding_length', width), count('feed_forward_length', hidden), count('attention.head_count', heads),
  count('attention.head_count_kv', 1), ['deepseek2.attention.layer_norm_rms_epsilon', 6, f32(1e-5)],
  count('attention.q_lora_rank', rank), count('attention.kv_lora_rank', latent), count('attention.key_length', latent + rotary),
  count('attention.value_length', latent), count('attention.key_length_mla', plain + rotary), count('attention.value_length_mla', value),
  count('rope.dimension_count', rotary), count('leading_dense_block_count', layers), count('expert_feed_forward_length', 32),
  count('expert_shared_count', 1), count('expert_count', 4), count('expert_used_count', 2),
  ['deepseek2.expert_weights_scale', 6, f32(1)], count('vocab_size', vocabulary.length), ['tokenizer.ggml.model', 8, text('llama')],
  ['tokenizer.ggml.tokens', 9, list(8, vocabulary, text)], ['tokenizer.ggml.scores', 9, list(6, vocabulary.map((_, i) => -i), f32)],
  ['tokenizer.ggml.token_type', 9, list(5, vocabulary.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1)), u32)],
];
const layer = (index) => Object.entries({
  attn_norm: [width], attn_q_a: [width, rank], attn_q_a_norm: [rank], attn_q_b: [rank, heads * (plain + rotary)],
  attn_kv_a_mqa: [width, latent + rotary], attn_kv_a_norm: [latent], attn_k_b: [plain, latent, heads], attn_v_b: [latent, value, heads],
  attn_output: [heads * value, width], ffn_norm: [width], ffn_gate: [width, hidden], ffn_up: [width, hidden], ffn_down: [hidden, width],
}).map(([name, shape]) => [`blk.${index}.${name}.weight`, shape]);
const tensors = [
  ['token_embd.weight', [width, vocabulary.length]], ['output_norm.weight', [width]], ['output.weight', [width, vocabulary.length]],
  ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
];
let size = 0;
const infos = tensors.map(([name, shape]) => {
  const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(size)]);
  size += shape.reduce((a, b) => a * b) * 4;
  return info;
});
const head = Buffer.concat([
  Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(keys.length),
  ...keys.flatMap(([name, type, bytes]) => [text(name), u32(type), bytes]), ...infos,
]);
const weights = Float32Array.from({ length: size / 4 }, (_, i) => Math.sin(i * i + 1) / 10);
writeFileSync('latent.gguf', Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), Buffer.from(weights.buffer)]));

const lines = [];
const logger = (_, message) => lines.push(...message.split('\n').filter((line) => /K \(f16\)/.test(line)));
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.debug, logger });
const insights = await GgufInsights.from(await readGgufFileInfo('latent.gguf', { logWarnings: false }), llama);
const { cpuRam } = insights.estimateContextResourceRequirements({
  contextSize: tokens, modelGpuLayers: 0, batchSize: 32, sequences: 1, flashAttention: true, includeGraphOverhead: false,
});
const one = layers * tokens * 2 * (latent + rotary);
const both = layers * tokens * 2 * (latent + rotary + latent);
console.log(`estimated: keys and values, and up to 2 % more: ${cpuRam >= both && cpuRam <= 1.02 * both}`);
const model = await llama.loadModel({ modelPath: 'latent.gguf' });
await model.createContext({ contextSize: tokens, sequences: 1, batchSize: 32, flashAttention: true });
while (lines.length === 0) await new Promise((done) => setTimeout(done, 20));
const [, keysMiB, valuesMiB] = /K \(f16\):\s*([\d.]+) MiB, V \(f16\):\s*([\d.]+) MiB/.exec(lines[0]);
console.log(`allocated: ${keysMiB} MiB of keys, ${valuesMiB} of values; one row per token: ${one / 2 ** 20} MiB`);
process.exit(0);
JS
seen=$(node latent.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
estimated: keys and values, and up to 2 % more: true
allocated: 6.00 MiB of keys, 0.00 of values; one row per token: 6 MiB
SEEN
