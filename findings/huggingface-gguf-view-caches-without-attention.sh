#!/usr/bin/env bash
# @huggingface/gguf 0.4.6, its command gguf-view, which says how much memory a GGUF file takes with a context: a layer without attention,
# written by llama.cpp's converter as 0 key-value heads (LFM2, Granite 4 hybrid, Jamba, Nemotron-H and other hybrids), is counted as one with
# as many key-value heads as there are query heads, so it gets the largest cache of all instead of none.
# For LFM2-1.2B's layout (16 layers, 6 of them attention with 8 of 32 heads of 64 numbers) at 32,768 tokens it says 1.54 GB of K cache;
# llama.cpp allocates 6 x 8 x 64 x 32768 x 2 bytes = 0.20 GB: 7.7 times less.
#
# Expected: 0.20 GB of K and of V.
#
# What follows for us: `info` and `estimate` count a cache only for layers that attend; where this command says more, this is why.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/gguf@0.4.6
cat > write.mjs <<'JS'
import { writeFileSync } from 'node:fs';

const parts = [];
const u32 = value => { const b = Buffer.alloc(4); b.writeUInt32LE(value); parts.push(b); };
const u64 = value => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); parts.push(b); };
const text = value => { u64(value.length); parts.push(Buffer.from(value)); };
const number = (key, value) => { text(key); u32(4); u32(value); };
const heads = [0, 0, 8, 0, 0, 8, 0, 0, 8, 0, 8, 0, 8, 0, 8, 0]; // LFM2-1.2B

parts.push(Buffer.from('GGUF'));
u32(3);
u64(1); // tensors
u64(7); // keys
text('general.architecture'); u32(8); text('lfm2');
number('lfm2.block_count', 16);
number('lfm2.embedding_length', 2048);
number('lfm2.attention.head_count', 32);
text('lfm2.attention.head_count_kv'); u32(9); u32(5); u64(heads.length); heads.forEach(u32);
number('lfm2.context_length', 128000);
number('lfm2.vocab_size', 65536);
text('output_norm.weight'); u32(1); u64(2048); u32(0); u64(0);
const head = Buffer.concat(parts);
writeFileSync('lfm2.gguf', Buffer.concat([head, Buffer.alloc((32 - head.length % 32) % 32), Buffer.alloc(2048 * 4)]));
JS
node write.mjs
seen=$(npx --no-install gguf-view --context 32768 lfm2.gguf | grep -E '(K|V) cache')
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
  K cache  |      1.54 GB
  V cache  |      1.54 GB
SEEN
