#!/usr/bin/env bash
# llama.cpp in node-llama-cpp 3.22.1, vocabularies whose tokenizer.ggml.pre is gpt-4o (gpt-oss, Llama 4, Phi-4-mini and others) or kimi-k2:
# texts are not cut as the patterns cut them that these models were trained with.
# 1. Both: a combining mark is no part of a word. The patterns have \p{M} beside the letters; llama.cpp's do not. So words of Hindi and most
#    Indian scripts are cut at each vowel sign, and "e\u0301" (e and its accent, as macOS writes file names) is two pieces, and merges that the
#    model's ids have over those places never happen.
# 2. kimi-k2, for which llama.cpp has code of its own: a capital behind small letters does not begin a piece, so that names in source code
#    such as labelCase are one piece where the pattern cuts label|Case.
#
# Expected: the merges that the pattern of each vocabulary lets happen. The patterns differ in their treatment of Chinese alone, as far as
# the texts here go, and run here by JavaScript's own regular expressions.
#
# What follows for us: ids are those of the pattern (tests of pre-tokenizers); llama.cpp's differ from them on such texts, and so do
# prompts' lengths where the two are compared.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts node-llama-cpp@3.22.1
cat > cut.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { getLlama } from 'node-llama-cpp';

// GPT-2's letters for bytes; of the merges each joins what stands on either side of a border.
const letters = [];
for (let byte = 0, extra = 256; byte < 256; byte++) {
  const isShown = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  letters.push(String.fromCodePoint(isShown ? byte : extra++));
}
const merges = ['o W', 'l C', 'e \u00cc', '\u00b9 \u00e0']; // the last two: before the accent, and before a vowel sign
const tokens = [...letters, ...merges.map(pair => pair.replace(' ', '')), '<end>'];

function write(pre) {
  const parts = [];
  const u32 = value => { const b = Buffer.alloc(4); b.writeUInt32LE(value); parts.push(b); };
  const u64 = value => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); parts.push(b); };
  const f32 = value => { const b = Buffer.alloc(4); b.writeFloatLE(value); parts.push(b); };
  const text = value => { const b = Buffer.from(value); u64(b.length); parts.push(b); };
  const numbers = { context_length: 64, embedding_length: 64, block_count: 1, feed_forward_length: 64, 'attention.head_count': 1 };
  parts.push(Buffer.from('GGUF'));
  u32(3); u64(0); u64(14);
  text('general.architecture'); u32(8); text('llama');
  for (const [key, value] of Object.entries(numbers)) { text(`llama.${key}`); u32(4); u32(value); }
  text('llama.attention.layer_norm_rms_epsilon'); u32(6); f32(1e-5);
  text('tokenizer.ggml.model'); u32(8); text('gpt2');
  text('tokenizer.ggml.pre'); u32(8); text(pre);
  text('tokenizer.ggml.tokens'); u32(9); u32(8); u64(tokens.length); tokens.forEach(text);
  text('tokenizer.ggml.token_type'); u32(9); u32(5); u64(tokens.length); tokens.forEach((_, i) => u32(i === tokens.length - 1 ? 3 : 1));
  text('tokenizer.ggml.merges'); u32(9); u32(8); u64(merges.length); merges.forEach(text);
  text('tokenizer.ggml.eos_token_id'); u32(4); u32(tokens.length - 1);
  text('tokenizer.ggml.add_bos_token'); u32(7); parts.push(Buffer.from([0]));
  writeFileSync(`${pre}.gguf`, Buffer.concat(parts));
}

const ends = "(?:'s|'t|'re|'ve|'m|'ll|'d)?";
const upper = '[[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]--\\p{Script=Han}]', lower = '[[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]--\\p{Script=Han}]';
const pattern = new RegExp(
  `\\p{Script=Han}+|[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${ends}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${ends}|\\p{N}{1,3}`, 'gv');
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'disabled' });
const models = {};
for (const pre of ['kimi-k2', 'gpt-4o']) {
  write(pre);
  models[pre] = await llama.loadModel({ modelPath: `${pre}.gguf`, vocabOnly: true });
}
const spelled = text => [...Buffer.from(text)].map(byte => letters[byte]).join('');
for (const text of ['HelloWorld', 'labelCase', 'cafe\u0301', '\u0939\u093f\u0928\u094d\u0926\u0940']) {
  const pieces = text.match(pattern);
  const expected = tokens.filter(token => token.length === 2 && pieces.some(piece => spelled(piece).includes(token)));
  const said = Object.entries(models).map(([pre, model]) =>
    `${pre} ${model.tokenize(text).map(id => tokens[id]).filter(token => token.length > 1).join(' ') || 'none'}`);
  console.log(`${text}: pattern ${pieces.join('|')}; merges: expected ${expected.join(' ') || 'none'}, ${said.join(', ')}`);
}
process.exit(0);
JS
seen=$(node cut.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
HelloWorld: pattern Hello|World; merges: expected none, kimi-k2 oW, gpt-4o none
labelCase: pattern label|Case; merges: expected none, kimi-k2 lC, gpt-4o none
café: pattern café; merges: expected eÌ, kimi-k2 none, gpt-4o none
हिन्दी: pattern हिन्दी; merges: expected ¹à, kimi-k2 none, gpt-4o none
SEEN
